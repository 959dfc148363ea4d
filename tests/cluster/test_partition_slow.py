"""A node that is cut off for a minute: its people are gone for the others after a lease, and nothing of them is left afterwards."""
from cluster import LEASE, stays_true
from test_users import EVENTS, closes, connect, counted, until_kept, until_known
from weft_process import wait_until

MINUTE = 60
PATIENT = EVENTS + "client: { ping_interval: 0, read_timeout: 0 }\n"  # these clients answer no pings


def test_a_minute_without_the_broker(start_cluster, broker):
    cluster = start_cluster(3, PATIENT, own="tests/cluster_program", proxies=True)
    one, two, odd = cluster.nodes
    stranded = [connect(odd, f"user-{i}") for i in range(20)]
    until_kept(broker, 20)
    until_known(cluster, "user-7")
    odd.proxy.refuse()
    wait_until(lambda: "fenced" in odd.ready(), 2 * LEASE, "it says that it is cut off")
    wait_until(lambda: sum(closes(cluster).values()) >= 20, 2 * LEASE, "their ends are told")
    with connect(one) as other:
        stays_true(lambda: other.tells("user-7", "gone") == counted(0), MINUTE - LEASE, "nobody is reached there")
        assert stranded[7].asks("to user", {"user": "user-7", "text": "myself"})["success"] == 1, "among themselves they talk"
        odd.proxy.heal()
        cluster.wait_whole()
        for client in stranded:
            assert client.close_code()[0] != 1000
            client.socket.close()
        with connect(odd, "user-7") as back:
            until_known(cluster, "user-7")
            assert other.tells("user-7", "welcome") == counted(1) and back.text() == "welcome"
    assert {client.id: 1 for client in stranded}.items() <= closes(cluster).items()
    assert max(closes(cluster).values()) == 1
