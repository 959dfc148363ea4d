"""examples/custom_storage with a real client, as its README says."""
import json

from raw_websocket import RawWebSocket
from weft_process import wait_until


def users_of(client):
    client.send_text('{"event": "WHO"}')
    answer = json.loads(client.text())
    assert answer["event"] == "USERS", answer
    return sorted(answer["data"]["users"])


def test_the_storage_of_the_program_holds_the_rows(start_weft, tmp_path):
    example = start_weft(own="examples/custom_storage/example_custom_storage")
    journal = tmp_path / "journal.txt"
    with RawWebSocket(example.clients, "/") as ann:
        ann.send_text('{"event": "LOGIN", "input_data": {"name": "ann"}}')
        wait_until(lambda: users_of(ann) == ["ann"], what="ann")
        with RawWebSocket(example.clients, "/") as bob:
            bob.send_text('{"event": "LOGIN", "input_data": {"name": "bob"}}')
            wait_until(lambda: users_of(ann) == ["ann", "bob"], what="bob")
        wait_until(lambda: users_of(ann) == ["ann"], what="the end of bob's row")
        wait_until(lambda: journal.read_text().count("left ") == 1, what="a line of the journal")
    lines = [line.split() for line in journal.read_text().splitlines()]
    assert [line[0] for line in lines[:3]] == ["came", "came", "left"]
    assert lines[2][1] == lines[1][1]
