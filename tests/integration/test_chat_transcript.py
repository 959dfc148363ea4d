"""The chat example from end to end, byte for byte as its protocol is published: WebSocket, Lua, queue, C++ worker."""
import json
import os
import pathlib
import signal

import pytest

from chat_example import Person, copy_chat, environment


@pytest.fixture
def chat(start_weft, tmp_path):
    config = copy_chat(tmp_path)
    raw = 'sockets: [ { listen: "127.0.0.1:0", script: lua/entry.lua } ]\n'
    return start_weft(config + raw, environment=environment())


@pytest.fixture(params=["websocket path", "raw socket"])
def port(chat, request):
    """Both ways in: framing by the server, and framing by the script."""
    return chat.clients if request.param == "websocket path" else chat.sockets[0]


def test_the_published_transcript(port):
    with Person(port) as one, Person(port) as two:
        one.says('{"op":"auth","args":["user1","123456"]}', '{"op":"auth","success":true}')
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"sendtoroom","args":["room_101","hello,world!"]}',
                 '{"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"}',
                 '{"op":"sendtoroom","success":true}')

        two.says('{"op":"auth","args":["user2","123456"]}', '{"op":"auth","success":true}')
        two.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"sendtoroom","args":["room_101","hello,world!"]}',
                 '{"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"}',
                 '{"op":"sendtoroom","success":true}')
        two.hears('{"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"}')


def test_every_operation_of_the_table(port):
    with Person(port, name="user1") as one:
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"subscribe","args":["user_10001"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"subscribe","args":["broadcast"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"sendtouser","args":["user_10001","hello,world!"]}',
                 '{"event":"subscribe","channel":"user_10001","data":"uid:1,message:hello,world!"}',
                 '{"op":"sendtouser","success":true}')
        one.says('{"op":"sendbroadcast","args":["hello,world!"]}',
                 '{"event":"subscribe","channel":"broadcast","data":"uid:1,message:hello,world!"}',
                 '{"op":"sendbroadcast","success":true}')
        one.says('{"op":"unsubscribe","args":["room_101"]}', '{"op":"unsubscribe","success":true}')
        one.says('{"op":"sendtoroom","args":["room_101","hello,world!"]}', '{"op":"sendtoroom","success":true}')


def test_a_stranger_has_no_access(port):
    with Person(port) as stranger:
        for op in ("subscribe", "unsubscribe", "sendtoroom", "sendtouser", "sendbroadcast", "online"):
            stranger.says(f'{{"op":"{op}","args":["room_101","hello"]}}', f'{{"op":"{op}","error":"No access"}}')


def test_a_wrong_password_is_told_and_the_right_one_still_works(port):
    with Person(port) as one:
        for name, password in (("user1", "654321"), ("nobody", "123456"), ("user1' OR '1'='1", "123456")):
            one.says(json.dumps({"op": "auth", "args": [name, password]}),
                     '{"op":"auth","error":"Invalid name or password"}')
        one.says('{"op":"auth","args":[]}', '{"op":"auth","error":"Invalid name or password"}')
        one.says('{"op":"auth","args":["user1","123456"]}', '{"op":"auth","success":true}')


def test_whoever_mistypes_while_logged_in_stays_logged_in(port):
    with Person(port, name="user1") as one:
        one.says('{"op":"auth","args":["user1","654321"]}', '{"op":"auth","error":"Invalid name or password"}')
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')


def test_what_makes_no_sense_is_told(port):
    with Person(port, name="user1") as one:
        for text in ("{}", "[]", "no json", '{"op":', "17", '"text"'):
            one.says(text, '{"error":"Json format error"}')
        one.says('{"op":"dance","args":[]}', '{"op":"dance","error":"Unknown operation"}')
        for args in ("[]", '["room_101"]', '["room_101",{}]', "{}"):
            one.says(f'{{"op":"sendtoroom","args":{args}}}', '{"op":"sendtoroom","error":"Invalid arguments"}')


def test_whatever_is_said_arrives_as_json(port):
    said = 'say "hi" \\ \n\t \u00fc \U0001f389 </script>'
    with Person(port, name="user1") as one:
        one.says('{"op":"subscribe","args":["broadcast"]}', '{"op":"subscribe","success":true}')
        one.send_text(json.dumps({"op": "sendbroadcast", "args": [said]}))
        assert json.loads(one.text()) == {"event": "subscribe", "channel": "broadcast", "data": f"uid:1,message:{said}"}


def test_answers_keep_the_order_of_operations_that_are_sent_at_once(port):
    with Person(port) as one:
        one.send_text('{"op":"auth","args":["user1","123456"]}')
        one.send_text('{"op":"subscribe","args":["a","b"]}')
        for i in range(50):
            one.send_text(f'{{"op":"sendtoroom","args":["{"ab"[i % 2]}","{i}"]}}')
        one.send_text('{"op":"unsubscribe","args":["a","b"]}')
        one.hears('{"op":"auth","success":true}', '{"op":"subscribe","success":true}')
        for i in range(50):
            one.hears(f'{{"event":"subscribe","channel":"{"ab"[i % 2]}","data":"uid:1,message:{i}"}}',
                      '{"op":"sendtoroom","success":true}')
        one.hears('{"op":"unsubscribe","success":true}')


def test_a_user_is_online_from_the_first_connection_to_the_last(chat):
    came = '{"event":"online","user":{"id":2,"name":"user2"},"online":true}'
    went = '{"event":"online","user":{"id":2,"name":"user2"},"online":false}'
    alone = '{"op":"online","success":true,"uid":1,"users":[{"id":1,"name":"user1"}]}'
    both = '{"op":"online","success":true,"uid":1,"users":[{"id":1,"name":"user1"},{"id":2,"name":"user2"}]}'
    with Person(chat.clients, name="user1") as one:
        one.says('{"op":"subscribe","args":["online"]}', '{"op":"subscribe","success":true}')
        one.says('{"op":"online","args":[]}', alone)
        with Person(chat.clients, name="user2"):
            one.hears(came)
            with Person(chat.clients, name="user2"):
                one.says('{"op":"online","args":[]}', both)
            one.says('{"op":"online","args":[]}', both)
        one.hears(went)
        one.says('{"op":"online","args":[]}', alone)


def workers_of(weft):
    """The process ids of the workers that run."""
    children = pathlib.Path(f"/proc/{weft.process.pid}/task").glob("*/children")
    ids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in ids if b"chat_worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_worker_that_is_killed_comes_back_and_finds_what_waited(chat):
    with Person(chat.clients, name="user1") as one:
        [first] = workers_of(chat)
        os.kill(first, signal.SIGKILL)
        for _ in range(100):
            one.send_text('{"op":"subscribe","args":["room_101"]}')
        one.hears(*100 * ['{"op":"subscribe","success":true}'])
        one.says('{"op":"online","args":[]}',
                 '{"op":"online","success":true,"uid":1,"users":[{"id":1,"name":"user1"}]}')


def test_the_page_is_served_beside_the_chat(chat):
    status, page = chat.http("/", port=chat.clients)
    assert status == 200 and "<title>weft chat</title>" in page
    assert chat.http("/js/main.js", port=chat.clients)[0] == 200
    assert chat.http("/lua/entry.lua", port=chat.clients)[0] == 404
