"""A wrong wall clock on one node changes nothing: leases run by the broker's clock, deadlines by the monotonic one."""
import mmap
import struct

import pytest
from chat_example import built
from cluster import LEASE, go_on, hush, stays_true, talk

ROOM = "paths: [ { path: /room, subscribe: [room] } ]\n"
HOUR = 3600


class Clock:
    """The wall clock of one process, wrong by `skew` seconds."""

    def __init__(self, folder):
        self.path = folder / "skew"
        self.path.write_bytes(struct.pack("=q", 0))
        self.file = open(self.path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 8)

    def environment(self):
        return {"LD_PRELOAD": str(built("tests/libclock_skew.so")), "CLOCK_SKEW_FILE": str(self.path)}

    def jump(self, seconds):
        self.memory[:8] = struct.pack("=q", seconds)


def test_a_node_whose_clock_jumps_stays_and_hears_everything(start_cluster, log, tmp_path):
    cluster = start_cluster(2, ROOM)
    if cluster.nodes[0].weft.is_sanitized():
        pytest.skip("a sanitizer must be preloaded first")
    clock = Clock(tmp_path)
    clock.jump(-HOUR)  # wrong when it comes
    odd = cluster.add(ROOM, "odd", whole=False, environment=clock.environment())
    cluster.wait_whole()
    ids = cluster.ids()
    groups, publishers = talk(cluster, log)
    for skew in (HOUR, -HOUR, 0):
        clock.jump(skew)
        stays_true(lambda: all(node.seen() == ids and not node.ready() for node in cluster.nodes), LEASE * 0.6, "everybody is there")
        go_on(publishers)
    hush(publishers, groups)
    assert log.check()["answers that say it is incomplete"] == 0
    assert odd.lives == 1
