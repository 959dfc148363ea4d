"""Rows of connections in the storages that weft.yaml names, seen from outside."""
import json
import sqlite3

import pytest

from raw_websocket import RawWebSocket
from weft_process import wait_until

EVENTS = "paths: [ { path: /live, dialect: events } ]\n"


def rows(redis):
    return redis("ZRANGE", "weft:connections", 0, -1)


def with_redis(redis, slot=1):
    return EVENTS + (
        f"node: {{ slot: {slot} }}\n"
        f"redis: [ {{ name: default, url: {redis.url}/0 }} ]\n"
        "storages: { connection: { engine: redis, lease: 1s } }\n")


def test_rows_in_sqlite_come_and_go_with_connections(start_weft, tmp_path):
    weft = start_weft(EVENTS + "storages: { connection: { engine: sqlite, file: rows.sqlite } }\n")
    database = sqlite3.connect(tmp_path / "rows.sqlite")

    def stored():
        try:
            return database.execute("SELECT slot, path, handshake_key FROM connections").fetchall()
        except sqlite3.OperationalError:
            return None

    with RawWebSocket(weft.clients, "/live"):
        wait_until(stored, what="a row")
        slot, path, key = stored()[0]
        assert (slot, path) == (0, "/live") and len(key) == 24
    wait_until(lambda: stored() == [], what="the removal of the row")


def test_a_clean_stop_leaves_no_row(start_weft, redis):
    weft = start_weft(with_redis(redis))
    with RawWebSocket(weft.clients, "/live"):
        wait_until(lambda: len(rows(redis)) == 1, what="a row")
        assert "/live" in redis("HGETALL", "weft:connection:" + rows(redis)[0])
        weft.signal(15)
    assert weft.process.wait(60) == 0
    assert rows(redis) == []
    assert redis("KEYS", "*") == []


def test_rows_of_a_killed_node_are_dropped_by_another(start_weft, redis):
    """Rows 6 and 9 of the cluster's weaknesses, as far as a storage is concerned."""
    survivor = start_weft(with_redis(redis, slot=2))
    victim = start_weft(with_redis(redis, slot=1))
    with RawWebSocket(survivor.clients, "/live"), RawWebSocket(victim.clients, "/live"):
        wait_until(lambda: len(rows(redis)) == 2, what="two rows")
        victim.process.kill()
        victim.process.wait()
        victim.process.returncode = 0  # it did not crash: we killed it
        wait_until(lambda: len(rows(redis)) == 1, what="the removal of the killed node's row")
        assert int(rows(redis)[0]) >> 10 & 4095 == 2


@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_rows_are_right_again_after_redis_was_away(start_weft, redis, memory):
    weft = start_weft(with_redis(redis))
    with RawWebSocket(weft.clients, "/live") as stays:
        with RawWebSocket(weft.clients, "/live"):
            wait_until(lambda: len(rows(redis)) == 2, what="two rows")
            if memory == "lost":
                redis("FLUSHALL")
            redis.kill()
        with RawWebSocket(weft.clients, "/live"):  # opens do not wait for Redis, and sends go on
            stays.send_text('{"event": "NOBODY_LISTENS", "id": 7}')
            assert json.loads(stays.text())["event"] == "error"
            redis.start()
            wait_until(lambda: len(rows(redis)) == 2, what="the rows of those who are connected")
        wait_until(lambda: len(rows(redis)) == 1, what="the removal of the row")
