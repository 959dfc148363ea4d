"""`weft bench` as a user runs it: against a weft, over TLS too, and against what is not there."""
import json
import os
import subprocess

import pytest
from weft_process import binary

ECHO = "paths: [ { path: /echo, answer: echo }, { path: /feed, subscribe: [feed] } ]\n"


def bench(*words, files=None):
    """The finished process of `weft bench WORDS`; `files` limits how many it may open."""
    front = ["prlimit", f"--nofile={files}:{files}"] if files else []
    return subprocess.run([*front, str(binary()), "bench", *map(str, words)], capture_output=True, text=True, timeout=60)


def report(*words):
    done = bench(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def short(*words):
    return (*words, "--conns", 20, "--seconds", 0.3, "--warm-up", 0)


def faults(found):
    return found["lost"], found["out_of_order"], found["refused"]


@pytest.mark.parametrize("inflight, size", [(1, 64), (4, 40_000)])
def test_echo_over_tls_brings_every_message_back(start_weft, certificate, inflight, size):
    weft = start_weft(ECHO, listen=certificate.listen())
    found = report("echo", f"wss://127.0.0.1:{weft.clients}/echo", *short("--inflight", inflight, "--size", size))
    assert found["count"] > 0 and faults(found) == (0, 0, 0)
    assert found["server_cpu_us"] > 0


def test_the_server_may_be_named_as_a_process_several_or_a_tree(start_weft):
    weft = start_weft(ECHO)
    pid = weft.process.pid
    url = weft.url("/echo")
    alone = report("idle", url, "--conns", 1, "--server-pid", pid)["base"]["rss"]
    twice = report("idle", url, "--conns", 1, "--server-pid", f"{pid},{pid}")["base"]["rss"]
    tree = report("idle", url, "--conns", 1, "--server-tree", os.getpid())["base"]["rss"]
    assert twice > 1.5 * alone
    assert tree > alone, "this program and the load are in the tree too"


def test_fanout_reaches_all_but_those_that_do_not_read(start_weft):
    weft = start_weft(ECHO)
    found = report("fanout", weft.url("/feed"), *short("--slow", 5, "--publish", f"ws://127.0.0.1:{weft.api}/ws/v1"))
    assert found["count"] > 0 and faults(found) == (0, 0, 0)
    assert found["slow"] == 5
    assert found["delivery_us"]["p50"] <= found["latency_us"]["max"]


def test_fanout_publishes_in_the_words_it_is_given(start_weft):
    weft = start_weft(ECHO)
    wrapped = r'{"m":"mesh.publish","p":{"c":"%c","d":"MSG %n\\r\\n%s"},"i":1}'
    found = report("fanout", weft.url("/feed"),
                   *short("--publish", f"ws://127.0.0.1:{weft.api}/ws/v1", "--publish-as", wrapped))
    assert found["count"] > 0 and faults(found) == (0, 0, 0)


def test_a_flood_leaves_the_others_their_answers(start_weft):
    weft = start_weft(ECHO)
    found = report("echo", weft.url("/echo"), *short("--flood", 2, "--rate", 500))
    assert faults(found) == (0, 0, 0)
    assert found["flood_per_second"] > 0


def test_connections_come_from_as_many_addresses_as_asked(start_weft):
    weft = start_weft("client: { max_connections_per_ip: 5 }\n" + ECHO)
    refused = bench("echo", weft.url("/echo"), *short())
    assert refused.returncode == 4 and "refused" in refused.stderr
    assert report("echo", weft.url("/echo"), *short("--source-addresses", 4))["count"] > 0


def test_too_few_files_are_told_before_anything_is_opened(start_weft):
    weft = start_weft(ECHO)
    done = bench("echo", weft.url("/echo"), "--conns", 200, files=100)
    assert done.returncode == 4
    assert "200 connections need 232 open files, and this process may open 100" in done.stderr
