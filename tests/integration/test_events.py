"""The dialect events: envelopes, listeners, answers, faults, lifecycle, against a server written with the framework."""
import json
import socket
import struct

import pytest
from raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket, frame
from weft_process import wait_until

PATHS = """
paths:
  - { path: /, dialect: events }
  - { path: /data, dialect: events, envelope: data }
  - { path: /strict, dialect: events, envelope: strict }
  - { path: /silent, dialect: events, error_events: false }
  - { path: /pack, dialect: events, converter: messagepack }
  - { path: /bare, dialect: events, converter: raw }
  - { path: /mirror, dialect: events, converter: raw }
  - { path: /any, dialect: events }
  - { path: /guarded, dialect: events }
"""


class Client(RawWebSocket):
    def emit(self, event, data=None, **more):
        self.send_text(json.dumps({"event": event, "headers": {}, "input_data": data, **more}))

    def next(self):
        return json.loads(self.text())

    def asks(self, event, data=None, **more):
        self.emit(event, data, **more)
        return self.next()


@pytest.fixture
def weft(start_weft):
    return start_weft(PATHS, own="tests/events_program")


@pytest.fixture
def client(weft):
    with Client(weft.clients, "/") as made:
        yield made


def error(code, message, event=None):
    data = {"code": code, "message": message, **({"event": event} if event else {})}
    return {"event": "error", "data": data}


def test_an_event_is_answered(client):
    assert client.asks("TEST") == {"event": "RESPONSE_EVENT", "data": {"message": "Hello World"}}


def test_an_id_is_carried_by_the_answer_once(client):
    assert client.asks("echo", 1, id="a")["id"] == "a"
    assert "id" not in client.asks("echo", 1)


def test_an_id_nobody_answered_is_acknowledged(client):
    client.emit("TEST", id={"n": 7})
    assert "id" not in client.next()
    assert client.next() == {"event": "ack", "data": None, "id": {"n": 7}}


def test_an_error_answers_the_id(client):
    assert client.asks("nothing", id=3) == {**error("unknown_event", "nobody here listens to this event", "nothing"), "id": 3}


def test_headers_data_and_bytes_reach_the_listener(client):
    text = json.dumps({"event": "echo", "headers": {"a": "x", "n": 1, "deep": {}}, "input_data": {"k": [1, None]}, "data": 0})
    client.send(frame(BINARY, text.encode()))
    assert client.next()["data"] == {
        "data": {"k": [1, None]}, "headers": {"a": "x", "n": "1"}, "bytes": len(text), "binary": True}


def test_raw_sends_are_as_they_are(client):
    client.emit("raw")
    assert client.read_frame()[:2] == (TEXT, b"as it is")
    assert client.read_frame()[:2] == (BINARY, b"\x01\x02")


def test_listeners_run_by_priority_and_then_in_their_order(client):
    client.emit("order")
    called = [client.next()["data"] for _ in range(5)]
    assert [one["priority"] for one in called] == [10, 10, 5, 0, -5]


@pytest.mark.parametrize("path, message, key", [("/data", {"event": "echo", "data": 5}, "data"),
                                                ("/strict", {"event": "echo", "headers": {}, "data": 5}, "data")])
def test_the_other_generations_of_the_envelope(weft, path, message, key):
    with Client(weft.clients, path) as client:
        client.send_text(json.dumps(message))
        assert client.next()["data"]["data"] == 5


def test_the_strict_envelope_wants_everything(weft):
    with Client(weft.clients, "/strict") as client:
        client.send_text('{"event":"echo","data":5}')
        assert client.next() == error("bad_message", 'the envelope needs all of "event", "headers" and "data"')


def test_messagepack_in_and_out(weft):
    with Client(weft.clients, "/pack") as client:
        client.send(frame(BINARY, b"\x82\xa5event\xa4TEST\xa2id\x07"))
        answer = client.read_frame()
        assert answer[0] == BINARY
        assert answer[1] == b"\x82\xa5event\xaeRESPONSE_EVENT\xa4data\x81\xa7message\xabHello World"
        assert client.read_frame()[1] == b"\x83\xa5event\xa3ack\xa4data\xc0\xa2id\x07"


def test_a_publication_reaches_each_client_in_its_own_codec(weft):
    with Client(weft.clients, "/pack") as packed, Client(weft.clients, "/") as plain:
        packed.send(frame(BINARY, b"\x83\xa5event\xa4join\xaainput_data\xa4news\xa2id\x01"))
        packed.read_frame()
        plain.emit("join", "news", id=1)
        plain.next()
        plain.emit("publish", [1])
        assert plain.next() == {"event": "NEWS", "data": [1]}
        assert packed.read_frame()[1] == b"\x82\xa5event\xa4NEWS\xa4data\x91\x01"
        weft.http("/v1/mesh/publish", {"c": "news", "d": "bytes of somebody else"})
        assert plain.text() == "bytes of somebody else"
        assert packed.read_frame()[1] == b"bytes of somebody else"


def test_raw_messages_reach_catch_alls_only(weft):
    with Client(weft.clients, "/bare") as client:
        client.send_text("hello")
        assert "nobody here listens" in client.text()


def test_raw_bytes_come_back_in_the_frame_that_may_carry_them(weft):
    with Client(weft.clients, "/mirror") as client:
        client.send(frame(BINARY, b"\xff\x00\xfe"))
        assert client.read_frame()[:2] == (BINARY, b"\xff\x00\xfe")
        client.send_text("text")
        assert client.read_frame()[:2] == (TEXT, b"text")


def test_a_catch_all_knows_every_event(weft):
    with Client(weft.clients, "/any") as client:
        assert client.asks("whatever", 1)["data"]["event"] == "whatever"


def test_silence_where_errors_are_switched_off(weft):
    with Client(weft.clients, "/silent") as client:
        for text in ("nothing that is JSON", '{"event":"unknown"}', "[]"):
            client.send_text(text)
        assert client.asks("TEST")["event"] == "RESPONSE_EVENT"


def test_silence_is_no_acknowledgement(weft):
    with Client(weft.clients, "/silent") as client:
        for event in ("unknown", "throw", "throw_later", "late"):
            client.emit(event, id=event)
        client.emit("TEST", id=5)
        assert client.next()["event"] == "RESPONSE_EVENT"
        assert client.next() == {"event": "ack", "data": None, "id": 5}


def test_bad_envelopes_are_answered_and_the_connection_lives(client):
    not_json = error("bad_message", "the message cannot be decoded: it has to be one complete value")
    no_event = error("bad_message", '"event" has to be a string that is not empty')
    for text, answer in [("", not_json), ("{", not_json), ("{}", no_event), ('{"event":""}', no_event),
                         ('{"event":{}}', no_event),
                         ("[1]", error("bad_message", 'the envelope has to be an object with the key "event"')),
                         ("[" * 5000, error("bad_message", "the message is nested deeper than 32 levels"))]:
        client.send_text(text)
        assert client.next() == answer, text[:20]
    assert client.asks("TEST")["event"] == "RESPONSE_EVENT"


def test_hostile_envelopes_of_ten_megabytes(start_weft):
    weft = start_weft("client: { max_message: 16MiB }\n" + PATHS, own="tests/events_program")
    with Client(weft.clients, "/") as client:
        client.send_text("[" * (10 << 20))
        assert client.next()["data"]["message"] == "the message is nested deeper than 32 levels"
        client.send_text('{"event":"count","input_data":[' + ",".join(["0"] * 1_000_000) + "]}")
        assert client.next() == {"event": "counted", "data": 1_000_000}
        client.send_text('{"event":"TEST","event":"echo","input_data":1}')
        assert client.next()["event"] == "echoed"
        client.send(frame(BINARY, b'{"event":"TE\xff"}'))
        assert client.next()["data"]["code"] == "bad_message"
        assert client.asks("TEST")["event"] == "RESPONSE_EVENT"


def test_text_that_is_not_utf8_ends_the_connection(client):
    client.send(frame(TEXT, b'{"event":"\xff"}'))
    assert client.close_code()[0] == 1007


def test_an_exception_leaves_the_connection_and_is_told_once(weft, client):
    """Acceptance test 5 of the bundle: the connection lives, the event is raised, the log has one line."""
    failed = error("failed", "the message could not be handled", "throw")
    assert client.asks("throw", "x") == failed
    assert client.asks("throw_later")["data"]["code"] == "failed"
    assert client.asks("throw_oddly")["data"]["code"] == "failed"
    me = client.asks("about_me")["data"]["id"]
    lines = [line for line in weft.log().splitlines() if "thrown on purpose" in line]
    assert len(lines) == 1 and me in lines[0]
    diary = client.asks("diary")
    assert "exception thrown on purpose: x" in diary
    assert "exception something that is not a std::exception" in diary
    assert weft.metric("weft_framework_failures_total", 'reason="listener_threw"') == 3


def test_messages_of_one_connection_stay_in_order_behind_a_coroutine(client):
    for n in range(3):
        client.emit("slow", n)
        client.emit("TEST")
    got = [client.next() for _ in range(6)]
    assert [one["event"] for one in got] == ["slow", "RESPONSE_EVENT"] * 3
    assert [one["data"] for one in got[::2]] == [0, 1, 2]


def test_a_late_coroutine_is_cancelled_and_the_client_told(weft, client):
    assert client.asks("late", id=1) == {**error("deadline", "not done within 200 ms", "late"), "id": 1}
    assert client.asks("TEST")["event"] == "RESPONSE_EVENT"
    assert weft.metric("weft_framework_failures_total", 'reason="deadline"') == 1


def test_a_late_coroutine_that_cannot_be_cancelled_takes_nobody_elses_answer(client):
    client.emit("stubborn", id=1)
    client.emit("next", "x", id=2)
    assert client.next() == {**error("deadline", "not done within 50 ms", "stubborn"), "id": 1}
    assert client.next() == {"event": "stubborn", "data": {"answered": "dropped"}}
    assert client.next() == {"event": "told", "data": "x", "id": 2}


def test_a_client_that_leaves_while_a_coroutine_runs_harms_nobody(weft, client):
    with Client(weft.clients, "/") as other:
        other.emit("slow", 1)
        other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
    wait_until(lambda: any(line == "sent slow gone" for line in client.asks("diary")), what="the end of the coroutine")


def test_message_middleware_stands_around_functions_and_coroutines(weft):
    with Client(weft.clients, "/guarded") as client:
        for event in ("TEST", "slow", "echo"):
            client.emit(event)
        told = [client.next()["event"] for _ in range(6)]
        assert told == ["RESPONSE_EVENT", "after", "slow", "after", "echoed", "after"]
        assert client.asks("raw", id=1) == {**error("forbidden", "not here", "raw"), "id": 1}
        assert client.asks("throw")["data"]["code"] == "failed"
        assert client.next()["event"] == "after"


def test_what_a_connection_knows_of_itself(weft):
    with Client(weft.clients, "/?who=me%21") as client:
        client.emit("remember", [1, 2])
        about = client.asks("about_me")["data"]
        assert about["path"] == "/" and about["query"] == "me!"
        assert about["attributes"] == {"remembered": [1, 2]}
        weft.http("/v1/mesh/send", {"c": about["id"], "d": "from outside"})
        assert client.text() == "from outside"


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])
def test_a_listener_closes_with_a_code_and_a_reason(weft, code):
    with Client(weft.clients, "/") as client:
        client.emit("close", {"code": code, "reason": "because"})
        assert client.close_code() == (code, "because")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000])
def test_codes_that_must_not_travel_are_refused(client, code):
    assert client.asks("close", {"code": code, "reason": ""})["event"] == "refused"


def test_a_reason_that_is_too_long_is_refused(client):
    assert client.asks("close", {"code": 1000, "reason": "x" * 124})["event"] == "refused"


def test_bad_channel_names_are_refused(client):
    assert client.asks("join", "$user:1")["event"] == "refused"


def test_the_lifecycle_of_a_connection_in_its_order(weft):
    with Client(weft.clients, "/") as first:
        first.asks("TEST")
        first.send(frame(CLOSE, b"\x0f\xa0bye"))
        first.close_code()
    with Client(weft.clients, "/") as second:
        wait_until(lambda: any(line.startswith("closed") for line in second.asks("diary")), what="the close event")
        diary = second.asks("diary")
    diary.remove("first loop started")  # the client may be on another loop, which serves already
    assert diary[:11] == ["start_worker", "router.register", "start_server", "node of 13 characters",
                         "open.before", "open key=24", "message TEST",
                         "sent RESPONSE_EVENT queued", "handled TEST", "close.before", "closed 4000 bye by client"]


def test_a_stop_cancels_what_still_waits(weft, client):
    client.emit("slow", 1)
    weft.signal(15)
    assert weft.process.wait(30) == 0
    assert "the node stopped" in weft.log()
