"""Readiness follows the servers of queues: red with `queue_down` while one does not answer, green again by itself."""
import json

import pytest
from weft_process import wait_until

TWO = """
redis: [ {{ name: main, url: "{url}", timeout: 1s }} ]
queues:
  - {{ name: jobs, engine: redis, {more} }}
  - {{ name: local }}
"""


def reasons(weft):
    status, text = weft.http("/readyz")
    answer = json.loads(text)
    assert (status == 200) == answer["ready"] == (not answer["reasons"])
    return answer["reasons"]


def up(weft, topic):
    return next(one for one in json.loads(weft.http("/v1/queues")[1])["queues"] if one["name"] == topic)["up"]


def wait_for(weft, *wanted):
    wait_until(lambda: reasons(weft) == list(wanted), 30, f"it is not ready for {wanted}")


def push(weft, topic):
    return weft.http("/v1/queue/push", {"t": topic, "d": {}})


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_queue_whose_redis_is_away_makes_its_node_red(redis, start_weft, how):
    weft = start_weft(TWO.format(url=redis.url, more="required: true"))
    for _ in range(2):
        wait_for(weft)
        assert up(weft, "jobs") and push(weft, "jobs")[0] == 200
        redis.kill() if how == "killed" else redis.pause()
        wait_for(weft, "queue_down")  # although nobody pushes and nobody consumes
        assert up(weft, "local") and push(weft, "local")[0] == 200, "everything else goes on"
        status, text = push(weft, "jobs")
        assert status == 503 and "jobs" in text
        wait_until(lambda: not up(weft, "jobs"), 20, "the topic is shown as away")
        wait_until(lambda: weft.metric("weft_queue_up", 'topic="jobs"') == 0, 20, "so does the metric")
        redis.start() if how == "killed" else redis.resume()
    wait_for(weft)


def test_a_queue_that_is_not_required_does_not(redis, start_weft):
    weft = start_weft(TWO.format(url=redis.url, more="required: false"))
    wait_until(lambda: up(weft, "jobs"), 20, "it is there")
    redis.kill()
    wait_until(lambda: not up(weft, "jobs"), 20, "it is away")
    assert reasons(weft) == []
    redis.start()
    wait_until(lambda: up(weft, "jobs"), 20, "it is there again")


def test_a_queue_whose_broker_is_away_makes_every_node_red(start_cluster, broker, engine):
    kind = {"redis": "redis", "nats": "jetstream"}[engine]
    cluster = start_cluster(2, f"queues: [ {{ name: jobs, engine: {kind} }} ]\n", more="beat: 500ms, lease: 3s")
    broker.kill()
    for node in cluster.nodes:
        wait_until(lambda: {"queue_down", "bus_down"} <= set(node.ready()), 30, "it is red")
    broker.start()
    cluster.wait_whole()
    assert push(cluster.nodes[0].weft, "jobs")[0] == 200


def test_a_queue_whose_file_cannot_be_opened_makes_its_node_red_from_the_start(start_weft, tmp_path):
    weft = start_weft("queues: [ { name: jobs, engine: sqlite, file: later/q.sqlite } ]\n")
    wait_for(weft, "queue_down")
    (tmp_path / "later").mkdir()
    wait_for(weft)
    assert push(weft, "jobs")[0] == 200
