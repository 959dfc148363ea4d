"""`weft queue`: list, peek, retry and purge, on every engine; and bounds that refuse."""
import json
import os
import subprocess

import pytest
from delivery_log import Api
from nats_server import NatsServer
from redis_server import RedisServer
from weft_process import binary, wait_until

QUEUES = """
queues:
  - {{ name: jobs, max_items: 5, max_bytes: 1KiB, dead_letter: "dead?"{engine} }}
  - {{ name: "dead?"{engine} }}
{more}
"""


@pytest.fixture(params=["memory", "sqlite", "redis", "jetstream"])
def weft(request, start_weft, tmp_path):
    """A node alone, its queues in each engine in turn."""
    engine, more, server = "", "", None
    if request.param == "sqlite":
        engine = ", engine: sqlite, file: q.sqlite"
    elif request.param != "memory":
        kind = {"redis": RedisServer, "jetstream": NatsServer}[request.param]
        if not kind.is_installed():
            pytest.skip(f"the server of {request.param} is not installed")
        server = kind(tmp_path / "server")
        engine = f", engine: {request.param}"
        more = (f'redis: [ {{ name: main, url: "{server.url}" }} ]' if request.param == "redis" else
                f'cluster: {{ url: "{server.url}", prefix: test }}')
    yield start_weft(QUEUES.format(engine=engine, more=more))
    if server:
        server.kill()


def command(weft, *words):
    return subprocess.run([binary(), "--api", f"127.0.0.1:{weft.api}", "queue", *words], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "NO_COLOR": "1"})


def told(weft, *words):
    done = command(weft, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def push(weft, data):
    return weft.http("/v1/queue/push", {"t": "jobs", "d": data})


def give_up_all(weft, count):
    """A worker that takes so many jobs and says of each that it is hopeless."""
    with Api(weft.api) as worker:
        assert not worker.ask("queue.pop", {"t": ["jobs"], "ack": True})["E"]
        for _ in range(count):
            job = worker.event()["p"]
            assert not worker.ask("queue.dead", {"j": job["j"], "why": f"no use in {job['d']['n']}"})["E"]


def test_jobs_are_listed_looked_at_taken_back_and_thrown_away(weft):
    for n in range(3):
        assert push(weft, {"n": n})[0] == 200
    assert "jobs  3 jobs, 0 in flight" in told(weft, "list")
    assert len(told(weft, "peek", "jobs", "--limit", "2").splitlines()) == 2
    give_up_all(weft, 3)
    wait_until(lambda: "dead?  3 jobs" in told(weft, "list"), 20, "they are dead letters")
    letters = told(weft, "peek", "dead?")
    for n in range(3):
        assert f'{{"n":{n}}}' in letters
        assert f"died in jobs, its consumer gave it up: no use in {n}, attempt 1" in letters
    assert told(weft, "retry", "dead?", "--limit", "2") == "retried 2\n"
    lines = told(weft, "list")
    assert "jobs  2 jobs" in lines and "dead?  1 jobs" in lines
    assert told(weft, "purge", "dead?") == "purged 1\n"
    assert told(weft, "purge", "jobs") == "purged 2\n"
    assert "no job waits" in told(weft, "peek", "jobs")


def test_a_topic_that_is_not_there_is_an_error(weft):
    for words in (["peek", "nowhere"], ["retry", "nowhere"], ["purge", "nowhere"]):
        done = command(weft, *words)
        assert done.returncode != 0 and "nowhere" in done.stderr


def test_a_full_topic_refuses_and_takes_again_what_fits(weft):
    assert [push(weft, {"n": n})[0] for n in range(6)] == [200] * 5 + [503]
    assert json.loads(push(weft, {"n": 7})[1])["E"]["c"] == 503
    assert told(weft, "purge", "jobs") == "purged 5\n"
    assert push(weft, {"n": 8})[0] == 200
    assert push(weft, {"n": "x" * 1100})[0] == 503, "more bytes than the topic may have"
    assert push(weft, {"n": 9})[0] == 200
