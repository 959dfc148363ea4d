"""A worker on the API's WebSocket that takes jobs and keeps them, in a thread of its own."""
import json
import threading

from raw_websocket import CLOSE, PING, PONG, TEXT, Closed, RawWebSocket, frame


class Consumer:
    """Jobs of `topics` as (client id, data), in the order they came."""

    def __init__(self, port, *topics):
        self.jobs = []
        self.client = RawWebSocket(port, "/ws/v1", timeout=None)
        self.client.send_text(json.dumps({"m": "queue.pop", "p": {"t": list(topics)}, "i": 1}))
        answer = json.loads(self.client.text())
        assert not answer["E"], answer
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            while True:
                opcode, payload, _, _ = self.client.read_frame()
                if opcode == PING:
                    self.client.send(frame(PONG, payload))
                elif opcode == TEXT:
                    event = json.loads(payload)["p"]
                    self.jobs.append((event["c"], event["d"]))
                elif opcode == CLOSE:
                    self.client.send(frame(CLOSE, payload))
                    return
        except (Closed, OSError):
            pass

    def events(self, kind):
        return [(client, data) for client, data in list(self.jobs) if data["event"] == kind]

    def close(self):
        self.client.socket.close()
