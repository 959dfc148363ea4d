"""The fault proxy does what its tests rely on."""
import socket
import threading
import time

import pytest
from tcp_proxy import TcpProxy
from weft_process import wait_until


class Echo:
    """Sends back what it gets."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @staticmethod
    def _serve(client):
        with client:
            try:
                while data := client.recv(1 << 16):
                    client.sendall(data)
            except OSError:
                pass


@pytest.fixture
def proxy():
    echo = Echo()
    proxy = TcpProxy(echo.port)
    yield proxy
    proxy.stop()
    echo.listener.close()


def connect(proxy, timeout=20.0):
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)
    client.settimeout(timeout)
    return client


def take(client, size):
    data = b""
    while len(data) < size:
        part = client.recv(size - len(data))
        assert part, "it is over"
        data += part
    return data


def echoed(client, data=b"hello"):
    client.sendall(data)
    return take(client, len(data)) == data


def is_silent(client):
    client.settimeout(0.2)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(20)
    return False


def test_it_passes_bytes_and_ends_both_ways(proxy):
    with connect(proxy) as client:
        big = bytes(range(256)) * 4096
        threading.Thread(target=client.sendall, args=(big,)).start()
        assert take(client, len(big)) == big
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    wait_until(lambda: proxy.links() == 0, what="the link is gone")
    assert proxy.passed == 2 * len(big)


def test_delay_and_bandwidth(proxy):
    with connect(proxy) as client:
        proxy.shape(delay=0.1)
        begun = time.monotonic()
        assert echoed(client)
        assert time.monotonic() - begun >= 0.2, "there and back"
        proxy.shape(bandwidth=100_000)
        begun = time.monotonic()
        assert echoed(client, b"x" * 20_000)
        assert time.monotonic() - begun >= 0.2


def test_cut_resets_what_is_there_and_lets_new_ones_in(proxy):
    with connect(proxy) as client:
        assert echoed(client)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connect(proxy) as client:
        assert echoed(client)


def test_refused_until_it_heals(proxy):
    with connect(proxy) as client:
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.refuse()
    proxy.heal()
    with connect(proxy) as client:
        assert echoed(client)


def test_an_outage_holds_everything_until_it_is_over(proxy):
    with connect(proxy) as old:
        assert echoed(old)
        proxy.freeze()
        old.sendall(b"late")
        with connect(proxy) as new:
            new.sendall(b"also")
            assert is_silent(old) and is_silent(new)
            proxy.heal()
            assert take(old, 4) == b"late" and take(new, 4) == b"also"


def test_half_open_swallows_and_never_answers(proxy):
    with connect(proxy) as old, connect(proxy) as untouched:
        assert echoed(old) and echoed(untouched)
        proxy.swallow()
        old.sendall(b"gone")
        with connect(proxy) as new:
            new.sendall(b"gone")
            assert is_silent(old) and is_silent(new)
            proxy.heal()
            for client in (old, new):
                with pytest.raises(ConnectionResetError):
                    client.recv(1)
        assert echoed(untouched), "it lost nothing"


def test_wrong_bytes(proxy):
    with connect(proxy) as client:
        proxy.shape(corruption=0.01)
        sent = bytes(10_000)
        client.sendall(sent)
        back = take(client, len(sent))
        wrong = sum(one != 0 for one in back)
        assert 100 < wrong < 400 and wrong <= proxy.corrupted
        proxy.shape()
        assert echoed(client)
