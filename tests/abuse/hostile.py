"""A client that may break every rule of HTTP and WebSocket: bytes as the test says, answers as they come."""
import json
import socket
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44", length=None, length_size=None):
    """One frame; `mask` None = unmasked; `length` and `length_size` (0, 2, 8) lie where they are given."""
    announced = len(payload) if length is None else length
    if length_size is None:
        length_size = 0 if announced < 126 else 2 if announced < 65536 else 8
    small = {0: announced, 2: 126, 8: 127}[length_size]
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, (0x80 if mask else 0) | small])
    head += {0: b"", 2: struct.pack("!H", announced & 0xFFFF), 8: struct.pack("!Q", announced)}[length_size]
    if mask is None:
        return head + payload
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
    return head + mask + masked


def request(path="/echo", port=0, headers=None, method="GET", version="HTTP/1.1"):
    """A handshake head. `headers` {name: value}: replaces (None removes) or adds; a list of values repeats."""
    fields = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY, **(headers or {})}
    lines = [f"{method} {path} {version}"]
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                lines.append(f"{name}: {each}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Closed(Exception):
    """The server ended the connection."""


class Raw:
    """A TCP connection to the server; every read has a deadline."""

    def __init__(self, port, source=None, timeout=20, window=None):
        self.socket = socket.socket()
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.port = port
        self.bytes = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def _fill(self):
        try:
            more = self.socket.recv(65536)
        except ConnectionError as error:
            raise Closed from error
        if not more:
            raise Closed
        self.bytes += more

    def read(self, size):
        while len(self.bytes) < size:
            self._fill()
        taken, self.bytes = self.bytes[:size], self.bytes[size:]
        return taken

    def head(self):
        """(status, {lower-case name: value}) of an answer; its body stays to be read."""
        while b"\r\n\r\n" not in self.bytes:
            self._fill()
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers

    def answer(self):
        """(status, headers, body) of an answer with Content-Length."""
        status, headers = self.head()
        return status, headers, self.read(int(headers.get("content-length", 0)))

    def rest(self):
        """Everything until the server ends the connection."""
        try:
            while True:
                self._fill()
        except Closed:
            taken, self.bytes = self.bytes, b""
            return taken

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class WebSocket(Raw):
    """An upgraded connection."""

    def __init__(self, port, path="/echo", headers=None, **options):
        super().__init__(port, **options)
        self.send(request(path, port, headers))
        self.status, self.headers = self.head()
        assert self.status == 101, f"{self.status} for {path}: {self.bytes!r}"

    def send_frame(self, *args, **options):
        return self.send(frame(*args, **options))

    def send_text(self, text):
        return self.send_frame(TEXT, text.encode())

    def receive(self):
        """(opcode, payload) of the next frame; for compressed ones the payload as it is on the wire."""
        first, second = self.read(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
        return first & 0x0F, self.read(size)

    def receive_text(self):
        """The next text message; a ping before it is answered."""
        opcode, payload = self.receive()
        while opcode == PING:
            self.send_frame(PONG, payload)
            opcode, payload = self.receive()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def close_code(self):
        """The code of the close frame that must come next; 1005 when it has none."""
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return struct.unpack("!H", payload[:2])[0] if payload else 1005

    def expect_end(self, code):
        """A close frame with `code`, then the end of the connection and nothing else."""
        assert self.close_code() == code
        self.send_close(code)
        assert self.rest() == b""

    def send_close(self, code=1000, reason=b""):
        try:
            self.send_frame(CLOSE, struct.pack("!H", code) + reason)
        except ConnectionError:
            pass
        return self



def yaml(config):
    """The lines of a configuration: each value as JSON, which is YAML, too."""
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in {"node": {"loops": 1}, **config}.items()) + "\n"
