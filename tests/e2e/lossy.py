#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A line that loses and reorders IP packets, where the kernel has no netem: between a TAP device and a veth.

lossy.py TAP WIRE LOSS [SEED]
Each IPv4 packet is lost with chance LOSS; of the others a third is late by up to 20 ms, both ways. Prints
"ready" and the seed. Ends by SIGTERM, and prints how many fragments passed, were lost, and were overtaken.
"""
import fcntl
import heapq
import os
import random
import select
import signal
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 2, 0x1000
LATE_S = 0.02
FRAME_MAX = 2048


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def wire(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
    s.bind((name, 3))
    return s


def is_ipv4(frame):
    return frame[12:14] == b"\x08\x00"


def is_fragment(frame):
    return is_ipv4(frame) and struct.unpack_from("!H", frame, 20)[0] & 0x3FFF != 0


def without_checksum(frame):
    """A veth leaves the UDP checksum of a whole packet to a device that never comes."""
    if not is_ipv4(frame) or is_fragment(frame) or frame[23] != socket.IPPROTO_UDP:
        return frame
    at = 14 + (frame[14] & 15) * 4 + 6
    return frame[:at] + b"\0\0" + frame[at + 2:]


class Line:
    def __init__(self, loss, chance):
        self.loss, self.chance = loss, chance
        self.waiting, self.number, self.latest = [], 0, {}
        self.fragments = self.lost = self.overtaken = 0

    def take(self, frame, send):
        late = 0
        if is_ipv4(frame):
            self.fragments += is_fragment(frame)
            if self.chance.random() < self.loss:
                self.lost += is_fragment(frame)
                return
            if self.chance.random() < 0.33:
                late = self.chance.random() * LATE_S
        self.number += 1
        heapq.heappush(self.waiting, (time.monotonic() + late, self.number, frame, send))

    def deliver(self):
        """Sends what is due. Returns the milliseconds until the next is."""
        while self.waiting:
            due, number, frame, send = self.waiting[0]
            if due > time.monotonic():
                return (due - time.monotonic()) * 1000
            heapq.heappop(self.waiting)
            if is_fragment(frame):
                self.overtaken += number < self.latest.get(send, 0)
                self.latest[send] = max(number, self.latest.get(send, 0))
            send(frame)
        return None


def main():
    device, s, loss = tap(sys.argv[1]), wire(sys.argv[2]), float(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    line, over = Line(loss, random.Random(seed)), []

    def up(frame):
        s.send(frame)

    def down(frame):
        os.write(device, frame)

    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    poll = select.poll()
    poll.register(device, select.POLLIN)
    poll.register(s, select.POLLIN)
    print("ready, seed %d" % seed, flush=True)
    while not over:
        for ready, _ in poll.poll(min(line.deliver() or 100, 100)):
            if ready == device:
                line.take(os.read(device, FRAME_MAX), up)
                continue
            frame, where = s.recvfrom(FRAME_MAX)
            if where[2] != socket.PACKET_OUTGOING:
                line.take(without_checksum(frame), down)
    print("%d fragments, %d lost, %d overtaken" % (line.fragments, line.lost, line.overtaken))


main()
