# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Fragments as no honest stack would send them, in frames on the wire of a lab, and what a socket reads.

IP checksums, lengths and headers are the caller's own: the sending host's stack sees none of them.

A Trick has two messages of one layout to play with: an INFO that passes and a BYE that is refused.
Their UDP checksums are equal, and so is that of any message that takes each ZONE from one of them.
"""
import ctypes
import fcntl
import itertools
import os
import socket
import struct
import time

import packets

CLONE_NEWNET = 0x40000000
SIOCGIFHWADDR = 0x8927
DONT_FRAGMENT, MORE = 0x4000, 0x2000
MTU = 1400
PATIENCE = 30  # seconds
ZONE = 256
IDENTS = itertools.count(int(time.time() * 1000))  # none comes again while guard or host remember it


def enter(host):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/cg%s-%s" % (os.environ["LAB_ID"], host)) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), host)


def link_address(interface):
    with socket.socket() as any_socket:
        return fcntl.ioctl(any_socket, SIOCGIFHWADDR, struct.pack("16s24x", interface.encode()))[18:24]


def ipv4(source, dest, data, ident, offset=0, more=False, protocol=socket.IPPROTO_UDP, ttl=64,
         ecn=0, bad=False, nops=0, flags=0):
    """bad: the header's checksum is wrong."""
    head = struct.pack("!BBHHHBBH", 0x45 + nops, ecn, 20 + 4 * nops + len(data), ident & 0xFFFF,
                       (MORE if more else 0) | flags | offset // 8, ttl, protocol, 0)
    head += packets.packed(source) + packets.packed(dest) + b"\x01" * (4 * nops)
    check = packets.checksum(head) ^ (0x5555 if bad else 0)
    return head[:10] + struct.pack("!H", check) + head[12:] + data


def ipv6(source, dest, data, ident, offset=0, more=False, protocol=socket.IPPROTO_UDP, ttl=64,
         ecn=0, nops=0, flags=0, whole=False):
    """With a fragment header unless `whole`. nops: destination options headers before it."""
    if not whole:
        data = struct.pack("!BBHI", protocol, 0, offset | flags | more, ident & 0xFFFFFFFF) + data
        protocol = packets.FRAGMENT
    for _ in range(nops):
        data = struct.pack("!BBBB4x", protocol, 0, 1, 4) + data
        protocol = packets.DESTINATION_OPTIONS
    head = struct.pack("!IHBB", 6 << 28 | ecn << 20, len(data), protocol, ttl)
    return head + packets.packed(source) + packets.packed(dest) + data


class Line:
    """From a host of the lab to the guarded one, by one of its interfaces."""

    def __init__(self, host, interface):
        enter("proxy")
        there = link_address(interface)
        enter(host)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind(("eth0", 0))
        self.head = there + link_address("eth0")

    def send(self, packet):
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        self.socket.send(self.head + struct.pack("!H", kind) + packet)


class Route:
    """A caller's address, a UDP socket on the guarded host, and the line between them."""

    def __init__(self, line, source, dest):
        self.line, self.source, self.dest = line, source, dest
        self.version = packets.version(dest)
        self.marks = itertools.count(1)
        enter("proxy")
        self.socket = socket.socket(socket.AF_INET6 if self.version == 6 else socket.AF_INET,
                                    socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.settimeout(PATIENCE)
        self.socket.bind((dest, 5060))

    def fragment(self, data, ident, line=None, **how):
        build = ipv6 if self.version == 6 else ipv4
        (line or self.line).send(build(self.source, self.dest, data, ident, **how))

    def datagram(self, data, protocol=socket.IPPROTO_UDP):
        """In one packet if it fits, else in order."""
        if len(data) <= MTU:
            how = {"whole": True} if self.version == 6 else {"flags": DONT_FRAGMENT}
            return self.fragment(data, 0, protocol=protocol, **how)
        ident = next(IDENTS)
        for start in range(0, len(data), MTU):
            self.fragment(data[start:start + MTU], ident, offset=start,
                          more=start + MTU < len(data), protocol=protocol)
        return None

    def message(self, payload):
        self.datagram(packets.udp(self.source, self.dest, payload))

    def read(self):
        """The payloads that the socket got before a mark that is sent now."""
        mark = b"OPTIONS sip:%d@mark SIP/2.0\r\n\r\n" % next(self.marks)
        self.message(mark)
        return list(iter(lambda: self.socket.recv(65536), mark))


# --- the two messages ----------------------------------------------------------------------------

def zone(size, before, after=b""):
    """The lines, and between them a header that fills the zone."""
    fill = size - len(before) - len(after) - len(b"X-Fill: \r\n")
    return before + b"X-Fill: " + b"A" * fill + b"\r\n" + after


def balanced(text, like):
    """The text, with a fill that makes the sum of its words that of the other."""
    differ = (int.from_bytes(like, "big") - int.from_bytes(text, "big")) % 0xFFFF
    rest = {0: differ >> 8, 1: differ & 0xFF}  # even bytes are the high ones
    text, begin = bytearray(text), text.index(b"X-Fill: ") + 8
    for at in range(begin, text.index(b"\r\n", begin)):
        step = min(rest[at % 2], 8)
        text[at] += step
        rest[at % 2] -= step
    assert not any(rest.values())
    return bytes(text)


class Pair:
    """The bytes of two UDP datagrams."""

    def __init__(self, route, call_id, number, fill=0, end=0, check="right"):
        """fill: zones between the start line and the other headers; end: between them and the end"""
        via = b"Via: SIP/2.0/UDP c:5060;branch=z9hG4bK-%d\r\n" % number
        names = b"From: <sip:c@h>;tag=c\r\nTo: <sip:h@h>;tag=h\r\nCall-ID: %s\r\n" % call_id
        good = [zone(ZONE - 8, b"INFO sip:h@h SIP/2.0\r\n" + via),
                zone(ZONE, names + b"CSeq: 014 INFO\r\n")]
        evil = [zone(ZONE - 8, b"BYE sip:hh@h SIP/2.0\r\n" + via),
                zone(ZONE, names + b"CSeq: 0010 BYE\r\n")]
        evil = [balanced(text, like) for text, like in zip(evil, good)]
        last = zone(ZONE, b"", b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
        self.good, self.evil = (
            packets.udp(route.source, route.dest, b"".join(
                [first] + [zone(ZONE, b"")] * fill + [second] + [zone(ZONE, b"")] * end + [last]), check)
            for first, second in (good, evil))


class Trick:
    """What a trick has to play with: two messages, an identification, and the line."""

    def __init__(self, route, call_id, number, other=None):
        self.route, self.call_id, self.number, self.other = route, call_id, number, other
        self.renew()
        self.messages()

    def renew(self):
        self.ident = next(IDENTS)

    def messages(self, **how):
        self.pair = Pair(self.route, self.call_id, self.number, **how)
        self.good, self.evil, self.end = self.pair.good, self.pair.evil, len(self.pair.good)

    def put(self, message, start=0, stop=None, ident=None, **how):
        stop = self.end if stop is None else stop
        how.setdefault("more", stop != self.end)
        self.route.fragment(message[start:stop], self.ident if ident is None else ident,
                            offset=start, **how)

    def both(self, message, cut=ZONE, **how):
        self.put(message, 0, cut, **how)
        self.put(message, cut, **how)

    def pieces(self, message, size):
        for start in range(0, self.end, size):
            self.put(message, start, min(start + size, self.end))
