"""A real nats-server on a free port of the loopback, in a folder of its own, that a test may kill and bring back; and a
client of its text protocol, for tests that look at what is on the bus or put something there."""
import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from pausing import pause, resume
from redis_server import free_port

FOUND = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin")


class NatsServer:
    """With JetStream in files of `folder`. `config` is more of nats-server's own configuration; `user` "name:password" or
    a token, `certificate` one of certificates.py."""

    def __init__(self, folder, config="", user=None, certificate=None):
        self.folder, self.port, self.monitor, self.process = folder, free_port(), free_port(), None
        self.user, self.certificate = user, certificate
        self.folder.mkdir(exist_ok=True)
        self.config = self.folder / "nats.conf"
        self.configure(config)
        self.start()

    @staticmethod
    def is_installed():
        return FOUND is not None

    @property
    def url(self):
        return self.url_at(self.port)

    def url_at(self, port):
        """The same through a proxy on another port."""
        scheme, user = ("tls" if self.certificate else "nats"), f"{self.user}@" if self.user else ""
        return f"{scheme}://{user}127.0.0.1:{port}"

    def configure(self, config):
        """What it reads at its next start, or on reload()."""
        lines = [f'listen: "127.0.0.1:{self.port}"', f'http: "127.0.0.1:{self.monitor}"',
                 f'jetstream {{ store_dir: "{self.folder}" }}', config]
        if self.user and ":" in self.user:
            name, password = self.user.split(":")
            lines.append(f'authorization {{ user: "{name}", password: "{password}" }}')
        elif self.user:
            lines.append(f'authorization {{ token: "{self.user}" }}')
        if self.certificate:
            lines.append(f'tls {{ cert_file: "{self.certificate.certificate}", key_file: "{self.certificate.key}" }}')
        self.config.write_text("\n".join(lines) + "\n")

    def start(self):
        with open(self.folder / "nats.log", "ab") as log:
            self.process = subprocess.Popen([FOUND, "-c", str(self.config)], stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while True:
            try:
                if self.ask("healthz")["status"] == "ok":
                    return
            except (OSError, ValueError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"nats-server is not there:\n{(self.folder / 'nats.log').read_text()}")
            time.sleep(0.01)

    def ask(self, page):
        """A page of its monitor: varz, connz, subsz, jsz …"""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/{page}", timeout=5) as answer:
            return json.loads(answer.read())

    def received(self):
        """Messages that its clients have sent it."""
        return self.ask("varz")["in_msgs"]

    def subjects(self):
        """What its clients are subscribed to."""
        clients = self.ask("connz?subs=1")["connections"]
        return sorted({subject for client in clients for subject in client.get("subscriptions_list", [])})

    def publish(self, messages):
        """All of them, each a subject and bytes."""
        with self.client() as client:
            for subject, data in messages:
                client.publish(subject, data)
            client.flush()

    def kept(self, prefix):
        """How many ends the nodes have written down for the case of their deaths."""
        words = json.dumps({"subjects_filter": f"$KV.{prefix}_nodes.kept.>"}).encode()
        with self.client() as client:
            state = client.ask(f"$JS.API.STREAM.INFO.KV_{prefix}_nodes", words)["state"]
        return len(state.get("subjects") or {})

    def streams(self):
        """Names of its streams, those of key-value buckets too."""
        with self.client() as client:
            return client.ask("$JS.API.STREAM.NAMES")["streams"] or []

    def delete_streams(self):
        with self.client() as client:
            for name in client.ask("$JS.API.STREAM.NAMES")["streams"] or []:
                assert client.ask(f"$JS.API.STREAM.DELETE.{name}")["success"]

    def forget(self):
        """After kill(): what it would know when it starts again."""
        shutil.rmtree(self.folder / "jetstream", ignore_errors=True)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def pause(self):
        pause(self.process)

    def resume(self):
        resume(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def client(self):
        return NatsClient(self)


class NatsClient:
    """PUB and SUB, one thing after another."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        info = self.socket.recv(1 << 16)  # one short line, alone
        assert info.startswith(b"INFO "), info
        if server.certificate:
            self.socket = server.certificate.context().wrap_socket(self.socket, server_hostname="localhost")
        options = {"verbose": False, "pedantic": False, "name": "a test"}
        if server.user:
            name, _, password = server.user.partition(":")
            options |= {"user": name, "pass": password} if password else {"auth_token": name}
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def publish(self, subject, data):
        self.socket.sendall(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(data), data))

    def subscribe(self, subject):
        self.socket.sendall(b"SUB %s 1\r\n" % subject.encode())
        self.flush()

    def ask(self, subject, data=b""):
        """A request; gives the JSON that is answered."""
        self.subscribe("a.test.s.inbox")
        self.socket.sendall(b"PUB %s a.test.s.inbox %d\r\n%s\r\n" % (subject.encode(), len(data), data))
        answer = json.loads(self.message()[1])
        self.socket.sendall(b"UNSUB 1\r\n")
        return answer

    def flush(self):
        """Everything said before has been carried out. What is heard meanwhile is dropped."""
        self.socket.sendall(b"PING\r\n")
        while self.line() != b"PONG":
            pass

    def line(self):
        line = self.stream.readline()
        if not line:
            raise OSError("nats-server went away")
        if line.startswith(b"-ERR"):
            raise RuntimeError(line.decode().strip())
        if line == b"PING\r\n":
            self.socket.sendall(b"PONG\r\n")
        return line[:-2]

    def message(self):
        """The next one: subject, bytes."""
        while not (line := self.line()).startswith(b"MSG "):
            pass
        words = line.split()
        return words[1].decode(), self.stream.read(int(words[-1]) + 2)[:-2]
