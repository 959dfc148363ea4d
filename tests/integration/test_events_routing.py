"""Events that the configuration gives to a queue, a Lua function or a worker, without any C++."""
import json
import pathlib
import subprocess
import sys

import pytest
from consumer import Consumer
from raw_websocket import BINARY, CLOSE, RawWebSocket, frame
from weft_process import ROOT, binary, wait_until

WORKER = ROOT / "tests/support/answering_worker.py"
PRICES = """
local prices = { tea = 3 }
function on_price(message, conn)
  local item = message.data.item
  if item == "crash" then error("out of " .. item) end
  if item == "loop" then while true do end end
  if item == "later" then mix.mesh.publish("nobody", "x") end
  if not prices[item] then return "error", { code = "no_item", language = message.headers.language } end
  return "PRICE", { item = item, eur = prices[item] }
end
function silent(message, conn) conn:send("raw " .. message.event) end
function count(message, conn)
  local n = (conn:context_value("n") or 0) + 1
  conn:set_context_value("n", n)
  return "COUNT", n
end
"""


def say(client, event, data=None, **more):
    client.send_text(json.dumps({"event": event, "input_data": data, **more}))


def hear(client):
    return json.loads(client.text())


def write_prices(folder, text=PRICES):
    (folder / "prices.lua").write_text(text)


def test_an_event_becomes_a_job_of_a_queue(start_weft):
    weft = start_weft("queues: [ { name: orders } ]\n"
                      "paths: [ { path: /ws, events: { ORDER: 'queue:orders' } } ]\n")
    orders = Consumer(weft.api, "orders")
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "ORDER", {"item": "tea"}, headers={"language": "en"}, id="a1")
        assert hear(client) == {"event": "ack", "data": None, "id": "a1"}
        wait_until(lambda: orders.jobs)
    orders.close()
    client_id, job = orders.jobs[0]
    assert int(client_id) > 0
    assert job == {"event": "ORDER", "headers": {"language": "en"}, "data": {"item": "tea"}, "id": "a1"}


def test_a_full_queue_is_told(start_weft):
    weft = start_weft("queues: [ { name: orders, max_items: 2 } ]\n"
                      "paths:\n"
                      "  - { path: /ws, events: { ORDER: 'queue:orders' } }\n"
                      "  - { path: /silent, error_events: false, events: { ORDER: 'queue:orders' } }\n")
    with RawWebSocket(weft.clients, "/ws") as client:
        for n in range(3):
            say(client, "ORDER", n, id=n)
        answers = [hear(client) for _ in range(3)]
        assert [a["event"] for a in answers] == ["ack", "ack", "error"]
        assert answers[2]["data"]["code"] == "full" and answers[2]["id"] == 2
    with RawWebSocket(weft.clients, "/silent") as client:
        say(client, "ORDER", 1, id="refused, so not acknowledged")
        client.send_text("ping me")  # no envelope either: silence as well
        wait_until(lambda: weft.metric("weft_framework_failures_total", 'reason="bad_message"') == 1)
        client.send(frame(CLOSE, b""))
        assert client.read_frame()[0] == CLOSE, "nothing was said before"
    orders = Consumer(weft.api, "orders")
    wait_until(lambda: len(orders.jobs) == 2)
    orders.close()
    assert [job["data"] for _, job in orders.jobs] == [0, 1]


def test_a_lua_function_answers(start_weft, tmp_path):
    write_prices(tmp_path)
    weft = start_weft("paths: [ { path: /ws, dialect: events } ]\n"
                      "event_listeners:\n"
                      "  - { event: PRICE, listener: 'lua:prices.lua:on_price' }\n"
                      "  - { event: SILENT, listener: 'lua:prices.lua:silent' }\n")
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "PRICE", {"item": "tea"}, id=7)
        assert hear(client) == {"event": "PRICE", "data": {"item": "tea", "eur": 3}, "id": 7}
        say(client, "PRICE", {"item": "ink"}, headers={"language": "de"})
        assert hear(client)["data"] == {"code": "no_item", "language": "de"}
        say(client, "SILENT")
        assert client.text() == "raw SILENT"
        say(client, "UNKNOWN")
        assert hear(client)["data"]["code"] == "unknown_event"


def test_an_error_of_a_function_leaves_the_connection_open_and_is_logged_once(start_weft, tmp_path):
    write_prices(tmp_path)
    weft = start_weft("paths: [ { path: /ws, events: { PRICE: 'lua:prices.lua:on_price' } } ]\n")
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "PRICE", {"item": "crash"})
        assert hear(client)["data"]["code"] == "failed"
        say(client, "PRICE", {"item": "loop"})
        assert hear(client)["data"]["code"] == "failed"
        say(client, "PRICE", {"item": "tea"})
        assert hear(client)["event"] == "PRICE"
    assert weft.log().count("out of crash") == 1 and "prices.lua:5" in weft.log()
    assert weft.log().count("ran longer than") == 1
    assert weft.metric("weft_script_aborted_total") == 1


def test_messages_of_one_connection_keep_their_order_and_their_context(start_weft, tmp_path):
    write_prices(tmp_path)
    weft = start_weft("node: { loops: 2 }\n"
                      "paths: [ { path: /ws, events: { PRICE: 'lua:prices.lua:on_price', N: 'lua:prices.lua:count' } } ]\n")
    clients = [RawWebSocket(weft.clients, "/ws") for _ in range(6)]
    for client in clients:
        for n in range(20):
            say(client, "PRICE", {"item": "later"}, id=n)
            say(client, "N")
    for client in clients:
        heard = [hear(client) for _ in range(40)]
        assert [h["id"] for h in heard[::2]] == list(range(20))
        assert [h["data"] for h in heard[1::2]] == list(range(1, 21))
        client.socket.close()
    wait_until(lambda: weft.metric("weft_connections") == 0)
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "N")
        assert hear(client)["data"] == 1


def test_a_saved_script_answers_the_next_message(start_weft, tmp_path):
    write_prices(tmp_path)
    weft = start_weft("lua: { reload: 0 }\n"
                      "paths: [ { path: /ws, events: { PRICE: 'lua:prices.lua:on_price' } } ]\n")
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "PRICE", {"item": "tea"})
        assert hear(client)["data"]["eur"] == 3
        write_prices(tmp_path, PRICES.replace("tea = 3", "tea = 4"))
        weft.signal(1)
        wait_until(lambda: "loaded again" in weft.log())
        say(client, "PRICE", {"item": "tea"})
        assert hear(client)["data"]["eur"] == 4


def test_a_worker_program_answers(start_weft):
    weft = start_weft("paths: [ { path: /ws, dialect: events, envelope: v3 } ]\n"
                      "event_listeners: [ { event: RENDER, listener: 'worker:renderer' } ]\n"
                      f"workers: [ {{ name: renderer, command: '{sys.executable} {WORKER}' }} ]\n")
    with RawWebSocket(weft.clients, "/ws", timeout=30) as client:
        client.send_text(json.dumps({"event": "RENDER", "data": {"page": 3}}))
        assert hear(client) == {"event": "RENDERED", "data": {"page": 3, "by": "renderer"}, "id": None}


def test_one_event_may_have_several_listeners(start_weft, tmp_path):
    write_prices(tmp_path)
    weft = start_weft("queues: [ { name: log } ]\n"
                      "paths: [ { path: /ws, events: { PRICE: 'lua:prices.lua:on_price' } } ]\n"
                      "event_listeners: [ { event: PRICE, listener: 'queue:log' } ]\n")
    log = Consumer(weft.api, "log")
    with RawWebSocket(weft.clients, "/ws") as client:
        say(client, "PRICE", {"item": "tea"})
        assert hear(client)["event"] == "PRICE"
        wait_until(lambda: log.jobs)
    log.close()


def test_bytes_travel_as_base64(start_weft):
    weft = start_weft("queues: [ { name: pixels } ]\n"
                      "paths: [ { path: /ws, converter: raw, events: { '*': 'queue:pixels' } } ]\n")
    pixels = Consumer(weft.api, "pixels")
    with RawWebSocket(weft.clients, "/ws") as client:
        client.send(frame(BINARY, b"\xff\x00\xfe"))
        wait_until(lambda: pixels.jobs)
    pixels.close()
    assert pixels.jobs[0][1]["data"] == {"base64": "/wD+"}


def test_the_bundles_configuration_runs(start_weft):
    weft = start_weft("codememory_ws_server:\n"
                      "  server: { adapter: codememory.ws_server.default_server, protocol: websocket }\n"
                      "  event_listeners: [ { event: TEST, listener: 'queue:tests' } ]\n"
                      "  config: { worker_num: 2, package_max_length: 1024, daemonize: 0 }\n"
                      "queues: [ { name: tests } ]\n", listen='{ api: "127.0.0.1:0", directory: "127.0.0.1:0" }',
                      environment={"WEFT_LISTEN_CLIENTS": "127.0.0.1:0"})
    tests = Consumer(weft.api, "tests")
    with RawWebSocket(weft.clients, "/") as client:
        say(client, "TEST", {"a": 1}, headers={})
        wait_until(lambda: tests.jobs)
        client.send_text("x" * 1025)
        assert client.close_code()[0] == 1009
    tests.close()


@pytest.mark.parametrize("target, words", [
    ("queue:nobody", ["there is no queue nobody", "weft.yaml:2"]),
    ("worker:nobody", ["there is no worker nobody", "weft.yaml:2"]),
    ("lua:nothing.lua:f", ["there is no file", "nothing.lua"]),
    ("lua:prices.lua:on_prise", ["there is no function on_prise", "prices.lua"]),
    ("App\\Handler", ["names nobody", "PHP is not loaded"]),
])
def test_a_target_that_is_not_there_keeps_it_from_starting(tmp_path, target, words):
    write_prices(tmp_path)
    config = tmp_path / "weft.yaml"
    config.write_text('listen: { clients: "127.0.0.1:0", api: "127.0.0.1:0", directory: "127.0.0.1:0" }\n'
                      f"paths: [ {{ path: /ws, events: {{ A: '{target}' }} }} ]\n")
    ran = subprocess.run([str(binary()), "run", "-c", str(config)], capture_output=True, text=True, timeout=60)
    assert ran.returncode not in (0, None)
    for word in words:
        assert word in ran.stdout + ran.stderr, ran.stdout + ran.stderr


def test_explain_and_dump_know_a_foreign_file(tmp_path):
    config = pathlib.Path(tmp_path / "weft.yaml")
    config.write_text("wsServer: { port: 0, host: 127.0.0.1, setting: { worker_num: 2 } }\n"
                      "paths: [ { path: /chat, dialect: commands } ]\n")
    dump = subprocess.run([str(binary()), "config", "dump", "-c", str(config)], capture_output=True, text=True, timeout=60)
    assert "clients:\n    address: 127.0.0.1:0" in dump.stdout and "loops: 2" in dump.stdout
    told = subprocess.run([str(binary()), "config", "explain", "wsServer.setting.worker_num"], capture_output=True,
                          text=True, timeout=60)
    assert told.returncode == 0 and "node.loops" in told.stdout
