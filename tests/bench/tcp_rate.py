#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""How fast TCP gets from host caller to a socket on the guarded host that reads and forgets.

tcp_rate.py bulk|sip ADDRESS PORT SECONDS     LAB_ID is in the environment
bulk: as fast as it goes; sip: requests of 600 bytes, a write each. Prints the bytes that were read, how many
requests these are, and the seconds that it took.
"""
import ctypes
import os
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
REQUEST_BYTES = 600


def enter(host):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/cg%s-%s" % (os.environ["LAB_ID"], host)) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), host)


def request():
    head = "\r\n".join([
        "OPTIONS sip:server SIP/2.0", "Via: SIP/2.0/TCP client:5060;branch=z9hG4bK-bench", "Max-Forwards: 70",
        "From: <sip:bob@client>;tag=bench", "To: <sip:server>", "Call-ID: bench@client", "CSeq: 1 OPTIONS",
        "Content-Length: 0", "User-Agent: "]).encode()
    return head + b"x" * (REQUEST_BYTES - len(head) - 4) + b"\r\n\r\n"


def send(address, port, seconds, data):
    with socket.create_connection((address, port)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            s.sendall(data)


def main(kind, address, port, seconds):
    enter("proxy")
    listener = socket.create_server((address, int(port)))
    enter("caller")
    if not os.fork():
        send(address, int(port), float(seconds), request() if kind == "sip" else b"x" * 262144)
        os._exit(0)
    s, count = listener.accept()[0], 0
    start = time.monotonic()
    while data := s.recv(1 << 20):
        count += len(data)
    print(count, count // REQUEST_BYTES, "%.3f" % (time.monotonic() - start))
    os.wait()


main(*sys.argv[1:])
