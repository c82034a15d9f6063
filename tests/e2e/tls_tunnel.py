#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""TLS for a peer that knows TCP alone.

tls_tunnel.py HOST from PORT ADDRESS PORT        TCP that comes in on localhost goes on as TLS
tls_tunnel.py HOST wss PORT ADDRESS PORT         SIP over TCP that comes in on localhost goes on over WebSocket in TLS
tls_tunnel.py HOST to PORT ADDRESS PORT PEM      TLS that comes in goes on as TCP
HOST is the lab's; LAB_ID is in the environment.
"""
import asyncio
import contextlib
import ssl
import sys

sys.dont_write_bytecode = True
import websocket  # noqa: E402
from players import enter  # noqa: E402


async def chunks(reader):
    while data := await reader.read(65536):
        yield data


async def pipe(parts, writer):
    with contextlib.suppress(asyncio.IncompleteReadError):
        async for part in parts:
            writer.write(part)
            await writer.drain()
    writer.close()


async def main(host, direction, port, address, far_port, pem=None):
    enter(host)
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if pem:
        server.load_cert_chain(pem)

    async def tunnel(reader, writer):
        far = await asyncio.open_connection(address, int(far_port), ssl=None if direction == "to" else client)
        out, back = chunks(reader), chunks(far[0])
        if direction == "wss":
            await asyncio.wait_for(websocket.handshake(*far, address), 30)
            out, back = websocket.frames(reader), websocket.messages(far[0])
        await asyncio.gather(pipe(out, far[1]), pipe(back, writer), return_exceptions=True)

    where = ("0.0.0.0", server) if direction == "to" else ("127.0.0.1", None)
    async with await asyncio.start_server(tunnel, where[0], int(port), ssl=where[1]) as listener:
        await listener.serve_forever()


asyncio.run(main(*sys.argv[1:]))
