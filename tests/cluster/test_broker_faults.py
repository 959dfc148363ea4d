"""The broker dies, forgets, hangs, vanishes: what nodes say about it, and that they come back by themselves."""
import time

import pytest
from cluster import LEASE, go_on, hush, stays_true, talk
from delivery_log import Listeners
from nats_server import NatsServer
from redis_server import RedisServer
from weft_process import wait_until

ROOM = "paths: [ { path: /room, subscribe: [room] } ]\n"


def wait_until_red(nodes, reason, seconds=10):
    wait_until(lambda: all(reason in node.ready() for node in nodes), seconds, f"readiness says {reason}")


def lives_on(cluster, log, groups, publishers, since):
    """The cluster is whole again; what was published since then may be missed where it was told so, or cut off."""
    cluster.wait_whole()
    for node in cluster.nodes:
        log.cut(node.name, since)
    go_on(publishers)
    hush(publishers, groups)
    return log.check()


def test_the_broker_is_killed_and_comes_back_with_what_it_knew(start_cluster, broker, log):
    cluster = start_cluster(3, ROOM)
    ids = cluster.ids()
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    broker.kill()
    wait_until_red(cluster.nodes, "bus_down")
    broker.start()
    counts = lives_on(cluster, log, groups, publishers, since)
    assert cluster.ids() == ids, "nobody was given up for that"
    assert not any(group.codes for group in groups), "no client has noticed"
    assert counts["answers that say it is incomplete"] > 0, "publications during it say what they did not reach"


def test_the_broker_comes_back_and_knows_nothing(start_cluster, engine, tmp_path, log):
    broker = (RedisServer(tmp_path / "forgets", persistent=False) if engine == "redis" else NatsServer(tmp_path / "forgets"))
    cluster = start_cluster(3, ROOM, over=broker)
    groups, publishers = talk(cluster, log)
    since = log.now()
    broker.kill()
    broker.forget()
    broker.start()
    lives_on(cluster, log, groups, publishers, since)
    assert not any(group.codes for group in groups), "no client has noticed"
    cluster.stop()
    broker.kill()


def test_everything_is_deleted_while_they_talk(start_cluster, broker, engine, log):
    cluster = start_cluster(3, ROOM)
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    if engine == "redis":
        broker("FLUSHALL")
    else:
        broker.delete_streams()
    wait_until(lambda: broker_knows(broker, engine), 2 * LEASE, "they have told it again")
    lives_on(cluster, log, groups, publishers, since)
    assert not any(group.codes for group in groups), "no client has noticed"


def broker_knows(broker, engine):
    return broker("DBSIZE") > 0 if engine == "redis" else bool(broker.streams())


def test_a_hanging_broker_is_noticed_and_nothing_piles_up(start_cluster, broker, log):
    cluster = start_cluster(3, ROOM)
    groups, publishers = talk(cluster, log, rate=500)
    go_on(publishers)
    before = [node.weft.memory() for node in cluster.nodes]
    since = log.now()
    broker.pause()
    wait_until_red(cluster.nodes, "bus_deaf")
    answered = [one.seq for one in publishers]
    wait_until(lambda: all(one.seq > start + 2 for one, start in zip(publishers, answered)), 20, "publications are still answered")
    stays_true(lambda: all(node.weft.is_sanitized() or node.weft.memory() < start + (64 << 20)
                           for node, start in zip(cluster.nodes, before)), LEASE, "memory does not grow")
    broker.resume()
    lives_on(cluster, log, groups, publishers, since)
    assert not any(group.codes for group in groups), "nobody is given up because nobody could renew"


def test_a_short_outage_is_nothing_but_a_catch_up(start_cluster, log):
    cluster = start_cluster(3, ROOM, proxies=True)
    odd = cluster.nodes[2]
    ids = cluster.ids()
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    odd.proxy.freeze()
    stays_true(lambda: all(node.seen() == ids for node in cluster.nodes), LEASE / 2, "everybody is listed")
    odd.proxy.heal()
    cluster.wait_whole()
    log.cut(odd.name, since)
    go_on(publishers)
    hush(publishers, groups)
    log.check()
    assert cluster.ids() == ids and not any(group.codes for group in groups)


def test_a_node_that_is_cut_off_for_longer_is_fenced_and_comes_back(start_cluster, log):
    cluster = start_cluster(3, ROOM, proxies=True)
    one, two, odd = cluster.nodes
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    odd.proxy.refuse()
    wait_until_red([odd], "fenced", 2 * LEASE)
    wait_until(lambda: one.seen() == two.seen() == {one.id, two.id}, 2 * LEASE, "the others have given it up")
    go_on(publishers[:2])
    assert not one.ready() and not two.ready()
    odd.proxy.heal()
    cluster.wait_whole()
    again = Listeners(log, odd, "room", 5)
    cluster.wait_until_heard([again])
    log.cut(odd.name, since)
    go_on(publishers)
    hush(publishers, groups, [again])
    log.check()


def test_a_broker_that_vanishes_is_found_by_the_probe(start_cluster, log):
    cluster = start_cluster(2, ROOM, proxies=True)
    one, odd = cluster.nodes
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    odd.proxy.swallow()
    wait_until_red([odd], "bus_deaf")
    assert not one.ready()
    odd.proxy.heal()
    cluster.wait_whole()
    log.cut(odd.name, since)
    go_on(publishers)
    hush(publishers, groups)
    log.check()


def test_a_slow_narrow_way_to_the_broker_delays_and_loses_nothing(start_cluster, log):
    cluster = start_cluster(2, ROOM, proxies=True)
    groups, publishers = talk(cluster, log, rate=50)
    cluster.nodes[1].proxy.shape(delay=0.1, bandwidth=125_000)
    go_on(publishers, 30)
    cluster.nodes[1].proxy.heal()
    go_on(publishers, 30)
    hush(publishers, groups)
    log.check()
