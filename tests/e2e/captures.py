#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes a capture of one call through a proxy, for `cseqguard replay`.

    captures.py [STEP]... [--by WAY] [--ipv6] [--ng] [--snap BYTES] [--after SECONDS] [--before SECONDS]
                [--shuffle] [--repeat] [--loopback] >FILE

The call: 192.0.2.1 sends an INVITE with CSeq 13 to the proxy 192.0.2.10, which sends it on to the gateway
198.51.100.1. Each STEP is one second later:
    bye=CSEQ:STATUS   a BYE of the caller, which the proxy sends on; STATUS: what the gateway answers, 0: nothing
    end=CSEQ:STATUS   a BYE of the gateway, which the proxy sends on; likewise
    pause=SECONDS
--by: ethernet, vlan, mpls, pppoe, ipip, gre, vxlan, gtpu, sll, sll2, raw, null, fragments, tcp, pieces (tcp, cut
at odd places), swapped (... and two of them exchanged), gap (... and one missing), hep (what a proxy
mirrors of TLS), hepudp (... of UDP), heptcp (hep over TCP, cut at odd places)
--shuffle: two packets each are exchanged, with their times; by HEP, only their records are
--repeat: each packet is sent twice
--loopback: all three are 127.0.0.1; the caller has port 5061, the gateway 5062
"""
import argparse
import socket
import struct
import sys

CALLER, PROXY, GATEWAY, COLLECTOR = 'caller', 'proxy', 'gateway', 'collector'
V4 = {CALLER: '192.0.2.1', PROXY: '192.0.2.10', GATEWAY: '198.51.100.1', COLLECTOR: '192.0.2.99'}
V6 = {CALLER: '2001:db8::1', PROXY: '2001:db8::10', GATEWAY: '2001:db8:1::1', COLLECTOR: '2001:db8::99'}
LINKS = {'ethernet': 1, 'sll': 113, 'sll2': 276, 'raw': 101, 'null': 0}
START = 1767225600.0  # 2026-01-01T00:00:00Z


class Call:
    """The messages of the call, each with its time, sender and receiver."""

    def __init__(self, hosts, ports=None):
        self.hosts = hosts
        self.ports = ports or dict.fromkeys(hosts, 5060)
        self.now = START
        self.messages = []
        self.branches = 0

    def host(self, who):
        address = self.hosts[who]
        port = self.ports[who]
        return (f'[{address}]' if ':' in address else address) + (f':{port}' if port != 5060 else '')

    def put(self, sender, receiver, text):
        self.messages.append((self.now, sender, receiver, text.replace('\n', '\r\n').encode()))
        self.now += 0.001

    def text(self, start, vias, leg, cseq, to_tag=True, contact=None):
        caller, callee = f'<sip:a@{self.host(CALLER)}>;tag=a', f'<sip:b@{self.host(GATEWAY)}>'
        callee += ';tag=b' if to_tag else ''
        parties = (caller, callee) if leg == CALLER else (callee, caller)
        lines = [start] + [f'Via: SIP/2.0/UDP {via}' for via in vias]
        lines += [f'From: {parties[0]}', f'To: {parties[1]}', 'Call-ID: replay@example', f'CSeq: {cseq}']
        lines += [f'Contact: <sip:{contact}>'] if contact else []
        return '\n'.join(lines + ['Content-Length: 0', '', ''])

    def request(self, leg, method, cseq, status, to_tag=True, contact=None):
        """A request through the proxy, and its answer."""
        sender, receiver = (CALLER, GATEWAY) if leg == CALLER else (GATEWAY, CALLER)
        user = 'b' if leg == CALLER else 'a'
        self.branches += 1
        below = f'{self.host(sender)};branch=z9hG4bK{leg}{self.branches}'
        top = f'{self.host(PROXY)};branch=z9hG4bKproxy{self.branches}'
        start = f'{method} sip:{user}@{self.host(receiver)} SIP/2.0'
        self.put(sender, PROXY, self.text(start, [below], leg, f'{cseq} {method}', to_tag, contact))
        self.put(PROXY, receiver, self.text(start, [top, below], leg, f'{cseq} {method}', to_tag, contact))
        if not status:
            return
        answer = f'SIP/2.0 {status} x'
        contact = contact and f'b@{self.host(GATEWAY)}'
        self.put(receiver, PROXY, self.text(answer, [top, below], leg, f'{cseq} {method}', True, contact))
        self.put(PROXY, sender, self.text(answer, [below], leg, f'{cseq} {method}', True, contact))

    def play(self, steps):
        self.request(CALLER, 'INVITE', 13, 200, to_tag=False, contact=f'a@{self.host(CALLER)}')
        self.request(CALLER, 'ACK', 13, 0)
        for step in steps:
            word, _, value = step.partition('=')
            self.now = round(self.now) + 1.0
            if word == 'pause':
                self.now += float(value)
                continue
            cseq, _, status = value.partition(':')
            self.request({'bye': CALLER, 'end': GATEWAY}[word], 'BYE', cseq, int(status))


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)


def ip(source, dest, protocol, payload, ident=0, fragment=0):
    if ':' in source:
        return struct.pack('!IHBB', 6 << 28, len(payload), protocol, 64) + packed(source) + packed(dest) + payload
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0) + \
        packed(source) + packed(dest) + payload


def udp(source, dest, text, ports=(5060, 5060)):
    return ip(source, dest, 17, struct.pack('!HHHH', *ports, 8 + len(text), 0) + text)


def ethernet(packet, kind=None):
    kind = kind or (0x86dd if packet[0] >> 4 == 6 else 0x0800)
    return bytes(12) + struct.pack('!H', kind) + packet


def hep(source, dest, at, text, protocol=6, ports=(5061, 40000)):
    def chunk(kind, value):
        return struct.pack('!HHH', 0, kind, 6 + len(value)) + value

    chunks = chunk(1, b'\x02') + chunk(2, bytes([protocol])) + chunk(3, packed(source)) + chunk(4, packed(dest)) + \
        chunk(7, struct.pack('!H', ports[0])) + chunk(8, struct.pack('!H', ports[1])) + \
        chunk(9, struct.pack('!I', int(at))) + chunk(10, struct.pack('!I', round(at % 1 * 1e6))) + \
        chunk(11, b'\x01') + chunk(15, text)
    return b'HEP3' + struct.pack('!H', 6 + len(chunks)) + chunks


class Streams:
    """TCP between the hosts, the same port at each end."""

    def __init__(self, by):
        self.by = by
        self.port = 9060 if by == 'heptcp' else 5060
        self.seqs = {}
        self.sent = 0

    def segment(self, source, dest, seq, ack, flags, data=b''):
        return ip(source, dest, 6, struct.pack('!HHIIBBHHH', self.port, self.port, seq, ack, 5 << 4, flags, 65535, 0, 0) +
                  data)

    def packets(self, source, dest, text):
        if (source, dest) not in self.seqs:
            self.seqs[source, dest] = 0xfffffff0  # wraps
            yield self.segment(source, dest, self.seqs[source, dest] - 1, 0, 2)
        cuts = [text] if self.by == 'tcp' else [text[:7], text[7:90], text[90:91], text[91:]]
        segments = []
        for cut in cuts:
            segments.append(self.segment(source, dest, self.seqs[source, dest], 0, 0x10, cut))
            self.seqs[source, dest] = (self.seqs[source, dest] + len(cut)) & 0xffffffff
        self.sent += 1
        if self.by == 'swapped':
            segments[1], segments[2] = segments[2], segments[1]
            segments.append(segments[0])  # sent again
        if self.by == 'gap' and self.sent == 1:
            del segments[1]
        yield from segments
        yield self.segment(dest, source, self.seqs.get((dest, source), 1), self.seqs[source, dest], 0x10)


def fragments(packet, ident):
    """The datagram in two fragments, the second one first."""
    source, dest = (socket.inet_ntoa(packet[at:at + 4]) for at in (12, 16))
    payload = packet[20:]
    cut = len(payload) // 16 * 8
    yield ip(source, dest, 17, payload[cut:], ident, cut // 8)
    yield ip(source, dest, 17, payload[:cut], ident, 0x2000)


WRAPS = {
    'vlan': lambda p: ethernet(struct.pack('!HH', 5, 0x0800) + p, 0x8100),
    'mpls': lambda p: ethernet(struct.pack('!II', 77 << 12 | 64, 78 << 12 | 1 << 8 | 64) + p, 0x8847),
    'pppoe': lambda p: ethernet(struct.pack('!BBHHH', 0x11, 0, 1, len(p) + 2, 0x0021) + p, 0x8864),
    'ipip': lambda p: ethernet(ip('10.0.0.1', '10.0.0.2', 4, p)),
    'gre': lambda p: ethernet(ip('10.0.0.1', '10.0.0.2', 47, struct.pack('!HHI', 0x2000, 0x0800, 9) + p)),
    'vxlan': lambda p: ethernet(udp('10.0.0.1', '10.0.0.2', struct.pack('!II', 8 << 24, 7 << 8) + ethernet(p),
                                    (50000, 4789))),
    'gtpu': lambda p: ethernet(udp('10.0.0.1', '10.0.0.2', struct.pack('!BBHIHBBBBBB', 0x36, 255, len(p) + 8, 1, 0, 0,
                                                                       0x85, 1, 0, 0, 0) + p, (2152, 2152))),
    'sll': lambda p: bytes(14) + struct.pack('!H', 0x0800) + p,
    'sll2': lambda p: struct.pack('!HHI', 0x0800, 0, 3) + bytes(12) + p,
    'raw': lambda p: p,
    'null': lambda p: struct.pack('=I', 2) + p,
}


def frames(call, by):
    streams = Streams(by)
    for number, (at, sender, receiver, text) in enumerate(call.messages):
        source, dest = call.hosts[sender], call.hosts[receiver]
        if by in ('tcp', 'pieces', 'swapped', 'gap'):
            packets = streams.packets(source, dest, text)
        elif by == 'heptcp':
            packets = streams.packets(call.hosts[PROXY], call.hosts[COLLECTOR], hep(source, dest, at, text))
        elif by in ('hep', 'hepudp'):
            record = hep(source, dest, at, text) if by == 'hep' else hep(source, dest, at, text, 17, (5060, 5060))
            packets = [udp(call.hosts[PROXY], call.hosts[COLLECTOR], record, (9060, 9060))]
        elif by == 'fragments':
            packets = fragments(udp(source, dest, text), number + 1)
        else:
            packets = [udp(source, dest, text, (call.ports[sender], call.ports[receiver]))]
        for packet in packets:
            yield at, WRAPS.get(by, ethernet)(packet)


def write_pcap(out, link, records, snap):
    out.write(struct.pack('=IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, snap, link))
    for at, frame in records:
        cut = frame[:snap]
        out.write(struct.pack('=IIII', int(at), round(at % 1 * 1e6), len(cut), len(frame)) + cut)


def write_pcapng(out, link, records, snap):
    out.write(struct.pack('=IIIHHqI', 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28))
    out.write(struct.pack('=IIHHII', 1, 20, link, 0, snap, 20))
    for at, frame in records:
        us, cut = round(at * 1e6), frame[:snap]
        body = struct.pack('=IIIII', 0, us >> 32, us & 0xffffffff, len(cut), len(frame)) + cut + bytes(-len(cut) % 4)
        out.write(struct.pack('=II', 6, 12 + len(body)) + body + struct.pack('=I', 12 + len(body)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('steps', nargs='*')
    parser.add_argument('--by', default='ethernet')
    parser.add_argument('--ipv6', action='store_true')
    parser.add_argument('--ng', action='store_true')
    parser.add_argument('--snap', type=int, default=262144)
    parser.add_argument('--shuffle', action='store_true')
    parser.add_argument('--repeat', action='store_true')
    parser.add_argument('--loopback', action='store_true')
    parser.add_argument('--after', type=float, default=0)
    parser.add_argument('--before', type=float, default=86400)
    options = parser.parse_args()
    call = Call(V6 if options.ipv6 else V4)
    if options.loopback:
        call = Call(dict.fromkeys(V4, '127.0.0.1'), {CALLER: 5061, PROXY: 5060, GATEWAY: 5062})
    call.play(options.steps)
    write = write_pcapng if options.ng else write_pcap
    records = [r for r in frames(call, options.by) if options.after <= r[0] - START < options.before]
    if options.repeat:
        records = [again for at, frame in records for again in ((at, frame), (at + .0005, frame))]
    if options.shuffle:
        times = [r[0] for r in records]
        records = [r for i in range(0, len(records), 2) for r in reversed(records[i:i + 2])]
        if options.by == 'hep':
            records = [(at, r[1]) for at, r in zip(times, records)]
    write(sys.stdout.buffer, LINKS.get(options.by, 1), records, options.snap)


main()
