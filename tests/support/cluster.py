"""Several weft nodes over one broker, each perhaps through a fault proxy of its own; and what breaks them."""
import json
import pathlib
import signal
import time

from delivery_log import NUMBERS, Listeners, Publisher
from pausing import pause, resume
from tcp_proxy import TcpProxy
from weft_process import Weft, wait_until

LEASE = 10  # seconds: the default of cluster.lease
QUICK = "node: { drain: 0s, loops: 1, name: %s }\n"


class Node:
    """A place in the cluster: a folder and a name, in which one weft after another lives."""

    def __init__(self, cluster, name, config):
        self.cluster, self.name, self.config = cluster, name, config
        self.folder = pathlib.Path(cluster.folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.proxy = TcpProxy(cluster.broker.port) if cluster.proxies else None
        self.weft, self.lives = None, 0

    def start(self, environment=None):
        self.lives += 1
        self.weft = Weft(self.folder, self.cluster.settings(self) + QUICK % self.name + self.config,
                         environment=environment, own=self.cluster.own)
        return self

    @property
    def id(self):
        return json.loads(self.weft.http("/v1/status")[1])["id"]

    def seen(self):
        """Ids of the nodes that its directory lists."""
        return {one["id"] for one in json.loads(self.weft.http("/v1/nodes", port=self.weft.directory)[1])["nodes"]}

    def ready(self):
        """Why it is not ready: [] = it is."""
        return json.loads(self.weft.http("/readyz")[1])["reasons"]

    def kill(self):
        self.weft.process.kill()
        self.weft.process.wait()

    def pause(self):
        pause(self.weft.process)

    def resume(self):
        resume(self.weft.process)

    def is_up(self):
        return self.weft is not None and self.weft.process.poll() is None


class Cluster:
    """`config` is YAML for every node, beside what makes it one of them; `more` is more of `cluster:`; `own` a program on the
    framework in place of the weft binary."""

    def __init__(self, folder, broker, count=3, config="", proxies=False, prefix="test", more="", own=None):
        self.folder, self.broker, self.proxies, self.own = pathlib.Path(folder), broker, proxies, own
        self.prefix, self.more, self.nodes = prefix, more, []
        for i in range(count):
            self.add(config, f"n{i + 1}", whole=False)
        self.wait_whole()

    def add(self, config, name, whole=True, environment=None):
        node = Node(self, name, config)
        self.nodes.append(node)
        node.start(environment)
        if whole:
            self.wait_whole()
        return node

    def settings(self, node):
        url = self.broker.url_at(node.proxy.port) if node.proxy else self.broker.url
        return f"cluster: {{ url: \"{url}\", prefix: {self.prefix}{', ' if self.more else ''}{self.more} }}\n"

    def up(self):
        return [node for node in self.nodes if node.is_up()]

    def ids(self):
        return {node.id for node in self.up()}

    def wait_whole(self, seconds=40):
        """Until every node's directory lists exactly the nodes that run, and all are ready."""
        ids = self.ids()
        wait_until(lambda: all(node.seen() == ids and not node.ready() for node in self.up()), seconds, "the cluster is whole")

    def wait_until_heard(self, groups):
        """Until every client hears what is published on any node: then their subscriptions are in force everywhere."""
        tries, channels, run = 0, {group.channel for group in groups}, next(NUMBERS)
        if not groups:
            return
        while True:
            tries += 1
            words = {f"hello-{node.name}-{run}/{tries}": node for node in self.up()}
            for word, node in words.items():
                for channel in channels:
                    said = {"by": word.split("/")[0], "seq": tries, "channel": channel}
                    groups[0].log("publish", **said)
                    node.weft.http("/v1/mesh/publish", {"c": channel, "d": json.dumps(said)})
            try:
                wait_until(lambda: all(group.heard[word] >= group.count for group in groups for word in words), 2)
                break
            except TimeoutError:
                assert tries < 20, "they do not hear all nodes"
        for group in groups:
            group.subscribed()

    def stop(self):
        """Ends all; gives what went wrong."""
        complaints = []
        for node in self.nodes:
            if node.weft is None:
                continue
            if node.is_up():
                node.resume()
            code = node.weft.stop()
            if code not in (0, -signal.SIGKILL):
                complaints.append(f"{node.name} ended with {code}:\n{node.weft.log()[-3000:]}")
            if node.proxy:
                node.proxy.stop()
        return complaints


def stays_true(condition, seconds, what="the condition"):
    """Watches for so long that nothing happens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"{what} did not stay true"
        time.sleep(0.1)


def talk(cluster, log, clients=5, rate=100):
    """Clients and a publisher on every node, on path /room and channel "room", heard by all: groups, publishers."""
    groups = [Listeners(log, node, "room", clients) for node in cluster.up()]
    cluster.wait_until_heard(groups)
    return groups, [Publisher(log, node, "room", rate) for node in cluster.up()]


def go_on(publishers, number=50, seconds=60):
    """Until each of them has been told so often again that it reached everybody."""
    begun = [one.complete for one in publishers]
    wait_until(lambda: all(one.complete >= start + number for one, start in zip(publishers, begun)), seconds,
               "publications reach everybody")


def hush(*lists):
    """Publishers first, then who listens."""
    for one in (one for some in lists for one in some):
        one.stop()
