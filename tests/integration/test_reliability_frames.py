"""Reliability checklist, part B: frames that break a rule (items 13-20), on a built-in answer and on a script."""
import itertools
import struct
import threading

import pytest
from echo_script import ECHO_SCRIPT, EVERY_PATH
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, Closed, RawWebSocket, frame
from weft_process import wait_until

CONTINUATION = 0


@pytest.fixture
def start_echo(start_weft, tmp_path):
    """A server that echoes on /echo by itself and on /lua by a script, with `options` for both paths."""
    (tmp_path / "echo.lua").write_text(ECHO_SCRIPT)

    def start(options="", top=""):
        more = ", " + options if options else ""
        return start_weft(f"{top}paths: [ {{ path: /echo, answer: echo{more} }}, "
                          f"{{ path: /lua, script: echo.lua{more} }} ]\n")
    return start


def close_code_after(weft, path, *pieces):
    """The close code the server gives after `pieces`; a message before them must still be answered."""
    with RawWebSocket(weft.clients, path) as client:
        client.send(frame(TEXT, b"before") + b"".join(pieces))
        assert client.text() == "before"
        code, _ = client.close_code()
        assert client.is_closed()
        return code


def announced(opcode, size, form, mask=b"\0\0\0\0"):
    """A header that announces `size` bytes in the form of 16 or 64 bits, and nothing behind it."""
    length = struct.pack(">H", size) if form == 16 else struct.pack(">Q", size)
    return bytes([0x80 | opcode, 0x80 | (126 if form == 16 else 127)]) + length + mask


@EVERY_PATH
@pytest.mark.parametrize("size, form, code", [
    ((1 << 63) + 1, 64, 1002), ((1 << 64) - 1, 64, 1002), (1 << 63, 64, 1002),
    ((1 << 63) - 1, 64, 1009), (1 << 40, 64, 1009), (65_537, 64, 1009),
    (10, 16, 1002), (125, 16, 1002), (200, 64, 1002), (65_535, 64, 1002), (0, 64, 1002), (0, 16, 1002),
])
def test_item_13_a_dishonest_length_is_refused_before_memory_is_taken(start_echo, path, size, form, code):
    weft = start_echo()
    assert close_code_after(weft, path, announced(BINARY, size, form)) == code
    assert weft.is_sanitized() or weft.memory() < 200 << 20
    assert weft.metric("weft_connections_closed_total", 'limit="protocol"') == 1


@EVERY_PATH
def test_item_13_many_announced_lengths_cost_no_memory(start_echo, path):
    """60 connections announce 60 KiB each, send one byte and wait: 3.6 MiB announced to each of 10 rounds."""
    weft = start_echo("max_message: 1GiB")
    with RawWebSocket(weft.clients, path) as first:
        first.send_text("x")
        assert first.text() == "x"
    before = weft.memory()
    clients = [RawWebSocket(weft.clients, path) for _ in range(60)]
    for client in clients:
        client.send(announced(BINARY, (1 << 30) - 1, 64) + b"x")
        client.send(b"y" * 100)
    wait_until(lambda: weft.metric("weft_connections") == 60, what="all are open")
    assert weft.is_sanitized() or weft.memory() < before + (64 << 20), "60 GiB were announced"
    for client in clients:
        client.socket.close()


@EVERY_PATH
def test_item_14_what_may_not_stand_in_a_header_closes_with_1002(start_echo, path):
    weft = start_echo()
    assert close_code_after(weft, path, frame(TEXT, b"hi", mask=None)) == 1002
    for rsv in range(1, 8):
        assert close_code_after(weft, path, frame(TEXT, b"hi", rsv=rsv)) == 1002, rsv
        assert close_code_after(weft, path, frame(PING, b"hi", rsv=rsv)) == 1002, rsv
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        assert close_code_after(weft, path, frame(opcode, b"hi")) == 1002, opcode


@EVERY_PATH
@pytest.mark.parametrize("pieces", [
    [frame(PING, b"x", fin=False)],
    [frame(PONG, b"x", fin=False)],
    [frame(CLOSE, b"\x03\xe8", fin=False)],
    [frame(PING, b"x" * 126)],
    [frame(PONG, b"x" * 126)],
    [frame(CLOSE, b"\x03\xe8" + b"x" * 124)],
    [frame(PING, b"x" * 10, length_form=16)],
    [frame(CONTINUATION, b"x")],
    [frame(CONTINUATION, b"x", fin=False)],
    [frame(TEXT, b"a", fin=False), frame(TEXT, b"b")],
    [frame(TEXT, b"a", fin=False), frame(BINARY, b"b", fin=False)],
    [frame(BINARY, b"a", fin=False), frame(CONTINUATION, b"b"), frame(CONTINUATION, b"c")],
], ids=itertools.count())
def test_item_15_fragments_out_of_order_close_with_1002(start_echo, path, pieces):
    weft = start_echo()
    with RawWebSocket(weft.clients, path) as client:
        client.send(b"".join(pieces))
        assert client.close_code()[0] == 1002
        assert client.is_closed()


@EVERY_PATH
def test_item_15_control_frames_between_fragments_are_answered_at_once(start_echo, path):
    weft = start_echo()
    with RawWebSocket(weft.clients, path) as client:
        client.send(frame(TEXT, b"a", fin=False) + frame(PING, b"now"))
        assert client.read_frame()[:2] == (PONG, b"now")
        client.send(frame(CONTINUATION, b"", fin=False) + frame(PONG, b"") + frame(CONTINUATION, b"b"))
        assert client.text() == "ab"
        client.send(frame(TEXT, b"a", fin=False) + frame(CLOSE, b"\x03\xe8"))
        assert client.close_code() == (1000, "")


# The shortest beginning that no continuation makes valid.
BAD_UTF8 = [
    b"\x80", b"\xbf", b"\xc0", b"\xc1", b"\xf5", b"\xff", b"\xfe", b"ok\x80", b"\xc3\x28", b"\xc3\xc3", b"\xe2\x28", b"\xe2\x82\x28",
    b"\xe0\x80", b"\xe0\x9f", b"\xed\xa0", b"\xed\xbf", b"\xf0\x80", b"\xf0\x8f", b"\xf4\x90", b"\xf0\x9f\x98\x28",
    "κόσμε".encode() + b"\xed\xa0",
]


@EVERY_PATH
def test_item_16_bad_utf8_is_refused_at_the_byte_that_proves_it(start_echo, path):
    """The rest of each frame is never sent: who waited for it would wait for ever."""
    weft = start_echo()
    for bad in BAD_UTF8:
        whole = frame(TEXT, bad + b"x" * 1000)
        inside = frame(TEXT, bad[:-1], fin=False) + frame(CONTINUATION, bad[-1:] + b"x" * 1000)
        for data in (whole, inside):
            with RawWebSocket(weft.clients, path) as client:
                client.send(data[: len(data) - 1000])
                assert client.close_code()[0] == 1007, bad


@EVERY_PATH
def test_item_16_bad_utf8_is_refused_in_one_frame_across_frames_and_at_the_end(start_echo, path):
    weft = start_echo()
    for bad in BAD_UTF8:
        assert close_code_after(weft, path, frame(TEXT, bad)) == 1007, bad
        bytes_alone = [frame(CONTINUATION, bad[i : i + 1], fin=False) for i in range(1, len(bad))]
        assert close_code_after(weft, path, frame(TEXT, bad[:1], fin=False), *bytes_alone) == 1007, bad
    for cut in (b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"ok\xf0"):
        assert close_code_after(weft, path, frame(TEXT, cut)) == 1007, cut
        assert close_code_after(weft, path, frame(TEXT, cut, fin=False), frame(CONTINUATION, b"")) == 1007, cut


@EVERY_PATH
def test_item_16_good_utf8_passes_however_it_is_cut(start_echo, path):
    weft = start_echo()
    text = "aé€😀\x00\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
    data = text.encode()
    with RawWebSocket(weft.clients, path) as client:
        for cut in range(len(data) + 1):
            client.send(frame(TEXT, data[:cut], fin=False) + frame(CONTINUATION, data[cut:]))
            assert client.text() == text
        for byte in frame(TEXT, data):
            client.send(bytes([byte]))
        assert client.text() == text
        client.send(frame(BINARY, b"\xff\xc0"))
        assert client.read_frame()[:2] == (BINARY, b"\xff\xc0"), "binary is not judged"


@EVERY_PATH
def test_item_17_bad_close_frames_are_answered_1002_or_1007(start_echo, path):
    weft = start_echo()
    assert close_code_after(weft, path, frame(CLOSE, b"\x03")) == 1002
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        assert close_code_after(weft, path, frame(CLOSE, struct.pack(">H", code))) == 1002, code
    for reason in (b"\xff", b"\xed\xa0\x80", b"ok\xc3"):
        assert close_code_after(weft, path, frame(CLOSE, b"\x03\xe8" + reason)) == 1007, reason


@EVERY_PATH
def test_item_17_a_good_close_is_echoed_once_and_ends_the_talk(start_echo, path):
    weft = start_echo()
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        with RawWebSocket(weft.clients, path) as client:
            client.send(frame(CLOSE, struct.pack(">H", code) + b"bye") + frame(TEXT, b"late") + frame(0xF, b"wrong"))
            assert client.read_frame()[:2] == (CLOSE, struct.pack(">H", code) + b"bye")
            with pytest.raises(Closed):
                client.read_frame()
    with RawWebSocket(weft.clients, path) as client:
        client.send(frame(CLOSE, b"") + frame(CLOSE, b"\x03\xe8"))
        assert client.read_frame()[:2] == (CLOSE, b"")
        with pytest.raises(Closed):
            client.read_frame()


@EVERY_PATH
def test_item_18_a_message_of_one_byte_too_many_is_refused(start_echo, path):
    weft = start_echo()
    with RawWebSocket(weft.clients, path) as client:
        client.send(frame(BINARY, b"x" * 65_536))
        assert client.read_frame()[1] == b"x" * 65_536
        client.send(frame(BINARY, b"x" * 65_537))
        code, reason = client.close_code()
        assert code == 1009 and "max_message" in reason


@EVERY_PATH
def test_item_18_so_are_too_many_fragments(start_echo, path):
    """65,537 fragments of one byte: refused by their number, and where that is allowed, by their sum."""
    weft = start_echo()
    fragments = frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 65_536
    with RawWebSocket(weft.clients, path) as client:
        send_ignoring_the_end(client, fragments)
        code, reason = client.close_code()
        assert code == 1009 and "max_fragments" in reason


def test_item_18_small_fragments_cost_time_by_their_bytes(start_echo):
    """Ten messages of 65,536 fragments of one byte; the bound of 10 s of CPU stops only what grows with the square."""
    weft = start_echo("max_fragments: 1000000")
    message = frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 65_534 + frame(CONTINUATION, b"x")
    with RawWebSocket(weft.clients, "/echo", timeout=120) as client:
        before = weft.cpu_seconds()
        for _ in range(10):
            client.send(message)
            assert client.read_frame()[1] == b"x" * 65_536
        assert weft.cpu_seconds() - before < 10
        send_ignoring_the_end(client, message[:-7] + frame(CONTINUATION, b"xx"))
        code, reason = client.close_code()
        assert code == 1009 and "max_message" in reason


def send_ignoring_the_end(client, data):
    try:
        client.send(data)
    except (ConnectionResetError, BrokenPipeError):
        pass


def flood(client, data, times):
    """Sends while a thread reads, so that neither side waits for the other. Gives what came back."""
    frames = []

    def read():
        try:
            while True:
                frames.append(client.read_frame())
        except (Closed, OSError):
            pass

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(times):
        send_ignoring_the_end(client, data)
    return frames, reader


@EVERY_PATH
@pytest.mark.parametrize("what", ["text", "ping", "pong"])
def test_item_19_and_20_a_flood_of_small_frames_meets_the_rate_limit(start_echo, path, what):
    """100,000 frames against 200 a second; meanwhile another client is answered."""
    weft = start_echo("max_messages_per_second: 200", "node: { loops: 1 }\n")
    small = {"text": frame(TEXT), "ping": frame(PING), "pong": frame(PONG)}[what]
    with RawWebSocket(weft.clients, path) as noisy, RawWebSocket(weft.clients, path) as quiet:
        frames, reader = flood(noisy, small * 1_000, 100)
        for i in range(20):
            quiet.send_text(f"still there {i}")
            assert quiet.text() == f"still there {i}"
        reader.join()
        assert frames[-1][0] == CLOSE
        assert struct.unpack(">H", frames[-1][1][:2])[0] == 1008 and b"max_messages_per_second" in frames[-1][1]
        assert len(frames) < 5_000, "what came behind the limit was not answered"
    assert weft.metric("weft_connections_closed_total", 'limit="max_messages_per_second"') == 1


@EVERY_PATH
def test_item_19_empty_fragments_meet_the_limit_of_fragments(start_echo, path):
    weft = start_echo()
    with RawWebSocket(weft.clients, path) as client, RawWebSocket(weft.clients, path) as quiet:
        send_ignoring_the_end(client, frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 100_000)
        quiet.send_text("still there")
        assert quiet.text() == "still there"
        code, reason = client.close_code()
        assert code == 1009 and "max_fragments" in reason


@EVERY_PATH
def test_item_19_without_a_limit_every_empty_message_is_answered(start_echo, path):
    weft = start_echo(top="node: { loops: 1 }\n")
    with RawWebSocket(weft.clients, path, timeout=60) as noisy, RawWebSocket(weft.clients, path) as quiet:
        frames, reader = flood(noisy, frame(TEXT) * 1_000, 20)
        for i in range(20):
            quiet.send_text(f"still there {i}")
            assert quiet.text() == f"still there {i}"
        noisy.send(frame(CLOSE, b"\x03\xe8"))
        reader.join()
        assert len(frames) == 20_001 and frames[-1][0] == CLOSE


def test_item_20_pings_of_a_client_that_does_not_read_keep_one_pong_waiting(start_echo):
    """100,000 pings of 125 bytes without reading one pong: at most one waits beside what the kernel has taken, and the
    last ping is answered when there is room again (RFC 6455 section 5.5.3)."""
    weft = start_echo("ping_interval: 0, read_timeout: 0", "node: { loops: 1 }\n")
    with RawWebSocket(weft.clients, "/echo", receive_buffer=4096) as client, RawWebSocket(weft.clients, "/echo") as quiet:
        before = weft.memory()
        for i in range(100):
            client.send(b"".join(frame(PING, b"%0125d" % (i * 1_000 + k)) for k in range(1_000)))
        quiet.send_text("still there")
        assert quiet.text() == "still there"
        assert weft.is_sanitized() or weft.memory() < before + (4 << 20)
        client.send(frame(PING, b"the last") + frame(TEXT, b"done"))
        pongs, answered = 0, set()
        while not {b"the last", b"done"} <= answered:
            opcode, payload, _, _ = client.read_frame()
            answered.add(payload)
            pongs += opcode == PONG
        assert pongs < 100_000
