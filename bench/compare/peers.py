"""Servers of others that registries give, each started beside weft: who can do what, and how it is spoken to.

Nothing of them is installed: `install` unpacks Debian's packages and the npm module under build/.../bench/peers, so no
service of theirs ever runs. What is on the system already is taken where the folder lacks it.
"""
import json
import os
import pathlib
import shutil
import subprocess

from servers import ROOT, Missing, Server, free_port

PEERS = ROOT / "bench/peers"
PACKAGES = ["nginx", "libnginx-mod-nchan", "nats-server", "python3-websockets"]
NATS_HELLO = r'CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\n'


def folder(build):
    return build / "bench/peers"


def install(build):
    """Fetches what is missing; needs apt and npm, but not root."""
    debian, modules = folder(build) / "debian", folder(build) / "ws"
    downloads = folder(build) / "downloads"
    for path in (debian, modules, downloads):
        path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], cwd=downloads, check=True)
    for package in downloads.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, debian], check=True)
    shutil.copy(PEERS / "ws/package.json", modules)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=modules, check=True)


def find(build, *places):
    """The first of `places` that exists, under the unpacked packages or on the system."""
    for place in places:
        for root in (folder(build) / "debian", pathlib.Path("/")):
            if (root / place).exists():
                return root / place
    raise Missing(f"{places[0]} is not there: bench/compare.sh --install")


def scratch(build, name):
    path = folder(build) / "run" / f"{name}-{os.getpid()}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def beast(build, fanout):
    if fanout:
        raise Missing("ours only echoes")
    return Server("beast", [build / "bench/beast_echo"])


def ws(build, fanout):
    modules = folder(build) / "ws/node_modules"
    if not modules.exists():
        raise Missing("the npm module is not there: bench/compare.sh --install")
    return Server("ws", ["node", PEERS / "ws/server.js", *(["--fanout"] if fanout else [])],
                  env={"NODE_PATH": str(modules)})


def websockets(build, fanout):
    if fanout:
        raise Missing("ours only echoes")
    find(build, "usr/lib/python3/dist-packages/websockets")
    unpacked = folder(build) / "debian/usr/lib/python3/dist-packages"
    return Server("websockets", ["/usr/bin/python3", PEERS / "websockets_echo.py"], env={"PYTHONPATH": str(unpacked)})


def nchan(build, fanout):
    if not fanout:
        raise Missing("it does not echo")
    port, run = free_port(), scratch(build, "nchan")
    text = (PEERS / "nchan.conf").read_text()
    for name, value in {"MODULE": find(build, "usr/lib/nginx/modules/ngx_nchan_module.so"), "RUN": run,
                        "PORT": port}.items():
        text = text.replace(f"@{name}@", str(value))
    (run / "nginx.conf").write_text(text)
    server = Server("nchan", [find(build, "usr/sbin/nginx"), "-p", run, "-c", run / "nginx.conf"], port,
                    publish=f"http://127.0.0.1:{port}/publish", flags=["--publish-as", "%s"])
    server.wait_for(server.accepts, "listen")
    return server


def nats(build, fanout):
    if not fanout:
        raise Missing("it does not echo")
    port, run = free_port(), scratch(build, "nats")
    (run / "nats.conf").write_text(
        f'host: "127.0.0.1"\nport: {free_port()}\nping_interval: "1h"\nmax_connections: 20000\n'
        f'websocket {{ host: "127.0.0.1", port: {port}, no_tls: true }}\n')
    server = Server("nats", [find(build, "usr/sbin/nats-server", "usr/bin/nats-server"), "-c", run / "nats.conf"], port,
                    publish=f"ws://127.0.0.1:{port}/",
                    flags=["--hello", NATS_HELLO + r"SUB feed 1\r\n", "--publish-hello", NATS_HELLO,
                           "--publish-as", r"PUB %c %n\r\n%s\r\n"])
    server.wait_for(server.accepts, "listen")
    return server


ALL = {"beast": beast, "ws": ws, "websockets": websockets, "nchan": nchan, "nats": nats}

TITLES = {"beast": "Boost.Beast", "ws": "npm ws", "websockets": "py websockets", "nchan": "nginx + Nchan",
          "nats": "nats-server"}


def versions(build):
    """What was measured, for the page."""
    found = []
    for package in ["libboost1.81-dev", "nginx", "libnginx-mod-nchan", "nats-server", "python3-websockets"]:
        query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        debs = sorted((folder(build) / "downloads").glob(f"{package}_*.deb"))
        version = query.stdout or (debs[-1].name.split("_")[1] if debs else "")
        if version:
            found.append(f"{package} {version.replace('%3a', ':')}")
    module = folder(build) / "ws/node_modules/ws/package.json"
    if module.exists():
        found.append(f"ws {json.loads(module.read_text())['version']}")
        node = subprocess.run(["node", "--version"], capture_output=True, text=True)
        found.append(f"node {node.stdout.strip()}")
    python = subprocess.run(["/usr/bin/python3", "--version"], capture_output=True, text=True)
    return ", ".join([*found, python.stdout.strip()])
