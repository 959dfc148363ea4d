"""Workers that take jobs with acknowledgement and now and then die with one in hand; and who pushes the jobs."""
import json
import random
import socket
import struct
import threading

from delivery_log import Api
from raw_websocket import Closed


class JobWorker(threading.Thread):
    """Consumes `topic` of one node. One job in `deaths` kills it: its connection is reset, as a killed process' is, and another
    one takes its place. A job whose data says "poison" kills it always."""

    def __init__(self, log, node, topic="jobs", deaths=0, seed=1, prefetch=4):
        super().__init__(daemon=True)
        self.log, self.node, self.topic, self.deaths, self.prefetch = log, node, topic, deaths, prefetch
        self.random, self.died, self.most_attempts = random.Random(seed), 0, 0
        self._stopping = False
        self._api = None
        self.start()

    def run(self):
        while not self._stopping:
            try:
                self._api = Api(self.node.weft.api, timeout=1)
                assert not self._api.ask("queue.pop", {"t": [self.topic], "ack": True, "prefetch": self.prefetch})["E"]
                self._work(self._api)
            except (Closed, OSError):
                pass
            finally:
                if self._api:
                    self._api.close()

    def _work(self, api):
        while not self._stopping:
            try:
                message = api.event()
            except TimeoutError:
                continue
            if message.get("e") != "queue.pop":
                continue
            job = message["p"]
            self.most_attempts = max(self.most_attempts, job["k"])
            self.log("job", job=job["d"]["name"], attempt=job["k"], node=self.node.name)
            if job["d"].get("poison") or self.deaths and self.random.randrange(self.deaths) == 0:
                self.died += 1
                api.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            self.log("acked", job=job["d"]["name"])
            api.send_text(json.dumps({"m": "queue.ack", "p": {"j": job["j"]}, "i": 0}))

    def stop(self):
        self._stopping = True
        self.join(30)


def push_jobs(log, node, number, topic="jobs", name="job"):
    """Pushes them one after another; gives the names of those that the queue has accepted."""
    api, accepted = Api(node.weft.api), []
    for i in range(number):
        answer = api.ask("queue.push", {"t": topic, "d": {"name": f"{name}-{i}"}})
        if not answer["E"]:
            log("pushed", job=f"{name}-{i}")
            accepted.append(f"{name}-{i}")
    api.close()
    return accepted
