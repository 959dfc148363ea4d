"""What RFC 6455 and RFC 7692 ask of a server, case by case, always the strict reading.

The groups are numbered as in the list of the Autobahn test suite (1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments,
6 UTF-8, 7 closing, 9 sizes, 10 odd fragments, 12 and 13 compression); the cases are our own. Every case runs on the built-in
echo and on a script, and those without compression also on a connection that agreed on it. Valid data before a bad frame is
always answered.
"""
import struct
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from deflating import RSV1, Deflating, compressor, deflate, inflate  # noqa: E402
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, Closed, RawWebSocket, frame  # noqa: E402
from weft_process import Weft  # noqa: E402

CONT = 0
ECHO_SCRIPT = """
function on_handshake(client_id, headers, server) end
function on_message(msg) mix.websocket():send(msg.data, msg.type) end
function on_close(client_id, err) end
"""
CONFIG = """
client: { max_message: 32MiB, max_fragments: 1000000, max_outbox: 64MiB }
lua: { memory: 1GiB, watchdog: 10s }
paths:
  - { path: /echo, answer: echo }
  - { path: /script, script: echo.lua }
  - { path: /deflate, answer: echo, compression: true }
  - { path: /script-deflate, script: echo.lua, compression: true }
  - { path: /takeover, answer: echo, compression: true, context_takeover: true }
"""


@pytest.fixture(scope="module")
def weft(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    (folder / "echo.lua").write_text(ECHO_SCRIPT)
    server = Weft(folder, CONFIG)
    yield server
    code = server.stop()
    assert code == 0, f"weft ended with {code}:\n{server.log()[-4000:]}"


class Case:
    """`sent` (frames as bytes) and what must come back: frames as (opcode, payload), then an end.

    `close` None: all is well, so our close of 1000 is echoed; a code: the server closes with it.
    """

    def __init__(self, name, sent, answers=(), close=None):
        self.name, self.sent, self.answers, self.close = name, sent, list(answers), close

    def run(self, client, pieces):
        tail = b"" if self.close else frame(CLOSE, b"\x03\xe8bye")
        try:
            for piece in pieces(b"".join(self.sent) + tail):
                client.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had judged before it had read everything
        for answer in self.answers:
            assert read_answer(client) == answer
        opcode, payload, _, _ = client.read_frame()
        assert opcode == CLOSE, (opcode, payload[:100])
        if self.close is None:
            assert payload == b"\x03\xe8bye"
        else:
            assert struct.unpack(">H", payload[:2])[0] == self.close, payload
            payload[2:].decode()
        with pytest.raises(Closed):
            client.read_frame()


def read_answer(client):
    """(opcode, payload), inflated where the server chose to compress."""
    opcode, payload, fin, rsv = client.read_frame()
    assert fin and rsv in ((0, RSV1) if isinstance(client, Deflating) else (0,)), (fin, rsv)
    return opcode, inflate(payload) if rsv else payload


def echo(name, opcode, payload, sent=None):
    return Case(name, sent or [frame(opcode, payload)], [(opcode, payload)])


def fragments(opcode, *payloads, rsv=0):
    """One message in as many frames as there are payloads."""
    last = len(payloads) - 1
    return [frame(CONT if i else opcode, payload, fin=i == last, rsv=0 if i else rsv) for i, payload in enumerate(payloads)]


def cases():
    yield from framing()
    yield from pings()
    yield from reserved()
    yield from opcodes()
    yield from fragmentation()
    yield from utf8()
    yield from closing()


def framing():
    for size in (0, 1, 125, 126, 127, 128, 4_096, 65_535, 65_536):
        yield echo(f"1.1 text of {size}", TEXT, b"*" * size)
        yield echo(f"1.2 binary of {size}", BINARY, b"\xfe" * size)
    yield Case("1.3 many messages at once", [frame(TEXT, b"%d" % i) for i in range(200)], [(TEXT, b"%d" % i) for i in range(200)])
    yield echo("1.4 a mask of zeros", TEXT, b"plain", [frame(TEXT, b"plain", mask=b"\0\0\0\0")])
    yield echo("1.4 a mask of ones", TEXT, b"plain", [frame(TEXT, b"plain", mask=b"\xff\xff\xff\xff")])
    yield Case("1.5 no mask", [frame(TEXT, b"a"), frame(TEXT, b"b", mask=None)], [(TEXT, b"a")], 1002)
    yield Case("1.6 16 bits for 125", [frame(BINARY, b"x" * 125, length_form=16)], [], 1002)
    yield Case("1.6 64 bits for 65535", [frame(BINARY, b"x" * 65_535, length_form=64)], [], 1002)
    yield Case("1.6 a length with the top bit", [b"\x82\xff" + struct.pack(">Q", 1 << 63) + b"mask"], [], 1002)
    yield Case("1.7 larger than the limit", [b"\x82\xff" + struct.pack(">Q", (32 << 20) + 1) + b"mask"], [], 1009)


def pings():
    for payload in (b"", b"hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125):
        yield echo(f"2.1 ping of {len(payload)}", PONG, payload, [frame(PING, payload)])
    yield Case("2.5 ping of 126", [frame(PING, b"\xfe" * 126)], [], 1002)
    yield Case("2.7 a pong nobody asked for", [frame(PONG)])
    yield Case("2.8 a pong with a payload", [frame(PONG, b"unasked")])
    yield Case("2.9 that pong, then a ping", [frame(PONG, b"unasked"), frame(PING, b"asked")], [(PONG, b"asked")])
    yield Case("2.10 ten pings", [frame(PING, b"%d" % i) for i in range(10)], [(PONG, b"%d" % i) for i in range(10)])
    yield Case("2.11 a ping before, within and after a message",
               [frame(PING, b"1"), frame(TEXT, b"a", fin=False), frame(PING, b"2"), frame(CONT, b"b"), frame(PING, b"3")],
               [(PONG, b"1"), (PONG, b"2"), (TEXT, b"ab"), (PONG, b"3")])


def reserved():
    for rsv in range(1, 8):
        yield Case(f"3.{rsv} reserved bits {rsv} on text", [frame(TEXT, b"a"), frame(TEXT, b"b", rsv=rsv), frame(PING)],
                   [(TEXT, b"a")], 1002)
        yield Case(f"3.{rsv} reserved bits {rsv} on a ping", [frame(TEXT, b"a"), frame(PING, b"b", rsv=rsv)], [(TEXT, b"a")], 1002)
        yield Case(f"3.{rsv} reserved bits {rsv} on a close", [frame(CLOSE, b"\x03\xe8", rsv=rsv)], [], 1002)
        yield Case(f"3.{rsv} reserved bits {rsv} on a continuation", [frame(TEXT, b"a", fin=False), frame(CONT, b"b", rsv=rsv)], [], 1002)


def opcodes():
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"4 opcode {opcode}", [frame(TEXT, b"a"), frame(opcode), frame(PING)], [(TEXT, b"a")], 1002)
        yield Case(f"4 opcode {opcode} with a payload", [frame(TEXT, b"a"), frame(opcode, b"reserved")], [(TEXT, b"a")], 1002)
        yield Case(f"4 opcode {opcode} within a message", [frame(TEXT, b"a", fin=False), frame(opcode, b"reserved")], [], 1002)


def fragmentation():
    yield Case("5.1 a ping in two fragments", [frame(PING, b"a", fin=False), frame(CONT, b"b")], [], 1002)
    yield Case("5.2 a pong in two fragments", [frame(PONG, b"a", fin=False), frame(CONT, b"b")], [], 1002)
    yield Case("5.2 a close in two fragments", [frame(CLOSE, b"\x03", fin=False), frame(CONT, b"\xe8")], [], 1002)
    yield echo("5.3 text in two fragments", TEXT, b"onetwo", fragments(TEXT, b"one", b"two"))
    yield echo("5.3 binary in two fragments", BINARY, b"\xff\xfe", fragments(BINARY, b"\xff", b"\xfe"))
    yield Case("5.6 text with a ping between", [frame(TEXT, b"one", fin=False), frame(PING, b"!"), frame(CONT, b"two")],
               [(PONG, b"!"), (TEXT, b"onetwo")])
    yield Case("5.6 text with a pong between", [frame(TEXT, b"one", fin=False), frame(PONG, b"!"), frame(CONT, b"two")], [(TEXT, b"onetwo")])
    for fin in (True, False):
        yield Case(f"5.9 a continuation of nothing, fin {fin}", [frame(CONT, b"x", fin=fin), frame(TEXT, b"a")], [], 1002)
        yield Case(f"5.12 the same after a message, fin {fin}", [frame(TEXT, b"a"), frame(CONT, b"x", fin=fin)], [(TEXT, b"a")], 1002)
    yield Case("5.15 and after a fragmented one", [*fragments(TEXT, b"a", b"b"), frame(CONT, b"c", fin=False), frame(TEXT, b"d")],
               [(TEXT, b"ab")], 1002)
    yield Case("5.18 text within text", [frame(TEXT, b"a", fin=False), frame(TEXT, b"b")], [], 1002)
    yield Case("5.18 binary within text", [frame(TEXT, b"a", fin=False), frame(BINARY, b"b", fin=False)], [], 1002)
    five = [frame(TEXT, b"1", fin=False), frame(CONT, b"2", fin=False), frame(PING, b"p"), frame(CONT, b"3", fin=False),
            frame(CONT, b"4", fin=False), frame(PING, b"q"), frame(CONT, b"5")]
    yield Case("5.19 five fragments and two pings", five, [(PONG, b"p"), (PONG, b"q"), (TEXT, b"12345")])
    yield Case("5.20 twice", five * 2, [(PONG, b"p"), (PONG, b"q"), (TEXT, b"12345")] * 2)
    yield echo("5.21 empty fragments around", TEXT, b"x", fragments(TEXT, b"", b"", b"x", b"", b""))
    yield Case("5.22 a close within a message", [frame(TEXT, b"a", fin=False)])


GOOD_UTF8 = [
    "", "\x00", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001fffe",
    "\U0010ffff", "\ufeffmarked", "κόσμε", "日本語", "🙂👩‍👩‍👧", "Hello-µ@ßöäüàá-UTF-8!!",
]
BAD_UTF8 = {  # the first part is the shortest that nothing can follow
    "a continuation alone": (b"\x80", b""), "another": (b"\xbf", b""), "two": (b"\x80", b"\xbf"),
    "C0": (b"\xc0", b"\x80"), "C1": (b"\xc1", b"\xbf"), "F5": (b"\xf5", b"\x80\x80\x80"), "F8": (b"\xf8", b"\x88\x80\x80\x80"),
    "FC": (b"\xfc", b"\x84\x80\x80\x80\x80"), "FE": (b"\xfe", b""), "FF": (b"\xff", b""),
    "a slash in two": (b"\xc0", b"\xaf"), "a slash in three": (b"\xe0\x80", b"\xaf"), "a slash in four": (b"\xf0\x80", b"\x80\xaf"),
    "NUL in three": (b"\xe0\x80", b"\x80"), "the largest of overlong three": (b"\xe0\x9f", b"\xbf"),
    "the largest of overlong four": (b"\xf0\x8f", b"\xbf\xbf"), "the first surrogate": (b"\xed\xa0", b"\x80"),
    "the last surrogate": (b"\xed\xbf", b"\xbf"), "a pair of surrogates": (b"\xed\xa1", b"\x8c\xed\xbe\xb4"),
    "beyond U+10FFFF": (b"\xf4\x90", b"\x80\x80"), "a letter cut by a letter": (b"\xc3(", b""),
    "three cut after one": (b"\xe2(", b""), "three cut after two": (b"\xe2\x82(", b""), "four cut after three": (b"\xf0\x9f\x98(", b""),
    "after good text": ("Hello-µ@ßöä".encode() + b"\xed\xa0", b"\x80edited"),
}
CUT_UTF8 = [b"\xc3", b"\xe0", b"\xe2\x82", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x98", "κόσμ".encode() + b"\xce"]


def utf8():
    for text in GOOD_UTF8:
        data = text.encode()
        yield echo(f"6.2 good {data.hex()}", TEXT, data)
        if data:
            yield echo(f"6.2 good {data.hex()} byte by byte", TEXT, data, fragments(TEXT, *[data[i : i + 1] for i in range(len(data))]))
    yield echo("6.1 nothing in three fragments", TEXT, b"", fragments(TEXT, b"", b"", b""))
    yield echo("6.1 something in the middle", TEXT, b"middle", fragments(TEXT, b"", b"middle", b""))
    for name, (proof, rest) in BAD_UTF8.items():
        yield Case(f"6.3 {name}", [frame(TEXT, b"a"), frame(TEXT, proof + rest)], [(TEXT, b"a")], 1007)
        yield Case(f"6.3 {name} byte by byte", fragments(TEXT, *[bytes([byte]) for byte in proof + rest], b""), [], 1007)
        # 6.4: the rest is never sent, and the answer must come all the same
        yield Case(f"6.4 {name}, the frame goes on", [frame(TEXT, proof + b"x" * 100)[: 6 + len(proof)]], [], 1007)
        yield Case(f"6.4 {name}, the message goes on", [frame(TEXT, proof, fin=False)], [], 1007)
        yield Case(f"6.4 {name}, its end in the next frame", [frame(TEXT, b"ok" + proof[:-1], fin=False),
                                                             frame(CONT, proof[-1:] + b"x" * 100)[:7]], [], 1007)
        yield Case(f"6.4 {name} after a ping between", [frame(TEXT, proof[:-1], fin=False), frame(PING, b"p"),
                                                       frame(CONT, proof[-1:], fin=False)], [(PONG, b"p")], 1007)
    for cut in CUT_UTF8:
        yield Case(f"6.5 cut {cut.hex()}", [frame(TEXT, cut)], [], 1007)
        yield Case(f"6.5 cut {cut.hex()}, in two", fragments(TEXT, cut, b""), [], 1007)
        yield Case(f"6.6 cut {cut.hex()} is no text yet", [frame(TEXT, cut, fin=False), frame(PING, b"p")], [(PONG, b"p")])
    yield echo("6.7 binary is not judged", BINARY, b"\xff\xfe\xc0\x80")
    yield echo("6.7 nor in fragments", BINARY, b"\xff\xfe\xc0\x80", fragments(BINARY, b"\xff\xfe", b"\xc0", b"\x80"))


def closing():
    yield Case("7.1.1 a message, then a close", [frame(TEXT, b"a")], [(TEXT, b"a")])
    yield Closing("7.1.2 a second close", frame(CLOSE, b"\x03\xe8") * 2, b"\x03\xe8")
    yield Closing("7.1.3 a ping after it", frame(CLOSE, b"\x03\xe8") + frame(PING, b"late"), b"\x03\xe8")
    yield Closing("7.1.4 text after it", frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"late"), b"\x03\xe8")
    yield Closing("7.1.5 a message that it interrupts", frame(TEXT, b"a", fin=False) + frame(CLOSE, b"\x03\xe8") + frame(CONT, b"b"), b"\x03\xe8")
    yield Case("7.1.6 256 KiB before it", [frame(BINARY, b"x" * 262_144)], [(BINARY, b"x" * 262_144)])
    yield Closing("7.3.1 no payload", frame(CLOSE), b"")
    yield Case("7.3.2 one byte", [frame(CLOSE, b"\x03")], [], 1002)
    yield Closing("7.3.3 a code", frame(CLOSE, b"\x03\xe8"), b"\x03\xe8")
    yield Closing("7.3.4 a code and a reason", frame(CLOSE, b"\x03\xe8bye"), b"\x03\xe8bye")
    yield Closing("7.3.5 the longest reason", frame(CLOSE, b"\x03\xe8" + b"*" * 123), b"\x03\xe8" + b"*" * 123)
    yield Case("7.3.6 a reason too long", [frame(CLOSE, b"\x03\xe8" + b"*" * 124)], [], 1002)
    for name, (proof, rest) in BAD_UTF8.items():
        yield Case(f"7.5 a reason that is no UTF-8: {name}", [frame(CLOSE, b"\x03\xe8" + proof + rest)], [], 1007)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Closing(f"7.7 code {code}", frame(CLOSE, struct.pack(">H", code)), struct.pack(">H", code))
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65_535):
        yield Case(f"7.9 code {code}", [frame(CLOSE, struct.pack(">H", code))], [], 1002)
        yield Case(f"7.9 code {code} with a reason", [frame(CLOSE, struct.pack(">H", code) + b"why")], [], 1002)


class Closing(Case):
    """Our own close is part of the case; it is echoed once, and then the server ends the connection."""

    def __init__(self, name, sent, payload):
        super().__init__(name, [sent])
        self.payload = payload

    def run(self, client, pieces):
        for piece in pieces(self.sent[0]):
            try:
                client.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
        assert client.read_frame() == (CLOSE, self.payload, True, 0)
        with pytest.raises(Closed):
            client.read_frame()


SMALL = list(cases())
WAYS = {
    "at once": lambda data: [data],
    "byte by byte": lambda data: [data[i : i + 1] for i in range(len(data))],
    "in sevens": lambda data: [data[i : i + 7] for i in range(0, len(data), 7)],
}


@pytest.mark.parametrize("path", ["/echo", "/script", "/deflate", "/script-deflate"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("group", sorted({case.name.split(".")[0].split(" ")[0] for case in SMALL}))
def test_item_21_small_cases(weft, group, way, path):
    for case in SMALL:
        if case.name.split(".")[0].split(" ")[0] != group:
            continue
        if way != "at once" and sum(map(len, case.sent)) > 700:
            continue  # the large ones have their own test below
        compressed = "deflate" in path
        if compressed and is_about_rsv1(case):
            continue
        kind = Deflating if compressed else RawWebSocket
        with kind(weft.clients, path) as client:
            try:
                case.run(client, WAYS[way])
            except Exception as error:
                raise AssertionError(f"{case.name} ({way}, {path}): {error!r}") from error


def is_about_rsv1(case):
    """With compression agreed the first reserved bit has a meaning, which the cases of group 12 test."""
    return case.name.startswith("3.4 reserved bits 4 on text")


@pytest.mark.parametrize("path", ["/echo", "/script"])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20])
def test_item_21_group_9_sizes(weft, path, opcode, size):
    data = b"0123456789abcdef" * (size // 16)
    with RawWebSocket(weft.clients, path, timeout=120) as client:
        client.send(frame(opcode, data))
        assert client.read_frame() == (opcode, data, True, 0)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("piece", [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20])
def test_item_21_group_9_four_mebibytes_in_fragments(weft, opcode, piece):
    part = b"0123456789abcdef" * (piece // 16)
    count = (4 << 20) // piece
    with RawWebSocket(weft.clients, "/echo", timeout=120) as client:
        client.send(frame(opcode, part, fin=False) + frame(CONT, part, fin=False) * (count - 2) + frame(CONT, part))
        assert client.read_frame() == (opcode, part * count, True, 0)


@pytest.mark.parametrize("chop", [64, 256, 997, 4 << 10])
def test_item_21_group_9_a_mebibyte_in_small_writes(weft, chop):
    data = frame(TEXT, b"0123456789abcdef" * 65_536)
    with RawWebSocket(weft.clients, "/echo", timeout=120) as client:
        for i in range(0, len(data), chop):
            client.send(data[i : i + chop])
        assert client.text() == "0123456789abcdef" * 65_536


@pytest.mark.parametrize("path", ["/echo", "/script"])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [0, 16, 64, 256, 1_024, 4_096])
def test_item_21_group_9_a_thousand_round_trips(weft, path, opcode, size):
    data = frame(opcode, b"*" * size)
    with RawWebSocket(weft.clients, path, timeout=120) as client:
        for _ in range(1_000):
            client.send(data)
            assert client.read_frame()[:2] == (opcode, b"*" * size)


def test_item_21_group_10_fragments_of_an_odd_size(weft):
    data = b"0123456789abcdef" * 4_096
    with RawWebSocket(weft.clients, "/echo") as client:
        client.send(b"".join(fragments(TEXT, *[data[i : i + 1_300] for i in range(0, len(data), 1_300)])))
        assert client.read_frame()[:2] == (TEXT, data)


# --- 12 and 13: compression -----------------------------------------------------------------------------------------------------

PROSE = b"".join(b'{"id": %d, "name": "someone %d", "note": "%s"}\n' % (i, i * i % 97, b"lorem ipsum dolor sit amet" * (i % 4))
                 for i in range(3_000))
NOISE = bytes((i * 1_103_515_245 + 12_345) >> 16 & 0xFF for i in range(70_000))
OFFERS = {
    "12 default": ("permessage-deflate", 15, 15),
    "13.1 client window": ("permessage-deflate; client_max_window_bits", 15, 15),
    "13.2 no takeover": ("permessage-deflate; client_no_context_takeover; server_no_context_takeover", 15, 15),
    "13.3 server window 9": ("permessage-deflate; client_max_window_bits; server_max_window_bits=9", 9, 15),
    "13.4 server window 15": ("permessage-deflate; client_max_window_bits; server_max_window_bits=15", 15, 15),
    "13.5 client window 9": ("permessage-deflate; client_max_window_bits=9", 15, 9),
    "13.6 both 9, no takeover": ("permessage-deflate; client_max_window_bits=9; client_no_context_takeover; "
                                 "server_max_window_bits=9; server_no_context_takeover", 9, 9),
    "13.7 a list": ("permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=12", 12, 15),
}


@pytest.mark.parametrize("path", ["/deflate", "/script-deflate", "/takeover"])
@pytest.mark.parametrize("name", OFFERS)
def test_item_21_groups_12_and_13_compression(weft, path, name):
    offer, server_bits, client_bits = OFFERS[name]
    with Deflating(weft.clients, path, offer, timeout=60) as client:
        assert client.agreed.startswith("permessage-deflate")
        keeps_ours = "client_no_context_takeover" not in client.agreed
        keeps_theirs = "server_no_context_takeover" not in client.agreed
        assert keeps_ours == keeps_theirs == (path == "/takeover" and "no_context" not in offer)
        ours = compressor(client_bits) if keeps_ours else None
        theirs = zlib.decompressobj(-server_bits) if keeps_theirs else None
        for size in (0, 1, 16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072):
            for source, opcode in ((PROSE, TEXT), (NOISE, BINARY)):
                data = source[:size]
                packed = deflate(data, ours or compressor(client_bits))
                third = len(packed) // 3 + 1
                in_three = fragments(opcode, packed[:third], packed[third : 2 * third], packed[2 * third :], rsv=RSV1)
                client.send(frame(opcode, packed, rsv=RSV1))
                assert client.message(theirs, server_bits) == data, (size, opcode)
                if not keeps_ours:
                    client.send(in_three[0] + frame(PING, b"p") + in_three[1] + in_three[2])
                    assert client.read_frame()[:2] == (PONG, b"p")
                    assert client.message(theirs, server_bits) == data, (size, opcode)
                    client.send(frame(opcode, data))
                    assert client.message(theirs, server_bits) == data, "and one that is not compressed"
        client.send(frame(CLOSE, b"\x03\xe8"))
        assert client.read_frame()[:2] == (CLOSE, b"\x03\xe8")


def test_item_21_group_12_a_thousand_messages_keep_one_context(weft):
    with Deflating(weft.clients, "/takeover", timeout=60) as client:
        ours, theirs = compressor(), zlib.decompressobj(-15)
        for i in range(1_000):
            data = PROSE[i * 100 : i * 100 + 1_000]
            client.send_deflated(data, ours)
            assert client.message(theirs) == data


CORRUPT = [
    ("text that is no UTF-8", frame(TEXT, deflate(b"\xff"), rsv=RSV1), 1007),
    ("text that ends too early", frame(TEXT, deflate(b"\xe2\x82"), rsv=RSV1), 1007),
    ("a reserved block", frame(BINARY, b"\x07\x00", rsv=RSV1), 1007),
    ("the bit on a continuation", frame(TEXT, deflate(b"abc")[:2], fin=False, rsv=RSV1) + frame(CONT, deflate(b"abc")[2:], rsv=RSV1), 1002),
    ("the bit on a ping", frame(PING, b"", rsv=RSV1), 1002),
    ("another bit beside it", frame(TEXT, deflate(b"abc"), rsv=RSV1 | 2), 1002),
]


@pytest.mark.parametrize("path", ["/deflate", "/script-deflate", "/takeover"])
@pytest.mark.parametrize("name, sent, code", CORRUPT, ids=[name for name, _, _ in CORRUPT])
def test_item_21_group_12_corrupt_compression(weft, path, name, sent, code):
    with Deflating(weft.clients, path) as client:
        client.send(frame(TEXT, deflate(b"before"), rsv=RSV1) + sent)
        assert client.message() == b"before"
        assert client.close_code()[0] == code
