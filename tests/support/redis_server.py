"""A real redis-server on a free port of the loopback, in a folder of its own, that a test may kill and bring back; also with
TLS, with users, without persistence, and several under Sentinel."""
import re
import shutil
import socket
import subprocess
import time

from pausing import pause, resume


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """Keeps what it was told over a kill: it writes every command to its file before it answers. Not so when it is not
    `persistent`. `users` are ACL rules by name, such as {"weft": ">secret ~* &* +@all"}; the test itself is the
    nameless user, who may do everything. `certificate` is one of certificates.py. `more` are words of its command line."""

    def __init__(self, folder, *more, persistent=True, users=None, certificate=None):
        self.folder, self.port, self.process = folder, free_port(), None
        self.users, self.certificate = users or {}, certificate
        keeping = ["--appendonly", "yes", "--appendfsync", "no"] if persistent else ["--appendonly", "no"]
        self.words = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *keeping, *more]
        if certificate:
            self.words += ["--port", "0", "--tls-port", str(self.port)]
            self.words += [word for setting, value in tls_settings(certificate) for word in (f"--{setting}", value)]
        else:
            self.words += ["--port", str(self.port)]
        for name, rules in self.users.items():
            self.words += ["--user", name, "on", *rules.split()]
        self.folder.mkdir(exist_ok=True)
        self.start()

    @staticmethod
    def is_installed():
        return shutil.which("redis-server") is not None

    @property
    def url(self):
        return self.url_at(self.port)

    def url_at(self, port):
        """The same through a proxy on another port."""
        name, rules = next(iter(self.users.items()), ("", ""))
        user = f"{name}:{rules.split()[0].removeprefix('>')}@" if name else ""
        return f"{'rediss' if self.certificate else 'redis'}://{user}127.0.0.1:{port}"

    def start(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                if self("PING") == "PONG":
                    return
            except (OSError, RuntimeError):  # not there yet, or still reading its file
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def forget(self):
        """After kill(): what it would know when it starts again."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def pause(self):
        pause(self.process)

    def resume(self):
        resume(self.process)

    def received(self):
        """Commands that nodes have sent it: not those of the test, nor those that a script runs inside."""
        stats = self("INFO", "commandstats")
        return sum(int(calls) for calls in re.findall(r"^cmdstat_(?:publish|eval|evalsha|ping):calls=(\d+)", stats, re.M))

    def kept(self, prefix):
        """How many ends the nodes have written down for the case of their deaths."""
        return sum(self("HLEN", key) for key in self("KEYS", f"{prefix}:kept:*"))

    def subjects(self):
        """What its clients are subscribed to."""
        return self("PUBSUB", "CHANNELS")

    def listen(self, subject, number):
        """The next messages on it, as bytes."""
        with self.connect(30) as link, link.makefile("rb") as replies:
            link.sendall(command("SUBSCRIBE", subject))
            read_reply(replies)
            return [read_reply(replies, text=False)[2] for _ in range(number)]

    def publish(self, messages):
        """All of them, each a subject and bytes."""
        self.pipeline(("PUBLISH", subject, data) for subject, data in messages)

    def connect(self, timeout=10):
        return connect(self.port, self.certificate, timeout)

    def __call__(self, *words):
        """One command over a socket of its own; gives its reply: text, number, None or a list."""
        with self.connect() as link:
            link.sendall(command(*words))
            with link.makefile("rb") as replies:
                return read_reply(replies)

    def pipeline(self, commands):
        """Many commands at once; gives their replies."""
        commands = list(commands)
        with self.connect(60) as link, link.makefile("rb") as replies:
            got = []
            for at in range(0, len(commands), 1000):
                part = commands[at:at + 1000]
                link.sendall(b"".join(command(*words) for words in part))
                got += [read_reply(replies) for _ in part]
            return got


class RedisSentinels:
    """A master, a replica and three sentinels that move to the replica half a second after the master is gone. The redis
    servers are `servers`, the first one is the master at the beginning. With a `certificate` all of them speak TLS alone, also
    to each other; with a `user` "name:password" that is who nodes, the replica and the sentinels are, and the sentinels know
    nobody else."""

    def __init__(self, folder, certificate=None, user=None):
        folder.mkdir(exist_ok=True)
        self.certificate, self.user = certificate, user
        name, _, password = (user or "").partition(":")
        options = {"certificate": certificate, "users": {name: f">{password} ~* &* +@all"} if user else None}
        words = ["--repl-diskless-sync-delay", "0", *(["--masteruser", name, "--masterauth", password] if user else [])]
        first = RedisServer(folder / "one", *words, **options)
        self.servers = [first, RedisServer(folder / "two", "--replicaof", "127.0.0.1", str(first.port), *words, **options)]
        self._until(lambda: "master_link_status:up" in self.servers[1]("INFO", "replication"), "the replica follows")
        self.sentinels = {}  # processes by port
        for i in range(3):
            self._start_sentinel(folder / f"sentinel{i}")
        self._until(lambda: all(self._knows_all(port) for port in self.sentinels), "the sentinels know each other")

    @property
    def url(self):
        scheme, user = ("rediss" if self.certificate else "redis"), f"{self.user}@" if self.user else ""
        return f"{scheme}+sentinel://{user}" + ",".join(f"127.0.0.1:{port}" for port in self.sentinels) + "/weft"

    def master(self):
        """The server that the sentinels name."""
        _, port = self._ask(next(iter(self.sentinels)), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "weft")
        return next(server for server in self.servers if server.port == int(port))

    def kill(self):
        for process in self.sentinels.values():
            process.kill()
            process.wait()
        for server in self.servers:
            server.kill()

    def _start_sentinel(self, folder):
        folder.mkdir(exist_ok=True)
        port = free_port()
        lines = [f"bind 127.0.0.1\ndir {folder}\nsentinel monitor weft 127.0.0.1 {self.servers[0].port} 2",
                 "sentinel down-after-milliseconds weft 500\nsentinel failover-timeout weft 3000"]
        if self.certificate:
            lines += [f"port 0\ntls-port {port}", *(f"{name} {value}" for name, value in tls_settings(self.certificate))]
        else:
            lines.append(f"port {port}")
        if self.user:
            name, password = self.user.split(":")
            lines.append(f"user default off\nuser {name} on >{password} ~* &* +@all\n"
                         f"sentinel sentinel-user {name}\nsentinel sentinel-pass {password}\n"
                         f"sentinel auth-user weft {name}\nsentinel auth-pass weft {password}")
        (folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
        self.sentinels[port] = subprocess.Popen(["redis-server", str(folder / "sentinel.conf"), "--sentinel"],
                                                stdout=subprocess.DEVNULL)

    def _ask(self, port, *words):
        """One command to a sentinel."""
        with connect(port, self.certificate) as link, link.makefile("rb") as replies:
            for each in ([("AUTH", *self.user.split(":"))] if self.user else []) + [words]:
                link.sendall(command(*each))
                reply = read_reply(replies)
            return reply

    def _knows_all(self, port):
        words = self._ask(port, "SENTINEL", "MASTER", "weft")
        facts = dict(zip(words[::2], words[1::2]))
        return facts["num-other-sentinels"] == "2" and facts["num-slaves"] == "1"

    @staticmethod
    def _until(condition, what):
        deadline = time.monotonic() + 30
        while True:
            try:
                if condition():
                    return
            except (OSError, RuntimeError):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.02)


def tls_settings(certificate):
    """Of a server or a sentinel that trusts the certificate it shows."""
    files = [(f"tls-{name}-file", str(path)) for name, path in
             (("cert", certificate.certificate), ("key", certificate.key), ("ca-cert", certificate.certificate))]
    return [*files, ("tls-auth-clients", "no"), ("tls-replication", "yes")]


def connect(port, certificate=None, timeout=10):
    link = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    return certificate.context().wrap_socket(link, server_hostname="localhost") if certificate else link


def command(*words):
    """The words as Redis reads them: an array of bulk strings."""
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(out)


def read_reply(stream, text=True):
    line = stream.readline()
    if not line:
        raise OSError("redis-server went away")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"-":
        raise RuntimeError(rest)
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    if kind == b"*":
        return None if rest == "-1" else [read_reply(stream, text) for _ in range(int(rest))]
    if rest == "-1":
        return None
    data = stream.read(int(rest) + 2)[:-2]
    return data.decode() if text else data
