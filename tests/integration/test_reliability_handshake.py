"""Reliability checklist, part A: the handshake and who may make it (items 1-3, 8, 11, 12)."""
import base64

import pytest
from raw_http import ask, exchange, request
from raw_websocket import CLOSE, TEXT, RawWebSocket, frame, handshake

KEY = base64.b64encode(bytes(range(16))).decode()
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
ECHO = "paths: [ { path: /echo, answer: echo } ]\n"

NOISY_SCRIPT = """
function on_handshake(client_id, headers, server) mix.log(mix.WARN, "the script ran") end
function on_message(msg) mix.websocket():send(msg.data, msg.type) end
function on_close(client_id, err) end
"""


def upgrade(*headers, path="/echo"):
    return request(path, *UPGRADE, *headers)


@pytest.mark.parametrize("keys", [
    (),
    ("Sec-WebSocket-Key: " + base64.b64encode(bytes(15)).decode(),),
    ("Sec-WebSocket-Key: " + base64.b64encode(bytes(17)).decode(),),
    ("Sec-WebSocket-Key: not base64 at all !!",),
    ("Sec-WebSocket-Key: " + KEY[:-2],),
    ("Sec-WebSocket-Key:",),
    (f"Sec-WebSocket-Key: {KEY}", f"Sec-WebSocket-Key: {KEY}"),
], ids=["missing", "15 bytes", "17 bytes", "no base64", "no padding", "empty", "twice"])
def test_item_01_a_bad_key_is_answered_400_and_counted(start_weft, keys):
    weft = start_weft(ECHO)
    reply = exchange(weft.clients, upgrade("Sec-WebSocket-Version: 13", *keys))
    assert reply.status == 400 and reply.is_closed
    assert b"Sec-WebSocket-Key" in reply.body
    assert weft.metric("weft_handshake_rejected_total", 'reason="key"') == 1


@pytest.mark.parametrize("versions", [(), ("8",), ("0",), ("13, 8",), ("013",), ("13", "13"), ("1e1",)])
def test_item_02_another_version_is_answered_426_with_ours(start_weft, versions):
    weft = start_weft(ECHO)
    lines = [f"Sec-WebSocket-Version: {version}" for version in versions]
    reply = exchange(weft.clients, upgrade(f"Sec-WebSocket-Key: {KEY}", *lines))
    assert reply.status == 426 and reply.is_closed
    assert reply.headers["sec-websocket-version"] == "13"
    assert weft.metric("weft_handshake_rejected_total", 'reason="version"') == 1


def test_item_02_a_plain_get_of_a_websocket_path_is_told_what_it_speaks(start_weft):
    weft = start_weft(ECHO)
    reply = exchange(weft.clients, request("/echo"))
    assert reply.status == 426 and "websocket" in reply.headers["upgrade"].lower()


def shake(weft, path, *headers, host=None):
    return ask(weft.clients, handshake(path, host or f"127.0.0.1:{weft.clients}", headers)).status


def test_item_03_a_foreign_origin_is_refused_before_any_script_runs(start_weft, tmp_path):
    (tmp_path / "noisy.lua").write_text(NOISY_SCRIPT)
    weft = start_weft("paths: [ { path: /lua, script: noisy.lua }, { path: /echo, answer: echo } ]\n")
    for path in ("/lua", "/echo"):
        assert shake(weft, path, "Origin: https://evil.example", "Cookie: session=secret") == 403
        assert shake(weft, path, "Origin: null") == 403
    assert "the script ran" not in weft.log()
    assert weft.metric("weft_handshake_rejected_total", 'reason="origin"') == 4
    assert shake(weft, "/lua", f"Origin: http://127.0.0.1:{weft.clients}") == 101
    assert weft.metric("weft_connections_opened_total") == 1


@pytest.mark.parametrize("origin, status", [
    ("https://chat.app.com", 101), ("https://a.b.app.com", 101), ("HTTPS://Chat.App.Com", 101),
    ("https://evilapp.com", 403), ("https://app.com.evil.io", 403), ("https://app.com", 403),
    ("https://chat.app.com.evil.io", 403), ("https://evil.io/.app.com", 403), ("https://evil.io#.app.com", 403),
    ("https://evil.io?.app.com", 403), ("https://evil@x.app.com", 403), ("https://x.app.com:8443", 403),
    ("http://chat.app.com", 403), ("null", 403), ("", 403), ("https://.app.com", 403),
])
def test_item_03_a_wildcard_origin_covers_its_domain_and_nothing_else(start_weft, origin, status):
    weft = start_weft('client: { allowed_origins: ["https://*.app.com"] }\n' + ECHO)
    assert shake(weft, "/echo", f"Origin: {origin}") == status


def test_item_03_without_a_list_only_the_same_host_may_connect(start_weft):
    weft = start_weft(ECHO)
    assert shake(weft, "/echo") == 101, "no Origin: not a browser"
    assert shake(weft, "/echo", "Origin: https://chat.example", host="chat.example") == 101
    assert shake(weft, "/echo", "Origin: https://chat.example:444", host="chat.example") == 403
    assert shake(weft, "/echo", "Origin: https://chat.example", "Origin: https://evil.example",
                 host="chat.example") == 403, "two origins are none"


def test_item_03_an_origin_may_be_required_and_a_path_may_have_rules_of_its_own(start_weft):
    weft = start_weft("""
client: { require_origin: true, allowed_origins: ["https://a.example"] }
paths:
  - { path: /a, answer: echo }
  - { path: /b, answer: echo, allowed_origins: ["https://b.example"] }
  - { path: /any, answer: echo, allowed_origins: ["*"] }
""")
    assert shake(weft, "/a") == 403
    assert shake(weft, "/a", "Origin: https://a.example") == 101
    assert shake(weft, "/b", "Origin: https://a.example") == 403
    assert shake(weft, "/b", "Origin: https://b.example") == 101
    assert shake(weft, "/any", "Origin: https://whoever.example") == 101
    assert shake(weft, "/any") == 403


@pytest.mark.parametrize("body", ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
                         ids=["sized", "chunked"])
def test_item_08_an_upgrade_with_a_body_is_refused(start_weft, body):
    weft = start_weft(ECHO)
    head = handshake("/echo")[:-2]
    reply = exchange(weft.clients, head + body.encode())
    assert reply.status == 400 and reply.is_closed
    assert weft.metric("weft_connections_opened_total") == 0


@pytest.mark.parametrize("path", ["/echo", "/lua"])
def test_item_08_bytes_behind_the_handshake_are_frames_after_it(start_weft, tmp_path, path):
    (tmp_path / "noisy.lua").write_text(NOISY_SCRIPT)
    weft = start_weft("paths: [ { path: /lua, script: noisy.lua }, { path: /echo, answer: echo } ]\n")
    with RawWebSocket(weft.clients, upgrade=False) as client:
        client.send(handshake(path) + frame(TEXT, b"early") + frame(TEXT, b"bird")[:3])
        assert client.head().startswith("HTTP/1.1 101")
        assert client.text() == "early"
        client.send(frame(TEXT, b"bird")[3:] + frame(CLOSE, b"\x03\xe8"))
        assert client.text() == "bird"
        assert client.close_code() == (1000, "")


def test_item_08_bytes_behind_a_refused_handshake_are_no_second_request(start_weft):
    weft = start_weft(ECHO)
    reply = exchange(weft.clients, upgrade("Sec-WebSocket-Version: 8") + request("/healthz"))
    assert reply.status == 426 and reply.raw.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("target", [
    "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/../secret.txt", "/a/../../secret.txt", "/.%2e/secret.txt",
    "/%2e%2e%2fsecret.txt", "/%252e%252e/secret.txt", "//secret.txt", "///etc/passwd", "//etc/passwd",
    "/index.html%00.txt", "/%00", "/..\\secret.txt", "/%5c..%5csecret.txt", "/\xc3\xbc", "/%zz", "/%",
    "/index.html/../../secret.txt", "/%c0%ae%c0%ae/secret.txt", "http://127.0.0.1/../secret.txt", "secret.txt", "*",
])
def test_item_11_no_path_leads_out_of_the_folder_of_files(start_weft, tmp_path, target):
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/index.html").write_text("page")
    weft = start_weft("paths: [ { path: /, files: web } ]\n")
    reply = ask(weft.clients, request(target))
    assert reply.status in (400, 404), reply
    assert b"SECRET" not in reply.raw and b"root:" not in reply.raw


def test_item_11_no_host_and_no_symbolic_link_leads_out_of_it_either(start_weft, tmp_path):
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/index.html").write_text("page")
    (tmp_path / "web/link.txt").symlink_to(tmp_path / "secret.txt")
    weft = start_weft("paths: [ { path: /, files: web } ]\n")
    for host in ("../..", "a/b", "a b", "\u00fc", "[::1", "a:b", "127.0.0.1:99999999", ""):
        assert ask(weft.clients, request("/", host=host)).status == 400, host
    assert b"SECRET" not in ask(weft.clients, request("/link.txt")).raw
    assert ask(weft.clients, request("/")).body == b"page"


def test_item_11_ten_thousand_query_pairs_are_too_long_and_a_thousand_are_not(start_weft):
    weft = start_weft(ECHO)
    pairs = "&".join(f"k{i}=v" for i in range(10_000))
    assert exchange(weft.clients, request("/healthz?" + pairs)).status == 414
    assert ask(weft.clients, request("/healthz?" + "&".join(f"k{i}=" for i in range(1_000)))).status == 200


@pytest.mark.parametrize("path", ["/nowhere", "/admin", "/api", "/metrics", "/v1/mesh/send", "/ws/v1", "/echo/", "/ECHO",
                                  "/echo/x", "/healthz", "/"])
def test_item_12_an_upgrade_of_another_path_is_not_let_in(start_weft, path):
    weft = start_weft(ECHO)
    assert ask(weft.clients, handshake(path)).status == 404
    assert ask(weft.clients, request(path)).status == (200 if path == "/healthz" else 404)
    assert weft.metric("weft_connections_opened_total") == 0


def test_item_12_the_api_lets_nobody_upgrade_on_the_paths_of_clients(start_weft):
    weft = start_weft(ECHO)
    assert ask(weft.api, handshake("/echo")).status == 404
