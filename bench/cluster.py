#!/usr/bin/env python3
"""Two nodes as one, over Redis and over NATS, beside what one node and a bare broker do in the same run.

    bench/cluster.py [--build build/release] [--engines redis,nats] [--seconds 3] [--rounds 3] [--channels 100000]

Starts a broker and two nodes of its own on the loopback, with one event loop each, and the floor, a bare epoll loop.
Subscribers and publisher are `weft bench fanout`; a send goes through the API of one node to a client of the other.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "bench/compare")]
from nats_server import NatsServer  # noqa: E402
from raw_websocket import RawWebSocket  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from servers import Floor  # noqa: E402
from weft_process import Weft, wait_until  # noqa: E402

SIZE = 256
CONFIG = """
node: {{ name: {name}, loops: 1, drain: 0s }}
cluster: {{ url: "{url}", prefix: bench }}
paths: [ {{ path: /feed, subscribe: [feed] }}, {{ path: /plain, answer: echo }} ]
client: {{ max_channels: 2000 }}
log: {{ level: error }}
"""


class Pair:
    """A broker and two nodes that know each other."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.broker = {"redis": RedisServer, "nats": NatsServer}[engine](folder / engine)
        self.nodes = []
        for name in ("a", "b"):
            (folder / f"{engine}-{name}").mkdir()
            self.nodes.append(Weft(folder / f"{engine}-{name}", CONFIG.format(name=name, url=self.broker.url)))
        self.a, self.b = self.nodes
        for node in self.nodes:
            wait_until(lambda: len(json.loads(node.http("/v1/cluster")[1])["nodes"]) == 2, what="two nodes")

    def stop(self):
        for node in self.nodes:
            node.stop()
        self.broker.kill()


class Way:
    """From where somebody publishes to where 1,000 subscribers are: `weft bench fanout` over it."""

    def __init__(self, options, name, subscribe, publish, pids):
        self.options, self.name = options, name
        self.words = [options.weft, "bench", "fanout", subscribe, "--publish", publish, "--server-pid", ",".join(map(str, pids)),
                      "--conns", "1000", "--size", str(SIZE), "--seconds", str(options.seconds), "--json"]

    def run(self, inflight=1, rate=0):
        out = subprocess.run([*self.words, "--inflight", str(inflight), "--rate", str(rate)], capture_output=True, text=True,
                             timeout=120)
        if out.returncode:
            raise RuntimeError(out.stderr)
        return json.loads(out.stdout)


def ways(options, pair, floor):
    def between(name, subscribe, publish):
        return Way(options, name, f"ws://127.0.0.1:{subscribe.clients}/feed", f"ws://127.0.0.1:{publish.api}/ws/v1",
                   {subscribe.process.pid, publish.process.pid})
    return [Way(options, "floor", floor.ws(), floor.publish, {floor.process.pid}),
            between("one node", pair.a, pair.a), between("two nodes", pair.b, pair.a)]


def fanout(options, pair):
    """What a delivery costs and how long it takes, beside one node and beside a bare epoll loop that does nothing else."""
    with Floor(ROOT / options.build, "epoll", fanout=True, cores="") as floor:
        everyone = ways(options, pair, floor)
        for inflight in (4, 1):
            for way in everyone:
                run = way.run(inflight)
                print(f"  {inflight} publications at a time, {way.name}: {run['per_second']:,.0f} deliveries/s "
                      f"for {run['server_cpu_us']:.2f} µs of CPU each")
        half = run["per_second"] / 1000 / 2
        print(f"  at half of that, {half:.0f} publications a second (medians of {options.rounds} rounds):")
        rounds = [[way.run(rate=half) for way in everyone] for _ in range(options.rounds)]
        median = lambda place, of: statistics.median(of(one[place]) for one in rounds)
        for place, way in enumerate(everyone):
            print(f"    {way.name}: {median(place, lambda run: run['server_cpu_us']):.2f} µs of CPU per delivery, from publish to each "
                  f"delivery p50 {median(place, lambda run: run['delivery_us']['p50']) / 1000:.2f} ms, "
                  f"p99 {median(place, lambda run: run['delivery_us']['p99']) / 1000:.2f} ms")
        ratio = statistics.median(two["server_cpu_us"] / one["server_cpu_us"] for _, one, two in rounds)
        print(f"    CPU of two nodes ÷ one: {ratio:.2f}")


class Api:
    """A worker's connection that asks one thing at a time."""

    def __init__(self, node):
        self.socket, self.last = RawWebSocket(node.api, "/ws/v1", timeout=60), 0

    def ask(self, method, **params):
        self.last += 1
        self.socket.send_text(json.dumps({"m": method, "i": self.last, "p": params}))
        answer = json.loads(self.socket.text())
        assert not answer.get("E"), answer
        return answer["r"]


def connection_of(node):
    return json.loads(node.http("/v1/connections")[1])["connections"][0]["id"]


class Listener:
    """A client that reads what it gets now and then: waking it for each message would be part of what is measured."""

    def __init__(self, node):
        self.node, self.ended = node, threading.Event()

    def __enter__(self):
        self.client = RawWebSocket(self.node.clients, "/plain")
        wait_until(lambda: json.loads(self.node.http("/v1/connections")[1])["connections"], what="the client")
        self.client.socket.setblocking(False)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.client.socket.close()

    def _read(self):
        while not self.ended.wait(0.02):
            with contextlib.suppress(BlockingIOError):
                while self.client.socket.recv(1 << 20):
                    pass


def asked_alone(options, node, request, answer):
    """Median µs from `request` to its answer at the node's API, one at a time."""
    words = [options.weft, "bench", "echo", f"ws://127.0.0.1:{node.api}/ws/v1", "--conns", "1", "--json", "--seconds", "2",
             "--message", request.replace("x" * SIZE, "%s"), "--size", str(len(request)), "--answer-size", str(len(answer))]
    run = json.loads(subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout)
    assert run["refused"] == 0, run
    return run["latency_us"]["p50"]


def send_at(options, node, there):
    request = json.dumps({"m": "mesh.send", "i": 1, "p": {"c": there, "d": "x" * SIZE}})
    with RawWebSocket(node.api, "/ws/v1", timeout=60) as socket:
        socket.send_text(request)
        answer = socket.text()
    assert json.loads(answer)["E"] is None, answer
    return asked_alone(options, node, request, answer)


def round_trips(pair, options):
    """µs of a send to a client of the other node, of one to a client here, and of a bare request and reply through the same
    broker; medians of as many rounds, in turn."""
    rounds = []
    with Listener(pair.a), Listener(pair.b):
        for _ in range(options.rounds):
            bare = json.loads(subprocess.run([options.echo, pair.engine, str(pair.broker.port), "5000", str(SIZE)],
                                             capture_output=True, text=True, timeout=60, check=True).stdout)
            rounds.append((send_at(options, pair.a, connection_of(pair.b)), send_at(options, pair.a, connection_of(pair.a)),
                           bare["p50_us"]))
    return [statistics.median(column) for column in zip(*rounds)]


def idle_operations(pair, seconds=10):
    """Broker operations per second and node, while nobody does anything."""
    before = pair.broker.received()
    time.sleep(seconds)
    return (pair.broker.received() - before) / seconds / len(pair.nodes)


def resubscription(pair, channels):
    """Seconds from a broker that is back to publications that reach every sampled one of `channels` channels."""
    clients = [RawWebSocket(pair.b.clients, "/plain") for _ in range(channels // 1000)]
    wait_until(lambda: len(json.loads(pair.b.http("/v1/connections?limit=1000")[1])["connections"]) == len(clients),
               what="the clients")
    api = Api(pair.b)
    ids = [one["id"] for one in json.loads(pair.b.http("/v1/connections?limit=1000")[1])["connections"]]
    for number, connection in enumerate(ids):
        api.ask("conn.call", c=connection, f="subscribe", a=[f"c{number * 1000 + i}" for i in range(1000)])
    sample = [f"c{number * 1000 + number % 1000}" for number in range(len(ids))]
    publisher = Api(pair.a)
    reached = lambda: all(publisher.ask("mesh.publish", c=channel, d="x").get("s") == 1 for channel in sample)
    wait_until(reached, what="every channel")
    pair.broker.kill()
    wait_until(lambda: pair.a.http("/readyz")[0] == 503 and pair.b.http("/readyz")[0] == 503, what="red nodes")
    pair.broker.start()
    begin = time.monotonic()
    wait_until(reached, what="every channel again")
    took = time.monotonic() - begin
    for client in clients:
        client.socket.close()
    return took


def measure(engine, options):
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(engine, pathlib.Path(folder))
        try:
            print(f"\n{engine}")
            fanout(options, pair)
            send, here, bare = round_trips(pair, options)
            print(f"  send to the other node {send:.0f} µs, bare request and reply {bare:.0f} µs: {send / bare:.2f} ×; "
                  f"send on the same node {here:.0f} µs")
            print(f"  idle: {idle_operations(pair):.1f} broker operations per second and node")
            took = resubscription(pair, options.channels)
            print(f"  {options.channels:,} channels reached again {took:.2f} s after the broker is back")
        finally:
            pair.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--engines", default="redis,nats")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--channels", type=int, default=100_000)
    options = parser.parse_args()
    options.weft = str((ROOT / options.build / "weft").resolve())
    options.echo = str((ROOT / options.build / "bench/broker_echo").resolve())
    os.environ["WEFT_BINARY"] = options.weft
    for engine in options.engines.split(","):
        measure(engine, options)


if __name__ == "__main__":
    main()
