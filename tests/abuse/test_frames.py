"""B. Frames: what the stream may not hold, and that what came before it is still answered."""
import struct

import pytest
from hostile import CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, frame


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


@pytest.mark.parametrize("data, code", [
    (frame(TEXT, length=2**63 + 1, length_size=8), 1002),
    (frame(TEXT, length=2**63 - 1, length_size=8), 1009),
    (frame(TEXT, b"x" * 10, length_size=2), 1002),
    (frame(TEXT, b"x" * 200, length_size=8), 1002),
], ids=["top bit", "huge", "10 bytes in the 16-bit form", "200 bytes in the 64-bit form"])
def test_item13_bad_lengths_end_the_connection_and_take_no_memory(weft, connect, data, code):
    before = weft.memory()
    connect().send(data).expect_end(code)
    assert weft.memory() - before < 1 << 20


@pytest.mark.parametrize("data", [frame(TEXT, b"open", mask=None)]
                         + [frame(TEXT, b"x", rsv=rsv) for rsv in (1, 2, 4, 7)]
                         + [frame(opcode, b"") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
                         ids=["unmasked"] + [f"rsv {n}" for n in (1, 2, 4, 7)]
                         + [f"opcode {n}" for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)])
def test_item14_frames_that_mean_nothing_are_1002_after_what_was_valid_is_answered(connect, data):
    connection = connect().send(frame(TEXT, b"valid") + data)
    assert connection.receive_text() == "valid"
    connection.expect_end(1002)


@pytest.mark.parametrize("data", [
    frame(PING, b"", fin=False),
    frame(PING, b"x" * 126),
    frame(CONTINUATION, b"x"),
    frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
], ids=["fragmented ping", "long ping", "continuation of nothing", "text inside fragments"])
def test_item15_fragments_out_of_order_are_1002(connect, data):
    connect().send(data).expect_end(1002)


def test_item15_a_ping_between_fragments_is_answered_at_once(connect):
    connection = connect().send(frame(TEXT, b"one ", fin=False) + frame(PING, b"!"))
    assert connection.receive() == (PONG, b"!")
    assert connection.send_frame(CONTINUATION, b"message").receive_text() == "one message"


@pytest.mark.parametrize("data", [
    frame(TEXT, b"\xc0\xaf"), frame(TEXT, b"\xed\xa0\x80"), frame(TEXT, b"\xf4\x90\x80\x80"), frame(TEXT, b"\xe2\x82"),
    frame(TEXT, b"\xe2\x82", fin=False) + frame(CONTINUATION, b"\xc0"),
    frame(TEXT, b"x" * 20 + b"\xff", length=4000),
], ids=["overlong", "surrogate", "beyond unicode", "cut off", "split over fragments", "before the frame is whole"])
def test_item16_text_that_is_no_utf8_is_1007_at_once(connect, data):
    connect().send(data).expect_end(1007)


def test_item16_a_character_may_be_split_over_fragments(connect):
    euro = "€".encode()
    connection = connect().send(frame(TEXT, euro[:1], fin=False) + frame(CONTINUATION, euro[1:]))
    assert connection.receive_text() == "€"


@pytest.mark.parametrize("payload, code", [(b"\x03", 1002), (close_payload(1000, b"\xff"), 1007)]
                         + [(close_payload(code), 1002) for code in (999, 1004, 1005, 1006, 1015, 2999, 5000)])
def test_item17_a_bad_close_frame_is_1002_or_1007(connect, payload, code):
    connect().send_frame(CLOSE, payload).expect_end(code)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 3000, 4999])
def test_item17_a_good_close_frame_is_echoed_once_and_nothing_after_it_is_read(connect, code):
    connection = connect().send(frame(CLOSE, close_payload(code)) + frame(TEXT, b"too late"))
    assert connection.close_code() == code
    assert connection.rest() == b""


def test_item18_a_message_over_the_limit_is_1009_and_one_at_the_limit_passes(connect):
    connect("/small").send_text("x" * 1025).expect_end(1009)
    assert connect("/small").send_text("x" * 1024).receive_text() == "x" * 1024


def test_item18_fragments_over_the_limit_are_1009_however_small(connect):
    connect().send(frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 65536).expect_end(1009)


def test_item18_more_fragments_than_allowed_end_the_connection(connect):
    connection = connect("/small").send(frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 20)
    assert connection.close_code() in (1002, 1008, 1009)


@pytest.mark.parametrize("flood", [frame(TEXT), frame(PING, b"x"), frame(PONG)], ids=["text", "ping", "pong"])
def test_item19_and_20_a_flood_is_1008_and_others_do_not_wait(connect, flood):
    connection = connect("/rate")
    try:
        connection.send(flood * 100_000)
    except ConnectionError:
        pass  # it was closed while we were still sending
    other = connect().send_text("hi")
    assert other.receive_text() == "hi"
    try:
        assert connection.close_code() == 1008
    except Closed:
        pass  # a reset overtook the close frame, as it may when the sender never reads


def test_item20_to_a_peer_that_does_not_read_pongs_do_not_pile_up(weft, connect):
    connection = connect()
    connection.socket.settimeout(0.5)
    before = weft.memory()
    try:
        for _ in range(300):
            connection.send(frame(PING, b"x" * 125) * 1000)  # 38 MB of pongs
    except (TimeoutError, ConnectionError):
        pass  # nobody reads our pings any more: that is back-pressure
    assert weft.memory() - before < 4 << 20
