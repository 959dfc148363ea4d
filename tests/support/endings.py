"""A server whose paths tell a queue of every open and close, and a client's rudest end."""
import socket
import struct

EVENTS = """
client: { read_timeout: 0, ping_interval: 0, max_messages_per_second: 20 }
paths:
  - { path: /q, queue: q }
  - { path: /silent, queue: q, read_timeout: 1s, ping_interval: 0 }
  - { path: /auth, queue: q, authenticate: { context_key: uid, within: 500ms } }
queues: [ { name: q, max_items: 100000 } ]
"""


def reset(client):
    """Ends the connection with a TCP reset."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()
