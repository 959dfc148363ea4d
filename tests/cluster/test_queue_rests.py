"""A job that was given back with a delay rests for that long, whatever becomes of the node that has it meanwhile."""
import time

import pytest
from delivery_log import Api
from weft_process import Weft

DELAY = 6.0  # seconds, longer than a lease
TOPIC = "{ name: jobs, max_attempts: 3, %s }"


def nack_one(weft):
    """Pushes a job, takes it and gives it back; gives its id and a time at which it surely did not rest yet."""
    api = Api(weft.api)
    assert not api.ask("queue.pop", {"t": ["jobs"], "ack": True})["E"]
    assert not api.ask("queue.push", {"t": "jobs", "d": {"name": "one"}})["E"]
    job, before = api.event()["p"], time.monotonic()
    assert job["k"] == 1
    assert not api.ask("queue.nack", {"j": job["j"], "delay": int(1000 * DELAY)})["E"], "the engine has it"
    return job["j"], before


def take_one(weft):
    api = Api(weft.api, timeout=60)
    assert not api.ask("queue.pop", {"t": ["jobs"], "ack": True})["E"]
    job = api.event()["p"]
    assert not api.ask("queue.ack", {"j": job["j"]})["E"]
    return job, time.monotonic()


def end(weft, how):
    if how == "drained":
        assert weft.stop() == 0
    else:
        weft.process.kill()
        weft.process.wait()


@pytest.mark.parametrize("how", ["killed", "drained"])
def test_the_next_node_waits_for_what_is_left(start_cluster, engine, how):
    kind = {"redis": "engine: redis", "nats": "engine: jetstream"}[engine]
    nodes = start_cluster(2, f"queues: [ {TOPIC % kind} ]\n", more="beat: 500ms, lease: 3s").nodes
    job, before = nack_one(nodes[0].weft)
    end(nodes[0].weft, how)
    taken, when = take_one(nodes[1].weft)
    assert (taken["j"], taken["k"]) == (job, 2), "nobody tried meanwhile"
    assert when - before > DELAY - 0.01  # of the clocks of engine and node, which count milliseconds


@pytest.mark.parametrize("how", ["killed", "drained"])
def test_the_next_process_waits_for_what_is_left(tmp_path, how):
    config = f"cluster: {{ lease: 2s }}\nqueues: [ {TOPIC % 'engine: sqlite, file: q.sqlite'} ]\n"
    first = Weft(tmp_path, config)
    job, before = nack_one(first)
    end(first, how)
    second = Weft(tmp_path, config)
    try:
        taken, when = take_one(second)
        assert (taken["j"], taken["k"]) == (job, 2)
        assert when - before > DELAY - 0.01
    finally:
        assert second.stop() == 0
