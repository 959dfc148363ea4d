"""Queues that all nodes share, while nodes are restarted one after another, killed, and the broker too: no job is lost."""
import json
import threading

import pytest
from cluster import hush
from delivery_log import Api
from job_worker import JobWorker
from raw_websocket import Closed
from weft_process import wait_until

QUEUES = "queues: [ { name: jobs, engine: redis, max_items: 100000, max_attempts: 100, ack_timeout: 5s } ]\n"


class Pusher(threading.Thread):
    """Pushes a job a hundred times a second, on whichever node answers; what was accepted stands in the log."""

    def __init__(self, log, cluster):
        super().__init__(daemon=True)
        self.log, self.cluster, self.accepted = log, cluster, 0
        self._stopping, self._number = threading.Event(), 0
        self.start()

    def run(self):
        while not self._stopping.wait(0.01):
            node = self.cluster.nodes[self._number % len(self.cluster.nodes)]
            self._number += 1
            api = None
            try:
                api = Api(node.weft.api, timeout=10)
                for _ in range(20):
                    self._number += 1
                    if not api.ask("queue.push", {"t": "jobs", "d": {"name": f"job-{self._number}"}})["E"]:
                        self.accepted += 1
                        self.log("pushed", job=f"job-{self._number}")
            except (Closed, OSError, AssertionError):
                pass  # that node is away: whether it has taken the last one is not known
            finally:
                if api:
                    api.close()

    def stop(self):
        self._stopping.set()
        self.join(30)


@pytest.fixture
def redis_cluster(tmp_path, start_cluster, engine):
    if engine != "redis":
        pytest.skip("the queue's engine is Redis")
    return start_cluster(3, QUEUES)


def left(node):
    topics = json.loads(node.weft.http("/v1/queues")[1])["queues"]
    return sum(topic["items"] + topic["unacked"] for topic in topics)


def more(pusher, number):
    """Until so many more were accepted."""
    begun = pusher.accepted
    wait_until(lambda: pusher.accepted >= begun + number, 60, "jobs are accepted")


def ends_well(cluster, log, pusher, workers):
    pusher.stop()
    wait_until(lambda: left(cluster.nodes[0]) == 0, 90, "all jobs are done")
    hush(workers)
    counts = log.check()
    assert counts["jobs"] == pusher.accepted
    return counts


def start(cluster, log):
    return Pusher(log, cluster), [JobWorker(log, node) for node in cluster.nodes]


def test_a_rolling_restart_loses_no_job(redis_cluster, log):
    pusher, workers = start(redis_cluster, log)
    for node in redis_cluster.nodes:
        more(pusher, 100)
        assert node.weft.http("/v1/node/drain", {"over": 0})[0] == 200
        assert node.weft.process.wait(60) == 0
        node.start()
        redis_cluster.wait_whole()
    more(pusher, 100)
    ends_well(redis_cluster, log, pusher, workers)


def test_a_killed_node_loses_no_job(redis_cluster, log):
    pusher, workers = start(redis_cluster, log)
    more(pusher, 100)
    redis_cluster.nodes[1].kill()
    more(pusher, 100)
    redis_cluster.nodes[1].start()
    redis_cluster.wait_whole()
    more(pusher, 100)
    ends_well(redis_cluster, log, pusher, workers)


def test_a_killed_broker_loses_no_job(redis_cluster, broker, log):
    pusher, workers = start(redis_cluster, log)
    more(pusher, 200)
    broker.kill()
    broker.start()
    redis_cluster.wait_whole()
    more(pusher, 200)
    ends_well(redis_cluster, log, pusher, workers)
