"""A WebSocket client that can also break every rule: bytes of any shape, frames as they come."""
import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x01\x02\x03\x04", length_form=None):
    """One client frame. `mask=None` leaves it unmasked; `length_form` 16 or 64 forces that length form."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    size, bit = len(payload), 0x80 if mask else 0
    if length_form == 64 or (length_form is None and size > 65535):
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    elif length_form == 16 or (length_form is None and size > 125):
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | size])
    if mask:
        head += mask
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if len(payload) < 4096 else _mask(payload, mask)
    return head + payload


def _mask(payload, mask):
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")


def handshake(path="/", host="127.0.0.1", extra=()):
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *extra]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Closed(Exception):
    """The peer ended the TCP connection."""


class RawWebSocket:
    """Connected and upgraded unless `upgrade=False`."""

    def __init__(self, port, path="/", extra=(), upgrade=True, host=None, timeout=20, receive_buffer=None,
                 tls=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        if upgrade:
            self.send(handshake(path, host or f"127.0.0.1:{port}", extra))
            self.response = self.head()
            assert self.response.startswith("HTTP/1.1 101"), self.response

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_text(self, text):
        self.send(frame(TEXT, text.encode()))

    def _fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError as error:
            raise Closed from error
        if not data:
            raise Closed
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self._fill()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def head(self):
        """An HTTP head, as text."""
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def read_frame(self):
        """(opcode, payload, fin, rsv) of the next server frame, which must not be masked."""
        first, second = self.take(2)
        assert not second & 0x80, "a server frame is masked"
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return first & 15, self.take(size), bool(first & 0x80), first >> 4 & 7

    def text(self):
        """The next text message."""
        opcode, payload, fin, _ = self.read_frame()
        assert opcode == TEXT and fin, (opcode, payload)
        return payload.decode()

    def close_code(self):
        """Reads on until a close frame; gives (code, reason). 1005 without a code, 1006 when TCP just ends."""
        try:
            while True:
                opcode, payload, _, _ = self.read_frame()
                if opcode == CLOSE:
                    return (struct.unpack(">H", payload[:2])[0], payload[2:].decode()) if payload else (1005, "")
        except Closed:
            return 1006, ""

    def is_closed(self):
        """Reads until the peer ends the connection; True when it does within the timeout."""
        try:
            while True:
                self._fill()
        except Closed:
            return True
        except TimeoutError:
            return False
