"""A. HTTP and handshake."""
import os
import time

import pytest
from hostile import TEXT, Raw, WebSocket, frame, request
from weft_process import wait_until


def open_files(weft):
    return len(os.listdir(f"/proc/{weft.process.pid}/fd"))


def status_of(connection):
    status, _, _ = connection.answer()
    assert connection.rest() == b"", "the connection ends after a refusal"
    return status


@pytest.mark.parametrize("key", [None, "c2hvcnQ=", "not base64 at all!!!!!!!", ["dGhlIHNhbXBsZSBub25jZQ=="] * 2,
                                 "dGhlIHNhbXBsZSBub25jZR=="], ids=["missing", "short", "foreign", "twice", "stray bits"])
def test_item01_a_bad_key_is_400_and_counted(weft, raw, key):
    before = weft.metric("weft_handshake_rejected_total", 'reason="key"')
    assert status_of(raw(request(headers={"Sec-WebSocket-Key": key}))) == 400
    assert weft.metric("weft_handshake_rejected_total", 'reason="key"') == before + 1


@pytest.mark.parametrize("version", [None, "8", "13, 8", ["13", "13"]])
def test_item02_another_version_is_426_with_ours(raw, version):
    status, headers, _ = raw(request(headers={"Sec-WebSocket-Version": version})).answer()
    assert (status, headers["sec-websocket-version"]) == (426, "13")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_item03_a_foreign_origin_is_403(raw, origin):
    assert status_of(raw(request(headers={"Origin": origin, "Cookie": "session=1"}))) == 403


@pytest.mark.parametrize("origin", ["https://evilapp.com", "https://app.com.evil.io", "https://a.app.com.evil.io",
                                    "http://a.app.com", "https://exact.org.evil.io", "https://exact.org:444"])
def test_item03_a_name_that_only_looks_allowed_is_403(raw, origin):
    assert status_of(raw(request("/origins", headers={"Origin": origin}))) == 403


@pytest.mark.parametrize("origin", ["https://a.app.com", "https://exact.org"])
def test_item03_an_allowed_origin_passes(connect, origin):
    assert connect("/origins", headers={"Origin": origin}).status == 101


def test_item03_the_same_host_and_no_origin_pass(weft, connect):
    assert connect(headers={"Origin": f"http://127.0.0.1:{weft.clients}"}).status == 101
    assert connect(headers={"Origin": None}).status == 101


def test_item04_too_many_headers_are_431(raw):
    assert status_of(raw(request(headers={f"X-{i}": "1" for i in range(2000)}))) == 431


def test_item04_a_header_of_64_kib_is_431(raw):
    assert status_of(raw(request(headers={"X-Long": "x" * 65536}))) == 431


def test_item04_a_url_of_16_kib_is_414(raw):
    assert status_of(raw(request("/" + "x" * 16384))) == 414


def test_item04_as_many_headers_as_allowed_pass(connect):
    assert connect(headers={f"X-{i}": "1" for i in range(95)}).status == 101  # and five of the handshake


def test_item04_big_heads_leave_no_memory_behind(weft):
    def abuse():
        for _ in range(200):
            with Raw(weft.clients) as connection:
                connection.send(request(headers={"X-Long": "x" * 60000}))
                assert connection.answer()[0] == 431
    abuse()
    before = weft.memory()
    abuse()
    assert weft.memory() - before < 4 << 20


def test_item05_heads_that_trickle_are_closed_at_the_deadline_and_others_do_not_wait(weft):
    slow = [Raw(weft.clients).send(b"GET /echo HTTP/1.1\r\nX-Slow: ") for _ in range(300)]
    began = time.monotonic()
    for each in slow:
        each.send(b"a")
    with WebSocket(weft.clients) as other:
        assert other.send_text("hi").receive_text() == "hi"
    for each in slow:
        assert each.answer()[0] == 408
        assert each.rest() == b""
        each.close()
    assert time.monotonic() - began < 15


def test_item06_connections_that_say_nothing_are_closed_and_their_descriptors_return(weft):
    before = open_files(weft)
    silent = [Raw(weft.clients) for _ in range(500)]
    for each in silent:
        assert each.rest() == b""
        each.close()
    wait_until(lambda: open_files(weft) <= before, what="descriptors return")


SMUGGLING = {
    "length and encoding": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "unknown encoding": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "bare line feed": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare line feed in one line": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "empty chunk size": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "chunk size 0x1": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "chunk size 1_0": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1_0\r\na\r\n0\r\n\r\n",
    "chunk size of 17 digits": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 16 + b"1\r\na\r\n",
    "garbage behind a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naX\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("data", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_item07_ambiguous_requests_are_refused_and_nothing_behind_them_is_read(raw, data):
    connection = raw(data + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    status, _, _ = connection.answer()
    assert status in (400, 501)
    assert b"HTTP/1.1" not in connection.rest(), "only one answer"


def test_item08_frames_right_behind_the_handshake_are_answered_behind_the_101(raw):
    connection = raw(request() + frame(TEXT, b"early"))
    assert connection.head()[0] == 101
    assert connection.read(7) == b"\x81\x05early"


def test_item08_a_handshake_with_a_body_is_400(raw):
    assert status_of(raw(request(headers={"Content-Length": "5"}) + b"hello")) == 400


FOREIGN = {
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS hello": bytes.fromhex("16030100c8010000c40303") + os.urandom(190),
    "SSH banner": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "a megabyte of noise": b"\x00" + os.urandom(1 << 20),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN.keys())
def test_item09_other_protocols_are_closed_within_a_second(weft, data):
    began = time.monotonic()
    with Raw(weft.clients) as connection:
        try:
            connection.send(data)
        except ConnectionError:
            pass  # closed before it was through
        connection.rest()
    assert time.monotonic() - began < 5  # a busy machine; the server has no reason to wait at all


def test_item09_a_storm_of_noise_is_one_line_in_the_log(weft, raw):
    before = weft.log().count("refused a request")
    for _ in range(50):
        raw(b"\x16\x03\x01\x00").rest()
    assert weft.log().count("refused a request") - before <= 5


def test_item10_a_stranger_cannot_choose_its_address(connect):
    mine = connect("/address", headers={"X-Forwarded-For": "10.9.8.7"}).send_text("?").receive_text()
    assert mine.startswith("127.0.0.1")


@pytest.mark.parametrize("path", ["/files/%2e%2e/secret.txt", "/files/../secret.txt", "/files/..%2fsecret.txt",
                                  "/files/%00", "/files//../secret.txt", "/files/..%5csecret.txt", "/files/%c0%ae%c0%ae/secret.txt",
                                  "/files/%252e%252e/secret.txt", "/files/?" + "a=b&" * 1500])
def test_item11_no_path_leads_out_of_the_folder(weft, raw, path):
    connection = raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    answer = connection.rest()
    assert b"secret" not in answer.partition(b"\r\n\r\n")[2]
    if "?" not in path:
        assert answer.split()[1] in (b"400", b"404")


@pytest.mark.parametrize("path", ["/unknown", "/admin", "/api", "/metrics", "/ws/v1", "/v1/mesh/publish"])
def test_item12_an_upgrade_elsewhere_meets_the_same_gate_as_a_get(raw, path):
    upgraded = status_of(raw(request(path)))
    plain = status_of(raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()))
    assert upgraded == plain
    assert upgraded in (401, 403, 404)
