"""Reliability checklist, part B: permessage-deflate (items 22-24), on a built-in answer and on a script."""
import pathlib
import re
import zlib

import pytest
from deflating import OFFER, RSV1, Deflating, compressor, deflate, extension_of, inflate
from echo_script import ECHO_SCRIPT, EVERY_PATH
from raw_websocket import BINARY, CLOSE, PING, TEXT, RawWebSocket, frame

CONTINUATION = 0


@pytest.fixture
def start_deflating(start_weft, tmp_path):
    """Echo on /echo and /lua with compression; /takeover also keeps contexts; /plain has none of it."""
    (tmp_path / "echo.lua").write_text(ECHO_SCRIPT)

    def start(options=""):
        more = ", " + options if options else ""
        return start_weft(f"""
node: {{ loops: 1 }}
paths:
  - {{ path: /echo, answer: echo, compression: true{more} }}
  - {{ path: /lua, script: echo.lua, compression: true{more} }}
  - {{ path: /takeover, answer: echo, compression: true, context_takeover: true{more} }}
  - {{ path: /plain, answer: echo{more} }}
""")
    return start


def peak_memory(weft):
    """The most resident bytes since reset_peak()."""
    status = pathlib.Path(f"/proc/{weft.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def reset_peak(weft):
    pathlib.Path(f"/proc/{weft.process.pid}/clear_refs").write_text("5")


def bomb(size):
    return deflate(bytes(size))


# --- item 22: bombs -------------------------------------------------------------------------------------------------------

@EVERY_PATH
def test_item_22_a_bomb_is_stopped_when_its_output_crosses_the_limit(start_deflating, path):
    """64 KB that inflate to 64 MB, with max_message 64 KiB: 4 MiB of room for the process are far less than 64."""
    weft = start_deflating()
    huge = bomb(64 << 20)
    assert 60_000 < len(huge) < 69_000
    for _ in range(3):
        with Deflating(weft.clients, path) as client:
            client.send(frame(BINARY, bomb(65_536), rsv=RSV1))
            assert client.message() == bytes(65_536), "exactly the limit passes"
    reset_peak(weft)
    before = weft.memory()
    for _ in range(20):
        with Deflating(weft.clients, path) as client:
            client.send(frame(BINARY, huge, rsv=RSV1))
            code, reason = client.close_code()
            assert code == 1009 and "max_message" in reason
    assert weft.is_sanitized() or peak_memory(weft) < before + (4 << 20)


@EVERY_PATH
def test_item_22_a_bomb_of_a_thousand_small_fragments_is_one_bomb(start_deflating, path):
    weft = start_deflating()
    data = bomb(16 << 20)
    size = len(data) // 1_000 + 1
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    frames = [frame(BINARY, pieces[0], fin=False, rsv=RSV1)]
    frames += [frame(CONTINUATION, piece, fin=False) for piece in pieces[1:-1]] + [frame(CONTINUATION, pieces[-1])]
    with Deflating(weft.clients, path) as client:
        reset_peak(weft)
        before = weft.memory()
        client.send(b"".join(frames))
        assert client.close_code()[0] == 1009
        assert weft.is_sanitized() or peak_memory(weft) < before + (4 << 20)


@EVERY_PATH
def test_item_22_a_thousand_small_bombs_within_the_limit_are_a_thousand_messages(start_deflating, path):
    """Each 80 bytes on the wire and 64 KiB inside, one after the other is answered; then all at once, unread: the outbox
    limit of 1 MiB holds, for what is echoed is compressed again."""
    weft = start_deflating()
    small = frame(BINARY, bomb(65_536), rsv=RSV1)
    with Deflating(weft.clients, path) as client:
        client.send(small)
        client.message()
        reset_peak(weft)
        before = weft.memory()
        client.send(small * 1_000)
        for _ in range(1_000):
            assert len(client.message()) == 65_536
        assert weft.is_sanitized() or peak_memory(weft) < before + (6 << 20)


# --- item 23: negotiation and corrupt data --------------------------------------------------------------------------------

D = "permessage-deflate"
DECLINED = [
    f"{D}; client_max_window_bits=7", f"{D}; client_max_window_bits=16", f"{D}; client_max_window_bits=abc",
    f'{D}; client_max_window_bits=""', f"{D}; client_max_window_bits=", f"{D}; client_max_window_bits=015",
    f"{D}; client_max_window_bits=-9", f"{D}; client_max_window_bits=4294967305", f"{D}; client_max_window_bits=10.0",
    f"{D}; server_max_window_bits", f"{D}; server_max_window_bits=7", f"{D}; server_max_window_bits=16",
    f"{D}; server_max_window_bits=8", f"{D}; server_max_window_bits=0xf",
    f"{D}; server_no_context_takeover; server_no_context_takeover", f"{D}; client_max_window_bits; client_max_window_bits",
    f"{D}; server_max_window_bits=10; server_max_window_bits=10", f"{D}; server_no_context_takeover=1",
    f"{D}; client_no_context_takeover=true", f"{D}; unknown", f"{D}; unknown=1", f"{D}; =1", f"{D};", f"{D}; ;", f"{D}=1",
    f'{D}; server_max_window_bits="10', "x-webkit-deflate-frame", "deflate", "permessage-deflat", "permessage-deflate2", ",,,", ";",
    '"permessage-deflate"',
]


@pytest.mark.parametrize("offer", DECLINED)
def test_item_23_an_offer_that_is_wrong_is_declined(start_deflating, offer):
    weft = start_deflating()
    with Deflating(weft.clients, "/echo", offer) as client:
        assert client.agreed == ""
        client.send_text("plain")
        assert client.text() == "plain"
        client.send(frame(TEXT, deflate(b"hi"), rsv=RSV1))
        assert client.close_code()[0] == 1002, "nothing was agreed"


@pytest.mark.parametrize("offer, agreed", [
    (D, {"server_no_context_takeover", "client_no_context_takeover"}),
    (f"{D}; server_max_window_bits=9", {"server_max_window_bits=9"}),
    (f"{D}; server_max_window_bits=15", {"server_max_window_bits=15"}),
    (f'{D}; server_max_window_bits="10"', {"server_max_window_bits=10"}),
    (f"{D}; client_max_window_bits=9", set()),
    (f"{D}; unknown, {D}; server_max_window_bits=8, {D}; server_max_window_bits=11", {"server_max_window_bits=11"}),
    (", ".join([f"{D}; x{i}" for i in range(99)] + [D]), set()),
    (", ".join([D] * 100), set()),
    (f"foo; bar=\"a, b\", {D}", set()),
])
def test_item_23_the_first_good_offer_is_taken(start_deflating, offer, agreed):
    weft = start_deflating()
    with Deflating(weft.clients, "/echo", offer) as client:
        parameters = {part.strip() for part in client.agreed.split(";")}
        assert D in parameters and agreed <= parameters
        assert client.agreed.count(D) == 1
        bits = next((int(part.split("=")[1]) for part in parameters if part.startswith("server_max_window_bits=")), 15)
        text = bytes(i * i % 251 for i in range(3_000)) * 5
        client.send_deflated(text, opcode=BINARY)
        assert client.message(bits=bits) == text


def test_item_23_offers_in_several_headers_are_one_list(start_deflating):
    weft = start_deflating()
    with RawWebSocket(weft.clients, "/echo", extra=[f"Sec-WebSocket-Extensions: {D}; nonsense", OFFER]) as client:
        assert extension_of(client.response).startswith(D)


CORRUPT = {
    "reserved block type": b"\x07",
    "bad code lengths": b"\x05\xff\xff\xff\xff\xff\xff\xff\xff",
    "distance too far back": bytes.fromhex("2a020400"),
    "stored block with a wrong length": b"\x00\x05\x00\x00\x00hello",
    "noise": bytes(range(200, 256)) * 3,
}


@EVERY_PATH
@pytest.mark.parametrize("name", CORRUPT)
def test_item_23_corrupt_data_closes_with_1007_or_1002(start_deflating, path, name):
    weft = start_deflating()
    with Deflating(weft.clients, path) as client, Deflating(weft.clients, path) as other:
        client.send_deflated(b"before")
        assert client.message() == b"before"
        client.send(frame(BINARY, CORRUPT[name], rsv=RSV1))
        assert client.close_code()[0] in (1002, 1007)
        other.send_deflated(b"shares nothing" * 100)
        assert other.message() == b"shares nothing" * 100, "the loop's inflater is as new"


@EVERY_PATH
def test_item_23_compressed_text_must_be_utf8_and_the_bit_must_stand_in_front(start_deflating, path):
    weft = start_deflating()
    for frames, code in [
        (frame(TEXT, deflate(b"ab\xff"), rsv=RSV1), 1007),
        (frame(TEXT, deflate(b"ab\xc3"), rsv=RSV1), 1007),
        (frame(PING, b"x", rsv=RSV1), 1002),
        (frame(CLOSE, b"\x03\xe8", rsv=RSV1), 1002),
        (frame(TEXT, deflate(b"hi")[:1], fin=False, rsv=RSV1) + frame(CONTINUATION, deflate(b"hi")[1:], rsv=RSV1), 1002),
        (frame(TEXT, b"hi", fin=False) + frame(CONTINUATION, b"there", rsv=RSV1), 1002),
        (frame(TEXT, deflate(b"hi"), rsv=2), 1002),
        (frame(TEXT, deflate(b"hi"), rsv=RSV1 | 1), 1002),
    ]:
        with Deflating(weft.clients, path) as client:
            client.send(frames)
            assert client.close_code()[0] == code


@EVERY_PATH
def test_item_23_odd_but_good_streams_are_read(start_deflating, path):
    """RFC 7692 section 7.2.3: blocks of every kind, several of them, one with the final bit, an empty message."""
    weft = start_deflating()
    stored = b"\x00\x05\x00\xfa\xffhello"
    final = zlib.compressobj(9, zlib.DEFLATED, -15)
    final_block = final.compress(b"hello") + final.flush(zlib.Z_FINISH)
    fixed = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED)
    two = compressor()
    two_blocks = two.compress(b"hel") + two.flush(zlib.Z_FULL_FLUSH) + two.compress(b"lo") + two.flush(zlib.Z_SYNC_FLUSH)[:-4]
    with Deflating(weft.clients, path) as client:
        for data in (stored + b"\x00", final_block + b"\x00", deflate(b"hello", fixed), two_blocks):
            client.send(frame(TEXT, data, rsv=RSV1))
            assert client.message() == b"hello"
        client.send(frame(TEXT, b"\x00", rsv=RSV1))
        assert client.message() == b""
        data = deflate(b"in pieces " * 100)
        frames = [frame(TEXT, data[:1], fin=False, rsv=RSV1)] + [frame(CONTINUATION, data[i : i + 1], fin=False)
                                                                for i in range(1, len(data))]
        client.send(b"".join(frames) + frame(PING, b"p") + frame(CONTINUATION, b""))
        assert client.read_frame()[1] == b"p"
        assert client.message() == b"in pieces " * 100


# --- item 24: contexts ----------------------------------------------------------------------------------------------------

SECRET = b"the password is correct horse battery staple " * 10


def sizes_of(client, *messages):
    sizes = []
    for message in messages:
        client.send_text(message.decode())
        _, payload, _, rsv = client.read_frame()
        assert rsv == RSV1
        sizes.append(len(payload))
    return sizes


@EVERY_PATH
def test_item_24_context_takeover_is_off_unless_configured(start_deflating, path):
    weft = start_deflating()
    with Deflating(weft.clients, path) as client:
        assert "server_no_context_takeover" in client.agreed and "client_no_context_takeover" in client.agreed
        first, second = sizes_of(client, SECRET, SECRET)
        assert first == second, "what was said before tells nothing"
    with Deflating(weft.clients, "/plain") as client:
        assert client.agreed == "", "and compression itself is off by default"


def test_item_24_one_connection_learns_nothing_of_another(start_deflating):
    weft = start_deflating()
    with Deflating(weft.clients, "/echo") as victim, Deflating(weft.clients, "/echo") as attacker:
        alone, = sizes_of(attacker, SECRET)
        sizes_of(victim, SECRET)
        assert sizes_of(attacker, SECRET) == [alone]


def test_item_24_with_takeover_both_directions_keep_their_window(start_deflating):
    weft = start_deflating()
    with Deflating(weft.clients, "/takeover") as client:
        assert "takeover" not in client.agreed
        out, back = compressor(), zlib.decompressobj(-15)
        for i in range(50):
            text = SECRET + str(i).encode()
            client.send_deflated(text, out)
            assert client.message(back) == text
        client.send_deflated(SECRET, out)
        _, payload, _, rsv = client.read_frame()
        assert rsv == RSV1 and len(payload) < len(deflate(SECRET)), "the second time it is short"
        assert inflate(payload, back) == SECRET


def test_item_24_takeover_may_be_declined_by_the_client_for_each_direction(start_deflating):
    weft = start_deflating()
    with Deflating(weft.clients, "/takeover", f"{D}; server_no_context_takeover; client_max_window_bits=9") as client:
        assert "server_no_context_takeover" in client.agreed and "client_no_context_takeover" not in client.agreed
        out = compressor(9)
        for _ in range(3):
            client.send_deflated(SECRET, out)
            assert client.message() == SECRET
