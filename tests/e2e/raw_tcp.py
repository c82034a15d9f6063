# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A TCP client that sends the segments of its choice, from an address that no kernel owns.

Nothing is repeated but by the caller of put(). All runs in one thread on one CPU, so that segments
arrive in the order in which they were sent.
"""
import os
import socket
import struct
import time

import packets

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ETH_P_IP = 0x0800
PATIENCE = 30  # seconds
PORTS = 500  # of one run; the host keeps sockets of the run before
TIMESTAMPS, MPTCP = 8, 30  # options


def tcp(source, dest, ports, seq, ack, flags, data=b"", window=60000, options=b"", urgent=0, check="right"):
    options += b"\x01" * (-len(options) % 4)
    head = struct.pack("!HHIIBBH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (20 + len(options)) << 2, flags, window)
    total = packets.above_ip(source, dest, socket.IPPROTO_TCP, head + struct.pack("!HH", 0, urgent) + options + data)
    return head + struct.pack("!HH", total ^ (0x5555 if check == "wrong" else 0), urgent) + options + data


class Wire:
    """The client's host. Enter its namespace first. `run`: 0 to 99, another one for each Wire of the same address."""

    def __init__(self, address, peer, run):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self.address, self.peer = address, peer
        self.out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        self.into = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.into.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.into.setblocking(False)
        self.ports = iter(range(10000 + run * PORTS, 10000 + (run + 1) * PORTS))
        self.connections = {}

    def send(self, segment, cuts=()):
        for packet in packets.packets(self.address, self.peer, socket.IPPROTO_TCP, segment, cuts):
            self.out.sendto(packet, (self.peer, 0))

    def receive(self):
        """What has come for the connections."""
        while True:
            try:
                packet = self.into.recv(1 << 17)
            except BlockingIOError:
                return
            if packet[9] == socket.IPPROTO_TCP and packet[16:20] == packets.packed(self.address):
                segment = packet[(packet[0] & 15) * 4:struct.unpack("!H", packet[2:4])[0]]
                connection = self.connections.get(struct.unpack("!H", segment[2:4])[0])
                if connection:
                    connection.received(segment)


class Connection:
    """Positions count from the first byte behind the SYN."""

    def __init__(self, wire):
        self.wire, self.peer, self.port = wire, wire.peer, next(wire.ports)
        self.first = self.port * 7919
        self.at = self.acked = 0  # position of the next byte, and of the first that the peer lacks
        self.next = None  # sequence number that the peer sends next
        self.heard = b""
        self.window = 0
        self.clock, self.echo = 1000000, 0
        wire.connections[self.port] = self

    def received(self, segment):
        seq, ack, length, flags, self.window = struct.unpack("!IIBBH", segment[4:16])
        self.acked = ack - self.first - 1
        length = (length >> 4) * 4
        if flags & SYN:
            at = segment.find(bytes((TIMESTAMPS, 10)), 20, length)
            self.next, self.echo = seq + 1, struct.unpack("!I", segment[at + 2:at + 6])[0]
        elif seq == self.next & 0xFFFFFFFF and (len(segment) > length or flags & FIN):
            self.next += len(segment) - length + (flags & FIN)
            self.heard += segment[length:]
            self.put(self.at, b"")

    def put(self, at, data, flags=ACK | PSH, cuts=(), ack=0, age=0, **odd):
        """data at position `at`; age: how old its timestamp is; ack: beyond what came."""
        self.clock += 1
        stamp = struct.pack("!BBBBII", 1, 1, TIMESTAMPS, 10, self.clock - age, self.echo)
        self.wire.send(tcp(self.wire.address, self.peer, (self.port, 5060), self.first + 1 + at,
                           (self.next or 0) + ack, flags, data, options=stamp, **odd), cuts)

    def send(self, data, **odd):
        self.put(self.at, data, **odd)
        self.at += len(data)

    def syn(self, data=b"", options=b""):
        stamp = struct.pack("!BBBBII", 1, 1, TIMESTAMPS, 10, self.clock, 0)
        self.wire.send(tcp(self.wire.address, self.peer, (self.port, 5060), self.first, 0, SYN, data,
                           options=struct.pack("!BBH", 2, 4, 1400) + options + stamp))

    def is_open(self):
        return self.next is not None


def until(condition, poll, again=lambda: None):
    """Polls until condition() holds; again() is called each second."""
    end, beat = time.monotonic() + PATIENCE, time.monotonic() + 1
    while not condition():
        poll()
        if time.monotonic() > beat:
            beat += 1
            again()
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.0005)
