# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""IP packets with a UDP datagram in them, as no honest stack would cut them. Addresses are text."""
import itertools
import socket
import struct
import time

ICMP_UNREACHABLE = {4: (socket.IPPROTO_ICMP, 3), 6: (socket.IPPROTO_ICMPV6, 1)}
DESTINATION_OPTIONS = 60
FRAGMENT = 44
# 500 a second: none comes again within two minutes, for which guard and host may remember it.
IDENTS = itertools.count(int(time.time() * 500))


def version(address):
    return 6 if ":" in address else 4


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def checksum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def above_ip(source, dest, protocol, data):
    """The checksum of data with its pseudo-header."""
    return checksum(packed(source) + packed(dest) + struct.pack("!II", len(data), protocol) + data)


def udp(source, dest, payload, check="right"):
    """The datagram, from port 5060 to 5060; check: right, wrong or none."""
    head = struct.pack("!HHH", 5060, 5060, 8 + len(payload))
    right = above_ip(source, dest, socket.IPPROTO_UDP, head + b"\0\0" + payload) or 0xFFFF
    said = {"right": right, "wrong": right ^ 0x5555, "none": 0}[check]
    return head + struct.pack("!H", said) + payload


def ipv4(source, dest, protocol, data, more=False, offset=0, ident=0, nops=0):
    """nops: words of IP options that do nothing. The kernel fills in the checksum."""
    head = struct.pack("!BBHHHBBH", 0x45 + nops, 0, 20 + 4 * nops + len(data), ident,
                       more << 13 | offset // 8, 64, protocol, 0)
    return head + packed(source) + packed(dest) + b"\x01" * (4 * nops) + data


def ipv6(source, dest, protocol, data, more=False, offset=0, ident=0, extensions=0):
    """extensions: destination options headers, all padding; a fragment header where it is one."""
    if more or offset:
        data = struct.pack("!BBHI", protocol, 0, offset | more, ident) + data
        protocol = FRAGMENT
    for _ in range(extensions):
        data = struct.pack("!BBBB4x", protocol, 0, 1, 4) + data
        protocol = DESTINATION_OPTIONS
    head = struct.pack("!IHBB", 6 << 28, len(data), protocol, 64)
    return head + packed(source) + packed(dest) + data


def packets(source, dest, protocol, data, cuts=(), walk=0):
    """One packet, or where there are cuts, fragments; walk: IP options or extension headers."""
    ends = list(cuts) + [len(data)]
    ident = next(IDENTS) & 0xFFFF or 1
    build = ipv6 if version(dest) == 6 else ipv4
    return [build(source, dest, protocol, data[start:end], end != len(data), start, ident, walk)
            for start, end in zip([0] + ends, ends)]


def unreachable(source, dest, quoted):
    """ICMP: the host at dest did send `quoted`, which cannot be delivered."""
    protocol, kind = ICMP_UNREACHABLE[version(dest)]
    data = struct.pack("!BBHI", kind, 3, 0, 0) + quoted[:1200]
    check = above_ip(source, dest, protocol, data) if protocol == socket.IPPROTO_ICMPV6 \
        else checksum(data)
    return packets(source, dest, protocol, data[:2] + struct.pack("!H", check) + data[4:])[0]
