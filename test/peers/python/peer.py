"""Python's websockets as the other end, with permessage-deflate.

peer.py server             echoes on a free port of 127.0.0.1, which it prints as "listening PORT"
peer.py client URL COUNT   has COUNT random messages echoed and prints "echoed COUNT"
"""

import asyncio
import os
import random
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


def require_deflate(connection):
    names = [extension.name for extension in connection.protocol.extensions]
    if names != ["permessage-deflate"]:
        raise SystemExit(f"extensions {names}, permessage-deflate required")


async def echo(connection):
    require_deflate(connection)
    async for message in connection:
        await connection.send(message)


async def server():
    async with serve(echo, "127.0.0.1", 0, compression="deflate", max_size=None) as listening:
        print("listening", listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


def random_message(source):
    size = int(2 ** source.uniform(0, 17)) - 1
    if source.random() < 0.5:
        return source.randbytes(size)
    return "".join(source.choices("aaaa bcdeé€文😀\n", k=size))


async def client(url, count):
    source = random.Random(20)
    messages = [random_message(source) for _ in range(count)]
    async with connect(url, compression="deflate", max_size=None) as connection:
        require_deflate(connection)

        async def send():
            for message in messages:
                await connection.send(message)

        sending = asyncio.create_task(send())
        for number, message in enumerate(messages):
            if await connection.recv() != message:
                raise SystemExit(f"echo {number} differs from what was sent")
        await sending
    if connection.close_code != 1000:
        raise SystemExit(f"closed with {connection.close_code}, 1000 required")
    print("echoed", count, flush=True)


if sys.argv[1] == "server":
    asyncio.run(server())
else:
    asyncio.run(client(sys.argv[2], int(sys.argv[3])))
