"""Starts the server of examples/events that was built outside of the tree, and asks it what its README does."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from raw_websocket import RawWebSocket  # noqa: E402
from weft_process import Weft  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    weft = Weft(folder, own=pathlib.Path(sys.argv[1]).resolve())
    try:
        with RawWebSocket(weft.clients, "/") as client:
            client.send_text('{"event": "TEST", "headers": {}, "input_data": {}}')
            answer = client.text()
    finally:
        code = weft.stop()
assert answer == '{"event":"RESPONSE_EVENT","data":{"message":"Hello World"}}', answer
assert code == 0, code
