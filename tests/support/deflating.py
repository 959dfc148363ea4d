"""permessage-deflate from the client's side, by hand (RFC 7692)."""
import zlib

from raw_websocket import TEXT, RawWebSocket, frame

RSV1 = 4
TAIL = b"\x00\x00\xff\xff"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate"


def compressor(bits=15):
    return zlib.compressobj(9, zlib.DEFLATED, -bits)


def deflate(data, with_=None):
    """One message; `with_` keeps a context between messages."""
    with_ = with_ or compressor()
    out = with_.compress(data) + with_.flush(zlib.Z_SYNC_FLUSH)
    assert out.endswith(TAIL)
    return out[:-4]


def inflate(data, with_=None, bits=15):
    return (with_ or zlib.decompressobj(-bits)).decompress(data + TAIL)


class Deflating(RawWebSocket):
    """A client that offered permessage-deflate; `agreed` is the server's answer, "" when it declined."""

    def __init__(self, port, path="/", offer="permessage-deflate", **options):
        super().__init__(port, path, extra=[f"Sec-WebSocket-Extensions: {offer}"], **options)
        self.agreed = extension_of(self.response)

    def send_deflated(self, data, with_=None, opcode=TEXT):
        self.send(frame(opcode, deflate(data, with_), rsv=RSV1))

    def message(self, with_=None, bits=15):
        """The next message, inflated if it was compressed."""
        opcode, payload, fin, rsv = self.read_frame()
        assert opcode in (1, 2) and fin, (opcode, payload[:100])
        return inflate(payload, with_, bits) if rsv == RSV1 else payload


def extension_of(response):
    for line in response.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "sec-websocket-extensions":
            return value.strip()
    return ""
