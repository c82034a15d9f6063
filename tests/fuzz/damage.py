#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Replays captures that are cut and bit-flipped at random, and expects no fault of memory, and an exit code that is
documented.

    damage.py CSEQGUARD SECONDS [SEED] [CAPTURE]...

CSEQGUARD: built with SANITIZE=1. Besides the captures given, those of tests/e2e/captures.py by each of its ways. What
fails is kept in damage-SEED-N.pcap, with the options of its replay in the output. Exit code 1: something failed.
"""
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

WAYS = ('ethernet vlan mpls pppoe ipip gre vxlan gtpu sll sll2 raw null fragments tcp pieces swapped gap hep '
        'hepudp heptcp').split()
OPTIONS = (['--mode', 'observe'], ['--mode', 'enforce'], ['--equal', 'pass', '--unseen', 'believe'],
           ['--host', '192.0.2.10'], ['--hides', 'on'], ['--masks-call-id'], ['--ladder', 'replay@example'],
           ['--max-dialogs', '1'], ['--source', 'strict', '--fragments', 'pass'])
GOOD = (0, 1, 4)  # done; no capture any more, or its call is gone; an honest BYE would have been refused


def sources(given):
    writer = pathlib.Path(__file__).parent.parent / 'e2e' / 'captures.py'
    for way in WAYS:
        yield subprocess.run([sys.executable, writer, 'bye=10:500', 'bye=13:0', 'end=1:200', 'bye=14:200', '--by', way],
                             check=True, stdout=subprocess.PIPE).stdout
    yield subprocess.run([sys.executable, writer, 'bye=10:500', 'bye=14:200', '--ng'], check=True,
                         stdout=subprocess.PIPE).stdout
    for name in given:
        yield pathlib.Path(name).read_bytes()


def packets(capture):
    """The [start, end) of each packet of a pcap file; of any other file, all of it."""
    if capture[:4] != b'\xd4\xc3\xb2\xa1':
        return [(0, len(capture))]
    found, at = [], 24
    while at + 16 <= len(capture):
        size = struct.unpack_from('<I', capture, at + 8)[0]
        found.append((at + 16, min(at + 16 + size, len(capture))))
        at += 16 + size
    return [(start, end) for start, end in found if end > start] or [(0, len(capture))]


def damage(capture, dice):
    """Some packets get other bits, bytes, or a stretch of another packet; the file may be cut, or hit anywhere."""
    out = bytearray(capture)
    places = packets(capture)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        start, end = dice.choice(places)
        at = dice.randrange(start, end)
        kind = dice.random()
        if kind < .5:
            out[at] ^= 1 << dice.randrange(8)
        elif kind < .75:
            out[at] = dice.choice((0, 0xff, 0x7f, 0x80, 0x20, 0x0a, 0x3a, dice.randrange(256)))
        else:
            other, stop = dice.choice(places)
            size = min(dice.randrange(1, 64), end - at, stop - other)
            place = dice.randrange(other, stop - size + 1)
            out[at:at + size] = capture[place:place + size]
    if dice.random() < .05:
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    if dice.random() < .1:
        del out[dice.randrange(len(out)):]
    return bytes(out)


def main():
    program = sys.argv[1]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    dice = random.Random(seed)
    captures = list(sources(sys.argv[4:]))
    environment = dict(os.environ, ASAN_OPTIONS='exitcode=99', UBSAN_OPTIONS='halt_on_error=1:exitcode=99')
    runs = failed = 0
    until = time.monotonic() + float(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / 'damaged.pcap'
        while time.monotonic() < until:
            file.write_bytes(damage(dice.choice(captures), dice))
            options = dice.choice(OPTIONS)
            result = subprocess.run([program, 'replay', '-j', '--gateway', '198.51.100.0/24', '--max-dialogs', '1000',
                                     *options, file],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, timeout=60,
                                    check=False)
            runs += 1
            if result.returncode in GOOD and b'Sanitizer' not in result.stderr and b'runtime error' not in result.stderr:
                continue
            failed += 1
            kept = f'damage-{seed}-{runs}.pcap'
            pathlib.Path(kept).write_bytes(file.read_bytes())
            print(f'{kept}: exit code {result.returncode}, {" ".join(options)}')
            print(result.stderr.decode(errors='replace')[:2000])
    print(f'seed {seed}: {runs} captures, {failed} failed')
    sys.exit(failed > 0)


main()
