"""Workers die with jobs in hand: nothing is lost, attempts are counted, and a job that kills every worker is put aside."""
import json
import types

import pytest
from delivery_log import Api
from job_worker import JobWorker, push_jobs
from weft_process import wait_until

QUEUES = """
node: { drain: 0s }
queues:
  - { name: jobs, max_items: 100000, max_attempts: 1000, ack_timeout: 5s }
  - { name: short, max_attempts: 5, dead_letter: dead }
  - { name: dead }
"""


@pytest.fixture
def node(start_weft):
    return types.SimpleNamespace(weft=start_weft(QUEUES), name="alone", lives=1)


def test_workers_that_die_with_jobs_in_hand_lose_none(node, log):
    workers = [JobWorker(log, node, deaths=5, seed=i) for i in range(4)]
    accepted = push_jobs(log, node, 1000)
    assert len(accepted) == 1000
    wait_until(lambda: is_empty(node), 60, "all jobs are done")
    for worker in workers:
        worker.stop()
    counts = log.check()
    assert sum(worker.died for worker in workers) > 100
    assert counts["jobs"] == 1000 and counts["jobs delivered again"] > 100


def is_empty(node):
    topics = json.loads(node.weft.http("/v1/queues")[1])["queues"]
    return all(topic["items"] == 0 and topic["unacked"] == 0 for topic in topics if topic["name"] == "jobs")


def test_a_job_that_kills_every_worker_ends_as_a_dead_letter(node, log):
    worker = JobWorker(log, node, "short")
    api = Api(node.weft.api)
    api.ask("queue.pop", {"t": ["dead"]})
    assert not api.ask("queue.push", {"t": "short", "d": {"name": "bad", "poison": True}})["E"]
    dead = api.event()["p"]
    assert dead["d"]["name"] == "bad" and dead["dead"]["t"] == "short"
    worker.stop()
    assert (worker.died, worker.most_attempts) == (5, 5)
