"""Workers on the API: every generation's own bytes, acknowledgement, order, roles, HTTP calls."""
import base64
import json

import pytest
from raw_websocket import BINARY, TEXT, RawWebSocket, frame

CONTINUATION = 0

CHAT = """
paths:
  - { path: /chat, dialect: lua, script: entry.lua }
  - { path: /feed, subscribe: [feed] }
queues:
  - { name: jobs, max_items: 3, max_attempts: 2, dead_letter: dead }
  - { name: dead }
"""
SCRIPT = """
function init() mix.queue.new("foo", 100) end
function on_message(msg, conn)
    mix.queue.push("foo", { frame = msg })
    if msg.data == "auth" then conn:send("user " .. tostring(conn:wait_context_value("user_id"))) end
end
"""


class Worker(RawWebSocket):
    def __init__(self, weft, extra=()):
        super().__init__(weft.api, "/ws/v1", extra)

    def say(self, text):
        self.send_text(text if isinstance(text, str) else json.dumps(text))

    def hear(self):
        return json.loads(self.text())

    def event(self):
        """The next event, past answers."""
        while "e" not in (message := self.hear()):
            pass
        return message["p"]

    def ask(self, text):
        """The answer, which must be the next message: a synchronous client does no better."""
        self.say(text)
        return self.hear()


@pytest.fixture
def weft(start_weft, tmp_path):
    (tmp_path / "entry.lua").write_text(SCRIPT)
    return start_weft(CHAT)


GENERATIONS = {
    "1": {
        "consume": '{"method":"queue.consume","params":["foo"],"id":0}',
        "client": lambda event: int(event["result"]["client_id"]),
        "data": lambda event: event["result"]["data"],
        "send": '{"method":"mesh.send","params":{"client_id":%d,"data":"received: x"},"id":0}',
        "subscribe": '{"method":"conn.call","params":{"client_id":%d,"method":"subscribe","params":["user_10001"]},"id":0}',
        "context": '{"method":"conn.call","params":{"client_id":%d,"method":"set_context_value","params":{"user_id":1000}},"id":0}',
        "publish": '{"method":"mesh.send","params":{"channel":"user_10001","data":"all"},"id":0}',
        "fine": lambda answer: answer["error"] is None and answer["result"]["success"],
    },
    "2": {
        "consume": '{"method":"queue.consume","params":["foo"],"id":0}',
        "client": lambda event: int(event["result"]["client_id"]),
        "data": lambda event: event["result"]["data"],
        "send": '{"method":"mesh.send","params":{"client_id":%d,"data":"received: x"},"id":1}',
        "subscribe": '{"method":"conn.call","params":{"client_id":%d,"func":"subscribe","args":["user_10001"]},"id":4}',
        "context": '{"method":"conn.call","params":{"client_id":%d,"func":"set_context","args":[{"user_id":1000}]},"id":3}',
        "publish": '{"method":"mesh.publish","params":{"channel":"user_10001","data":"all"},"id":6}',
        "fine": lambda answer: answer["error"] is None and answer["result"]["success"],
    },
    "3": {
        "consume": '{"m":"queue.consume","p":["foo"],"i":1}',
        "client": lambda event: int(event["p"]["c"]) if event["e"] == "queue.consume" else None,
        "data": lambda event: event["p"]["d"],
        "send": '{"m":"mesh.send","p":{"c":%d,"d":"received: x"},"i":2}',
        "subscribe": '{"m":"conn.call","p":{"c":%d,"f":"subscribe","a":["user_10001"]},"i":5}',
        "context": '{"m":"conn.call","p":{"c":%d,"f":"set_context_value","a":["user_id",1000]},"i":3}',
        "publish": '{"m":"mesh.send","p":{"c":"user_10001","d":"all"},"i":2}',
        "fine": lambda answer: answer["E"] is None and answer["r"]["s"],
    },
    "5": {
        "consume": '{"m":"queue.pop","p":{"t":["foo"]},"i":12345}',
        "client": lambda event: int(event["p"]["c"]) if event["e"] == "queue.pop" else None,
        "data": lambda event: event["p"]["d"],
        "send": '{"m":"mesh.send","p":{"c":"%d","d":"received: x","t":"text"},"id":12345}',
        "subscribe": '{"m":"conn.call","p":{"c":"%d","f":"subscribe","a":["user_10001"]},"i":12345}',
        "context": '{"m":"conn.call","p":{"c":"%d","f":"set_context_value","a":["user_id",1000]},"i":12345}',
        "publish": '{"m":"mesh.publish","p":{"c":"user_10001","d":"all"},"i":12345}',
        "fine": lambda answer: answer["E"] is None and answer["r"]["s"],
    },
}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_worker_of_every_generation_does_its_work(weft, generation):
    says = GENERATIONS[generation]
    with Worker(weft) as worker, RawWebSocket(weft.clients, "/chat") as client:
        assert says["fine"](worker.ask(says["consume"]))
        client.send_text("hello")
        event = worker.hear()
        assert event["id"] is None
        assert says["data"](event)["frame"]["data"] == "hello"
        who = says["client"](event)
        assert says["fine"](worker.ask(says["send"] % who))
        assert client.text() == "received: x"
        assert says["fine"](worker.ask(says["subscribe"] % who))
        assert says["fine"](worker.ask(says["publish"]))
        assert client.text() == "all"
        client.send_text("auth")
        worker.hear()
        assert says["fine"](worker.ask(says["context"] % who))
        assert client.text() == "user 1000"


def test_a_message_in_fragments_of_4096_bytes_is_one_request(weft):
    with Worker(weft) as worker, RawWebSocket(weft.clients, "/feed") as client:
        data = json.dumps({"m": "mesh.publish", "p": {"c": "feed", "d": "x" * 9900}, "i": 1}).encode()
        parts = [data[i:i + 4096] for i in range(0, len(data), 4096)]
        for i, part in enumerate(parts):
            worker.send(frame(CONTINUATION if i else TEXT, part, fin=i == len(parts) - 1))
        assert worker.hear() == {"E": None, "r": {"s": 1, "f": 0, "t": 1}, "i": 1}
        assert client.text() == "x" * 9900


def test_a_publication_and_a_send_of_one_worker_arrive_in_that_order(weft):
    with Worker(weft) as worker, RawWebSocket(weft.clients, "/chat") as client:
        worker.ask('{"m":"queue.pop","p":["foo"],"i":0}')
        client.send_text("x")
        who = worker.hear()["p"]["c"]
        worker.ask({"m": "conn.call", "p": {"c": who, "f": "subscribe", "a": ["room"]}, "i": 1})
        for i in range(200):
            worker.say({"m": "mesh.publish", "p": {"c": "room", "d": f"{i} room"}, "i": i})
            worker.say({"m": "mesh.send", "p": {"c": who, "d": f"{i} you"}, "i": f"{i}b"})
        answers = [worker.hear()["i"] for _ in range(400)]
        assert answers == [x for i in range(200) for x in (i, f"{i}b")]
        assert [client.text() for _ in range(400)] == [x for i in range(200) for x in (f"{i} room", f"{i} you")]


def test_an_unacknowledged_job_of_a_worker_that_dies_goes_to_the_next(weft):
    consume = '{"m":"queue.pop","p":{"t":["jobs"],"ack":true},"i":1}'
    weft.http("/v1/queue/push", {"t": "jobs", "d": {"n": 1}})
    with Worker(weft) as dies:
        dies.ask(consume)
        first = dies.hear()["p"]
        assert (first["d"], first["k"]) == ({"n": 1}, 1)
    with Worker(weft) as lives:
        lives.ask(consume)
        again = lives.hear()["p"]
        assert (again["d"], again["k"], again["j"]) == ({"n": 1}, 2, first["j"])
        assert lives.ask({"m": "queue.ack", "p": {"j": again["j"]}, "i": 2})["E"] is None
        assert lives.ask({"m": "queue.ack", "p": {"j": again["j"]}, "i": 3})["E"]["c"] == 501
    jobs = next(q for q in json.loads(weft.http("/v1/queues")[1])["queues"] if q["name"] == "jobs")
    assert (jobs["items"], jobs["acked"], jobs["redelivered"]) == (0, 1, 1)


def test_a_job_that_fails_too_often_is_a_dead_letter_with_the_reason(weft):
    weft.http("/v1/queue/push", {"t": "jobs", "d": {"n": 1}})
    with Worker(weft) as worker, Worker(weft) as undertaker:
        undertaker.ask('{"m":"queue.pop","p":["dead"],"i":1}')
        worker.ask('{"m":"queue.pop","p":{"t":["jobs"],"ack":true},"i":1}')
        for attempt in (1, 2):
            job = worker.event()
            assert job["k"] == attempt
            worker.say({"m": "queue.nack", "p": {"j": job["j"]}, "i": 2})
        letter = undertaker.event()
        assert letter["d"] == {"n": 1}
        assert letter["dead"]["t"] == "jobs" and "nack" in letter["dead"]["why"]


def test_a_worker_says_that_it_works_still_and_gives_a_job_up(weft):
    weft.http("/v1/queue/push", {"t": "jobs", "d": {"n": 1}})
    with Worker(weft) as worker, Worker(weft) as other:
        worker.ask('{"m":"queue.pop","p":{"t":["jobs"],"ack":true},"i":1}')
        other.ask('{"method":"queue.consume","params":{"topics":["jobs"],"ack":true},"id":1}')
        job = worker.event()["j"]
        assert worker.ask({"m": "queue.working", "p": {"j": job}, "i": 2})["E"] is None
        assert other.ask({"method": "queue.working", "params": {"job": job}, "id": 2})["error"]["code"] == 501
        assert worker.ask({"m": "queue.dead", "p": {"j": job, "why": "no such address"}, "i": 3})["E"] is None
        assert worker.ask({"m": "queue.working", "p": {"j": job}, "i": 4})["E"]["c"] == 501
    letter, = json.loads(weft.http("/v1/queues/dead/jobs")[1])["jobs"]
    assert letter["dead"]["why"] == "its consumer gave it up: no such address, attempt 1"


def test_a_full_topic_refuses(weft):
    answers = [weft.http("/v1/queue/push", {"t": "jobs", "d": {}})[0] for _ in range(4)]
    assert answers == [200, 200, 200, 503]


def test_a_connection_watches_channels(weft):
    with Worker(weft) as watcher:
        assert watcher.ask('{"m":"mesh.subscribe","p":["room_1"],"i":1}')["E"] is None
        assert weft.http("/v1/mesh/publish", {"c": "room_1", "d": "hi"})[0] == 200
        assert watcher.hear() == {"e": "publish", "p": {"c": "room_1", "d": "hi"}}


def test_http_calls_answer_as_documented(weft):
    with RawWebSocket(weft.clients, "/feed") as client:
        assert weft.http("/v1/mesh/publish", {"c": "feed", "d": "data"}) == (200, '{"E":null,"r":{"s":1,"f":0}}')
        assert client.text() == "data"
        assert weft.http("/v1/mesh/publish", {"c": "feed", "d": "AP8=", "t": "binary"})[0] == 200
        assert client.read_frame()[:2] == (BINARY, b"\0\xff")
    status, body = weft.http("/v1/mesh/send", {"c": "1463786910324359168", "d": "data"})
    assert status == 200 and json.loads(body)["E"]["c"] == 401
    assert weft.http("/v1/mesh/send")[0] == 405
    assert weft.http("/v1/nothing")[0] == 404


def test_a_connection_can_be_closed(weft):
    with Worker(weft) as worker, RawWebSocket(weft.clients, "/chat") as client:
        worker.ask('{"m":"queue.pop","p":["foo"],"i":1}')
        client.send_text("x")
        who = worker.hear()["p"]["c"]
        assert weft.http("/v1/conn/close", {"c": who, "code": 4001, "reason": "bye"})[0] == 200
        assert client.close_code() == (4001, "bye")


def test_the_directory_names_this_node_on_both_ports(weft):
    for port in (weft.directory, weft.api):
        assert json.loads(weft.http("/version", port=port)[1]) == {"api": ["v1"], "apis": ["v1"]}
        node = json.loads(weft.http("/v1/nodes", port=port)[1])["nodes"][0]
        assert node["host"] == node["api_server"] == f"127.0.0.1:{weft.api}"
        assert (node["ip"], node["port"]) == ("127.0.0.1", weft.api)


def test_users_may_do_what_their_roles_say(start_weft):
    weft = start_weft("""
api: { access: { users: [ { username: reader, password: r, roles: [read] }, { username: writer, password: w } ] } }
paths: [ { path: /feed, subscribe: [feed] } ]
""")

    def basic(credentials):
        return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}

    assert weft.http("/v1/status")[0] == 401
    assert weft.http("/v1/status", headers=basic("reader:wrong"))[0] == 401
    assert weft.http("/v1/status", headers=basic("reader:r"))[0] == 200
    assert weft.http("/v1/mesh/publish", {"c": "feed", "d": "x"}, headers=basic("reader:r"))[0] == 403
    assert weft.http("/v1/mesh/publish", {"c": "feed", "d": "x"}, headers=basic("writer:w"))[0] == 200
    assert weft.http("/readyz")[0] == 200
    with Worker(weft, [f"Authorization: {basic('reader:r')['Authorization']}"]) as reader:
        assert reader.ask('{"m":"mesh.publish","p":{"c":"feed","d":"x"},"i":1}')["E"]["c"] == 504
        assert reader.ask('{"m":"mesh.subscribe","p":["feed"],"i":2}')["E"] is None


def test_a_page_of_another_host_may_not_use_the_api(weft):
    foreign = {"Origin": "https://evil.example"}
    assert weft.http("/v1/mesh/publish", {"c": "feed", "d": "x"}, headers=foreign)[0] == 403
    with Worker(weft, ["Origin: http://127.0.0.1"]) as pawl:
        assert pawl.ask('{"m":"server.ping","p":[],"i":1}')["E"] is None
