"""What publishers, clients and workers of a test write for tools/check_delivery.py, and the programs that write it: each a
thread of its own that goes on until it is told to stop."""
import collections
import itertools
import json
import selectors
import struct
import subprocess
import sys
import threading
import time

from raw_websocket import CLOSE, PING, PONG, TEXT, Closed, RawWebSocket, frame
from weft_process import ROOT


NUMBERS = itertools.count(1)  # of clients and publishers


class DeliveryLog:
    """The log of one run. Times are those of the machine's monotonic clock."""

    def __init__(self, folder):
        self.path = folder / "delivery.jsonl"
        self.file, self.lock = open(self.path, "a"), threading.Lock()

    def __call__(self, what, **more):
        line = json.dumps({"what": what, "t": time.monotonic(), **more})
        with self.lock:
            self.file.write(line + "\n")

    @staticmethod
    def now():
        return time.monotonic()

    def cut(self, node, since, until=None):
        self("cut", node=node, **{"from": since, "to": until or time.monotonic()})

    def check(self):
        """Fails with what is wrong; gives the counts."""
        with self.lock:
            self.file.flush()
        checker = subprocess.run([sys.executable, ROOT / "tools/check_delivery.py", "--json", self.path],
                                 capture_output=True, text=True)
        report = json.loads(checker.stdout)
        assert checker.returncode == 0, "\n".join(f"{rule}: {text}" for rule, text in report["problems"][:20])
        return collections.Counter(report["counts"])


class Listeners(threading.Thread):
    """`count` clients of one node, on a path that subscribes them to `channel`. They answer pings and the server's close."""

    def __init__(self, log, node, channel, count, path="/room"):
        super().__init__(daemon=True)
        self.log, self.node, self.channel, self.count = log, node, channel, count
        self.heard = collections.Counter()  # "by/seq" -> clients
        self.codes = collections.Counter()  # of closes
        self.is_subscribed, self.garbled = False, 0
        self._clients, self._selector, self._stopping = {}, selectors.DefaultSelector(), False
        for i in range(count):
            client = RawWebSocket(node.weft.clients, path, timeout=30)
            client.name = f"{node.name}-{next(NUMBERS)}"
            log("open", client=client.name, node=node.name)
            client.socket.setblocking(False)
            self._clients[client.name] = client
            self._selector.register(client.socket, selectors.EVENT_READ, client)
        self.start()

    def subscribed(self):
        """Says that their subscription is in force: other nodes know of it too."""
        self.is_subscribed = True
        for name in list(self._clients):
            self.log("subscribed", client=name, channel=self.channel)

    def stop(self):
        """They leave, after what was sent to them has come."""
        self._stopping = True
        self.join(30)

    def run(self):
        while self._clients:
            ready = self._selector.select(0.1)
            for key, _ in ready:
                self._read(key.data)
            if self._stopping and not ready:
                break
        for client in list(self._clients.values()):
            self._gone(client, "end")

    def _read(self, client):
        try:
            data = client.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self._gone(client, "closed", code=1006)
        client.buffer += data
        while (size := frame_size(client.buffer)) is not None:
            self._take(client, *client.read_frame()[:2])
            if client.name not in self._clients:
                return

    def _take(self, client, opcode, payload):
        if opcode == TEXT:
            try:
                said = json.loads(payload)
                what = {key: said[key] for key in ("channel", "by", "seq")}
            except (ValueError, KeyError, TypeError):
                self.garbled += 1
                return
            self.heard[f"{said['by']}/{said['seq']}"] += 1
            self.log("got", client=client.name, **what)
        elif opcode == PING:
            client.socket.setblocking(True)
            client.send(frame(PONG, payload))
            client.socket.setblocking(False)
        elif opcode == CLOSE:
            self._gone(client, "closed", code=struct.unpack(">H", payload[:2])[0] if payload else 1005)

    def _gone(self, client, what, **more):
        self.log(what, client=client.name, **more)
        if more:
            self.codes[more["code"]] += 1
        self._selector.unregister(client.socket)
        del self._clients[client.name]
        try:
            client.send(frame(CLOSE, struct.pack(">H", 1000)))
        except OSError:
            pass
        client.socket.close()


def frame_size(buffer):
    """Bytes of the server's frame at its front; None while it is not whole."""
    if len(buffer) < 2:
        return None
    size, head = buffer[1] & 0x7F, 2
    if size == 126:
        if len(buffer) < 4:
            return None
        size, head = struct.unpack(">H", buffer[2:4])[0], 4
    elif size == 127:
        if len(buffer) < 10:
            return None
        size, head = struct.unpack(">Q", buffer[2:10])[0], 10
    return head + size if len(buffer) >= head + size else None


class Publisher(threading.Thread):
    """Publishes to a channel through one node, `rate` times a second, one after another; keeps what the answers said."""

    def __init__(self, log, node, channel, rate=200, name=None, size=64):
        super().__init__(daemon=True)
        self.log, self.node, self.channel, self.pause = log, node, channel, 1 / rate
        self.by = name or f"p-{node.name}-{next(NUMBERS)}"
        self.seq, self.filler, self.slowest = 0, "x" * size, 0.0
        self.complete, self.incomplete = 0, 0
        self._stopping = threading.Event()
        self.start()

    def stop(self):
        self._stopping.set()
        self.join(60)

    def run(self):
        api = None
        while not self._stopping.wait(self.pause):
            try:
                api = api or Api(self.node.weft.api)
                self.publish(api)
            except (Closed, OSError):
                api = None  # what was asked has no answer
        if api:
            api.close()

    def publish(self, api):
        self.seq += 1
        said = {"by": self.by, "seq": self.seq, "channel": self.channel}
        begun = time.monotonic()
        self.log("publish", **said)
        answer = api.ask("mesh.publish", {"c": self.channel, "d": json.dumps({**said, "x": self.filler})})
        self.slowest = max(self.slowest, time.monotonic() - begun)
        result, error = answer["r"] or {}, answer["E"]
        told = {"error": error["m"]} if error else {
            "success": result["s"], "fail": result["f"], "unreachable": result.get("unreachable", 0)}
        self.log("answer", by=self.by, seq=self.seq, **told)
        if error or told["fail"] or told["unreachable"]:
            self.incomplete += 1
        else:
            self.complete += 1


class Api(RawWebSocket):
    """A worker's connection that asks one thing at a time, in short keys. Events that come meanwhile wait in `events`."""

    def __init__(self, port, timeout=30):
        super().__init__(port, "/ws/v1", timeout=timeout)
        self.events, self.last = collections.deque(), 0

    def ask(self, method, params):
        self.last += 1
        self.send_text(json.dumps({"m": method, "p": params, "i": self.last}))
        while True:
            message = self.next_text()
            if message.get("i") == self.last:
                return message
            self.events.append(message)

    def event(self):
        return self.events.popleft() if self.events else self.next_text()

    def next_text(self):
        while True:
            opcode, payload, _, _ = self.read_frame()
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == PING:
                self.send(frame(PONG, payload))
            elif opcode == CLOSE:
                raise Closed

    def close(self):
        self.socket.close()


class EventWorker(threading.Thread):
    """Consumes the open and close events of `topic` on one node, with acks, and logs them."""

    def __init__(self, log, node, topic="events"):
        super().__init__(daemon=True)
        self.log, self.gone, self.opened = log, collections.Counter(), collections.Counter()
        self.reasons = {}
        self.api = Api(node.weft.api, timeout=None)
        assert not self.api.ask("queue.pop", {"t": [topic], "ack": True})["E"]
        self.start()

    def run(self):
        try:
            while True:
                message = self.api.event()
                if message.get("e") != "queue.pop":
                    continue
                job = message["p"]
                kind, who = job["d"].get("event"), job["c"] if job["c"] != "0" else job["d"].get("c")
                if kind == "open":
                    self.opened[who] += 1
                    self.log("opened", connection=who)
                elif kind == "close":
                    self.gone[who] += 1
                    self.reasons[who] = job["d"]
                    self.log("gone", connection=who)
                self.api.ask("queue.ack", {"j": job["j"]})
        except (Closed, OSError):
            pass

    def stop(self):
        self.api.socket.shutdown(2)
        self.join(10)
