"""What section "connections" promises: one open and one close event, keep-alive, limits that name themselves, TLS, draining."""
import collections
import signal
import socket
import ssl
import struct
import subprocess

import pytest
from consumer import Consumer
from deflating import Deflating, compressor
from endings import EVENTS, reset
from raw_http import connect, is_over, request
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, Closed, RawWebSocket, frame, handshake
from weft_process import binary, wait_until

ECHO = "paths: [ { path: /echo, answer: echo } ]\n"


# --- open and close events --------------------------------------------------------------------------------------------------

def test_a_close_event_carries_code_reason_and_who_closed(start_weft):
    weft = start_weft(EVENTS)
    consumer = Consumer(weft.api, "q")
    with RawWebSocket(weft.clients, "/q") as client:
        client.send(frame(CLOSE, b"\x0f\xa0see you"))
        client.close_code()
    wait_until(lambda: consumer.events("close"), what="the close event")
    (opened, _), = consumer.events("open")
    (closed, data), = consumer.events("close")
    assert opened == closed
    assert (data["code"], data["reason"], data["by"]) == (4000, "see you", "client")
    with RawWebSocket(weft.clients, "/silent") as client:
        code, reason = client.close_code()
    wait_until(lambda: len(consumer.events("close")) == 2, what="the second")
    data = consumer.events("close")[1][1]
    assert (data["code"], data["reason"], data["by"]) == (code, reason, "server") and code == 3012
    consumer.close()


def test_jobs_of_a_connection_come_between_its_open_and_its_close(start_weft):
    weft = start_weft(EVENTS.replace("max_messages_per_second: 20", "max_messages_per_second: 0"))
    consumer = Consumer(weft.api, "q")
    for _ in range(50):
        with RawWebSocket(weft.clients, "/q") as client:
            client.send(b"".join(frame(TEXT, str(i).encode()) for i in range(20)) + frame(CLOSE))
            client.close_code()
    wait_until(lambda: len(consumer.events("close")) == 50, what="all closed")
    by_client = collections.defaultdict(list)
    for client, data in consumer.jobs:
        by_client[client].append(data["frame"]["data"] if data["event"] == "message" else data["event"])
    assert list(by_client.values()) == [["open", *map(str, range(20)), "close"]] * 50
    consumer.close()


# --- keep-alive -----------------------------------------------------------------------------------------------------------

def test_a_silent_client_is_pinged_and_closed_with_3012_without_a_pong(start_weft):
    weft = start_weft("paths: [ { path: /echo, answer: echo, ping_interval: 300ms, pong_timeout: 300ms, read_timeout: 0 } ]\n")
    with RawWebSocket(weft.clients, "/echo") as client:
        assert client.read_frame()[0] == PING
        code, reason = client.close_code()
        assert code == 3012 and "pong_timeout" in reason
    assert weft.metric("weft_connections_closed_total", 'limit="pong_timeout"') == 1


def test_a_client_that_answers_pings_stays(start_weft):
    weft = start_weft("paths: [ { path: /echo, answer: echo, ping_interval: 200ms, pong_timeout: 20s, read_timeout: 0 } ]\n")
    with RawWebSocket(weft.clients, "/echo") as client:
        for _ in range(5):
            opcode, payload, _, _ = client.read_frame()
            assert opcode == PING, payload
            client.send(frame(PONG, payload))
        client.send_text("still here")
        assert client.text() == "still here"
    assert weft.metric("weft_connections_closed_total", 'limit="pong_timeout"') == 0


def test_read_timeout_closes_who_sends_nothing_at_all(start_weft):
    weft = start_weft("paths: [ { path: /echo, answer: echo, ping_interval: 0, read_timeout: 500ms } ]\n")
    with RawWebSocket(weft.clients, "/echo") as client:
        code, reason = client.close_code()
        assert code == 3012 and "read_timeout" in reason
    assert weft.metric("weft_connections_closed_total", 'limit="read_timeout"') == 1


def test_a_client_that_does_not_answer_our_close_is_cut_off(start_weft):
    weft = start_weft("paths: [ { path: /echo, answer: echo, ping_interval: 0, read_timeout: 200ms } ]\n")
    with RawWebSocket(weft.clients, "/echo") as client:
        assert client.close_code()[0] == 3012
        assert client.is_closed(), "although it never said goodbye"
    wait_until(lambda: weft.metric("weft_sockets_open") == 0, what="the socket is gone")


# --- limits name themselves --------------------------------------------------------------------------------------------------

def test_every_limit_of_a_path_is_its_own_and_is_named_in_the_close_reason(start_weft):
    weft = start_weft("""
client: { max_message: 1MiB }
paths:
  - { path: /roomy, answer: echo }
  - { path: /message, answer: echo, max_message: 1KiB }
  - { path: /fragments, answer: echo, max_fragments: 2 }
  - { path: /rate, answer: echo, max_messages_per_second: 3 }
  - { path: /outbox, answer: echo, max_outbox: 4KiB }
  - { path: /queue, queue: tiny }
  - { path: /auth, queue: other, authenticate: { context_key: uid, within: 300ms } }
queues: [ { name: tiny, max_items: 2 }, { name: other } ]
""")
    three = frame(TEXT, b"a", fin=False) + frame(0, b"b", fin=False) + frame(0, b"c")
    cases = {
        "/message": (frame(TEXT, b"x" * 1_025), 1009, "max_message"),
        "/fragments": (three, 1009, "max_fragments"),
        "/rate": (frame(TEXT, b"x") * 4, 1008, "max_messages_per_second"),
        "/queue": (frame(TEXT, b"x") * 4, 1013, "tiny"),
        "/auth": (b"", 3500, "authenticate.within"),
    }
    for path, (data, code, name) in cases.items():
        with RawWebSocket(weft.clients, path) as client:
            client.send(data)
            told, reason = client.close_code()
            assert (told, name in reason) == (code, True), (path, told, reason)
        if path in ("/message", "/fragments", "/rate"):
            with RawWebSocket(weft.clients, "/roomy") as client:
                client.send(data)
                assert client.read_frame()[0] == TEXT, "another path does not have that limit"
    with RawWebSocket(weft.clients, "/outbox", receive_buffer=2048) as client:
        try:
            for _ in range(3_000):
                client.send(frame(TEXT, b"x" * 1_000))
        except OSError:
            pass
        wait_until(lambda: weft.metric("weft_connections_closed_total", 'limit="max_outbox"') == 1, what="closed")


# --- compression ------------------------------------------------------------------------------------------------------------

def test_a_client_with_compression_and_takeover_round_trips_everything(start_weft):
    import zlib
    weft = start_weft("paths: [ { path: /z, answer: echo, compression: true, context_takeover: true, max_message: 4MiB } ]\n")
    with Deflating(weft.clients, "/z", "permessage-deflate; client_max_window_bits") as client:
        out, back = compressor(), zlib.decompressobj(-15)
        for size in (0, 1, 125, 126, 255, 256, 257, 65_535, 65_536, 1_000_000):
            data = bytes(i * 7 % 256 for i in range(1_000)) * (size // 1_000 + 1)
            client.send_deflated(data[:size], out, BINARY)
            assert client.message(back) == data[:size], size


# --- TLS ------------------------------------------------------------------------------------------------------------------

def certificate_of(weft, context):
    with socket.create_connection(("127.0.0.1", weft.clients)) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        return tls.getpeercert(binary_form=True)


def any_certificate():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_wss_echoes_messages_of_every_size(start_weft, certificate):
    weft = start_weft("paths: [ { path: /echo, answer: echo, max_message: 4MiB, max_outbox: 16MiB } ]\n", listen=certificate.listen())
    with RawWebSocket(weft.clients, "/echo", tls=certificate.context()) as client:
        for size in (0, 1, 125, 126, 16_384, 65_536, 1_000_000, 4_000_000):
            data = bytes(i % 251 for i in range(1_000)) * (size // 1_000 + 1)
            client.send(frame(BINARY, data[:size]))
            assert client.read_frame()[:2] == (BINARY, data[:size])
        client.send(frame(TEXT, b"many") * 5_000)
        assert [client.text() for _ in range(5_000)] == ["many"] * 5_000
        client.send(frame(CLOSE, b"\x03\xe8"))
        assert client.close_code() == (1000, "")


def test_sighup_swaps_the_certificate_and_drops_nobody(start_weft, certificate):
    weft = start_weft(ECHO, listen=certificate.listen())
    first = certificate_of(weft, any_certificate())
    with RawWebSocket(weft.clients, "/echo", tls=certificate.context()) as client:
        client.send_text("before")
        assert client.text() == "before"
        second = certificate.write("two")
        assert second != first and certificate_of(weft, any_certificate()) == first, "not before it is told to"
        weft.signal(signal.SIGHUP)
        wait_until(lambda: certificate_of(weft, any_certificate()) == second, what="new clients see the new certificate")
        client.send_text("after")
        assert client.text() == "after"
        with RawWebSocket(weft.clients, "/echo", tls=certificate.context()) as other:
            other.send_text("new")
            assert other.text() == "new"


def test_a_broken_certificate_on_sighup_leaves_the_old_one(start_weft, certificate):
    weft = start_weft(ECHO, listen=certificate.listen())
    first = certificate_of(weft, any_certificate())
    certificate.certificate.write_text("nonsense")
    weft.signal(signal.SIGHUP)
    wait_until(lambda: "the old certificate stays" in weft.log(), what="the log says so")
    assert certificate_of(weft, any_certificate()) == first


def test_a_certificate_without_its_key_does_not_start(start_weft, certificate, tmp_path):
    listen = certificate.listen()
    other = tmp_path / "other.key"
    certificate.write("one")
    import subprocess
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", other],
                   check=True, capture_output=True)
    with pytest.raises(RuntimeError, match="key"):
        start_weft(ECHO, listen=listen.replace(str(certificate.key), str(other)))


def test_what_is_not_tls_1_2_or_newer_is_closed(start_weft, certificate):
    weft = start_weft("client: { handshake_timeout: 1m }\n" + ECHO, listen=certificate.listen())
    for data in (request("/echo"), handshake("/echo"), b"SSH-2.0-x\r\n", bytes(range(256)) * 40, b"\x16\x03\x01\x00\x05hello"):
        with connect(weft.clients) as sock:
            sock.sendall(data)
            assert is_over(sock, 20), data[:20]
    old = any_certificate()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        certificate_of(weft, old)
    assert certificate_of(weft, any_certificate()), "others are served"


def test_over_tls_a_client_that_just_goes_is_one_close_event(start_weft, certificate):
    weft = start_weft("paths: [ { path: /q, queue: q } ]\nqueues: [ { name: q } ]\n", listen=certificate.listen())
    consumer = Consumer(weft.api, "q")
    for leave in (lambda c: c.socket.close(), lambda c: c.socket.unwrap(), lambda c: reset(c), lambda c: c.send(frame(CLOSE))):
        with RawWebSocket(weft.clients, "/q", tls=certificate.context()) as client:
            client.send_text("hi")
            try:
                leave(client)
            except OSError:
                pass
    wait_until(lambda: len(consumer.events("close")) == 4, what="four close events")
    assert len(consumer.events("open")) == 4 and weft.metric("weft_connections") == 0
    consumer.close()


def test_over_tls_a_client_that_never_reads_is_closed_as_well(start_weft, certificate):
    weft = start_weft("paths: [ { path: /echo, answer: echo, max_outbox: 64KiB } ]\n", listen=certificate.listen())
    with RawWebSocket(weft.clients, "/echo", tls=certificate.context(), receive_buffer=2048) as client:
        before = weft.memory()
        try:
            for _ in range(5_000):
                client.send(frame(TEXT, b"x" * 4_000))
        except OSError:
            pass
        wait_until(lambda: weft.metric("weft_connections_closed_total", 'limit="max_outbox"') == 1, what="it is closed")
        assert weft.is_sanitized() or weft.memory() < before + (16 << 20)


# --- draining -------------------------------------------------------------------------------------------------------------

def test_sigterm_closes_a_thousand_clients_with_1012_and_ends_with_zero(start_weft):
    weft = start_weft("node: { drain: 1s }\npaths: [ { path: /feed, subscribe: [feed] } ]\n")
    clients = [RawWebSocket(weft.clients, "/feed") for _ in range(1_000)]
    for i in range(5):
        weft.http("/v1/mesh/publish", {"c": "feed", "d": f"waiting {i}"})
    weft.signal(signal.SIGTERM)
    for client in clients:
        assert [client.text() for _ in range(5)] == [f"waiting {i}" for i in range(5)], "what was queued arrives first"
        code, reason = client.close_code()
        assert code == 1012 and reason
        client.send(frame(CLOSE, struct.pack(">H", code)))
    assert weft.process.wait(30) == 0
    for client in clients:
        client.socket.close()


def test_while_draining_nobody_new_comes_in_and_readiness_is_red(start_weft):
    weft = start_weft("node: { drain: 1m }\n" + ECHO)
    clients = [RawWebSocket(weft.clients, "/echo") for _ in range(200)]
    assert weft.http("/readyz")[0] == 200
    weft.signal(signal.SIGTERM)
    wait_until(lambda: weft.http("/readyz")[0] == 503, what="readiness is red")
    with pytest.raises((ConnectionRefusedError, ConnectionResetError, Closed, AssertionError)):
        RawWebSocket(weft.clients, "/echo", timeout=2)
    assert weft.http("/healthz")[0] == 200, "it lives"
    weft.signal(signal.SIGTERM)
    assert weft.process.wait(30) == 130, "the second signal ends it at once"
    for client in clients:
        client.socket.close()


def test_weft_drain_closes_clients_evenly_over_the_time_it_is_told(start_weft):
    weft = start_weft("node: { drain: 1h, loops: 1 }\n" + ECHO)
    clients = [RawWebSocket(weft.clients, "/echo") for _ in range(120)]
    told = subprocess.run([binary(), "drain", "--over", "200ms", "--api", f"127.0.0.1:{weft.api}"], capture_output=True, text=True)
    assert told.returncode == 0 and told.stdout.startswith("draining over 200ms"), told
    ready, list_of_reasons = weft.http("/readyz")
    assert ready == 503 and "draining" in list_of_reasons
    assert weft.http("/v1/node/drain", {})[0] == 409, "it drains already"
    weft.signal(signal.SIGTERM)
    for client in clients:
        assert client.close_code()[0] == 1012
        client.send(frame(CLOSE, struct.pack(">H", 1012)))
        client.socket.close()
    assert weft.process.wait(30) == 0, "the signal after the call is the first one"


def test_clients_that_do_not_answer_the_close_do_not_hold_up_the_end(start_weft):
    weft = start_weft("node: { drain: 0 }\n" + ECHO)
    clients = [RawWebSocket(weft.clients, "/echo") for _ in range(50)]
    half_open = [connect(weft.clients) for _ in range(50)]
    weft.signal(signal.SIGTERM)
    assert weft.process.wait(60) == 0
    for client in clients:
        assert client.close_code()[0] == 1012
        client.socket.close()
    for sock in half_open:
        sock.close()


def test_draining_hands_every_close_event_to_the_consumer(start_weft):
    weft = start_weft("node: { drain: 200ms }\npaths: [ { path: /q, queue: q } ]\nqueues: [ { name: q } ]\n")
    consumer = Consumer(weft.api, "q")
    clients = [RawWebSocket(weft.clients, "/q") for _ in range(100)]
    weft.signal(signal.SIGTERM)
    for client in clients:
        assert client.close_code()[0] == 1012
        client.send(frame(CLOSE, struct.pack(">H", 1012)))
        client.socket.close()
    assert weft.process.wait(30) == 0
    consumer.thread.join(10)
    assert len(consumer.events("open")) == len(consumer.events("close")) == 100
    assert {data["code"] for _, data in consumer.events("close")} == {1012}
