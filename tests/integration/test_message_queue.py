"""The message queue of docs/message-queue.md, from every door to a real WebSocket client."""
import json
import shutil
import subprocess

import pytest
from raw_websocket import RawWebSocket
from weft_process import ROOT, binary, wait_until

# Clients that say nothing for as long as a slow machine needs.
PATH = """
paths: [ { path: /ws, dialect: events } ]
node: { drain: 0s, slot: 5 }
client: { ping_interval: 0s, read_timeout: 0s }
"""


@pytest.fixture
def over_redis(start_weft, redis):
    """over_redis() starts a weft whose messages wait in `redis`."""
    return lambda more="": start_weft(
        PATH + f"redis: [ {{ name: main, url: '{redis.url}', timeout: 1s }} ]\n"
        f"storages: {{ message_queue: {{ engine: redis, visibility: 2s{more} }} }}\n")


@pytest.fixture(params=["memory", "redis", "sqlite"])
def weft(request, start_weft, tmp_path):
    if request.param == "redis":
        return request.getfixturevalue("over_redis")()
    file = f", file: {tmp_path}/messages.db" if request.param == "sqlite" else ""
    return start_weft(PATH + f"storages: {{ message_queue: {{ engine: {request.param}{file} }} }}\n")


def connections(weft):
    return [one["id"] for one in json.loads(weft.http("/v1/connections")[1])["connections"]]


def connect(weft, **options):
    """A client and its id."""
    known = set(connections(weft))
    client = RawWebSocket(weft.clients, "/ws", timeout=60, **options)
    wait_until(lambda: len(connections(weft)) > len(known), what="the connection in the list")
    (fresh,) = set(connections(weft)) - known
    return client, fresh


def add(weft, **message):
    status, body = weft.http("/v1/queue/messages", message)
    return status, json.loads(body)


def dead(weft):
    letters, cursor = [], ""
    while True:
        page = json.loads(weft.http(f"/v1/queue/messages/dead?limit=1000&cursor={cursor}")[1])
        letters += page["messages"]
        cursor = page["next"]
        if not cursor:
            return letters


def stream_of(connection):
    return f"weft:messages:{int(connection) >> 10 & 4095}"


# --- every engine ---

def test_a_message_arrives_and_its_sender_knows(weft):
    client, who = connect(weft)
    status, answer = add(weft, connection=who, event="CREATED_ORDER", data={"order_id": 1})
    assert (status, answer["status"]) == (202, "queued") and answer["id"]
    assert json.loads(client.text()) == {"event": "CREATED_ORDER", "data": {"order_id": 1}}
    wait_until(lambda: json.loads(weft.http("/v1/queue/messages")[1])["messages"] == [], what="the acknowledgement")
    assert weft.metric("weft_message_queue_delivered_total") == 1


def test_2_ten_thousand_messages_to_one_connection_arrive_in_order(weft):
    client, who = connect(weft)
    for first in range(0, 10_000, 1000):
        messages = [{"connection": who, "event": "N", "data": n} for n in range(first, first + 1000)]
        status, body = weft.http("/v1/queue/messages", {"messages": messages})
        assert status == 202 and json.loads(body)["queued"] == 1000, body[:500]
    assert [json.loads(client.text())["data"] for _ in range(10_000)] == list(range(10_000))


def test_4_the_sender_learns_that_the_connection_is_dead(weft):
    client, who = connect(weft)
    client.socket.close()
    wait_until(lambda: not connections(weft), what="the end of the connection")
    status, answer = add(weft, connection=who, event="TOO_LATE")
    assert (status, answer["status"], answer["E"]["c"]) == (404, "no_such_connection", 505)
    assert add(weft, user="nobody", event="E")[0] == 404
    many = weft.http("/v1/queue/messages", {"messages": [{"connection": who, "event": "E"}]})
    assert many[0] == 202 and json.loads(many[1])["messages"][0]["status"] == "no_such_connection"


def test_a_client_that_does_not_read_holds_up_nobody_and_misses_nothing(weft):
    slow, slow_id = connect(weft, receive_buffer=4096)
    quick, quick_id = connect(weft)
    block = "x" * 50_000
    for n in range(100):  # more than sockets and outbox hold
        assert add(weft, connection=slow_id, event="N", data=[n, block])[0] == 202
    for n in range(20):
        assert add(weft, connection=quick_id, event="N", data=n)[0] == 202
        assert json.loads(quick.text())["data"] == n
    wait_until(lambda: weft.metric("weft_message_queue_held") > 0, what="messages that wait for room")
    assert [json.loads(slow.text())["data"][0] for _ in range(100)] == list(range(100))


def test_bad_messages_are_refused_with_what_to_write(weft):
    status, answer = add(weft, event="E")
    assert status == 400 and "connection (c)" in answer["E"]["m"]
    status, body = weft.http("/v1/queue/messages", {"messages": [{"user": "ann", "event": "E"}, {"user": "ann"}]})
    assert status == 400 and "messages[1]: event (e)" in body


# --- Redis ---

def test_anybody_may_write_an_entry(over_redis, redis):
    weft = over_redis()
    client, who = connect(weft)
    redis("XADD", stream_of(who), "*", "connection", who, "event", "RAW", "data", '{"by":"socket"}', "ttl", 60000)
    assert json.loads(client.text()) == {"event": "RAW", "data": {"by": "socket"}}
    subprocess.run(["redis-cli", "-p", str(redis.port), "XADD", stream_of(who), "*", "connection", who, "event", "CLI"],
                   check=True, stdout=subprocess.DEVNULL)
    assert json.loads(client.text()) == {"event": "CLI", "data": None}


def test_the_php_of_the_documentation_queues(over_redis, redis):
    if not shutil.which("php"):
        pytest.skip("php is not installed")
    weft = over_redis()
    client, who = connect(weft)
    text = (ROOT / "docs/message-queue.md").read_text()
    code = text.split("```php\n")[1].split("```")[0].replace("127.0.0.1:6379", f"127.0.0.1:{redis.port}")
    code += f"echo queue_message({who}, 'FROM_PHP', ['a' => 'b']);"
    got = subprocess.run(["php", "-r", code], capture_output=True, text=True)
    assert got.returncode == 0, got.stderr + got.stdout
    assert json.loads(client.text()) == {"event": "FROM_PHP", "data": {"a": "b"}}
    assert "-" in got.stdout


def test_an_entry_that_makes_no_sense_is_a_dead_letter(over_redis, redis):
    weft = over_redis()
    client, who = connect(weft)
    stream = stream_of(who)
    for fields in (["event", "E"], ["connection", who], ["connection", who, "event", "E", "data", "{"]):
        redis("XADD", stream, "*", *fields)
    redis("XADD", stream, "*", "connection", str(int(who) + (1 << 22)), "event", "E")
    wait_until(lambda: len(dead(weft)) == 4, what="four dead letters")
    assert all(letter["why"] for letter in dead(weft))
    assert dead(weft)[-1]["why"] == "the connection is gone" or "the connection is gone" in str(dead(weft))
    assert add(weft, connection=who, event="OK")[0] == 202
    assert json.loads(client.text())["event"] == "OK"


def test_dead_letters_live_again_or_go(over_redis, redis):
    weft = over_redis()
    _, who = connect(weft)
    gone = str(int(who) + (1 << 22))
    for event in ("A", "B", "C"):
        redis("XADD", stream_of(gone), "*", "connection", gone, "event", event)
    wait_until(lambda: len(dead(weft)) == 3, what="dead letters")
    first = dead(weft)[0]["id"]
    assert json.loads(weft.http("/v1/queue/messages/dead/purge", {"ids": [first]})[1])["purged"] == 1
    wait_until(lambda: len(dead(weft)) == 2, what="one less")
    assert json.loads(weft.http("/v1/queue/messages/dead/retry", {})[1])["retried"] == 2
    wait_until(lambda: weft.metric("weft_message_queue_dead_total") == 5, what="the second death")
    assert json.loads(weft.http("/v1/queue/messages/dead/purge", {})[1])["purged"] == 2
    assert dead(weft) == []


def test_3_a_kill_between_send_and_ack_loses_nothing_silently(over_redis, redis):
    weft = over_redis()
    client, who = connect(weft)

    def add_numbers(numbers):
        redis.pipeline(("XADD", stream_of(who), "*", "connection", who, "event", "N", "data", n) for n in numbers)

    add_numbers(range(1000))  # so few that sockets take them all: what stands in an outbox dies with weft
    received = [json.loads(client.text())["data"] for _ in range(100)]
    weft.process.kill()
    weft.process.wait()
    try:
        while True:
            received.append(json.loads(client.text())["data"])
    except Exception:  # the end of the connection, perhaps inside of a message
        pass
    assert received == list(range(len(received)))  # in order, none twice
    add_numbers(range(1000, 2000))
    weft.process.returncode = 0  # as asked
    again = over_redis()
    missing = set(range(2000)) - set(received)
    wait_until(lambda: missing <= {letter["data"] for letter in dead(again)}, seconds=60, what="a report of every message")
    assert {letter["why"] for letter in dead(again)} == {"the connection is gone"}


def test_goes_on_by_itself_when_redis_comes_back(over_redis, redis):
    weft = over_redis()
    client, who = connect(weft)
    redis.kill()
    wait_until(lambda: add(weft, connection=who, event="LOST")[0] == 503, what="the refusal")
    status, body = weft.http("/v1/mesh/send", {"c": who, "d": "sends go on"})
    assert status == 200 and json.loads(body)["E"] is None
    assert client.text() == "sends go on"
    redis.start()
    wait_until(lambda: add(weft, connection=who, event="BACK")[0] == 202, what="the storage")
    assert json.loads(client.text())["event"] in ("BACK", "LOST")
    assert weft.log().count("it goes on when that is over") <= 1


# --- the command line ---

def weft_messages(weft, *words):
    return subprocess.run([binary(), "--api", f"127.0.0.1:{weft.api}", "messages", *words], capture_output=True, text=True, timeout=60)


def test_the_command_line_adds_lists_and_purges(over_redis, redis):
    weft = over_redis()
    client, who = connect(weft)
    assert weft_messages(weft, "add", f"conn:{who}", "PRICE", '{"eur": 3}').stdout.startswith("queued as ")
    assert json.loads(client.text()) == {"event": "PRICE", "data": {"eur": 3}}
    gone = weft_messages(weft, "add", "conn:7", "E")
    assert gone.returncode == 5 and "no such connection" in gone.stderr
    bad = weft_messages(weft, "add", "conn:7", "E", "text")
    assert bad.returncode == 2 and "not JSON" in bad.stderr
    redis("XADD", stream_of(who), "*", "connection", str(int(who) + (1 << 22)), "event", "NOBODY")
    wait_until(lambda: "the connection is gone" in weft_messages(weft, "dead").stdout, what="a dead letter")
    assert weft_messages(weft, "purge").returncode == 2
    assert weft_messages(weft, "purge", "--all").stdout == "purged 1\n"
    assert weft_messages(weft, "dead").stdout == "no dead letters\n"
    assert weft_messages(weft, "list").stdout == "no message waits\n"
