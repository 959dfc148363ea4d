"""Middleware around the coming of a connection, by a real client: tests/programs/middleware.cpp has one of every kind.
Rows are those of the list of weaknesses that a cluster of PHP servers had."""
import base64
import json
import os

import pytest
from raw_http import Reply
from raw_websocket import CLOSE, RawWebSocket, frame, handshake
from weft_process import wait_until

PROGRAM = "tests/middleware_program"


@pytest.fixture
def server(start_weft):
    return start_weft(own=PROGRAM)


def refused(server, path, extra=()):
    """The answer to a handshake that is not let in."""
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(handshake(path, f"127.0.0.1:{server.clients}", extra))
        raw = b""
        while data := client.socket.recv(65536):
            raw += data
        return Reply(raw, True)


def who(client):
    client.send_text('{"event": "who"}')
    answer = json.loads(client.text())
    assert answer["event"] == "you", answer
    return answer["data"]


def notes(server):
    return [line[2:] for line in server.log().splitlines() if line.startswith("~ ")]


def wait_for_note(server, note):
    wait_until(lambda: note in notes(server), what=f"the note {note!r}")


def test_row_16_what_middleware_sets_reaches_client_and_connection(server):
    with RawWebSocket(server.clients, "/chain") as client:
        out = [line.split(": ")[1] for line in client.response.split("\r\n") if line.startswith("X-Out")]
        assert out == ["c", "b", "a"], "headers of the way out are sent, in the order they were set"
        assert who(client)["attributes"] == {"a": 0, "b": 1, "c": 2}
    wait_for_note(server, "closed /chain")
    assert notes(server) == ["handshake before /chain", "in a", "in b", "in c", "hook", "out c", "out b", "out a",
                             "handshake success /chain", "open before /chain", "open /chain", "message",
                             "closed /chain"]


def test_row_17_who_was_entered_runs_its_way_out(server):
    reply = refused(server, "/chain?refuse=401")
    assert (reply.status, reply.body, reply.headers["x-why"]) == (401, b"not today\n", "asked")
    assert notes(server) == ["handshake before /chain", "in a", "in b", "in c", "hook", "out c", "out b", "out a",
                             "handshake error /chain 401 not today"]


def test_row_17_an_exception_too_and_the_client_learns_nothing_of_it(server):
    reply = refused(server, "/chain?refuse=throw")
    assert (reply.status, reply.body) == (500, b"the handshake failed\n")
    assert notes(server)[5:] == ["out c", "out b", "out a", "handshake error /chain 500 the handshake failed"]
    assert server.log().count("an inner secret") == 1, "logged once"
    assert server.metric("weft_handshake_rejected_total", 'reason="middleware_threw"') == 1


@pytest.mark.parametrize("what", ["refuse=101", "refuse=99", "refuse=600", "refuse=403&header=a%0D%0AX-Evil:+1"])
def test_a_refusal_that_no_answer_can_be_is_a_500(server, what):
    reply = refused(server, f"/chain?{what}")
    assert reply.status == 500
    assert "x-evil" not in reply.headers


def test_row_23_one_protocol_is_selected_and_the_token_is_not_echoed(server):
    offer = "Sec-WebSocket-Protocol: other, chat.v1, token.secret1-of-ann"
    with RawWebSocket(server.clients, "/sub", [offer]) as client:
        protocols = [line for line in client.response.split("\r\n") if line.lower().startswith("sec-websocket-protocol")]
        assert protocols == ["Sec-WebSocket-Protocol: chat.v1"]
        assert "secret1" not in client.response
        assert who(client)["user"] == "ann"


def test_row_23_tokens_are_in_no_log(server):
    """Every way to bring one, good and bad; also at paths and in requests that are refused for other reasons."""
    for good, bad, path, line in [
            ("secret1-of-ann", "secret2", "/sub", "Sec-WebSocket-Protocol: chat.v1, token.{}"),
            ("secret3-of-ann", "secret4", "/cookie", "Cookie: sid={}"),
            ("secret5-of-ann", "secret6", "/header", "Authorization: Bearer {}")]:
        with RawWebSocket(server.clients, path, [line.format(good)]) as client:
            assert who(client)["user"] == "ann"
        assert refused(server, path, [line.format(bad)]).status == 401
    with RawWebSocket(server.clients, "/query?a=1&token=secret7-of-ann") as client:
        assert who(client)["user"] == "ann"
    assert refused(server, "/query?token=secret8").status == 401
    assert refused(server, "/query").status == 401
    assert refused(server, "/nowhere?token=secret9").status == 404
    assert refused(server, "/query?token=secret10", ["Sec-WebSocket-Version: 12"]).status == 426
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(b"GET /query?token=secret11 HTTP/1.1\r\nHost x\r\n\r\n")
        assert client.is_closed()
    with RawWebSocket(server.clients, "/first") as client:
        client.send_text('{"event": "login", "input_data": {"token": "secret12"}}')
        assert client.close_code()[0] == 1008
    assert "secret" not in server.log()


def test_a_user_that_no_connection_can_have_lets_nobody_in(server):
    assert refused(server, "/header", ["Authorization: Bearer t-of-two"]).status == 500
    assert server.log().count("it named a user that no connection can be bound to") == 1
    with RawWebSocket(server.clients, "/first") as client:
        client.send_text('{"event": "login", "input_data": "t-of-two"}')
        assert client.close_code()[0] == 1008


def test_a_middleware_that_never_ends_keeps_no_socket(start_weft):
    server = start_weft("client: { handshake_timeout: 1s }\n", own=PROGRAM)
    reply = refused(server, "/slow")
    assert reply.status == 503
    wait_for_note(server, "the slow one ended")
    assert notes(server)[-2:] == ["handshake error /slow 503 there was no answer in time", "the slow one ended"]


def test_a_client_that_goes_cancels_what_it_waits_for(server):
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(handshake("/slow", f"127.0.0.1:{server.clients}"))
        wait_for_note(server, "the slow one began")
    wait_for_note(server, "the slow one ended")
    assert "handshake error /slow 0 the client has gone" in notes(server)


def test_the_server_stops_while_a_middleware_waits(server):
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(handshake("/slow", f"127.0.0.1:{server.clients}"))
        wait_for_note(server, "the slow one began")
        server.signal(15)
        assert server.process.wait(40) == 0


def test_the_first_message_waits_until_the_connection_is_open(server):
    with RawWebSocket(server.clients, upgrade=False) as client:
        message = frame(1, b'{"event": "who"}')
        client.send(handshake("/late", f"127.0.0.1:{server.clients}") + message + message)
        client.head()
        assert json.loads(client.text())["event"] == "welcome"
        assert json.loads(client.text())["event"] == json.loads(client.text())["event"] == "you"
    wait_for_note(server, "closed /late")
    assert notes(server)[2:] == ["open before /late", "let in", "open /late", "message", "message", "closed /late"]


def test_an_open_middleware_refuses_with_1008(server):
    with RawWebSocket(server.clients, "/closed") as client:
        client.send_text('{"event": "who"}')
        assert client.close_code() == (1008, "refused")
        client.send(frame(CLOSE, b"\x03\xf0"))
        assert client.is_closed()
    assert notes(server)[2:] == ["open before /closed", "in outer", "out outer", "open error /closed refused"]


def test_an_open_middleware_that_throws_closes_with_1011(server):
    with RawWebSocket(server.clients, "/broken") as client:
        assert client.close_code() == (1011, "the connection could not be opened")
    assert server.log().count("an inner secret") == 1


def test_a_token_in_the_first_message(server):
    with RawWebSocket(server.clients, "/first") as client:
        client.send_text('{"event": "login", "input_data": {"token": "t-of-ann"}}')
        assert who(client)["user"] == "ann"
    for first in ['{"event": "who"}', '{"event": "login"}', '{"event": "login", "input_data": {"token": 1}}', "nonsense"]:
        with RawWebSocket(server.clients, "/first") as client:
            client.send_text(first)
            assert client.close_code() == (1008, "the first message has to bring a token"), first
    with RawWebSocket(server.clients, "/first") as client:
        assert client.close_code() == (1008, "no token came in time")
    assert notes(server).count("open /first") == 1
    assert notes(server).count("closed /first") <= 1


def test_who_has_not_logged_in_gets_nothing_of_what_is_published(start_weft):
    server = start_weft("""
paths:
- { path: /first, dialect: events, subscribe: [news] }
- { path: /plain, dialect: events, subscribe: [news] }
""", own=PROGRAM)

    def publish():
        return json.loads(server.http("/v1/mesh/publish", {"c": "news", "d": "hear"})[1])["r"]["s"]

    with RawWebSocket(server.clients, "/first") as client, RawWebSocket(server.clients, "/plain") as plain:
        wait_for_note(server, "open before /first")
        wait_for_note(server, "open /plain")
        assert publish() == 1
        assert plain.text() == "hear"
        client.send_text('{"event": "login", "input_data": "t-of-ann"}')
        assert who(client)["user"] == "ann"
        assert publish() == 2
        assert client.text() == "hear"


def test_the_rate_limit_says_when_to_come_again(server):
    for _ in range(2):
        with RawWebSocket(server.clients, "/rate"):
            pass
    reply = refused(server, "/rate")
    assert reply.status == 429
    assert 1 <= int(reply.headers["retry-after"]) <= 100


def test_origins_of_middleware_and_of_the_configuration(server, start_weft):
    with RawWebSocket(server.clients, "/origin", ["Origin: https://app.example.com"], upgrade=False) as client:
        client.send(handshake("/origin", "app.example.com", ["Origin: https://app.example.com"]))
        assert client.head().startswith("HTTP/1.1 101")
    assert refused(server, "/plain", ["Origin: https://evil.test"]).status == 403, "allowed_origins still judges"
    assert "handshake error /plain 403 pages of this origin may not open sockets here (client.allowed_origins)" in notes(server)
    open_to_all = start_weft('client: { allowed_origins: ["*"] }\n', own=PROGRAM)
    assert refused(open_to_all, "/origin", ["Origin: https://evil.test"]).body == \
        b"pages of this origin may not open sockets here\n"


def test_a_path_with_a_variable_and_the_hooks_of_its_module(server):
    for path in ["/room/7", "/room/7/"]:
        with RawWebSocket(server.clients, path) as client:
            client.send_text('{"cmd": "who.room", "data": null}')
            assert json.loads(client.text())["data"] == "7"
    assert refused(server, "/room/13").status == 410
    with RawWebSocket(server.clients, "/room/14") as client:
        assert client.close_code() == (1008, "refused")
    for path in ["/room/x", "/room", "/room/7/8", "/room/{id}", "/room/" + "7" * 300]:
        reply = refused(server, path)
        assert (reply.status, reply.headers["failure-reason"]) == (404, "Route not found"), path


def test_a_bad_handshake_reaches_no_middleware(server):
    key = base64.b64encode(os.urandom(9)).decode()
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(f"GET /chain HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        assert client.head().startswith("HTTP/1.1 400")
    assert [note.split(" of ")[0] for note in notes(server)] == \
        ["handshake error /chain 400 Sec-WebSocket-Key must be one base64 value"]
