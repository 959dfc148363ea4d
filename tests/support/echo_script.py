"""The same echo twice: weft's own answer on /echo, a script's on /lua."""
import pytest

ECHO_SCRIPT = """
function on_handshake(client_id, headers, server) end
function on_message(msg) mix.websocket():send(msg.data, msg.type) end
function on_close(client_id, err) end
"""
EVERY_PATH = pytest.mark.parametrize("path", ["/echo", "/lua"])
