"""nginx and HAProxy in front of a server under test, and a relay that counts what passes."""
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def find(name):
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    return found and pathlib.Path(found)


def _wait_for(port, process):
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the proxy is not there: {process.args}")
            time.sleep(0.02)


class Proxy:
    """A child process that listens on `port`; `forwarded()` counts requests it sent on, by its own log."""

    def __init__(self, folder, command, port):
        self.port, self.log_path = port, folder / "forwarded.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL, cwd=folder)
        _wait_for(port, self.process)

    def forwarded(self):
        lines = self.log_path.read_text(errors="replace").splitlines()
        return sum(1 for line in lines if re.search(r"server=\w", line))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_nginx(folder, upstream):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  log_format count 'server=$upstream_addr $request_uri';
  access_log forwarded.log count;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_set_header Connection "";
                  proxy_request_buffering off; proxy_next_upstream off; }}
  }}
}}
""")
    return Proxy(folder, [find("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], port)


def start_haproxy(folder, upstream, server_options="", frontend=""):
    port = free_port()
    (folder / "haproxy.cfg").write_text(f"""
global
  log stdout format raw local0
  maxconn 200
defaults
  mode http
  log global
  log-format "server=%s %ST %HU %tsc"
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:{port}
  {frontend}
  default_backend b
backend b
  server s 127.0.0.1:{upstream} {server_options}
""")
    return Proxy(folder, [find("haproxy"), "-db", "-f", "haproxy.cfg"], port)


class Relay:
    """Passes TCP on to `upstream` and keeps what came back, to count answers."""

    def __init__(self, upstream):
        self.upstream, self.answers, self.listener = upstream, [], socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self):
        """Final HTTP answers the upstream has given."""
        return sum(len(re.findall(rb"HTTP/1\.1 [2-5]\d\d ", bytes(one))) for one in self.answers)

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server, kept = socket.create_connection(("127.0.0.1", self.upstream)), bytearray()
            self.answers.append(kept)
            threading.Thread(target=self._pass, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, kept), daemon=True).start()

    @staticmethod
    def _pass(source, sink, kept):
        try:
            while data := source.recv(1 << 16):
                if kept is not None:
                    kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
