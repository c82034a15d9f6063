#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Clients of the daemon's socket that behave badly, and floods.

bad_clients.py rude SOCKET CALL-ID    clients ask and do not read, or say nonsense: prints how many of the latter were
                              closed without an answer; at the end of stdin the first one reads after all,
                              and how many packets it got is printed
bad_clients.py flood CALL-ID N TO     on stdin a BYE with CSeq 10: N of them, numbered 1 to N, to address TO
bad_clients.py strangers N TO         N BYEs of two readings, each of another Call-ID
bad_clients.py invite CALL-ID TO      an INVITE of this host's own
bad_clients.py forged CALL-ID N TO    N answers to it, each with another To tag
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


def packets(s):
    """Until it is closed."""
    try:
        while packet := s.recv(65536):
            yield packet
    except ConnectionResetError:
        pass


def is_answer(packet):
    return packet[:4] == struct.pack("=I", MAGIC)


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
        closed += not any(is_answer(packet) for packet in packets(s))
    print(closed, "of", len(nonsense))
    sys.stdout.flush()
    sys.stdin.read()
    print(sum(is_answer(packet) for packet in packets(silent[0])))


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


def headers(call_id, more):
    lines = ["Via: SIP/2.0/UDP 10.77.0.1:5060;branch=z9hG4bK-own", "From: <sip:a@x>;tag=own", "Call-ID: " + call_id,
             "CSeq: 13 INVITE", "Content-Length: 0", *more, "", ""]
    return "\r\n".join(lines).encode()


def invite(call_id, to):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"INVITE sip:b@x SIP/2.0\r\n" + headers(call_id, ["To: <sip:b@x>"]), (to, 5060))


def forged(call_id, n, to):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(n):
        s.sendto(b"SIP/2.0 200 OK\r\n" + headers(call_id, ["To: <sip:b@x>;tag=t%d" % i]), (to, 5060))


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what in ("flood", "forged"):
        arguments[1] = int(arguments[1])
    elif what == "strangers":
        arguments[0] = int(arguments[0])
    globals()[what](*arguments)


main()
