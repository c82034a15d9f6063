#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A peer that listens on port 5060 and sends each message from another port.

any_port.py HOST ADDRESS PORT: for SIPp on that port of localhost
HOST is the lab's; LAB_ID is in the environment.
"""
import select
import socket
import sys

sys.dont_write_bytecode = True
from players import enter  # noqa: E402


def bound(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    return s


def main(host, address, port):
    enter(host)
    outside, inside = bound(address, 5060), bound("127.0.0.1", 0)
    ports = []  # the last ones stay bound: no port comes twice in a call
    while True:
        readable = select.select([outside, inside], [], [])[0]
        if outside in readable:
            data, far = outside.recvfrom(65535)
            inside.sendto(data, ("127.0.0.1", int(port)))
        if inside in readable:
            ports = [*ports[-20:], bound(address, 0)]
            ports[-1].sendto(inside.recv(65535), far)


main(*sys.argv[1:])
