"""The shortest way through the house: a socket, a frame, an answer."""
from raw_websocket import CLOSE, RawWebSocket, frame

ECHO = "paths: [ { path: /echo, answer: echo } ]\n"


def test_a_message_comes_back(start_weft):
    weft = start_weft(ECHO)
    with RawWebSocket(weft.clients, "/echo") as client:
        client.send_text("hello")
        assert client.text() == "hello"


def test_the_close_frame_is_answered_once(start_weft):
    weft = start_weft(ECHO)
    with RawWebSocket(weft.clients, "/echo") as client:
        client.send(frame(CLOSE, b"\x03\xe8bye"))
        assert client.close_code() == (1000, "bye")
        assert client.is_closed()


def test_health_is_told_on_both_ports(start_weft):
    weft = start_weft(ECHO)
    assert weft.http("/healthz")[0] == 200
    assert weft.http("/healthz", port=weft.clients)[0] == 200


def test_sigterm_ends_it_with_zero(start_weft):
    weft = start_weft(ECHO)
    with RawWebSocket(weft.clients, "/echo") as client:
        weft.signal(15)
        assert client.close_code()[0] == 1012
        client.send(frame(CLOSE, b"\x03\xf4"))
    assert weft.process.wait(30) == 0
