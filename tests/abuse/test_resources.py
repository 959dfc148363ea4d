"""D. Resources: slow readers, descriptors, memory, floods. Each weft here has limits of its own."""
import socket

import pytest
from hostile import Closed, Raw, WebSocket, yaml
from weft_process import wait_until


def slow_reader(weft, path):
    """Subscribes with a small window and never reads."""
    return WebSocket(weft.clients, path, window=4096)


def publish(weft, number, size=10_000):
    """Publishes one numbered message to `feed`."""
    status, body = weft.http("/v1/mesh/publish", {"c": "feed", "d": f"{number:08d}" + "x" * size})
    assert status == 200, body


def publish_many(weft, count, size=10_000):
    for number in range(count):
        publish(weft, number, size)


def test_item36_a_client_that_never_reads_is_closed_at_its_outbox_limit(start_weft):
    weft = start_weft(yaml({"paths": [{"path": "/feed", "subscribe": ["feed"], "max_outbox": "256KiB"}]}))
    before = weft.memory()
    slow = [slow_reader(weft, "/feed") for _ in range(20)]
    publish_many(weft, 2000)  # 20 MB to each of them
    wait_until(lambda: weft.metric('weft_connections_closed_total', 'limit="max_outbox"') == 20, what="all are closed")
    assert weft.memory() - before < 20 * (256 << 10) + (8 << 20)
    for each in slow:
        each.close()


def test_item36_with_drop_oldest_it_stays_and_gets_the_newest(start_weft):
    weft = start_weft(yaml({"paths": [{"path": "/feed", "subscribe": ["feed"], "max_outbox": "256KiB", "when_slow": "drop_oldest"}]}))
    slow = slow_reader(weft, "/feed")
    publish_many(weft, 2000)
    assert weft.metric('weft_messages_dropped_total', 'reason="drop_oldest"') > 0
    numbers = [int(slow.receive_text()[:8])]
    while numbers[-1] != 1999:
        numbers.append(int(slow.receive_text()[:8]))
    assert numbers == sorted(set(numbers)), "in order, each once"
    assert len(numbers) < 2000
    slow.close()


def test_item37_slow_clients_cost_the_fast_ones_nothing(start_weft):
    weft = start_weft(yaml({"paths": [{"path": "/feed", "subscribe": ["feed"], "max_outbox": "256KiB"}]}))
    slow = [slow_reader(weft, "/feed") for _ in range(50)]
    fast = [WebSocket(weft.clients, "/feed") for _ in range(50)]
    for batch in range(100):
        for n in range(10):
            publish(weft, batch * 10 + n, 4000)
        for each in fast:
            assert [int(each.receive_text()[:8]) for _ in range(10)] == list(range(batch * 10, batch * 10 + 10))
    assert weft.metric('weft_connections_closed_total', 'limit="max_outbox"') == 50
    for each in slow + fast:
        each.close()


def test_item38_out_of_descriptors_accepting_pauses_and_recovers(start_weft):
    weft = start_weft(yaml({"client": {"max_connections": 100_000}, "paths": [{"path": "/echo", "answer": "echo"}]}), file_limit=200)
    first = WebSocket(weft.clients)
    others = [socket.create_connection(("127.0.0.1", weft.clients)) for _ in range(250)]  # the kernel queues the rest
    wait_until(lambda: "raise the descriptor limit" in weft.log(), what="it says so")
    assert first.send_text("hi").receive_text() == "hi", "who is in stays served"
    used = weft.cpu_seconds()
    wait_until(lambda: weft.log().count("accepting pauses") >= 1, what="logged")
    with pytest.raises(TimeoutError):
        first.socket.settimeout(2)
        first.receive()  # nothing comes: two seconds pass
    assert weft.cpu_seconds() - used < 0.4, "no spinning"
    assert weft.log().count("accepting pauses") == 1, "one line a minute"
    for each in others:
        each.close()
    with WebSocket(weft.clients, timeout=20) as late:
        assert late.send_text("in again").receive_text() == "in again"
    first.close()


def test_item39_over_the_memory_budget_new_clients_get_503_and_old_ones_stay(start_weft):
    weft = start_weft(yaml({"limits": {"max_memory": "64MiB"},
                  "paths": [{"path": "/feed", "subscribe": ["feed"], "max_outbox": "512MiB"}, {"path": "/echo", "answer": "echo"}]}))
    first = WebSocket(weft.clients)
    slow = slow_reader(weft, "/feed")
    for number in range(100):
        if weft.memory() > 66 << 20:
            break
        publish(weft, number, 1_000_000)

    def refused():
        with Raw(weft.clients) as late:
            try:
                late.send(b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
                status, headers = late.head()
            except (Closed, ConnectionError):
                return False
            return status == 503 and int(headers["retry-after"]) > 0
    wait_until(refused, what="new ones are refused")
    assert first.send_text("hi").receive_text() == "hi"
    slow.close()
    first.close()


def test_item40_one_address_that_floods_is_refused_and_another_is_not(start_weft):
    weft = start_weft(yaml({"client": {"max_connection_rate_per_ip": 50}, "paths": [{"path": "/echo", "answer": "echo"}]}))
    flood = [Raw(weft.clients) for _ in range(400)]
    with WebSocket(weft.clients, source="127.0.0.2") as other:
        assert other.send_text("hi").receive_text() == "hi"
    wait_until(lambda: weft.metric("weft_connections_refused_total") >= 200, what="most are refused")
    for each in flood:
        each.close()


def test_item40_connections_of_one_address_are_counted_and_given_back(start_weft):
    weft = start_weft(yaml({"client": {"max_connections_per_ip": 10}, "paths": [{"path": "/echo", "answer": "echo"}]}))
    ten = [WebSocket(weft.clients) for _ in range(10)]
    with Raw(weft.clients) as eleventh:
        assert eleventh.send(b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").head()[0] == 503
    for each in ten:
        each.close()

    def welcome():
        try:
            with WebSocket(weft.clients) as again:
                return again.status == 101
        except (AssertionError, Closed, ConnectionError):
            return False
    wait_until(welcome, what="places come back")
