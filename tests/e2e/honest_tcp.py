#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Honest clients on TCP, and their server; LAB_ID and LAB_DIR are in the environment.

honest_tcp.py CLIENT HOST ADDRESS CONNECTIONS MESSAGES [WORD]...
The clients are on host CLIENT, the server is on HOST, at ADDRESS. Each connection sends MESSAGES requests, of many lengths, one by one or
several in one write, and awaits the answers. Fails unless each arrives once, in order, with its body.
    midway      after half of them: makes LAB_DIR/midway and waits for LAB_DIR/go-on
    upgraded    the server answers the first one as a WebSocket server does; what follows is no SIP
    piggyback   the third segment of each handshake has the first message
    deferred    the server listens with TCP_DEFER_ACCEPT
    offload=on, offload=off     GSO, TSO and GRO, and checksums, of the link between CLIENT and proxy
"""
import asyncio
import contextlib
import ctypes
import fcntl
import os
import random
import re
import socket
import struct
import sys

sys.dont_write_bytecode = True
from players import enter  # noqa: E402

PATIENCE = 150  # seconds
SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO
UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"


def set_offloads(device, value):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in OFFLOADS:
            data = ctypes.create_string_buffer(struct.pack("II", command, value))
            with contextlib.suppress(OSError):  # a TAP device has none of them
                fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sQ16x", device.encode(), ctypes.addressof(data)))


def request(connection, number):
    body = "b" * random.Random(connection * 1000 + number).choice((0, 0, 10, 200, 1500, 3000, 9000))
    return ("OPTIONS sip:server SIP/2.0\r\nVia: SIP/2.0/TCP client;branch=z9hG4bK%d-%d\r\nFrom: <sip:a@client>;tag=a\r\n"
            "To: <sip:server>\r\nCall-ID: %d@%s\r\nCSeq: %d OPTIONS\r\nContent-Length: %d\r\n\r\n%s"
            % (connection, number, connection, os.environ["LAB_ID"], number, len(body), body)).encode()


async def read_message(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    body = await reader.readexactly(int(re.search(r"Content-Length: (\d+)", head).group(1)))
    return head, body


async def serve(reader, writer, upgraded):
    try:
        if upgraded:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(UPGRADE)
        while True:
            head, body = await read_message(reader)
            kept = [line for line in head.split("\r\n") if re.match("Via|From|To|Call-ID|CSeq", line)]
            writer.write("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: %d" % len(body), "", ""]).encode() + body)
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def midway():
    open(os.environ["LAB_DIR"] + "/midway", "w").close()
    while not os.path.exists(os.environ["LAB_DIR"] + "/go-on"):
        await asyncio.sleep(0.05)


async def client(number, s, messages, words):
    reader, writer = await asyncio.open_connection(sock=s)
    if "upgraded" in words:
        writer.write(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == UPGRADE
    sent = 0
    while sent < messages:
        batch = range(sent + 1, min(sent + 1 + sent % 4, messages) + 1)
        writer.write(b"".join(request(number, n) for n in batch))
        for n in batch:
            head, body = await read_message(reader)
            asked = request(number, n)
            assert head.startswith("SIP/2.0 200 ") and "\r\nCSeq: %d OPTIONS\r\n" % n in head, head
            assert asked.endswith(b"\r\n\r\n" + body), n
        if "midway" in words and sent < messages // 2 <= batch[-1]:
            await midway()
        sent = batch[-1]
    writer.close()


async def connected(family, where, words):
    s = socket.socket(family, socket.SOCK_STREAM)
    if "piggyback" in words:  # on a client: its ACK waits for data
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    s.setblocking(False)
    await asyncio.get_running_loop().sock_connect(s, where)
    return s


async def main(clients, host, address, connections, messages, *words):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for name, device in ((clients, "eth0"), ("proxy", clients + "0")):
        enter(name)
        for word in words:
            if word.startswith("offload="):
                set_offloads(device, int(word == "offload=on"))
    enter(host)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "deferred" in words:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    listener.bind((address, 5060))
    await asyncio.start_server(lambda *streams: serve(*streams, "upgraded" in words), sock=listener)
    enter(clients)
    sockets = await asyncio.gather(*(connected(family, (address, 5060), words) for _ in range(int(connections))))
    await asyncio.gather(*(client(n, s, int(messages), words) for n, s in enumerate(sockets)))


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), PATIENCE))
