"""A worker program as a user would write one: takes the topic it is told and answers with mesh.send."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from raw_websocket import RawWebSocket  # noqa: E402

port = int(os.environ["WEFT_API"].rsplit(":", 1)[1])
with RawWebSocket(port, "/ws/v1", timeout=None) as api:
    api.send_text(json.dumps({"m": "queue.pop", "p": {"t": [os.environ["WEFT_TOPIC"]]}, "i": 1}))
    while True:
        event = json.loads(api.text())
        if event.get("e") != "queue.pop":
            continue
        job = event["p"]["d"]
        answer = {"event": "RENDERED", "data": {"page": job["data"]["page"], "by": os.environ["WEFT_WORKER_NAME"]},
                  "id": job["id"]}
        api.send_text(json.dumps({"m": "mesh.send", "p": {"c": event["p"]["c"], "d": json.dumps(answer)}, "i": 2}))
