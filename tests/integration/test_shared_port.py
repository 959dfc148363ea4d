"""Several weft processes on one client port: on purpose, never by accident."""
import pytest
from raw_websocket import RawWebSocket

ECHO = "paths: [ { path: /echo, answer: echo } ]\n"


def listen(port, share):
    return f'{{ clients: {{ address: "127.0.0.1:{port}", share_port: {share} }}, api: "127.0.0.1:0", directory: off }}'


def test_processes_that_were_told_to_share_a_port_share_its_connections(start_weft):
    one = start_weft("node: { slot: 1 }\n" + ECHO)
    other = start_weft("node: { slot: 2 }\n" + ECHO, listen=listen(one.clients, "true"))
    assert other.clients == one.clients and other.api != one.api
    assert "this port is shared with other processes" in other.log() and "share_port" in other.log()
    clients = [RawWebSocket(one.clients, "/echo") for _ in range(64)]
    for client in clients:
        client.send_text("here")
        assert client.text() == "here"
    counts = [weft.metric("weft_connections") for weft in (one, other)]
    assert sum(counts) == 64 and min(counts) > 0  # the kernel's hash gives 64 to one of two once in 2^63 runs
    for client in clients:
        client.socket.close()


def test_without_being_told_a_second_process_is_refused_the_port(start_weft):
    one = start_weft(ECHO)
    with pytest.raises(RuntimeError, match="another program has this port"):
        start_weft(ECHO, listen=listen(one.clients, "false"))
    assert one.http("/healthz")[0] == 200
