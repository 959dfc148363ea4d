"""Bytes to an HTTP port exactly as written, and what came back: for requests no client library would send."""
import select
import socket


class Reply:
    """One HTTP answer. `status` 0 = the peer closed without any; `is_closed`: it ended the connection after it."""

    def __init__(self, raw, is_closed):
        self.raw, self.is_closed = raw, is_closed
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if raw.startswith(b"HTTP/1.") else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r} closed={self.is_closed}>"


def connect(port, timeout=20):
    sock = socket.create_connection(("127.0.0.1", port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_to_end(sock):
    """(bytes, True) up to the peer's end; a reset counts as one."""
    data = b""
    try:
        while piece := sock.recv(1 << 16):
            data += piece
    except (ConnectionResetError, BrokenPipeError):
        pass
    return data, True


def exchange(port, data, *more):
    """Sends `data` (and each of `more` as a write of its own), reads until the peer closes."""
    with connect(port) as sock:
        try:
            for piece in (data, *more):
                sock.sendall(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass  # it refused before it had read everything
        return Reply(*read_to_end(sock))


def ask(port, data):
    """Sends `data`, reads one answer with its Content-Length; the connection is closed by us."""
    with connect(port) as sock:
        sock.sendall(data)
        return read_one(sock)


def read_one(sock):
    """One answer by its Content-Length, or what there was until the peer's end."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = sock.recv(1 << 16)
        if not piece:
            return Reply(raw, True)
        raw += piece
    reply = Reply(raw, False)
    missing = int(reply.headers.get("content-length", 0)) - len(reply.body)
    while missing > 0:
        piece = sock.recv(1 << 16)
        if not piece:
            return Reply(raw, True)
        raw += piece
        missing -= len(piece)
    return Reply(raw, False)


def request(path="/", *headers, method="GET", host="127.0.0.1", body=b""):
    """A request as bytes; `headers` are whole lines, text or bytes."""
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1"), f"Host: {host}".encode()]
    lines += [line if isinstance(line, bytes) else line.encode("latin-1") for line in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def is_over(sock, seconds):
    """Whether the peer ends the connection within `seconds`; what it sends before is thrown away."""
    sock.settimeout(seconds)
    try:
        read_to_end(sock)
        return True
    except TimeoutError:
        return False


def count_over(socks, seconds):
    """How many of many connections the peer ends within `seconds`."""
    poll, by_fd, over = select.poll(), {sock.fileno(): sock for sock in socks}, 0
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    while by_fd:
        ready = poll.poll(seconds * 1000)
        if not ready:
            break
        for fd, _ in ready:
            try:
                ended = not by_fd[fd].recv(1 << 16)
            except ConnectionResetError:
                ended = True
            if ended:
                poll.unregister(fd)
                del by_fd[fd]
                over += 1
    return over
