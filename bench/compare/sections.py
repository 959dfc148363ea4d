"""What is measured, section by section: each starts its servers, runs every row on each of them in turns, round after round."""
import os
import pathlib
import subprocess

import servers
from servers import Floor, Weft, on_cores

CONNECTIONS = (100, 1_000, 10_000)
MOST_BYTES = 500_000_000  # on their way at a time: above it a round of a slow server takes longer than its window
EVENTS_ROWS = ("plain echo", "C++ listener")
LUA_ROWS = ("plain echo", "Lua echo")
LOAD = ["--conns", 100, "--rate", 20_000]
QUEUE_ROWS = ("echo at 20,000/s", "queue at 20,000/s")


def echo_rows(quick):
    """(row, connections, size, in flight)"""
    return [(f"{size_name}, {connections:,} connections, {inflight} in flight", connections, size, inflight)
            for size, size_name in ((64, "64 B"), (4096, "4 KiB"))
            for connections in CONNECTIONS[:2 if quick else 3] for inflight in (1, 16)]


def fanout_rows(quick):
    """(row, subscribers, in flight)"""
    rows = [(1_000, 1), (1_000, 16), (10_000, 1), (10_000, 4)]
    return [(f"128 B, {connections:,} subscribers, {inflight} in flight", connections, inflight)
            for connections, inflight in rows[:2 if quick else 4]]


def is_ours(server):
    return isinstance(server, (Floor, Weft))


def window(bench, connections, server):
    """Ten thousand connections need a moment until all of them are in the rhythm, with a slow server a long one."""
    if connections < 10_000:
        return {}
    return {"seconds": bench.seconds * 1.5, "warm_up": 0.8 if is_ours(server) else 1.5}


def publish(server):
    return ["--publish", server.publish, *server.flags]


def path_of(server, path):
    """weft has a path for each thing that can be measured, the others have one for all."""
    return server.ws(path if isinstance(server, Weft) else "/")


def echo(bench, quick):
    with bench.beside() as started:
        for _ in range(bench.rounds):
            for row, connections, size, inflight in echo_rows(quick):
                for server in started:
                    if connections * size * inflight < MOST_BYTES or is_ours(server):
                        bench.run(row, server, "echo", path_of(server, "/echo"), "--conns", connections, "--size", size,
                                  "--inflight", inflight, **window(bench, connections, server))


def fanout(bench, quick):
    with bench.beside(fanout=True) as started:
        for _ in range(bench.rounds):
            for row, connections, inflight in fanout_rows(quick):
                for server in started:
                    bench.run(row, server, "fanout", path_of(server, "/feed"), *publish(server), "--conns", connections,
                              "--inflight", inflight, **window(bench, connections, server))


IDLE_ROWS = {"plain": "/echo", "subscribed to one channel": "/feed", "Lua": "/lua", "TLS": "/tls", "pings every 2 s": "/pings"}


def idle(bench, quick):
    """A fresh process for every reading: memory that was used once stays."""
    certificate = make_certificate(bench.build)
    count = 2_000 if quick else 10_000
    for _ in range(bench.rounds):
        for row, path in IDLE_ROWS.items():
            tls = path == "/tls"
            with Weft(bench.build, "epoll", name="weft", env=certificate if tls else None) as weft:
                url = weft.ws("/echo").replace("ws:", "wss:") if tls else weft.ws(path)
                bench.run(row, weft, "idle", url, "--conns", 2_000 if tls else count,
                          *(["--hold", 4] if path == "/pings" else []))
        with Floor(bench.build, "epoll") as floor:
            bench.run("plain", floor, "idle", floor.ws(), "--conns", count)
        idle_peers(bench)


def idle_peers(bench):
    with bench.beside(names=("beast", "ws", "websockets"), ours=False) as started:
        for server in started:
            bench.run("plain", server, "idle", server.ws(), "--conns", 2_000)
    with bench.beside(fanout=True, names=("nchan", "nats"), ours=False) as started:
        for server in started:
            hello = server.flags[:2] if "--hello" in server.flags else []
            bench.run("subscribed to one channel", server, "idle", server.ws(), "--conns", 2_000, *hello)


def make_certificate(build):
    """A key and a certificate of its own for localhost, as environment of bench/weft.yaml."""
    folder = pathlib.Path(build) / "bench"
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    if not certificate.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "3650", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
    return {"BENCH_CERTIFICATE": str(certificate.resolve()), "BENCH_KEY": str(key.resolve())}


def churn(bench, _quick):
    with bench.beside(names=("beast", "ws", "websockets")) as started:
        for _ in range(bench.rounds):
            for server in started:
                bench.run("connect + upgrade + close", server, "churn", path_of(server, "/echo"))


def lua(bench, _quick):
    with Weft(bench.build, "epoll", name="weft") as weft:
        for _ in range(bench.rounds):
            for row, path in zip(LUA_ROWS, ("/echo", "/lua")):
                bench.run(row, weft, "echo", weft.ws(path), "--conns", 100)


def events(bench, _quick):
    """The same bytes there and back: as they are, and as an envelope that a listener answers with one."""
    with Weft(bench.build, "epoll", name="weft", program="bench/events_server") as weft:
        for _ in range(bench.rounds):
            for row, path in zip(EVENTS_ROWS, ("/echo", "/events")):
                bench.run(row, weft, "echo", weft.ws(path), "--conns", 100, "--size", 64,
                          "--message", '{"event":"ECHO","data":"%s"}')


def queue(bench, _quick):
    with Weft(bench.build, "epoll", name="weft") as weft:
        worker = subprocess.Popen([*on_cores(servers.LOAD_CORES), bench.build / "bench/queue_worker",
                                   f"127.0.0.1:{weft.directory}"], stdout=subprocess.PIPE, text=True)
        try:
            worker.stdout.readline()  # "ready"
            for _ in range(bench.rounds):
                bench.run(QUEUE_ROWS[0], weft, "echo", weft.ws("/echo"), *LOAD)
                bench.run(QUEUE_ROWS[1], weft, "queue", weft.ws("/queue"), *LOAD)
        finally:
            worker.terminate()
            worker.wait(20)


def loop_cores():
    """Cores for a server of two loops and for the load: apart where there are enough, else all for both."""
    count = os.cpu_count()
    return ("0,1", ",".join(map(str, range(2, count)))) if count >= 4 else ("", "")


LOOP_ROWS = {"echo 64 B, 1,000 connections, 1 in flight": ("echo", ["--conns", 1_000]),
             "echo 64 B, 100 connections, 16 in flight": ("echo", ["--conns", 100, "--inflight", 16]),
             "fan-out 128 B, 1,000 subscribers, 16 in flight": ("fanout", ["--conns", 1_000, "--inflight", 16])}


def loops(bench, _quick):
    server_cores, load_cores = loop_cores()
    with Weft(bench.build, "epoll", 1, server_cores, name="weft, one loop") as one, \
            Weft(bench.build, "epoll", 2, server_cores, name="weft, two loops") as two:
        for _ in range(bench.rounds):
            for row, (scenario, flags) in LOOP_ROWS.items():
                for weft in (one, two):
                    where = weft.ws("/echo" if scenario == "echo" else "/feed")
                    more = publish(weft) if scenario == "fanout" else []
                    bench.run(row, weft, scenario, where, *more, *flags, load_cores=load_cores)


SLOW_ROWS = [("10,000 subscribers, 128 B, 1 in flight", ["--conns", 10_000], 10),
             ("1,000 subscribers, 4 KiB, 16 in flight", ["--conns", 1_000, "--size", 4096, "--inflight", 16], 10)]


def slow(bench, quick):
    with Weft(bench.build, "epoll", name="weft") as weft:
        for _ in range(bench.rounds):
            for row, flags, count in SLOW_ROWS[quick:]:
                for name, more in ((row, []), (f"{row}, {count} of them slow", ["--slow", count])):
                    bench.run(name, weft, "fanout", weft.ws("/feed"), *publish(weft), *flags, *more,
                              seconds=bench.seconds * 3, warm_up=0.8)


FLOOD_COUNTS = (0, 1, 4)


def flood_row(count):
    return f"{count} flooding" if count else "nobody floods"


def flood(bench, _quick):
    with Weft(bench.build, "epoll", name="weft") as weft, Floor(bench.build, "epoll") as floor:
        for _ in range(bench.rounds):
            for count in FLOOD_COUNTS:
                for server in (floor, weft):
                    bench.run(flood_row(count), server, "echo", path_of(server, "/echo"), "--conns", 100, "--rate", 5_000,
                              "--flood", count)


ALL = {"echo": echo, "fanout": fanout, "idle": idle, "churn": churn, "lua": lua, "events": events, "queue": queue, "loops": loops,
       "slow": slow, "flood": flood}
