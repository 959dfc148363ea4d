"""C. Channel names that try to be something else."""
import json

import pytest
from hostile import WebSocket

BAD_NAMES = ["$private:x", "", "a\0b", "all*", "a>b", "{slot}", "a\r\nPUBLISH b", "a b", "x" * 256, "\x7f", "\ttab"]


@pytest.fixture
def api(weft):
    """call(method, params) asks the API over its WebSocket."""
    with WebSocket(weft.api, "/ws/v1") as connection:
        def call(method, params):
            connection.send_text(json.dumps({"m": method, "p": params, "i": 7}))
            return json.loads(connection.receive_text())
        yield call


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_item33_a_bad_channel_name_is_an_error_and_harms_nobody(weft, api, connect, name):
    listener = connect("/feed")
    answer = api("mesh.publish", {"c": name, "d": "x"})
    assert answer.get("E") or answer["r"].get("s") == 0, answer
    assert api("mesh.publish", {"c": "feed", "d": "good"})["E"] is None
    assert listener.receive_text() == "good"


def test_item33_names_that_only_look_alike_are_different_channels(api, connect):
    listener = connect("/feed")
    for confusable in ["fееd", "Feed", "feed\u200b"]:  # the first has two Cyrillic letters
        api("mesh.publish", {"c": confusable, "d": "not for you"})
    api("mesh.publish", {"c": "feed", "d": "for you"})
    assert listener.receive_text() == "for you"
