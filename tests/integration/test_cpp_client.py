"""The C++ client (include/weft/client.hpp) against a running weft: tests/support/client_probe.cpp does what is asked."""
import json
import subprocess

import pytest

from chat_example import built
from raw_websocket import BINARY, RawWebSocket

CONFIG = """
paths: [ { path: /, script: entry.lua } ]
queues: [ { name: probe, dead_letter: dead }, { name: dead } ]
node: { drain: 0s }
workers: [ { name: probe, command: "${CLIENT_PROBE}" } ]
"""

SCRIPT = """
function on_message(frame, conn)
  local context = conn:context()
  if frame.data == "who" then
    return conn:send(tostring(context.uid) .. " " .. tostring(context.name))
  end
  mix.queue.push("probe", { frame = frame })
end
"""


class Asker(RawWebSocket):
    def asks(self, text):
        self.send_text(text)
        return self.text()


@pytest.fixture
def weft(start_weft, tmp_path):
    (tmp_path / "entry.lua").write_text(SCRIPT)
    return start_weft(CONFIG, environment={"CLIENT_PROBE": str(built("tests/client_probe"))})


@pytest.fixture
def asker(weft):
    with Asker(weft.clients, timeout=60) as asker:
        yield asker


def test_subscribes_publishes_and_counts(asker):
    assert asker.asks("subscribe a b") == "success 1 fail 0 total 1"
    asker.send_text("publish a hello")
    assert {asker.text(), asker.text()} == {"hello", "success 1 fail 0 total 1"}
    assert asker.asks("unsubscribe a") == "success 1 fail 0 total 1"
    assert asker.asks("publish a hello") == "success 0 fail 0 total 0"


def test_sets_the_context_of_a_connection(asker):
    assert asker.asks("context") == "success 1 fail 0 total 1"
    assert asker.asks("who") == "7 ann"


def test_adds_messages_to_the_message_queue(asker):
    asker.send_text("add")
    assert {asker.text(), asker.text()} == {'{"event":"HELLO","data":[1]}', "success 1 fail 0 total 1"}
    assert asker.asks("add nobody").startswith("error 505 no such connection: ")


def test_pushes_jobs(weft, asker):
    assert asker.asks("push dead again") == "success 1 fail 0 total 1"
    job, = json.loads(weft.http("/v1/queues/dead/jobs")[1])["jobs"]
    assert job["data"] == "again"
    assert asker.asks("push nowhere x").startswith("error 503 the node refused the call: topic nowhere")


def test_sends_bytes(asker):
    asker.send_text("bytes")
    opcode, payload, _, _ = asker.read_frame()
    assert (opcode, payload) == (BINARY, b"\x00\xff")
    assert asker.text() == "success 1 fail 0 total 1"


def test_tells_code_and_message_of_errors(asker):
    assert asker.asks("lost").startswith("error 401 the node refused the call: ")
    assert asker.asks("consume").startswith("error 202 the node refused the call: ")


def test_waits_for_answers_on_another_thread_but_not_in_a_handler(asker):
    asker.send_text("wait")
    assert asker.text() == "first the message"
    assert asker.text() == "success 1 fail 0 total 1, success 1 fail 0 total 1"
    assert asker.asks("deadlock").startswith("error 0 a handler may not wait")


def test_a_job_given_back_comes_again(asker):
    assert asker.asks("nack") == "attempt 2"


def test_says_that_it_works_on_a_job_still(asker):
    assert asker.asks("working") == "success 1 fail 0 total 1"


def test_gives_a_job_up_for_good(weft, asker):
    assert asker.asks("dead hopeless") == "success 1 fail 0 total 1"
    letter, = json.loads(weft.http("/v1/queues/dead/jobs")[1])["jobs"]
    assert letter["dead"]["why"] == "its consumer gave it up: hopeless, attempt 1"


def test_a_handler_that_throws_does_no_harm(weft, asker):
    asker.send_text("throw")
    assert asker.asks("subscribe a") == "success 1 fail 0 total 1"
    assert "as asked" in weft.log()


def test_speaks_tls_and_logs_in(start_weft, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=weft",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    (tmp_path / "entry.lua").write_text(SCRIPT)
    door = f'{{ address: "127.0.0.1:0", certificate: {certificate}, key: {key} }}'
    access = 'api: { access: { users: [ { username: probe, password: "a secret" } ] } }\n'
    weft = start_weft(CONFIG + access, listen=f'{{ clients: "127.0.0.1:0", api: {door}, directory: {door} }}',
                      environment={"CLIENT_PROBE": str(built("tests/client_probe")), "PROBE_CA": str(certificate),
                                   "PROBE_USER": "probe", "PROBE_PASSWORD": "a secret"})
    with Asker(weft.clients, timeout=60) as asker:
        assert asker.asks("subscribe a") == "success 1 fail 0 total 1"
