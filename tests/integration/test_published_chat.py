"""The published chat's own entry.lua, unmodified, with a worker that answers as its PHP does.

The script is not ours, so it is not in this repository: it is cut out of the published article, which is looked for in
the folder $WEFT_SEEDS, else beside the checkout."""
import os
import pathlib
import re
import select

import pytest

from chat_example import Person
from seed_worker import SeedWorker
from weft_process import ROOT

SEEDS = pathlib.Path(os.environ.get("WEFT_SEEDS", ROOT.parent / "shared/seeds"))


def published_script():
    for article in sorted(SEEDS.glob("004_*")):
        for block in re.findall(r"^```lua\n(.*?)^```", article.read_text(), re.S | re.M):
            if "function on_message(data, conn)" in block:
                return block
    return None


pytestmark = pytest.mark.skipif(published_script() is None, reason=f"the published chat is not in {SEEDS}")

CONFIG = """
paths: [ { path: /chat, script: entry.lua } ]
sockets: [ { listen: "127.0.0.1:0", script: entry.lua } ]
"""


@pytest.fixture
def start_chat(start_weft, tmp_path):
    (tmp_path / "entry.lua").write_text(published_script())
    workers = []

    def start(wait_timeout):
        weft = start_weft(CONFIG + f"lua: {{ wait_timeout: {wait_timeout} }}\n")
        workers.append(SeedWorker(weft.api))
        weft.worker = workers[-1]
        return weft

    yield start
    for worker in workers:
        worker.stop()


@pytest.fixture(params=["websocket path", "raw socket"])
def way(request):
    return (lambda weft: weft.clients) if request.param == "websocket path" else (lambda weft: weft.sockets[0])


def test_its_transcript(start_chat, way):
    port = way(start_chat("10s"))
    with Person(port, name="user1") as one, Person(port, name="user2") as two:
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        two.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        heard = '{"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"}'
        one.send_text('{"op":"sendtoroom","args":["room_101","hello,world!"]}')
        # Its worker does not wait for the publication, so nothing but habit puts the message before the answer.
        assert sorted([one.text(), one.text()]) == [heard, '{"op":"sendtoroom","success":true}']
        two.hears(heard)


def test_its_other_operations(start_chat, way):
    with Person(way(start_chat("10s"))) as one:
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","error":"No access"}')
        one.says("{}", '{"error":"Json format error"}')
        one.says('{"op":"auth","args":["user2","123456"]}', '{"op":"auth","success":true}')
        one.says('{"op":"subscribe","args":["user_10001","broadcast"]}', '{"op":"subscribe","success":true}')
        for channel, message in (("user_10001", '{"op":"sendtouser","args":["user_10001","x"]}'),
                                 ("broadcast", '{"op":"sendbroadcast","args":["x"]}')):
            one.send_text(message)
            heard = f'{{"event":"subscribe","channel":"{channel}","data":"uid:2,message:x"}}'
            assert heard in (one.text(), one.text())
        one.says('{"op":"unsubscribe","args":["user_10001","broadcast"]}', '{"op":"unsubscribe","success":true}')


def test_its_worker_is_told_of_open_and_close(start_chat, way):
    weft = start_chat("10s")
    with Person(way(weft), name="user1"):
        assert weft.worker.online == {1}
    with Person(way(weft), name="user2"):  # its jobs come behind those of the connection that is gone
        events = [data for queue, data in weft.worker.seen if queue == "conn"]
        assert events[0]["event"] == "handshake"
        assert events[0]["headers"]["Upgrade"].lower() == "websocket"


def test_a_failed_login_is_stuck_only_until_the_wait_ends(start_chat, way):
    with Person(way(start_chat("300ms"))) as one:
        one.says('{"op":"auth","args":["user1","654321"]}', '{"op":"auth","error":"Invalid name or password"}')
        one.says('{"op":"auth","args":["user1","123456"]}', '{"op":"auth","success":true}')
        one.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')


def test_a_failed_login_that_waits_holds_up_nobody_else(start_chat, way):
    port = way(start_chat("10m"))
    with Person(port) as trapped, Person(port) as other:
        trapped.says('{"op":"auth","args":["user1","654321"]}', '{"op":"auth","error":"Invalid name or password"}')
        trapped.send_text('{"op":"auth","args":["user1","123456"]}')
        other.says('{"op":"auth","args":["user2","123456"]}', '{"op":"auth","success":true}')
        other.says('{"op":"subscribe","args":["room_101"]}', '{"op":"subscribe","success":true}')
        assert not select.select([trapped.socket], [], [], 0)[0]
