#!/usr/bin/env python3
"""How fast the message queue delivers: 10,000 messages to 100 connections through Redis, and one message to an idle node.

    bench/message_queue.py [--build build/release] [--messages 10000] [--connections 100] [--rounds 9]

Starts a redis-server and a weft of its own on the loopback. The messages of a round are plain entries that Redis gets in
one transaction; the time runs from there to the last byte at the last client. All have to arrive, in order, once.
"""
import argparse
import http.client
import json
import os
import pathlib
import selectors
import socket
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
from raw_websocket import RawWebSocket  # noqa: E402
from redis_server import RedisServer, command, read_reply  # noqa: E402
from weft_process import Weft, wait_until  # noqa: E402

CONFIG = """
paths: [ {{ path: /ws, dialect: events }} ]
node: {{ drain: 0s }}
redis: [ {{ name: main, url: "{url}" }} ]
storages: {{ message_queue: {{ engine: redis }} }}
"""


def connections(weft):
    listed, cursor = [], ""
    while True:
        page = json.loads(weft.http(f"/v1/connections?limit=1000&cursor={cursor}")[1])
        listed += [one["id"] for one in page["connections"]]
        cursor = page["next"]
        if not cursor:
            return listed


class Clients:
    """Many WebSocket clients that keep what they get as bytes, and look into it when the round is over."""

    def __init__(self, weft, count):
        self.by_id, self.selector = {}, selectors.DefaultSelector()
        for number in range(count):
            client = RawWebSocket(weft.clients, "/ws")
            wait_until(lambda: len(connections(weft)) == number + 1, what="the connection in the list")
            (fresh,) = set(connections(weft)) - set(self.by_id)
            self.by_id[fresh] = client
            client.socket.setblocking(False)
            self.selector.register(client.socket, selectors.EVENT_READ, client)

    def receive(self, size, deadline):
        """Until all clients together have `size` bytes."""
        got = 0
        while got < size:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{got} of {size} bytes came")
            for key, _ in self.selector.select(1):
                data = key.data.socket.recv(1 << 20)
                key.data.buffer += data
                got += len(data)

    def messages(self, connection):
        """What this one has received, and forgets it."""
        client, out = self.by_id[connection], []
        while client.buffer:
            out.append(json.loads(client.text()))
        return out


def frame_size(message):
    payload = len(json.dumps(message, separators=(",", ":")))
    return payload + (2 if payload < 126 else 4)


def stream_of(connection):
    return f"weft:messages:{int(connection) >> 10 & 4095}"


def round_of(redis, link, replies, clients, total):
    """Messages per second of one round."""
    ids = list(clients.by_id)
    words, size = [command("MULTI")], 0
    for n in range(total):
        to = ids[n % len(ids)]
        words.append(command("XADD", stream_of(to), "*", "connection", to, "event", "N", "data", n))
        size += frame_size({"event": "N", "data": n})
    link.sendall(b"".join(words))
    for _ in words:
        read_reply(replies)
    begin = time.monotonic()
    link.sendall(command("EXEC"))
    clients.receive(size, begin + 60)
    took = time.monotonic() - begin
    read_reply(replies)
    for number, connection in enumerate(ids):
        got = [message["data"] for message in clients.messages(connection)]
        assert got == list(range(number, total, len(ids))), f"connection {connection}: wrong messages or order"
    wait_until(lambda: redis("XLEN", stream_of(ids[0])) == 0, what="every acknowledgement")
    return total / took


def idle_latencies(weft, clients, count):
    """Milliseconds from an HTTP call to the message at its client, one after another."""
    (connection, client), times = next(iter(clients.by_id.items())), []
    client.socket.setblocking(True)
    api = http.client.HTTPConnection("127.0.0.1", weft.api)
    for n in range(count):
        body = json.dumps({"connection": connection, "event": "N", "data": n})
        begin = time.monotonic()
        api.request("POST", "/v1/queue/messages", body)
        assert json.loads(client.text())["data"] == n
        times.append((time.monotonic() - begin) * 1000)
        assert api.getresponse().read()
        time.sleep(0.002)
    return sorted(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    os.environ["WEFT_BINARY"] = str((ROOT / options.build / "weft").resolve())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        redis = RedisServer(folder / "redis")
        weft = Weft(folder, CONFIG.format(url=redis.url))
        try:
            clients = Clients(weft, options.connections)
            with socket.create_connection(("127.0.0.1", redis.port)) as link, link.makefile("rb") as replies:
                cpu = weft.cpu_seconds()
                rates = [round_of(redis, link, replies, clients, options.messages) for _ in range(options.rounds)]
                cpu = weft.cpu_seconds() - cpu
            times = idle_latencies(weft, clients, 1000)
        finally:
            weft.stop()
            redis.kill()
    print(f"{options.messages:,} messages to {options.connections:,} connections, {options.rounds} rounds: all arrived, in order, once")
    print(f"  median {statistics.median(rates):,.0f}/s, worst {min(rates):,.0f}/s, best {max(rates):,.0f}/s; "
          f"{cpu / options.rounds / options.messages * 1e6:.1f} CPU µs of weft per message")
    print(f"idle, HTTP call to client: p50 {times[len(times) // 2]:.2f} ms, p99 {times[len(times) * 99 // 100]:.2f} ms")


if __name__ == "__main__":
    main()
