#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes a capture of so many bytes, as a proxy's interface shows it: calls that overlap, with RTP.

    big_capture.py BYTES >FILE

Each call has 14 SIP messages of 400 to 1,100 bytes (INVITE with authentication and SDP, 100, 180, 200, ACK, BYE, 200;
each once before the proxy and once behind it) and 40 packets of RTP. In one call of 20, a BYE with a CSeq that is
too low comes first, and the gateway refuses it. Prints the numbers of packets, SIP messages and calls to stderr.
"""
import heapq
import itertools
import socket
import struct
import sys

PROXY, GATEWAY = '192.0.2.10', '198.51.100.1'
START = 1767225600.0  # 2026-01-01T00:00:00Z
CALLERS = 200
EVERY = 0.02  # seconds from one call to the next
NUMBER = b'@@@@@@@@'  # becomes the call's
SDP = ('v=0\r\no=- 3848276298 3848276298 IN IP4 {0}\r\ns=call\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n'
       'a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n'
       'a=ptime:20\r\na=sendrecv\r\n')
AUTH = ('Proxy-Authorization: Digest username="customer-4711", realm="sip.example.net", nonce="Zx7Yk2Vf0mW3pQ9s", '
        'uri="sip:+4930123456@sip.example.net", response="1f4bd1b0a3c94b6f8f2d0f1f2a3b4c5d", algorithm=MD5\r\n')


def frame(source, dest, ports, payload):
    udp = struct.pack('!HHHH', *ports, 8 + len(payload), 0) + payload
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + \
        socket.inet_aton(source) + socket.inet_aton(dest)
    return bytes(12) + b'\x08\x00' + ip + udp


def message(start, vias, cseq, to_tag, more='', body=''):
    number = NUMBER.decode()
    text = start + '\r\n' + ''.join(f'Via: SIP/2.0/UDP {via};rport\r\n' for via in vias) + 'Max-Forwards: 69\r\n' + \
        f'From: "+49 30 123456" <sip:+4930123456@sip.example.net>;tag=from-{number}-a6c85cf\r\n' + \
        f'To: <sip:+4940987654@sip.example.net>{";tag=to-" + number + "-1928301774" if to_tag else ""}\r\n' + \
        f'Call-ID: {number}-f81d4fae-7dec-11d0-a765-00a0c91e6bf6@sip.example.net\r\nCSeq: {cseq}\r\n' + more + \
        'User-Agent: Softphone 5.4.2 (build 1131)\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n' + \
        ('Content-Type: application/sdp\r\n' if body else '') + f'Content-Length: {len(body)}\r\n\r\n' + body
    return text.encode()


def request(caller, at, method, cseq, leg, answers, body=''):
    """Its messages, each with a time: before the proxy, behind it, and the answers on the way back."""
    number = NUMBER.decode()
    below = f'{caller}:5060;branch=z9hG4bK-{leg}-{number}'
    top = f'{PROXY}:5060;branch=z9hG4bK-proxy-{leg}-{number}'
    to_tag = method != 'INVITE'
    route = f'Record-Route: <sip:{PROXY};lr>\r\n' if method == 'INVITE' else ''
    more = f'Contact: <sip:alice@{caller}:5060>\r\n' + (AUTH if method == 'INVITE' else '')
    start = f'{method} sip:+4940987654@{GATEWAY}:5060 SIP/2.0'
    yield at, caller, PROXY, message(start, [below], f'{cseq} {method}', to_tag, more, body)
    yield at + .001, PROXY, GATEWAY, message(start, [top, below], f'{cseq} {method}', to_tag, route + more, body)
    for after, status in answers:
        final = status >= 200
        more = route + (f'Contact: <sip:b@{GATEWAY}:5060>\r\n' if method == 'INVITE' else '')
        answer = SDP.format(GATEWAY) if body and status == 200 else ''
        yield at + after, GATEWAY, PROXY, message(f'SIP/2.0 {status} x', [top, below], f'{cseq} {method}', final or status > 100,
                                                  more, answer)
        yield at + after + .001, PROXY, caller, message(f'SIP/2.0 {status} x', [below], f'{cseq} {method}',
                                                        final or status > 100, more, answer)


def call(caller):
    """(time, whether in attacked calls alone, whether it is SIP, frame) of each packet of a call."""
    packets = []
    for at, source, dest, text in request(caller, 0, 'INVITE', 13, 'inv', [(.002, 100), (.5, 180), (3, 200)],
                                          SDP.format(caller)):
        packets.append((at, False, True, frame(source, dest, (5060, 5060), text)))
    for at, source, dest, text in request(caller, 3.1, 'ACK', 13, 'ack', []):
        packets.append((at, False, True, frame(source, dest, (5060, 5060), text)))
    for at, source, dest, text in request(caller, 5, 'BYE', 10, 'low', [(.01, 500)]):
        packets.append((at, True, True, frame(source, dest, (5060, 5060), text)))
    for at, source, dest, text in request(caller, 63.2, 'BYE', 14, 'bye', [(.01, 200)]):
        packets.append((at, False, True, frame(source, dest, (5060, 5060), text)))
    for n in range(40):
        rtp = struct.pack('!BBHII', 0x80, 8, n, n * 160, 0x1234) + bytes(160)
        packets.append((3.2 + n * 1.5, False, False, frame(caller, GATEWAY, (20000, 30000), rtp)))
    return sorted(packets, key=lambda p: p[0])


def times(calls, at, attacked, j):
    for i in itertools.count():
        if i >= calls:
            return
        if not attacked or i % 20 == 0:
            yield START + i * EVERY + at, i, j


def main():
    templates = [call(f'203.0.113.{n + 1}') for n in range(CALLERS)]
    shape = templates[0]
    size = sum(16 + len(p[3]) for p in shape if not p[1]) + sum(16 + len(p[3]) for p in shape if p[1]) / 20
    calls = max(1, int(int(sys.argv[1]) / size))
    out = sys.stdout.buffer
    out.write(struct.pack('=IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
    packets = messages = 0
    for at, i, j in heapq.merge(*(times(calls, p[0], p[1], j) for j, p in enumerate(shape))):
        _, _, is_sip, data = templates[i % CALLERS][j]
        if is_sip:
            data = data.replace(NUMBER, b'%08d' % i)
        second = int(at)
        out.write(struct.pack('=IIII', second, int((at - second) * 1e6), len(data), len(data)) + data)
        packets += 1
        messages += is_sip
    print(packets, messages, calls, file=sys.stderr)


main()
