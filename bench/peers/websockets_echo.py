#!/usr/bin/env python3
"""Echoes with Debian's python3-websockets, one asyncio loop. Prints its port, ends at SIGTERM: a peer for bench/compare.sh."""
import asyncio
import logging
import signal

import websockets


async def echo(socket, *_):
    async for message in socket:
        await socket.send(message)


async def main():
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set_result, None)
    server = await websockets.serve(echo, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await done


asyncio.run(main())
