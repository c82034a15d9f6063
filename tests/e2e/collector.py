#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A Homer collector's ear: collector.py udp|tcp ADDRESS PORT OUT

Each HEP record becomes a line of hex in OUT. The port is printed once it is bound (0: a free one). A TCP
connection's receive buffer is small, so that who reads no more is felt.
"""

import socket
import sys


def records(connection):
    """Of a TCP connection, until it ends."""
    rest = b""
    while True:
        while len(rest) >= 6:
            length = int.from_bytes(rest[4:6], "big")
            if rest[:4] != b"HEP3" or length < 6:
                raise SystemExit(f"no HEP: {rest[:8].hex()}")
            if len(rest) < length:
                break
            yield rest[:length]
            rest = rest[length:]
        more = connection.recv(65536)
        if not more:
            return
        rest += more


def main():
    protocol, address, port, out = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as ear, open(out, "a", encoding="ascii") as file:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind((address, int(port)))
        if protocol == "tcp":
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ear.listen()
        print(ear.getsockname()[1], flush=True)
        while protocol == "udp":
            print(ear.recv(65536).hex(), file=file, flush=True)
        while True:
            connection, _ = ear.accept()
            with connection:
                for record in records(connection):
                    print(record.hex(), file=file, flush=True)


main()
