"""Reliability checklist, item 33: channel names that mean something to somebody else are refused, whoever asks."""
import asyncio
import json

import pytest
import websockets
from raw_websocket import RawWebSocket

SCRIPT = """
function on_handshake(client_id, headers, server) mix.websocket():send(client_id) end
function on_message(msg)
  local err = mix.websocket():subscribe(mix.base64_decode(msg.data))
  mix.websocket():send(err or "fine")
end
function on_close(client_id, err) end
"""

BAD = {
    "empty": "", "the node's own": "$private:x", "the node's own alone": "$", "a NUL": "a\0b", "a star": "a*", "a tail": "a.>",
    "braces": "{tag}x", "an open brace": "a{", "CR LF": "a\r\nPUBLISH b 1", "a line feed": "a\n", "a space": "a b", "a tab": "a\tb",
    "an escape": "a\x1b[31m", "DEL": "a\x7f", "256 bytes": "x" * 256, "256 bytes of two-byte letters": "é" * 128,
}
GOOD = {
    "one letter": "x", "255 bytes": "x" * 255, "another user's place": "user#other", "punctuation": "a.b:c/d-e_f#g@h!i$j%k&l(m)=n",
    "letters of all kinds": "приве\u0442/日本/😀", "a look-alike": "аdmin", "a composed letter": "é", "a decomposed one": "e\u0301",
}
NOT_UTF8 = [b"a\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"cut\xc3"]


@pytest.fixture
def weft(start_weft, tmp_path):
    (tmp_path / "subscribe.lua").write_text(SCRIPT)
    return start_weft("paths: [ { path: /s, script: subscribe.lua } ]\n")


def base64_of(data):
    import base64
    return base64.b64encode(data).decode()


def test_item_33_a_script_cannot_subscribe_to_a_bad_name(weft):
    with RawWebSocket(weft.clients, "/s") as client:
        client.text()
        for name in [name.encode() for name in BAD.values()] + NOT_UTF8:
            client.send_text(base64_of(name))
            assert "channel" in client.text(), name
        assert weft.metric("weft_subscriptions") == 0
        for name in GOOD.values():
            client.send_text(base64_of(name.encode()))
            assert client.text() == "fine", name
        assert weft.metric("weft_subscriptions") == len(GOOD), "names that look alike are different channels"


def call(weft, *requests):
    """Answers of the API's WebSocket to each request."""
    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{weft.api}/ws/v1") as api:
            answers = []
            for i, (method, params) in enumerate(requests, 1):
                await api.send(json.dumps({"m": method, "p": params, "i": i}))
                answers.append(json.loads(await api.recv()))
                assert answers[-1]["i"] == i
            return answers
    return asyncio.run(talk())


@pytest.mark.parametrize("func", ["subscribe", "unsubscribe"])
def test_item_33_a_worker_cannot_either(weft, func):
    with RawWebSocket(weft.clients, "/s") as client:
        who = client.text()
        answers = call(weft, *[("conn.call", {"c": who, "f": func, "a": [name]}) for name in BAD.values()])
        assert all(answer["E"] for answer in answers), answers
        answers = call(weft, ("conn.call", {"c": who, "f": func, "a": ["good", "b a d"]}))
        assert answers[0]["E"] and weft.metric("weft_subscriptions") == 0, "all or none"
        answers = call(weft, *[("conn.call", {"c": who, "f": func, "a": [name]}) for name in GOOD.values()])
        assert not any(answer["E"] for answer in answers), answers


def test_item_33_nothing_is_published_to_a_bad_name(weft):
    answers = call(weft, *[("mesh.publish", {"c": name, "d": "x"}) for name in BAD.values()])
    assert all(answer["E"] for answer in answers), answers
    for name in BAD.values():
        status, text = weft.http("/v1/mesh/publish", {"c": name, "d": "x"})
        assert json.loads(text)["E"], (name, status, text)
    for name in GOOD.values():
        assert not json.loads(weft.http("/v1/mesh/publish", {"c": name, "d": "x"})[1])["E"], name


def test_item_33_a_name_reaches_exactly_its_own_channel(weft):
    """What a broker would take for a pattern is plain text, so a publication to one name never reaches another."""
    with RawWebSocket(weft.clients, "/s") as client:
        client.text()
        for name in ("é", "аdmin"):
            client.send_text(base64_of(name.encode()))
            assert client.text() == "fine"
        for other in ("e\u0301", "admin", "É", "é.", "Аdmin"):
            counts = json.loads(weft.http("/v1/mesh/publish", {"c": other, "d": "wrong"})[1])["r"]
            assert counts == {"s": 0, "f": 0}, other
        assert json.loads(weft.http("/v1/mesh/publish", {"c": "é", "d": "right"})[1])["r"] == {"s": 1, "f": 0}
        assert client.text() == "right"


def test_item_33_a_configuration_cannot_name_one_either(start_weft):
    """`subscribe:` of a path is judged when the server starts, not when the first client comes."""
    with pytest.raises(RuntimeError, match="private"):
        start_weft('paths: [ { path: /s, subscribe: ["$private"] } ]\n')


def test_item_33_a_connection_has_a_limit_of_channels(start_weft, tmp_path):
    (tmp_path / "subscribe.lua").write_text(SCRIPT)
    weft = start_weft("paths: [ { path: /s, script: subscribe.lua, max_channels: 3 } ]\n")
    with RawWebSocket(weft.clients, "/s") as client:
        who = client.text()
        for i in range(3):
            client.send_text(base64_of(f"c{i}".encode()))
            assert client.text() == "fine"
        client.send_text(base64_of(b"c3"))
        assert "max_channels" in client.text()
        client.send_text(base64_of(b"c0"))
        assert client.text() == "fine", "it has that one already"
        assert call(weft, ("conn.call", {"c": who, "f": "subscribe", "a": ["c4"]}))[0]["E"]
        assert weft.metric("weft_subscriptions") == 3
