"""Minutes of talk while everything breaks, at random but by a seed; the checker reads what everybody wrote. With $WEFT_PROOF
set, the report goes into that folder as delivery-ENGINE.md (docs/proof has the last one)."""
import os
import pathlib
import random

from cluster import LEASE, go_on, hush, stays_true, talk
from delivery_log import Listeners, Publisher

ROOM = "paths: [ { path: /room, subscribe: [room] } ]\n"
CLIENTS, RATE, ROUNDS = 20, 100, 12
SEED = int(os.environ.get("WEFT_SEED", "1"))


class Faults:
    """Each breaks something for a while, lets it heal, and says who was cut off."""

    def __init__(self, cluster, broker, log, dice):
        self.cluster, self.broker, self.log, self.dice, self.done = cluster, broker, log, dice, []

    def happen(self):
        fault = self.dice.choice([self.cut, self.outage, self.half_open, self.stop_node, self.kill_node, self.kill_broker,
                                  self.stop_broker])
        node = self.dice.choice(self.cluster.nodes)
        since = self.log.now()
        hit = fault(node) or [node]
        self.cluster.wait_whole(60)
        for one in hit:
            self.log.cut(one.name, since)
        self.done.append(f"{fault.__name__.replace('_', ' ')}{'' if len(hit) > 1 else ' ' + node.name}, "
                         f"whole again after {self.log.now() - since:.1f} s")

    def some_time(self, least, most):
        stays_true(lambda: True, self.dice.uniform(least, most))

    def cut(self, node):
        node.proxy.refuse()
        self.some_time(0.1, 4)
        node.proxy.heal()

    def outage(self, node):
        node.proxy.freeze()
        self.some_time(0.5, 1.5 * LEASE)
        node.proxy.heal()

    def half_open(self, node):
        node.proxy.swallow()
        self.some_time(1, 5)
        node.proxy.heal()

    def stop_node(self, node):
        node.pause()
        self.some_time(0.5, 4)
        node.resume()

    def kill_node(self, node):
        node.kill()
        node.start()

    def kill_broker(self, node):
        self.broker.kill()
        self.some_time(0.1, 2)
        self.broker.start()
        return self.cluster.nodes

    def stop_broker(self, node):
        self.broker.pause()
        self.some_time(0.5, 4)
        self.broker.resume()
        return self.cluster.nodes


def test_nothing_is_lost_in_silence_whatever_breaks(start_cluster, broker, engine, log):
    cluster = start_cluster(3, ROOM, proxies=True)
    faults = Faults(cluster, broker, log, random.Random(SEED))
    begun = log.now()
    groups, publishers = talk(cluster, log, CLIENTS, RATE)
    for _ in range(ROUNDS):
        lives = [node.lives for node in cluster.nodes]
        faults.happen()
        for i, node in enumerate(cluster.nodes):
            if groups[i].is_alive() and node.lives == lives[i]:
                continue
            groups[i].stop()
            publishers[i].stop()
            groups[i], publishers[i] = Listeners(log, node, "room", CLIENTS), Publisher(log, node, "room", RATE)
        cluster.wait_until_heard([group for group in groups if not group.is_subscribed])
        go_on(publishers, 100)
    hush(publishers, groups)
    counts = log.check()
    if "WEFT_PROOF" in os.environ:
        write_report(engine, faults, counts, log.now() - begun)


def write_report(engine, faults, counts, seconds):
    lines = [f"# What arrived while things broke: {engine}", "",
             f"`WEFT_PROOF=docs/proof WEFT_SEED={SEED} ctest -R test_delivery_slow`: three nodes, {CLIENTS} clients and a publisher of "
             f"{RATE} messages a second on each, every node behind a fault proxy, {ROUNDS} faults in {seconds:.0f} s.", "",
             "| counted by tools/check_delivery.py | |", "|---|---|", *[f"| {name} | {number} |" for name, number in sorted(counts.items())],
             "", "Wrong: nothing. The faults:", "", *[f"1. {fault}" for fault in faults.done], ""]
    (pathlib.Path(os.environ["WEFT_PROOF"]) / f"delivery-{engine}.md").write_text("\n".join(lines))
