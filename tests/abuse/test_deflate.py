"""B. Compression: bombs, bad offers, contexts."""
import zlib

import pytest
from hostile import TEXT


def deflated(data, window=15):
    packer = zlib.compressobj(9, zlib.DEFLATED, -window)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflated(payload, context=None):
    return (context or zlib.decompressobj(-15)).decompress(payload + b"\x00\x00\xff\xff")


OFFER = {"Sec-WebSocket-Extensions": "permessage-deflate"}


def test_item22_a_bomb_is_1009_and_takes_less_than_a_megabyte(weft, connect):
    bomb = deflated(b"\x00" * (64 << 20))
    assert len(bomb) < 66_000
    before = weft.memory()
    connect("/deflate", headers=OFFER).send_frame(TEXT, bomb, rsv=4).expect_end(1009)
    assert weft.memory() - before < 1 << 20


def test_item22_a_thousand_small_bombs_are_1009_one_by_one(weft, connect):
    bomb = deflated(b"\x00" * (1 << 20))
    connect("/deflate", headers=OFFER).send_frame(TEXT, bomb, rsv=4).expect_end(1009)
    before = weft.memory()
    for _ in range(1000):
        connection = connect("/deflate", headers=OFFER).send_frame(TEXT, bomb, rsv=4)
        assert connection.close_code() == 1009
        connection.close()
    assert weft.memory() - before < 4 << 20


@pytest.mark.parametrize("offer", [
    "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=abc", 'permessage-deflate; client_max_window_bits=""',
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits",
    "permessage-deflate; unknown=1", "permessage-deflate; server_no_context_takeover=1", "x-webkit-deflate-frame"])
def test_item23_a_bad_offer_is_declined(connect, offer):
    connection = connect("/deflate", headers={"Sec-WebSocket-Extensions": offer})
    assert "sec-websocket-extensions" not in connection.headers
    assert connection.send_text("plain").receive_text() == "plain"


def test_item23_of_a_hundred_offers_the_first_good_one_is_taken(connect):
    offers = ", ".join(["permessage-deflate; unknown=1"] * 99 + ["permessage-deflate"])
    connection = connect("/deflate", headers={"Sec-WebSocket-Extensions": offers})
    assert connection.headers["sec-websocket-extensions"].startswith("permessage-deflate")


@pytest.mark.parametrize("payload", [b"\xff\xff\xff\xff", b"\x07garbage", deflated(b"hello" * 100)[:-8]],
                         ids=["no block type", "bad code lengths", "cut off"])
def test_item23_a_corrupt_stream_ends_the_connection(connect, payload):
    connection = connect("/deflate", headers=OFFER).send_frame(TEXT, payload, rsv=4)
    assert connection.close_code() in (1002, 1007)


def test_item24_no_context_is_kept_unless_configured(connect):
    connection = connect("/deflate", headers=OFFER)
    assert "server_no_context_takeover" in connection.headers["sec-websocket-extensions"]
    secret = b"the secret is 12345678 " * 20
    for _ in range(2):  # the second answer is readable without the first: nothing was remembered
        _, payload = connection.send_frame(TEXT, deflated(secret), rsv=4).receive()
        assert inflated(payload) == secret


def test_item24_a_context_is_kept_on_request(connect):
    connection = connect("/takeover", headers=OFFER)
    assert "server_no_context_takeover" not in connection.headers["sec-websocket-extensions"]
    text = bytes(range(32, 127)) * 4
    context = zlib.decompressobj(-15)
    sizes = []
    for _ in range(2):
        _, payload = connection.send_frame(TEXT, text, rsv=0).receive()
        sizes.append(len(payload))
        assert inflated(payload, context) == text
    assert sizes[1] < sizes[0] / 2


def test_item24_nothing_is_compressed_where_it_was_not_configured(connect):
    assert "sec-websocket-extensions" not in connect("/echo", headers=OFFER).headers
