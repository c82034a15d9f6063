#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Clients of the daemon's socket that behave badly, and floods.

see.py rude SOCKET CALL-ID    32 clients ask and never read, or say nonsense: prints how many of the latter
                              were closed
see.py flood CALL-ID N TO     on stdin a BYE with CSeq 10: N of them, numbered 1 to N, to address TO
see.py strangers N TO         N BYEs of two readings, each of another Call-ID
"""
import re
import socket
import struct
import sys

ASK = struct.Struct("=IHHII512s")
MAGIC, VERSION, LADDER = 0x4B534143, 1, 1


def layout():
    """Of the events, as the header has it."""
    with open(sys.path[0] + "/../../include/cseqguard.h") as header:
        return int(re.search(r"#define CG_LAYOUT (\d+)", header.read()).group(1))


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(path)
    return s


def rude(path, call_id):
    ask = ASK.pack(MAGIC, VERSION, layout(), ASK.size, LADDER, call_id.encode())
    nonsense = [b"x", b"", ask[:-1], ask + b"x", ask[4:] + ask[:4],
                ASK.pack(MAGIC, VERSION + 1, layout(), ASK.size, LADDER, b""),
                ASK.pack(MAGIC, VERSION, layout(), ASK.size, LADDER + 1, b"")]
    silent = []
    for _ in range(16):
        s = connect(path)
        s.send(ask)
        silent.append(s)
    closed = 0
    for message in nonsense:
        s = connect(path)
        s.send(message) if message else s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(65536):
                pass
            closed += 1
        except ConnectionResetError:
            closed += 1
    print(closed, "of", len(nonsense))
    sys.stdout.flush()
    sys.stdin.read()  # the silent ones stay until told


def flood(call_id, n, to):
    bye = sys.stdin.buffer.read().replace(b"\n", b"\r\n")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 5060))
    for cseq in range(1, n + 1):
        s.sendto(bye.replace(b"CSeq: 10 ", b"CSeq: %d " % cseq), (to, 5060))


def strangers(n, to):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(n):
        s.sendto(b"BYE sip:b@x SIP/2.0\r\nFrom: <sip:a@x>;tag=a%d\r\nTo: <sip:b@x>;tag=b\r\n"
                 b"Call-ID: stranger-%d\r\nCSeq: 10 BYE\r\nCSeq: 11 BYE\r\n\r\n" % (i, i), (to, 5060))


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "rude":
        rude(*arguments)
    elif what == "flood":
        flood(arguments[0], int(arguments[1]), arguments[2])
    else:
        strangers(int(arguments[0]), arguments[1])


main()
