"""A worker that behaves as the published PHP one: the calls of its client's generation, its answers, and its trap."""
import json
import threading

from raw_websocket import Closed, RawWebSocket

USERS = {"user1": 1, "user2": 2}


class SeedWorker(threading.Thread):
    """Consumes `chat` and `conn` until `stop`. `seen` are the events it got, oldest first."""

    def __init__(self, api_port):
        super().__init__(daemon=True)
        self.api = RawWebSocket(api_port, "/ws/v1", timeout=60)
        self.next_id = 0
        self.online = set()
        self.seen = []
        self.failure = None
        self.start()

    def stop(self):
        self.api.socket.shutdown(2)
        self.join(20)
        if self.failure:
            raise self.failure

    def run(self):
        try:
            self.call("queue.consume", ["chat", "conn"])
            while True:
                message = json.loads(self.api.text())
                if message.get("event"):
                    self.consume(message["result"])
                else:
                    assert message["error"] is None or message["error"]["code"] in (301, 401), message
        except (Closed, ConnectionError):
            pass
        except Exception as failure:  # told to the test by stop()
            self.failure = failure

    def call(self, method, params):
        self.api.send_text(json.dumps({"method": method, "params": params, "id": self.next_id}))
        self.next_id += 1

    def send(self, client, text):
        self.call("mesh.send", {"client_id": client, "data": text})

    def publish(self, channel, text):
        self.call("mesh.publish", {"channel": channel, "data": text})

    def on_connection(self, client, func, *args):
        self.call("conn.call", {"client_id": client, "func": func, "args": list(args)})

    def consume(self, job):
        client, data = int(job["client_id"]), job["data"]  # PHP gives the id back as a number
        self.seen.append((job["queue"], data))
        uid = data.get("uid") or 0
        if job["queue"] == "conn":
            if data.get("event") == "close" and uid:
                self.online.discard(uid)
            return
        message = json.loads(data["frame"]["data"])
        if not message:
            return self.send(client, '{"error":"Json format error"}')
        op, args = message.get("op", ""), message.get("args", [])
        if op == "auth":
            return self.auth(client, *args)
        if op not in ("subscribe", "unsubscribe", "sendtoroom", "sendtouser", "sendbroadcast"):
            return None
        if not uid:
            return self.send(client, f'{{"op":"{op}","error":"No access"}}')
        if op in ("subscribe", "unsubscribe"):
            self.on_connection(client, op, *args)
        else:
            channel, text = args if op != "sendbroadcast" else ("broadcast", args[0])
            self.publish(channel, f'{{"event":"subscribe","channel":"{channel}","data":"uid:{uid},message:{text}"}}')
        return self.send(client, f'{{"op":"{op}","success":true}}')

    def auth(self, client, name, password):
        uid = USERS.get(name) if password == "123456" else None
        if not uid:
            self.on_connection(client, "set_context_value", "user_id", 0)  # the trap: the script waits for `uid`
            return self.send(client, '{"op":"auth","error":"Invalid name or password"}')
        self.online.add(uid)
        self.on_connection(client, "set_context_value", "uid", uid)
        return self.send(client, '{"op":"auth","success":true}')
