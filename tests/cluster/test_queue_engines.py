"""Queues that nodes share: any node pushes, any node's workers take; nodes are killed and restarted with jobs in hand."""
import json

import pytest
from job_worker import JobWorker, push_jobs
from weft_process import wait_until

LEASES = "beat: 500ms, lease: 3s"


@pytest.fixture
def nodes(start_cluster, engine):
    kind = {"redis": "redis", "nats": "jetstream"}[engine]
    queues = f"""
queues:
  - {{ name: jobs, engine: {kind}, max_items: 100000, max_attempts: 1000, ack_timeout: 5s, dead_letter: dead }}
  - {{ name: short, engine: {kind}, max_attempts: 3, dead_letter: dead }}
  - {{ name: dead, engine: {kind} }}
"""
    return start_cluster(3, queues, more=LEASES).nodes


def topic(node, name="jobs"):
    return next(one for one in json.loads(node.weft.http("/v1/queues")[1])["queues"] if one["name"] == name)


def wait_until_empty(node, name="jobs", seconds=60):
    wait_until(lambda: topic(node, name)["items"] == 0, seconds, f"all jobs of {name} are done")


def test_what_one_node_pushes_the_workers_of_others_do(nodes, log):
    first, second, third = nodes
    accepted = push_jobs(log, first, 100, name="before")
    assert topic(second)["items"] == topic(third)["items"] == 100
    workers = [JobWorker(log, second, seed=1), JobWorker(log, third, seed=2)]
    accepted += push_jobs(log, first, 100, name="beside")
    wait_until_empty(first)
    for worker in workers:
        worker.stop()
    assert log.check()["jobs"] == len(accepted) == 200


def test_a_node_that_is_killed_with_jobs_in_hand_loses_none(nodes, log):
    first, second, third = nodes
    workers = [JobWorker(log, second, deaths=10, seed=1), JobWorker(log, third, deaths=10, seed=2)]
    accepted = push_jobs(log, first, 150, name="before")
    second.kill()
    accepted += push_jobs(log, first, 150, name="after")
    wait_until_empty(first)
    second.start()
    accepted += push_jobs(log, second, 50, name="back")
    wait_until_empty(first)
    for worker in workers:
        worker.stop()
    assert log.check()["jobs"] == len(accepted) == 350


def test_a_rolling_restart_loses_no_job(nodes, log):
    workers = [JobWorker(log, node, seed=i) for i, node in enumerate(nodes)]
    accepted = []
    for i, node in enumerate(nodes):
        accepted += push_jobs(log, node, 60, name=f"to-{node.name}")
        assert node.weft.stop() == 0
        accepted += push_jobs(log, nodes[i - 1], 60, name=f"beside-{node.name}")
        node.start()
    wait_until_empty(nodes[0])
    for worker in workers:
        worker.stop()
    assert log.check()["jobs"] == len(accepted) == 360


def test_dead_letters_are_looked_at_and_taken_back_from_any_node(nodes, log):
    first, second, third = nodes
    worker = JobWorker(log, second, "short")
    status, _ = first.weft.http("/v1/queue/push", {"t": "short", "d": {"name": "bad", "poison": True}})
    assert status == 200
    wait_until(lambda: topic(third, "dead")["items"] == 1, 30, "it is a dead letter")
    worker.stop()
    assert worker.most_attempts == 3
    job, = json.loads(third.weft.http("/v1/queues/dead/jobs")[1])["jobs"]
    assert job["data"]["name"] == "bad" and job["dead"]["queue"] == "short" and "left" in job["dead"]["why"]
    assert json.loads(first.weft.http("/v1/queues/dead/retry", {})[1])["retried"] == 1
    assert topic(third, "short")["items"] == 1
    assert json.loads(second.weft.http("/v1/queues/short/purge", {})[1])["purged"] == 1
    assert topic(first, "short")["items"] == topic(first, "dead")["items"] == 0
