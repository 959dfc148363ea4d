"""The dialect `commands`, rule by rule, over real sockets: tests/programs/commands.cpp is the server."""
import json

import pytest
from command_client import CommandClient
from raw_websocket import BINARY, TEXT, RawWebSocket, frame, handshake
from weft_process import wait_until

PROGRAM = "tests/commands_program"


@pytest.fixture
def server(start_weft):
    return start_weft(own=PROGRAM)


@pytest.fixture
def connect(server):
    """connect(path) gives a client of a module with the parser Json."""
    clients = []

    def connected(path="/json"):
        clients.append(CommandClient(server.clients, path))
        return clients[-1]

    yield connected
    for client in clients:
        client.socket.close()


def says(server, path, *texts):
    """What the module at `path` answers to each of `texts`."""
    with RawWebSocket(server.clients, path) as client:
        answers = []
        for text in texts:
            client.send_text(text)
            answers.append(client.text())
        return answers


# --- paths (Swoft: modules)

def refusal(server, target):
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(handshake(target))
        return client.head()


def where(connect, path):
    return connect(path).data("home.where")


def test_an_exact_path_wins_over_patterns(connect):
    assert where(connect, "/room/lobby") == {"module": "/room/lobby", "parameters": {}}


def test_patterns_are_tried_in_the_order_of_registration(connect):
    assert where(connect, "/room/17") == {"module": "/room/{id}", "parameters": {"id": "17"}}


def test_a_variable_has_to_match_its_expression_as_a_whole(connect):
    assert where(connect, "/room/17a") == {"module": "/room/{name}", "parameters": {"name": "17a"}}


def test_a_trailing_slash_says_nothing(connect):
    assert where(connect, "/room/17/")["module"] == "/room/{id}"


def test_no_route_is_404_with_the_reason(server):
    head = refusal(server, "/nowhere")
    assert head.startswith("HTTP/1.1 404")
    assert "failure-reason: route not found" in head.lower()
    assert refusal(server, "/room/a/b").startswith("HTTP/1.1 404")


# --- hooks

def test_a_module_without_hooks_lets_in_and_answers(connect):
    assert connect("/json").data("home.echo", "hi") == "hi"


def test_the_handshake_hook_refuses_with_status_headers_and_body(server):
    head = refusal(server, "/hooks?refuse=1")
    assert head.startswith("HTTP/1.1 418") and "x-why: teapot" in head.lower()


# Weakness 16: what was set in the handshake was lost. And Swoft's open ran beside the first message.
def test_weakness_16_what_handshake_and_open_set_is_there_for_the_first_message(server):
    with RawWebSocket(server.clients, upgrade=False) as client:
        client.send(handshake("/hooks") + frame(TEXT, b'{"cmd":"home.kept"}'))
        client.head()
        assert json.loads(client.text())["data"] == {"from": "handshake", "opened": True}


def test_the_open_hook_refuses_with_1008(connect):
    assert connect("/hooks?shut=1").close_code()[0] == 1008


def test_each_hook_runs_once_for_each_connection(connect):
    watcher = connect("/json")
    for number in (1, 2):
        guest = connect("/hooks")
        guest.data("home.kept")
        guest.socket.close()
        wait_until(lambda: watcher.data("seen")["closed"] == number, what="the close hook")
        seen = watcher.data("seen")
        assert (seen["handshakes"], seen["opened"], seen["closed"]) == (number, number, number)


# Weakness 21: the close hook did not run when another worker got the end.
def test_weakness_21_the_close_hook_runs_for_every_connection(connect):
    watcher = connect("/json")
    for code in (1000, 4001):
        guest = connect("/hooks")
        guest.data("home.kept")
        guest.send(frame(8, code.to_bytes(2, "big")))
        guest.close_code()
        wait_until(lambda: watcher.data("seen")["close_code"] == code, what=f"the close with {code}")
    assert watcher.data("seen")["closed"] == 2


def test_a_module_that_parses_itself_gets_every_message_as_it_came(server):
    assert says(server, "/own", "home.index", "{") == ["own parsing of home.index", "own parsing of {"]


# --- routing

def test_an_id_is_prefix_dot_command_or_the_command_of_root(server):
    assert says(server, "/token", "home.echo:hi", "ping") == ["echo got hi", "pong"]


def test_the_id_is_trimmed(connect):
    assert connect().ask("  home.echo \n", 5) == {"cmd": "home.echo", "data": 5, "ext": {}}


def test_an_empty_command_is_the_default_one(server):
    assert says(server, "/token", "just a text, long enough") == ["index got just a text, long enough"]
    assert says(server, "/swoft-token", "just a text, long enough") == ["start got just a text, long enough"]


def test_commands_belong_to_their_module(connect):
    client = connect("/checked-after")
    assert client.problem("home.echo") == "unknown_command"


def test_an_unknown_command_is_an_error_in_the_form_of_the_parser(server, connect):
    answer = connect().ask("home.ecko", 1)
    assert answer == {"cmd": "error", "ext": {}, "data": {
        "code": "unknown_command", "message": "there is no command home.ecko", "cmd": "home.ecko"}}
    assert says(server, "/token", "home.ecko") == ["error unknown_command: there is no command home.ecko"]


def test_an_unknown_command_is_no_line_in_the_log(server, connect):
    connect().problem("home.ecko")
    assert "ecko" not in server.log()
    assert server.metric("weft_framework_failures_total", 'reason="unknown_command"') == 1


# --- parsers

def test_raw_text_knows_no_commands(server):
    assert says(server, "/raw", "home.echo:hi") == ["index got home.echo:hi"]


def test_token_text_sees_a_dotted_command_unless_told_to_read_as_swoft_does(server):
    assert says(server, "/token", "home.echo") == ["echo got "]
    assert says(server, "/swoft-token", "home.echo") == ["start got home.echo"]


def test_json_without_data_gives_the_whole_map(connect):
    client = connect()
    client.send_text('{"cmd":"home.echo","a":1,"ext":{"b":2}}')
    assert client.hear()["data"] == {"a": 1, "ext": {"b": 2}}
    client.send_text('{"cmd":"home.echo","data":null,"a":1}')
    assert client.hear()["data"] == {"data": None, "a": 1}


@pytest.mark.parametrize("text, what", [
    ("{", "not one valid JSON value"), ("", "not one valid JSON value"), ("5", "has to be a JSON object"),
    ('{"cmd":5}', "cmd has to be a string"), ('{"cmd":"a","data":1,"ext":"x"}', "ext has to be an object"),
    ("[" * 10_000, "nested deeper")], ids=range(6))
def test_what_cannot_be_read_is_an_error_and_the_connection_lives(connect, text, what):
    client = connect()
    client.send_text(text)
    data = client.hear()["data"]
    assert data["code"] == "bad_message" and what in data["message"] and data["cmd"] == ""
    assert client.data("home.echo", "still here") == "still here"


def test_bad_utf8_in_a_binary_message_is_an_error(connect):
    client = connect()
    client.send(frame(BINARY, b'{"cmd":"\xff"}'))
    assert client.hear()["data"]["code"] == "bad_message"


# --- handlers and what they give

def test_arguments_are_picked_by_their_type(connect):
    client = connect()
    me = client.data("post.me")
    client.send_text('{"cmd":"home.arguments","data":[1],"ext":{"x":2}}')
    given = client.hear()["data"]
    assert given == {"raw": '{"cmd":"home.arguments","data":[1],"ext":{"x":2}}', "bytes": 49, "cmd": "home.arguments",
                     "ext": {"x": 2}, "path": "/json", "id": me, "event": "home.arguments", "data": [1]}


def test_null_and_nothing_are_no_reply(connect):
    client = connect()
    client.say("home.nothing")
    client.send_text('{"cmd":"home.echo","data":false}')
    assert client.hear()["data"] is False


def test_a_text_handler_gets_the_message_as_it_came(server):
    assert says(server, "/token", " home.raw : hi") == [" home.raw : hi"]


def opcode_of(server, path, text):
    with RawWebSocket(server.clients, path) as client:
        client.send_text(text)
        return client.read_frame()[0]


def test_the_opcode_is_the_commands_else_the_modules_else_text(server):
    assert opcode_of(server, "/token", "home.bytes:x") == BINARY
    assert opcode_of(server, "/binary", "x") == BINARY
    assert opcode_of(server, "/token", "home.raw:x") == TEXT


# Weakness 20: binary could not be answered.
def test_weakness_20_bytes_that_are_no_text_come_back_as_binary(server):
    with RawWebSocket(server.clients, "/binary") as client:
        client.send(frame(BINARY, b"\xff\x00\xfe"))
        assert client.read_frame()[:2] == (BINARY, b"\xff\x00\xfe")


def test_messages_of_a_connection_are_handled_one_after_the_other(connect):
    client = connect()
    for n in range(3):
        client.say("home.slow", str(n))
        client.say("home.echo", n)
    assert [client.hear()["data"] for _ in range(6)] == [
        {"slow": "0"}, 0, {"slow": "1"}, 1, {"slow": "2"}, 2]


def test_a_coroutine_of_one_connection_holds_up_no_other(connect):
    slow, quick = connect(), connect()
    slow.say("home.never")
    assert quick.data("home.echo", 1) == 1
    assert slow.hear()["data"]["code"] == "deadline"
    assert slow.data("home.echo", 2) == 2


@pytest.mark.parametrize("cmd", ["home.throws", "home.throws_later"])
def test_an_exception_is_told_counted_logged_once_and_the_connection_lives(server, connect, cmd):
    client = connect()
    me = client.data("post.me")
    answer = client.ask(cmd)
    assert answer["data"]["code"] == "failed"
    assert "secret" not in json.dumps(answer)
    assert client.data("seen")["exceptions"] == 1
    assert client.data("home.echo", 1) == 1
    lines = [line for line in server.log().splitlines() if "secret" in line]
    assert len(lines) == 1 and me in lines[0] and cmd in lines[0]


def test_a_client_that_leaves_while_its_command_runs_disturbs_nobody(connect):
    gone, here = connect(), connect()
    gone.say("home.slow")
    gone.socket.close()
    assert here.data("home.slow", "x") == {"slow": "x"}


# --- replies

def three(connect):
    """Three clients and their ids."""
    clients = [connect() for _ in range(3)]
    return clients, [client.data("post.me") for client in clients]


def news_of(*clients):
    """Who heard news: everybody is asked for an echo behind it."""
    heard = []
    for client in clients:
        client.say("home.echo", "end")
        news = []
        while (message := client.hear())["cmd"] != "home.echo":
            if message["cmd"] == "news":
                news.append(message["data"])
        heard.append(news)
    return heard


def test_to_one(connect):
    (a, b, c), ids = three(connect)
    assert a.ask("post.to", {"to": ids[1], "text": "x"}) == {
        "cmd": "delivered", "data": {"queued": 1, "dropped": 0, "gone": 0}, "ext": {}}
    assert news_of(a, b, c) == [[], ["x"], []]


# Weakness 22: whatever happened, the caller was told "true".
def test_weakness_22_to_who_has_left_is_gone(connect):
    (a, b, _), ids = three(connect)
    b.socket.close()
    wait_until(lambda: a.ask("post.to", {"to": ids[1], "text": "x"})["data"]["gone"] == 1)


def test_some_honours_exclusions_although_receivers_are_named(connect):
    (a, b, c), ids = three(connect)
    answer = a.ask("post.some", {"to": ids, "except": [ids[1]], "text": "x"})
    while answer["cmd"] != "delivered":
        answer = a.hear()
    assert answer["data"]["queued"] == 2
    assert c.hear()["data"] == "x"
    assert news_of(b) == [[]]


def waits_for_news(client):
    while (message := client.hear())["cmd"] != "news":
        pass
    return message["data"]


def test_all_is_everybody(connect):
    (a, b, c), _ = three(connect)
    a.say("post.all", {"text": "x"})
    assert [waits_for_news(client) for client in (a, b, c)] == ["x"] * 3


def test_broadcast_is_everybody_but_the_sender(connect):
    (a, b, c), ids = three(connect)
    a.say("post.broadcast", {"text": "x"})
    assert [waits_for_news(client) for client in (b, c)] == ["x"] * 2
    a.say("post.broadcast_from", {"from": ids[1], "text": "y"})
    assert [waits_for_news(client) for client in (a, c)] == ["y"] * 2
    a.say("post.broadcast_to_all", {"text": "z"})
    assert [waits_for_news(client) for client in (a, b, c)] == ["z"] * 3


def test_a_reply_carries_ext(connect):
    assert connect().ask("post.ext") == {"cmd": "post.ext", "data": 1, "ext": {"page": 2}}


def test_content_goes_as_it_is_in_the_frame_that_was_asked_for(connect):
    client = connect()
    client.say("post.content")
    assert client.read_frame()[:2] == (BINARY, b"as it is")


def test_a_reply_is_sent_once(connect):
    client = connect()
    assert client.data("post.twice") == "once"
    assert client.data("home.echo", 1) == 1


def test_events_of_the_server_are_commands_to_these_clients(connect):
    assert connect().ask("post.event") == {"cmd": "tick", "data": {"n": 1}, "ext": {}}


# --- middleware

def test_middleware_stands_in_the_documented_order(connect):
    assert connect("/order").data("home.trace") == ["pre", "global", "module", "controller", "command", "after"]


# Weakness 16 in its message form: attributes go through the whole chain, and back.
def test_weakness_16_the_context_reaches_the_handler_and_comes_back(connect):
    assert connect("/order").ask("home.trace")["ext"] == {"stamp": "by the handler"}


# Weakness 17 in its message form: who was entered is left, although an inner one refuses.
def test_weakness_17_the_onion_is_unwound_when_one_refuses(connect):
    client, watcher = connect("/order"), connect("/json")
    before = watcher.data("seen")
    answer = client.ask("home.refused")
    assert answer["data"] == {"code": "closed", "message": "not today", "cmd": "home.refused"}
    seen = watcher.data("seen")
    assert seen["entered"] - before["entered"] == 4 == seen["left"] - before["left"]


def test_weakness_17_an_exception_unwinds_the_onion_and_the_client_is_told(connect):
    client, watcher = connect("/order"), connect("/json")
    assert client.problem("home.throws") == "failed"
    seen = watcher.data("seen")
    assert (seen["entered"], seen["left"]) == (5, 5)
    assert client.data("home.trace")[0] == "pre"


def test_unknown_commands_reach_middleware_only_without_the_pre_check(connect):
    watcher = connect("/json")
    assert connect("/order").problem("home.ecko") == "unknown_command"
    assert watcher.data("seen")["entered"] == 0
    assert connect("/checked-after").problem("home.ecko") == "unknown_command"
    assert watcher.data("seen")["entered"] == 1 == watcher.data("seen")["left"]


def test_middleware_stands_around_all_listeners_of_an_event_too(server, connect):
    watcher = connect("/json")
    with RawWebSocket(server.clients, "/events") as client:
        client.send_text('{"event":"hello","headers":{},"input_data":1,"id":5}')
        assert json.loads(client.text())["event"] == "first"
        assert json.loads(client.text())["event"] == "second"
        client.send_text('{"event":"closed","headers":{},"input_data":1}')
        assert json.loads(client.text())["data"] == {"code": "closed", "message": "not today", "event": "closed"}
        client.send_text('{"event":"hello","headers":{},"input_data":1}')
        assert json.loads(client.text())["event"] == "first"
        assert json.loads(client.text())["event"] == "second"
    wait_until(lambda: watcher.data("seen")["left"] == 5, what="that everybody was left")
    assert watcher.data("seen")["entered"] == 5


# Swoft's RECV_MESSAGE was never raised for unknown commands.
def test_recv_message_is_raised_for_every_message_that_can_be_read(connect):
    client = connect()
    before = client.data("seen")["received"]
    client.problem("home.ecko")
    client.send_text("{")
    client.hear()
    assert client.data("seen")["received"] - before == 2


# Weakness 10: what kept a node alive depended on what the program had configured.
def test_weakness_10_a_program_without_any_hook_or_middleware_is_a_full_server(server):
    assert server.http("/healthz")[0] == 200
    assert server.http("/readyz")[0] == 200


# --- configuration

def test_a_path_of_the_dialect_without_a_module_keeps_the_server_from_starting(start_weft):
    with pytest.raises(RuntimeError) as failed:
        start_weft("paths: [ { path: /nobody, dialect: commands } ]\n", own=PROGRAM)
    assert 'path "/nobody": dialect commands needs a module in a C++ program' in str(failed.value)


def test_a_module_and_another_dialect_at_one_path_keep_the_server_from_starting(start_weft):
    with pytest.raises(RuntimeError) as failed:
        start_weft("paths: [ { path: /json, answer: echo } ]\n", own=PROGRAM)
    assert 'path "/json": the program has a module there, and the configuration another dialect' in str(failed.value)


def test_the_configuration_says_more_about_the_path_of_a_module(start_weft):
    server = start_weft("paths: [ { path: /json, dialect: commands, error_events: false } ]\n", own=PROGRAM)
    with CommandClient(server.clients, "/json") as client:
        client.say("home.ecko")
        assert client.data("home.echo", 1) == 1
