"""Which requests of one API connection are under way together: docs/api.md, "Messages"."""
import json

import pytest
from delivery_log import Api
from weft_process import wait_until

CONFIG = """
redis: [ {{ name: main, url: "{url}" }} ]
queues: [ {{ name: far, engine: redis }}, {{ name: near }} ]
"""


@pytest.fixture
def weft(start_weft, redis):
    return start_weft(CONFIG.format(url=redis.url))


def say(api, number, method, **params):
    api.send_text(json.dumps({"m": method, "p": params, "i": number}))


def begun(weft):
    return weft.metric("weft_api_requests_total")


def unacked(weft):
    return next(topic for topic in json.loads(weft.http("/v1/queues")[1])["queues"] if topic["name"] == "near")["unacked"]


def test_pushes_do_not_wait_for_each_other_and_an_ack_waits_for_them(weft, redis):
    api = Api(weft.api)
    assert not api.ask("queue.push", {"t": "far", "d": 0})["E"]
    assert not api.ask("queue.pop", {"t": ["near"], "ack": True})["E"]
    assert not api.ask("queue.push", {"t": "near", "d": 0})["E"]
    job = api.event()["p"]["j"]
    redis.pause()
    before = begun(weft)
    for number in range(100, 110):
        say(api, number, "queue.push", t="far", d=number)
    say(api, 110, "queue.push", t="near", d=110)
    say(api, 111, "queue.ack", j=job)
    wait_until(lambda: begun(weft) - before == 11, what="the pushes have begun")
    wait_until(lambda: unacked(weft) == 2, what="the job of the last push is with its consumer")
    assert begun(weft) - before == 11, "the job is not acknowledged before what was pushed for it is stored"
    redis.resume()
    answers = []
    while len(answers) < 12:
        message = api.next_text()
        if "e" not in message:
            answers.append(message)
    assert [answer["i"] for answer in answers] == list(range(100, 112))
    assert not any(answer["E"] for answer in answers)
    wait_until(lambda: unacked(weft) == 1, what="the acknowledgement")
