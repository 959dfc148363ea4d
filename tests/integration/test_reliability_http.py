"""Reliability checklist, part A: HTTP heads and bodies (items 4, 7, 9, 10), also behind nginx and HAProxy."""
import random
import struct

import pytest
from proxies import Relay, find, start_haproxy, start_nginx
from raw_http import ask, connect, exchange, is_over, request
from raw_websocket import RawWebSocket, handshake
from weft_process import wait_until

ECHO = "paths: [ { path: /echo, answer: echo } ]\n"


# --- item 4: sizes ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("lines, path, status", [
    ([f"X-{i}: v" for i in range(2_000)], "/healthz", 431),
    (["X-Big: " + "v" * 65_536], "/healthz", 431),
    ([], "/" + "p" * 16_384, 414),
], ids=["2000 headers", "one of 64 KB", "URL of 16 KB"])
def test_item_04_a_head_over_a_limit_is_refused(start_weft, lines, path, status):
    weft = start_weft(ECHO)
    reply = exchange(weft.clients, request(path, *lines))
    assert reply.status == status and reply.is_closed
    assert (b"max_headers" if len(lines) > 1 else b"max_header_bytes") in reply.body
    assert ask(weft.clients, request("/healthz")).status == 200


def test_item_04_a_head_of_exactly_the_limits_passes_and_one_byte_more_does_not(start_weft):
    """Limits of the configuration: 4 KiB of head, target half of it, 30 headers."""
    weft = start_weft("client: { max_header_bytes: 4KiB, max_headers: 30 }\n" + ECHO)
    headers = [f"X-{i}: v" for i in range(29)]  # and Host
    assert ask(weft.clients, request("/healthz", *headers)).status == 200
    assert exchange(weft.clients, request("/healthz", *headers, "X-More: v")).status == 431

    room = 4096 - len(request("/healthz", "X-Fill: "))
    assert ask(weft.clients, request("/healthz", "X-Fill: " + "f" * room)).status == 200
    assert exchange(weft.clients, request("/healthz", "X-Fill: " + "f" * (room + 1))).status == 431

    target = "/healthz?" + "q" * (2048 - 9)
    assert ask(weft.clients, request(target)).status == 200
    assert exchange(weft.clients, request(target + "q")).status == 414


def test_item_04_memory_returns_after_many_large_heads(start_weft):
    """300 heads of 64 KB, so 19 MB, against a bound of 8 MiB of growth."""
    weft = start_weft(ECHO)
    big = request("/healthz", "X-Big: " + "v" * 65_536)
    for _ in range(20):
        exchange(weft.clients, big)
    before = weft.memory()
    for _ in range(300):
        assert exchange(weft.clients, big).status == 431
    wait_until(lambda: weft.metric("weft_sockets_open") == 0, what="all sockets closed")
    assert weft.is_sanitized() or weft.memory() < before + (8 << 20)


# --- item 7: requests that two servers could read differently --------------------------------------------------------------

def post(*lines, body=b""):
    return request("/healthz", *lines, method="POST", body=body)


SMUGGLED = request("/smuggled")
CHUNKED = "Transfer-Encoding: chunked"
SMUGGLING = {
    "length and encoding": post("Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"),
    "encoding and length": post(CHUNKED, "Content-Length: 4", body=b"0\r\n\r\n"),
    "two lengths": post("Content-Length: 4", "Content-Length: 5", body=b"hello"),
    "the same length twice": post("Content-Length: 5", "Content-Length: 5", body=b"hello"),
    "a list of lengths": post("Content-Length: 5, 5", body=b"hello"),
    "a signed length": post("Content-Length: +5", body=b"hello"),
    "a length of 20 digits": post("Content-Length: 18446744073709551621", body=b"hello"),
    "a length in hex": post("Content-Length: 0x5", body=b"hello"),
    "an unknown encoding": post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "an encoding in quotes": post('Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "chunked twice": post("Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "two encodings": post(CHUNKED, "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "a vertical tab before chunked": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "an encoding under HTTP/1.0": post(CHUNKED, body=b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a bare line feed": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "one bare line feed": b"GET /healthz HTTP/1.1\r\nHost: x\nX-Y: z\r\n\r\n",
    "a bare carriage return": b"GET /healthz HTTP/1.1\r\nHost: x\rX-Y: z\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c: d\r\n\r\n",
    "a first line that is folded": b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n",
    "a space before the colon": post("Content-Length : 5", body=b"hello"),
    "a tab before the colon": post("Transfer-Encoding\t: chunked", body=b"0\r\n\r\n"),
    "no colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nwhat\r\n\r\n",
    "an empty name": b"GET /healthz HTTP/1.1\r\nHost: x\r\n: value\r\n\r\n",
    "a NUL in a name": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX\x00Y: value\r\n\r\n",
    "a NUL in a value": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "an empty chunk size": post(CHUNKED, body=b"\r\n0\r\n\r\n"),
    "a chunk size 0x1": post(CHUNKED, body=b"0x1\r\na\r\n0\r\n\r\n"),
    "a chunk size 1_0": post(CHUNKED, body=b"1_0\r\naaaaaaaaaaaaaaaa\r\n0\r\n\r\n"),
    "a chunk size of 17 digits": post(CHUNKED, body=b"00000000000000001\r\na\r\n0\r\n\r\n"),
    "a negative chunk size": post(CHUNKED, body=b"-1\r\na\r\n0\r\n\r\n"),
    "a chunk size that overflows": post(CHUNKED, body=b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a space before a chunk size": post(CHUNKED, body=b" 1\r\na\r\n0\r\n\r\n"),
    "a space behind a chunk size": post(CHUNKED, body=b"1 \r\na\r\n0\r\n\r\n"),
    "a line feed behind a chunk size": post(CHUNKED, body=b"1\na\r\n0\r\n\r\n"),
    "a line feed in a chunk extension": post(CHUNKED, body=b"1;x\na\r\n0\r\n\r\n"),
    "garbage behind a chunk": post(CHUNKED, body=b"1\r\naX\r\n0\r\n\r\n"),
    "no CR LF behind a chunk": post(CHUNKED, body=b"1\r\na0\r\n\r\n"),
    "a bare line feed in a trailer": post(CHUNKED, body=b"0\r\nX: y\n\r\n"),
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two spaces in the request line": b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /healthz\r\nHost: x\r\n\r\n",
    "a version of three parts": b"GET /healthz HTTP/1.1.1\r\nHost: x\r\n\r\n",
    "a host that the target contradicts": b"GET http://a/healthz HTTP/1.1\r\nHost: b\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_item_07_a_doubtful_request_gets_400_and_the_end(start_weft, name):
    weft = start_weft(ECHO)
    reply = exchange(weft.clients, SMUGGLING[name] + SMUGGLED)
    assert reply.status == 400 and reply.is_closed
    assert reply.raw.count(b"HTTP/1.1 ") == 1, "what follows is not read as a request"
    assert reply.headers["connection"] == "close"


def test_item_07_what_follows_a_whole_body_is_the_next_request(start_weft):
    weft = start_weft(ECHO)
    chunked = post(CHUNKED, body=b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n")
    sized = post("Content-Length: 2", body=b"hi")
    reply = exchange(weft.clients, chunked + sized + request("/healthz", "Connection: close"))
    assert reply.raw.count(b"HTTP/1.1 ") == 3 and b" 400 " not in reply.raw


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
def test_item_07_behind_a_proxy_both_count_the_same_requests(start_weft, tmp_path, proxy):
    """Every request of the set goes through the proxy; weft never answers more requests than the proxy sent on.

    Fewer it may: a proxy that is still waiting for the rest of a body when its client leaves takes its request back.
    """
    if not find(proxy):
        pytest.skip(f"{proxy} is not installed")
    weft = start_weft(ECHO)
    relay = Relay(weft.clients)
    front = {"nginx": start_nginx, "haproxy": start_haproxy}[proxy](tmp_path, relay.port)
    try:
        for name, data in SMUGGLING.items():
            with connect(front.port) as sock:
                sock.sendall(data + SMUGGLED)
                is_over(sock, 0.15)  # a proxy may go on waiting for the rest of a body
        assert ask(front.port, request("/healthz")).status == 200
        assert relay.count() > 0
        wait_until(lambda: relay.count() <= front.forwarded(), 10, "as many requests forwarded as answered")
    finally:
        front.stop()
        relay.stop()


# --- item 9: other protocols ----------------------------------------------------------------------------------------------

CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(200))
NOT_FOR_US = {
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "TLS": CLIENT_HELLO,
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "SOCKS": b"\x05\x01\x00",
    "NULs": bytes(64),
    "1 MB at random": random.Random(7).randbytes(1 << 20),
}


@pytest.mark.parametrize("name", NOT_FOR_US)
def test_item_09_another_protocol_is_answered_and_closed_at_once(start_weft, name):
    """Deadlines of a minute: whoever is closed here was closed for what it said."""
    weft = start_weft("client: { handshake_timeout: 1m }\n" + ECHO)
    reply = exchange(weft.clients, NOT_FOR_US[name])
    assert reply.is_closed and reply.status in (0, 400, 505)
    assert weft.metric("weft_handshake_rejected_total", 'reason="bad_request"') == 1
    assert weft.metric("weft_handshake_rejected_total", 'reason="timeout"') == 0


def test_item_09_noise_writes_few_lines_into_the_log(start_weft):
    """200 connections of noise; a line per loop and 10 s, and 100 ms of work, so three periods at the very most."""
    weft = start_weft("node: { loops: 2 }\n" + ECHO)
    before = len(weft.log().splitlines())
    for i in range(200):
        exchange(weft.clients, (NOT_FOR_US["SSH"], NOT_FOR_US["TLS"], b"\x1b[31mred\r\n")[i % 3])
    assert weft.metric("weft_handshake_rejected_total", 'reason="bad_request"') == 200
    lines = weft.log().splitlines()[before:]
    assert len(lines) <= 6, lines
    assert "\x1b" not in weft.log(), "escape sequences of strangers do not reach a terminal"


# --- item 10: who is behind a proxy ---------------------------------------------------------------------------------------

# Tells each client the address weft believes it has.
WHO = """
function on_handshake(client_id, headers, server) mix.websocket():send(mix.websocket():remote_addr()) end
function on_message(msg) end
function on_close(client_id, err) end
"""
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.fixture
def start_who(start_weft, tmp_path):
    def start(client=""):
        (tmp_path / "who.lua").write_text(WHO)
        return start_weft(f"client: {{ {client} }}\npaths: [ {{ path: /who, script: who.lua }} ]\n")
    return start


def address_seen(weft, *headers, before=b""):
    with RawWebSocket(weft.clients, upgrade=False) as client:
        client.send(before + handshake("/who", extra=headers))
        response = client.head()
        return client.text().rsplit(":", 1)[0] if response.startswith("HTTP/1.1 101") else response.split()[1]


def proxy_v2(payload, command=0x21, family=0x11, length=None):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(payload) if length is None else length) + payload


V2_FOUR = bytes([192, 0, 2, 7, 10, 0, 0, 1]) + struct.pack(">HH", 50_000, 443)


def test_item_10_what_an_untrusted_peer_says_of_itself_is_not_believed(start_who):
    weft = start_who()
    assert address_seen(weft, "X-Forwarded-For: 192.0.2.1") == "127.0.0.1"
    assert address_seen(weft, before=b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n") == "400"
    assert address_seen(weft, before=proxy_v2(V2_FOUR)) == "400"


def test_item_10_a_trusted_proxy_names_the_client(start_who):
    weft = start_who("trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]")
    assert address_seen(weft) == "127.0.0.1"
    assert address_seen(weft, "X-Forwarded-For: 192.0.2.1") == "192.0.2.1"
    assert address_seen(weft, "X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.3") == "192.0.2.1"
    assert address_seen(weft, "X-Forwarded-For: what, 10.0.0.3") == "10.0.0.3"
    assert address_seen(weft, "X-Forwarded-For: 2001:db8::1") == "[2001:db8::1]"
    assert address_seen(weft, before=b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n") == "192.0.2.7"
    assert address_seen(weft, before=b"PROXY TCP6 2001:db8::7 ::1 50000 443\r\n") == "[2001:db8::7]"
    assert address_seen(weft, before=b"PROXY UNKNOWN\r\n") == "127.0.0.1"
    assert address_seen(weft, before=proxy_v2(V2_FOUR)) == "192.0.2.7"
    assert address_seen(weft, before=proxy_v2(V2_FOUR + b"\x04\x00\x02hi")) == "192.0.2.7"
    assert address_seen(weft, before=proxy_v2(b"", command=0x20, family=0)) == "127.0.0.1"


def test_item_10_a_header_line_of_its_own_is_the_end_of_the_list(start_who):
    """HAProxy appends a line where nginx appends to one: the client's own line must not win."""
    weft = start_who("trusted_proxies: [127.0.0.1]")
    assert address_seen(weft, "X-Forwarded-For: 203.0.113.66", "X-Forwarded-For: 192.0.2.1") == "192.0.2.1"


def test_item_10_a_proxy_header_may_name_another_proxy(start_who):
    weft = start_who("trusted_proxies: [127.0.0.1, 192.0.2.7]")
    before = b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n"
    assert address_seen(weft, "X-Forwarded-For: 198.51.100.9", before=before) == "198.51.100.9"
    assert address_seen(weft, before=before) == "192.0.2.7"


def test_item_10_a_client_behind_a_proxy_header_cannot_add_its_own(start_who):
    weft = start_who("trusted_proxies: [127.0.0.1]")
    before = b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n"
    assert address_seen(weft, "X-Forwarded-For: 198.51.100.9", before=before) == "192.0.2.7"
    assert address_seen(weft, before=before + before) == "400"


@pytest.mark.parametrize("before", [
    b"PROXY TCP4 192.0.2.7 10.0.0.1 50000\r\n", b"PROXY TCP4 192.0.2.300 10.0.0.1 50000 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\n", b"PROXY " + b"x" * 200,
    proxy_v2(V2_FOUR, length=11), proxy_v2(V2_FOUR, family=0x21), proxy_v2(V2_FOUR, command=0x11), proxy_v2(V2_FOUR, command=0x22),
    proxy_v2(V2_FOUR, family=0x12), proxy_v2(V2_FOUR + b"\x04\x00\x09hi"), proxy_v2(V2_FOUR, length=0xFFFF),
])
def test_item_10_a_malformed_proxy_header_closes_the_connection(start_who, before):
    weft = start_who("trusted_proxies: [127.0.0.1]")
    reply = exchange(weft.clients, before + handshake("/who"))
    assert reply.status == 400 and reply.is_closed


def test_item_10_a_proxy_header_in_pieces_is_one(start_who):
    weft = start_who("trusted_proxies: [127.0.0.1]")
    for header in (b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n", proxy_v2(V2_FOUR)):
        with RawWebSocket(weft.clients, upgrade=False) as client:
            for byte in header + handshake("/who"):
                client.send(bytes([byte]))
            assert client.head().startswith("HTTP/1.1 101")
            assert client.text() == "192.0.2.7:50000"


def test_item_10_the_log_names_the_client_and_limits_count_the_proxy(start_who):
    weft = start_who("trusted_proxies: [127.0.0.1], max_connections_per_ip: 2")
    exchange(weft.clients, b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\nnonsense\r\n\r\n")
    wait_until(lambda: "192.0.2.7:50000" in weft.log(), what="the client's address in the log")
    wait_until(lambda: weft.metric("weft_sockets_open") == 0, what="the gate is free")
    with RawWebSocket(weft.clients, "/who"), RawWebSocket(weft.clients, "/who"):
        reply = exchange(weft.clients, b"PROXY TCP4 192.0.2.8 10.0.0.1 1 443\r\n")
        assert reply.status == 503 and b"max_connections_per_ip" in reply.body


@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2"])
def test_item_10_haproxy_is_understood(start_who, tmp_path, version):
    if not find("haproxy"):
        pytest.skip("haproxy is not installed")
    weft = start_who("trusted_proxies: [127.0.0.1]")
    front = start_haproxy(tmp_path, weft.clients, version)
    try:
        with RawWebSocket(front.port, "/who") as client:
            own = client.socket.getsockname()
            assert client.text() == f"{own[0]}:{own[1]}"
    finally:
        front.stop()
