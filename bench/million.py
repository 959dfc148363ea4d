"""The run behind bench/million.sh: starts the servers and the loads, reads what the kernel says, prints a report."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
SOCKET_CACHES = re.compile(r"^(TCP|TCPv6|sock_inode_cache|filp|eventpoll_epi|eventpoll_pwq|ep_head|tcp_bind_bucket|tcp_bind2_bucket) ")
PUBLISHED = "x" * 128


class Server:
    """A weft process with a port that it shares, a slot and an API of its own."""

    def __init__(self, folder, binary, slot, port, ping):
        folder.mkdir()
        ports = folder / "ports.json"
        config = folder / "weft.yaml"
        config.write_text(
            f'listen: {{ clients: {{ address: "127.0.0.1:{port}", share_port: true }}, api: "127.0.0.1:0", directory: off }}\n'
            f"node: {{ slot: {slot}, loops: 1, drain: 0 }}\n"
            f"client: {{ ping_interval: {ping}, pong_timeout: 1m, handshake_timeout: 2m, read_timeout: 0 }}\n"
            "paths: [ { path: /feed, subscribe: [feed] } ]\n")
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen([binary, "run", "-c", config], stdout=self.log, stderr=self.log,
                                        env={**os.environ, "WEFT_PORTS_FILE": str(ports)})
        wait_until(lambda: ports.exists() or self.process.poll() is not None, 60, "weft opens its ports")
        if not ports.exists():
            raise SystemExit((folder / "log").read_text())
        self.ports = json.loads(ports.read_text())

    def publish(self):
        body = json.dumps({"c": "feed", "d": PUBLISHED}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['api']}/v1/mesh/publish", body,
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=120).read()

    def open_sockets(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.ports['api']}/metrics", timeout=60).read().decode()
        return int(float(re.search(r"^weft_sockets_open(?:\{\})? (\S+)", text, re.M)[1]))

    def cpu(self):
        """Seconds, user and system."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Load:
    def __init__(self, binary, port, sources):
        self.process = subprocess.Popen([binary, f"ws://127.0.0.1:{port}/feed", str(sources)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit("a load process ended: see its message above")
        return answer[1:]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def anonymous(processes):
    """Bytes of heap and stacks: what the processes hold for themselves."""
    total = 0
    for one in processes:
        text = pathlib.Path(f"/proc/{one.process.pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.M)[1]) * 1024
    return total


def kernel():
    """Bytes of the kernel for sockets of the whole machine: their slab caches and buffers, and page tables.

    Without the right to read /proc/slabinfo: all slabs, in which other programs' files are too.
    """
    meminfo = pathlib.Path("/proc/meminfo").read_text()
    kilobytes = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", meminfo, re.M)}
    buffers = int(re.search(r"^TCP:.* mem (\d+)", pathlib.Path("/proc/net/sockstat").read_text(), re.M)[1]) * PAGE
    try:
        lines = [line.split() for line in pathlib.Path("/proc/slabinfo").read_text().splitlines() if SOCKET_CACHES.match(line)]
        slabs = sum(int(line[2]) * int(line[3]) for line in lines)
    except PermissionError:
        slabs = kilobytes["Slab"] * 1024
    return slabs + buffers + kilobytes["PageTables"] * 1024


class Run:
    def __init__(self, options, folder):
        self.options = options
        number = -(-options.count // options.per_process)
        self.servers, port = [], 0
        for slot in range(number):
            self.servers.append(Server(folder / str(slot), options.weft, slot, port, options.ping))
            port = self.servers[0].ports["clients"]
        # Fewer than half of an address's ports: connect() then searches long for a free one.
        sources = max(1, -(-options.count // 8000))
        self.loads = [Load(options.load, port, sources) for _ in range(number)]
        self.threads = concurrent.futures.ThreadPoolExecutor(2 * number)

    def all_loads(self, orders):
        return list(self.threads.map(lambda pair: pair[0].ask(pair[1]), zip(self.loads, orders)))

    def memory(self):
        """(servers, kernel, loads) in bytes, when the servers' agrees within 1 % with half a second before."""
        last = -1 << 40
        for _ in range(20):
            now = (anonymous(self.servers), kernel(), anonymous(self.loads))
            if abs(now[0] - last) <= 0.01 * last + 65536:
                break
            last = now[0]
            time.sleep(0.5)
        return now

    def cpu(self):
        return [sum(part) for part in zip(*(server.cpu() for server in self.servers))]

    def open_to(self, total, already):
        share = [total * (i + 1) // len(self.loads) - total * i // len(self.loads) for i in range(len(self.loads))]
        before = [already * (i + 1) // len(self.loads) - already * i // len(self.loads) for i in range(len(self.loads))]
        self.all_loads([f"open {new - old}" for new, old in zip(share, before)])

    def counts(self):
        rows = [[int(field) for field in row] for row in self.all_loads(["count"] * len(self.loads))]
        messages, last, pings, lost = zip(*rows)
        return sum(messages), max(last), sum(pings), sum(lost)

    def climb(self):
        count, steps = self.options.count, self.options.steps
        base = self.memory()
        began, cpu = time.monotonic(), self.cpu()
        print(f"\n{len(self.servers)} weft process(es) of one loop on one port, {len(self.loads)} load process(es)\n")
        print("connections   user B each   kernel B each end   load's user B each")
        points, reached = [], 0
        for step in range(1, steps + 1):
            total = count * step // steps
            self.open_to(total, reached)
            reached = total
            user, kernel_bytes, load = (now - then for now, then in zip(self.memory(), base))
            points.append((total, user, kernel_bytes / 2))
            print(f"{total:11,}   {user / total:11,.0f}   {kernel_bytes / 2 / total:17,.0f}   {load / total:18,.0f}", flush=True)
        spent = sum(self.cpu()) - sum(cpu)
        print(f"opened in {time.monotonic() - began:.1f} s (with the pauses for reading), {spent / count * 1e6:.0f} us of the servers' CPU each")
        return base, points

    def hold(self):
        before, then, pings = self.cpu(), time.monotonic(), self.counts()[2]
        time.sleep(self.options.hold)
        passed = time.monotonic() - then
        user, system = (b - a for a, b in zip(before, self.cpu()))
        each = 1e6 / (self.options.count * passed)
        _, _, all_pings, lost = self.counts()
        print(f"held for {passed:.0f} s: {(user + system) * each:.2f} us of CPU per connection-second (user {user * each:.2f}, "
              f"system {system * each:.2f}), {all_pings - pings:,} pings answered, {lost} connections lost")
        return (user + system) * each

    def publish(self):
        for attempt in range(1, 4):
            messages = self.counts()[0]
            cpu, began = sum(self.cpu()), time.monotonic_ns()
            list(self.threads.map(Server.publish, self.servers))
            wait_until(lambda: self.counts()[0] >= messages + self.options.count, 120, "everybody gets the publication")
            got, last, _, _ = self.counts()
            spent = sum(self.cpu()) - cpu
            print(f"publication {attempt}: {got - messages:,} deliveries, the last one {(last - began) / 1e6:,.0f} ms after it was asked for; "
                  f"{spent / self.options.count * 1e6:.1f} us of the servers' CPU each")

    def close(self, base):
        self.all_loads(["close"] * len(self.loads))
        wait_until(lambda: sum(server.open_sockets() for server in self.servers) == 0, 120, "every connection is gone")
        user, kernel_bytes, _ = self.memory()
        print(f"after closing: user {(user - base[0]) / 1e6:+.1f} MB, kernel {(kernel_bytes - base[1]) / 1e6:+.1f} MB against the start (both ends)")

    def stop(self):
        for one in self.loads + self.servers:
            one.stop()


def slope(points, column):
    """Bytes for one more connection: least squares over the steps."""
    mean_x = sum(point[0] for point in points) / len(points)
    mean_y = sum(point[column] for point in points) / len(points)
    across = sum((point[0] - mean_x) ** 2 for point in points)
    if not across:
        return points[0][column] / points[0][0]
    return sum((point[0] - mean_x) * (point[column] - mean_y) for point in points) / across


def extrapolate(base, points, cpu):
    user, inside = slope(points, 1), slope(points, 2)
    print(f"slope: {user:,.0f} B user and {inside:,.0f} B kernel for one more connection")
    print(f"a million: {(base[0] + user * 1e6) / 1e6:,.0f} MB user, {inside:,.0f} MB kernel, "
          f"{cpu:.2f} cores for the pings; and its clients, if they are here too, {inside:,.0f} MB kernel")


def end(*_):
    raise SystemExit("ended by a signal")


def main():
    signal.signal(signal.SIGTERM, end)
    parser = argparse.ArgumentParser()
    for name in ("--count", "--per-process", "--steps"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--hold", type=float, required=True)
    for name in ("--ping", "--weft", "--load"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, pathlib.Path(folder))
        try:
            base, points = run.climb()
            cpu = run.hold()
            run.publish()
            run.close(base)
        finally:
            run.stop()
        extrapolate(base, points, cpu)
        print("told apart: user memory by process. The kernel's is the machine's growth, halved: both ends are here, "
              "and each has one socket, one file and one place on an epoll set.")


if __name__ == "__main__":
    main()
