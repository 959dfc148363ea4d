"""A TCP proxy whose faults a test switches while it runs: between a node and its broker, or anything else and anything."""
import asyncio
import random
import socket
import threading
import time

from redis_server import free_port

CHUNK = 1 << 16
MOST_WAITING = 4 << 20  # bytes in one direction that are delayed; then the sender is not read


class TcpProxy:
    """Listens on `port` and passes every connection on to `upstream`, until told otherwise:

    shape(...)  slower, later, or with wrong bytes; connections live on
    cut()       every connection is reset, new ones pass
    refuse()    cut(), and nobody listens any more
    freeze()    an outage: nothing passes, new connections hang; after heal() what waited arrives, as TCP would have it
    swallow()   half-open: whatever is sent is taken and thrown away, new connections are accepted and never answered
    heal()      passes everything again; connections that lost bytes are reset
    """

    def __init__(self, upstream, host="127.0.0.1"):
        self.upstream, self.host, self.port = upstream, host, free_port()
        self.passed, self.corrupted = 0, 0  # bytes
        self.delay, self.bandwidth, self.corruption = 0.0, None, 0.0
        self._links, self._loop = set(), asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listener.setblocking(False)
        self._random = random.Random(self.port)
        self._swallowing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._on_loop(self._open)

    # --- what a test says

    def shape(self, delay=0.0, bandwidth=None, corruption=0.0):
        """Each direction: seconds of delay, bytes per second, and the share of bytes that get a wrong value."""
        self.delay, self.bandwidth, self.corruption = delay, bandwidth, corruption

    def cut(self):
        self._on_loop(self._cut)

    def refuse(self):
        self._on_loop(self._refuse)

    def freeze(self):
        self._on_loop(lambda: self._passing.clear())

    def swallow(self):
        self._on_loop(self._swallow)

    def heal(self):
        self.shape()
        self._on_loop(self._heal)

    def links(self):
        return len(self._links)

    def stop(self):
        self._on_loop(self._end)
        self._thread.join(10)

    # --- on the loop

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _on_loop(self, work):
        done = threading.Event()

        def run():
            work()
            done.set()
        self._loop.call_soon_threadsafe(run)
        assert done.wait(10), "the proxy's loop hangs"

    def _open(self):
        self._passing = asyncio.Event()
        self._passing.set()
        self._listening = True
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self):
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        client.setblocking(False)
        link = Link(self, client)
        self._links.add(link)
        link.task = self._loop.create_task(link.run())

    def _cut(self):
        for link in list(self._links):
            link.reset()

    def _refuse(self):
        self._cut()
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._listener)
            self._listener.shutdown(socket.SHUT_RDWR)  # the port stays ours, and connecting to it is refused

    def _swallow(self):
        self._swallowing = True
        self._passing.set()

    def _heal(self):
        if not self._listening:
            self._listener.listen()
            self._loop.add_reader(self._listener, self._accept)
            self._listening = True
        self._swallowing = False
        for link in list(self._links):
            if link.broken:
                link.reset()
        self._passing.set()

    def _end(self):
        self._cut()
        if self._listening:
            self._loop.remove_reader(self._listener)
        self._listener.close()
        self._loop.create_task(self._stop_when_all_ended())

    async def _stop_when_all_ended(self):
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        self._loop.stop()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client):
        self.proxy, self.client, self.server = proxy, client, None
        self.broken = False  # bytes are missing: it must not go on
        self.task = None

    async def run(self):
        loop = self.proxy._loop
        try:
            await self.proxy._passing.wait()
            if self.proxy._swallowing:
                self.broken = True
                while await loop.sock_recv(self.client, CHUNK):
                    pass
                return
            self.server = socket.socket()
            self.server.setblocking(False)
            await loop.sock_connect(self.server, (self.proxy.host, self.proxy.upstream))
            ways = [asyncio.ensure_future(self.carry(self.client, self.server)),
                    asyncio.ensure_future(self.carry(self.server, self.client))]
            try:
                await asyncio.gather(*ways)
            finally:
                for way in ways:
                    way.cancel()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.close(reset=False)

    async def carry(self, source, sink):
        """One direction: read here, sent there, later."""
        proxy, waiting, room = self.proxy, asyncio.Queue(), Room(MOST_WAITING)
        sending = asyncio.ensure_future(self.send(sink, waiting, room))
        try:
            while data := await proxy._loop.sock_recv(source, CHUNK):
                if proxy._swallowing:
                    self.broken = True
                    continue
                await room.take(len(data))
                waiting.put_nowait((time.monotonic() + proxy.delay, data))
            waiting.put_nowait((time.monotonic() + proxy.delay, b""))
            await sending
        finally:
            sending.cancel()

    async def send(self, sink, waiting, room):
        proxy = self.proxy
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(due - time.monotonic(), 0))
            await proxy._passing.wait()
            if proxy._swallowing:
                self.broken = True
            elif not data:
                return sink.shutdown(socket.SHUT_WR)
            else:
                await self.send_slowly(sink, self.with_wrong_bytes(data))
            room.give_back(len(data))

    async def send_slowly(self, sink, data):
        proxy = self.proxy
        step = CHUNK if not proxy.bandwidth else max(int(proxy.bandwidth / 50), 1)
        for at in range(0, len(data), step):
            part = data[at:at + step]
            if proxy.bandwidth:
                await asyncio.sleep(len(part) / proxy.bandwidth)
            await proxy._loop.sock_sendall(sink, part)
            proxy.passed += len(part)

    def with_wrong_bytes(self, data):
        share, dice = self.proxy.corruption, self.proxy._random
        if not share:
            return data
        data, at = bytearray(data), int(dice.expovariate(share))
        while at < len(data):
            data[at] ^= dice.randrange(1, 256)
            self.proxy.corrupted += 1
            at += 1 + int(dice.expovariate(share))
        return bytes(data)

    def reset(self):
        self.close(reset=True)
        if self.task:
            self.task.cancel()

    def close(self, reset):
        self.proxy._links.discard(self)
        for sock in (self.client, self.server):
            if sock is None or sock.fileno() < 0:
                continue
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.proxy._loop.remove_reader(sock)
            self.proxy._loop.remove_writer(sock)
            sock.close()


class Room:
    """Bytes that may wait."""

    def __init__(self, size):
        self.left, self.freed = size, asyncio.Event()

    async def take(self, size):
        while self.left <= 0:
            self.freed.clear()
            await self.freed.wait()
        self.left -= size

    def give_back(self, size):
        self.left += size
        self.freed.set()
