"""What a program of another house does: it asks one directory which nodes there are, and consumes from each of them."""
import json
import urllib.request

import pytest
from cluster import LEASE
from delivery_log import Api
from raw_websocket import Closed, RawWebSocket
from weft_process import wait_until

SAY = "paths: [ { path: /say, queue: said } ]\nqueues: [ { name: said } ]\n"


class DirectoryConsumer:
    """Knows one directory and nothing of us but the protocol: GET /v1/nodes, then a WebSocket to each `api_server`."""

    def __init__(self, directory, topic):
        self.directory, self.topic, self.links = directory, topic, {}

    def look(self):
        """Follows the directory; gives how many nodes it lists."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.directory}/v1/nodes", timeout=10) as answer:
            listed = {node["id"]: node["api_server"] for node in json.load(answer)["nodes"]}
        for gone in self.links.keys() - listed.keys():
            self.links.pop(gone).close()
        for new in listed.keys() - self.links.keys():
            self.links[new] = Api(int(listed[new].rsplit(":", 1)[1]))
            assert not self.links[new].ask("queue.pop", {"t": [self.topic]})["E"]
        return len(listed)

    def next_said(self, node):
        """What a client of this node said."""
        while True:
            event = self.links[node].event()
            if event.get("e") == "queue.pop" and event["p"]["d"]["event"] == "message":
                assert event["p"]["n"] == node
                return event["p"]["d"]["frame"]["data"]


def hears(consumer, node):
    with RawWebSocket(node.weft.clients, "/say") as client:
        client.send_text(f"from {node.name}")
        return consumer.next_said(node.id) == f"from {node.name}"


def test_a_consumer_at_one_directory_survives_a_death_and_finds_who_joins(start_cluster):
    cluster = start_cluster(3, SAY)
    consumer = DirectoryConsumer(cluster.nodes[0].weft.directory, "said")
    assert consumer.look() == 3
    assert all(hears(consumer, node) for node in cluster.nodes)
    third = cluster.nodes[2]
    link = consumer.links[third.id]
    third.kill()
    with pytest.raises((Closed, OSError)):
        while True:
            link.event()
    assert all(hears(consumer, node) for node in cluster.up()), "it goes on at once with those that are left"
    wait_until(lambda: consumer.look() == 2, 2 * LEASE, "the dead node is not listed any more")
    cluster.add(SAY, "n4")
    wait_until(lambda: consumer.look() == 3, 2 * LEASE, "the new one is")
    assert {node.id for node in cluster.up()} == consumer.links.keys()
    assert all(hears(consumer, node) for node in cluster.up())


def test_every_directory_lists_the_same_dialable_addresses(start_cluster):
    cluster = start_cluster(3, SAY)
    apis = {f"127.0.0.1:{node.weft.api}" for node in cluster.nodes}
    for node in cluster.nodes:
        listed = json.loads(node.weft.http("/v1/nodes", port=node.weft.directory)[1])["nodes"]
        assert {one["api_server"] for one in listed} == apis
        assert {f'{one["ip"]}:{one["port"]}' for one in listed} == apis
