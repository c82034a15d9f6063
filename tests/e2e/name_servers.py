#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Silent name servers: name_servers.py ADDRESS... listens on port 53 of each, and prints the address and
the name of each query. It answers none, until SIGUSR1: from then on no name exists. SIGUSR2: silent again."""

import select
import signal
import socket
import sys

NO_SUCH_NAME = b"\x81\x83"  # the flags of a response
answers = False


def switch(number, _):
    global answers
    answers = number == signal.SIGUSR1


def name_of(query):
    labels, at = [], 12
    while at < len(query) and query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels)


def listen(address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    return server


signal.signal(signal.SIGUSR1, switch)
signal.signal(signal.SIGUSR2, switch)
servers = {listen(address): address for address in sys.argv[1:]}
print("ready", flush=True)
while True:
    for server in select.select(list(servers), [], [])[0]:
        query, client = server.recvfrom(512)
        print(servers[server], name_of(query), flush=True)
        if answers:
            server.sendto(query[:2] + NO_SUCH_NAME + query[4:], client)
