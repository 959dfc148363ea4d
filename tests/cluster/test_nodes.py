"""Nodes come, go, die, and are held for dead: what the others see, and that connections end once."""
import signal

from cluster import LEASE, go_on, hush, stays_true, talk
from delivery_log import Listeners
from raw_websocket import RawWebSocket
from weft_process import wait_until

ROOM = "paths: [ { path: /room, subscribe: [room] } ]\n"


def test_every_node_lists_all(start_cluster):
    cluster = start_cluster(3, ROOM)
    assert len(cluster.ids()) == 3
    for node in cluster.nodes:
        assert node.seen() == cluster.ids()


def test_what_is_published_anywhere_is_heard_everywhere_in_order(start_cluster, log):
    cluster = start_cluster(3, ROOM)
    groups, publishers = talk(cluster, log, clients=20, rate=300)
    go_on(publishers, 300)
    hush(publishers, groups)
    counts = log.check()
    assert counts["answers that say it is incomplete"] == 0
    assert counts["publications without an answer"] <= 10 * 3, "only those that looked whether everybody listens"


def test_a_node_that_is_killed_goes_and_a_new_one_in_its_place_is_another(start_cluster, log):
    cluster = start_cluster(3, ROOM)
    one, two, three = cluster.nodes
    old = three.id
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    three.kill()
    wait_until(lambda: one.seen() == two.seen() == {one.id, two.id}, 2 * LEASE, "it is gone")
    go_on(publishers[:2])
    three.start()
    cluster.wait_whole()
    assert three.id != old
    again = Listeners(log, three, "room", 5)
    cluster.wait_until_heard([again])
    go_on(publishers[:2])
    hush(publishers, groups, [again])
    log.check()
    assert groups[2].codes == {1006: 5}


def test_a_node_that_leaves_in_order_is_gone_at_once_and_nothing_is_incomplete(start_cluster, log):
    cluster = start_cluster(3, ROOM)
    one, two, three = cluster.nodes
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    publishers[2].stop()
    three.weft.signal(signal.SIGTERM)
    assert three.weft.process.wait(30) == 0
    wait_until(lambda: one.seen() == two.seen() == {one.id, two.id}, LEASE / 2, "it is gone without waiting for its lease")
    go_on(publishers[:2])
    hush(publishers, groups)
    counts = log.check()
    assert groups[2].codes == {1012: 5}


def test_a_node_without_workers_or_with_a_stuck_script_is_not_given_up(start_cluster, tmp_path):
    script = tmp_path / "stuck.lua"
    script.write_text("function on_message(frame, conn) conn:wait_context_value('never') end\n")
    cluster = start_cluster(2, f"paths: [ {{ path: /stuck, script: {script} }} ]\nlua: {{ wait_timeout: 1m }}\n")
    ids = cluster.ids()
    clients = [RawWebSocket(node.weft.clients, "/stuck") for node in cluster.nodes for _ in range(20)]
    for client in clients:
        client.send_text("wait")
    stays_true(lambda: all(node.seen() == ids for node in cluster.nodes), LEASE * 1.2, "both are there")
    for client in clients:
        client.socket.close()


def test_a_stopped_node_is_held_for_dead_learns_it_and_comes_back(start_cluster, log):
    cluster = start_cluster(3, ROOM)
    one, two, three = cluster.nodes
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    publishers[2].stop()
    since = log.now()
    three.pause()
    wait_until(lambda: one.seen() == two.seen() == {one.id, two.id}, 2 * LEASE, "it is held for dead")
    go_on(publishers[:2])
    three.resume()
    cluster.wait_whole()
    again = Listeners(log, three, "room", 5)
    cluster.wait_until_heard([again])
    log.cut("n3", since)
    go_on(publishers[:2])
    hush(publishers, groups, [again])
    log.check()

