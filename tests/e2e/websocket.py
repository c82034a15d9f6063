# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The client's side of SIP over WebSocket (RFC 7118): each message is a frame of its own (RFC 6455)."""
import base64
import hashlib
import os
import re
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MESSAGE_MAX = 65535
FIN, TEXT, BINARY, MASKED = 0x80, 0x1, 0x2, 0x80


async def handshake(reader, writer, host):
    key = base64.b64encode(os.urandom(16))
    writer.write(b"GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                 b"Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n" % (host.encode(), key))
    answer = await reader.readuntil(b"\r\n\r\n")
    accepted = base64.b64encode(hashlib.sha1(key + GUID).digest())
    if not answer.startswith(b"HTTP/1.1 101 ") or accepted not in answer:
        raise ConnectionError(answer)


def masked(text):
    if len(text) > MESSAGE_MAX:
        raise ValueError("%d bytes" % len(text))
    length = bytes([MASKED | len(text)]) if len(text) < 126 else struct.pack(">BH", MASKED | 126, len(text))
    mask = os.urandom(4)
    pad = mask * (len(text) // 4 + 1)
    return bytes([FIN | TEXT]) + length + mask + bytes(a ^ b for a, b in zip(text, pad))


async def frames(reader):
    """A frame of each message that comes in over TCP."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"\r\nContent-Length: *(\d+)", head).group(1))
        yield masked(head + await reader.readexactly(min(length, MESSAGE_MAX)))


async def messages(reader):
    """The message of each frame, until one is anything else than a whole message: the server's close is."""
    while True:
        kind, length = await reader.readexactly(2)
        if kind not in (FIN | TEXT, FIN | BINARY):
            return
        if length == 126:
            length = struct.unpack(">H", await reader.readexactly(2))[0]
        elif length > 126:
            raise ValueError("a frame of more than %d bytes, or masked by the server" % MESSAGE_MAX)
        yield await reader.readexactly(length)
