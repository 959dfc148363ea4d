"""examples/orders as its README runs it: a shop in PHP, weft, and clients that hear of every order."""
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from raw_websocket import RawWebSocket
from redis_server import free_port
from weft_process import ROOT, wait_until

EXAMPLE = ROOT / "examples/orders"


@pytest.fixture
def weft(start_weft, tmp_path):
    shutil.copytree(EXAMPLE / "web", tmp_path / "web")
    return start_weft((EXAMPLE / "weft.yaml").read_text())


@pytest.fixture
def shop(weft, tmp_path):
    """shop(path, body) asks the shop; gives (status, answer)."""
    if not shutil.which("php"):
        pytest.skip("php is not installed")
    port = free_port()
    environment = {**os.environ, "WEFT_API_URL": f"http://127.0.0.1:{weft.api}", "ORDERS_FILE": str(tmp_path / "orders.jsonl")}
    process = subprocess.Popen(["php", "-S", f"127.0.0.1:{port}", str(EXAMPLE / "http/server.php")], env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def is_open():
        try:
            return ask("/") is not None
        except urllib.error.URLError:
            return False

    wait_until(is_open, what="php")
    yield ask
    process.terminate()
    process.wait()


def connected(weft):
    return len(json.loads(weft.http("/v1/connections")[1])["connections"])


def test_every_connection_hears_of_every_order(weft, shop):
    clients = [RawWebSocket(weft.clients, "/ws") for _ in range(3)]
    wait_until(lambda: connected(weft) == 3, what="three connections")
    for order in (1, 2):
        status, answer = shop("/order/create", b"item=tea")
        assert (status, answer["order_id"]) == (201, order)
        assert answer["told"] == {"queued": 3, "no_such_connection": 0, "full": 0, "failed": 0}
        for client in clients:
            assert json.loads(client.text()) == {"event": "CREATED_ORDER", "data": {"order_id": order}}


def test_an_order_stands_when_nobody_listens_and_when_weft_is_away(weft, shop):
    status, answer = shop("/order/create", b"item=tea")
    assert status == 201 and answer["told"]["queued"] == 0
    weft.stop()
    status, answer = shop("/order/create", b"item=tea")
    assert status == 201 and answer["order_id"] == 2 and "does not list" in answer["problem"]


def test_there_is_nothing_else(shop):
    assert shop("/")[0] == 404
    assert shop("/order/create")[0] == 404  # GET


def test_the_page_is_served(weft):
    with urllib.request.urlopen(f"http://127.0.0.1:{weft.clients}/", timeout=10) as page:
        assert b"CREATED_ORDER" in page.read()
