# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""More TRICKS that stack.py plays: what only IPv6 has."""
import packets
from fragments import IDENTS, ZONE
from tricks import trick


@trick(families=(6,))
def rest_of_another_protocol_is_the_same_datagram(t):
    t.put(t.evil, 0, ZONE)
    t.put(t.evil, ZONE, protocol=6)


@trick("good", families=(6,))
def honest_rest_that_names_another_protocol(t):
    t.put(t.good, ZONE, protocol=6)
    t.put(t.good, 0, ZONE)


@trick("good", families=(6,))
def honest_atomic_fragment(t):
    t.put(t.good)


@trick(families=(6,))
def evil_atomic_fragment(t):
    t.put(t.evil)
    t.put(t.evil, flags=6)


@trick(families=(6,))
def first_fragment_again_with_another_next_header(t):
    """Linux drops the first, for it holds no whole header of that kind."""
    for kind in (packets.DESTINATION_OPTIONS, 0, 43, 51):
        t.renew()
        t.put(t.evil, 0, ZONE, protocol=kind)
        t.both(t.evil)


@trick(families=(6,))
def evil_with_reserved_bits(t):
    t.both(t.evil, flags=6)


def with_options(t, message, sizes):
    """Destination options within what is cut: Linux skips 8 unknown options a header."""
    data, kind = message, 17
    for size in reversed(sizes):
        left, options = size - 2, b""
        while left:
            step = min(left, 256)
            options += bytes([0x1E, step - 2]) + bytes(step - 2)
            left -= step
        data = bytes([kind, size // 8 - 1]) + options + data
        kind = packets.DESTINATION_OPTIONS
    for start in range(0, len(data), 1400):
        t.put(data, start, min(start + 1400, len(data)), protocol=kind, more=start + 1400 < len(data))


@trick("good", families=(6,))
def honest_behind_extension_headers(t):
    with_options(t, t.good, [8, 512, 256])


@trick(families=(6,))
def evil_behind_extension_headers(t):
    for sizes in ([8], [2048], [8] * 40, [2048, 1024]):
        t.renew()
        with_options(t, t.evil, sizes)


@trick(families=(6,))
def evil_behind_4096_bytes_of_extension_headers(t):
    for sizes in ([2048, 2048], [2048, 2040], [2048, 2032], [2048, 2048, 1024]):
        t.renew()
        with_options(t, t.evil, sizes)


@trick(families=(6,))
def evil_in_fragments_of_fragments(t):
    inner = next(IDENTS)
    for start, stop in ((0, ZONE), (ZONE, t.end)):
        data = bytes([17, 0]) + (start | (stop != t.end)).to_bytes(2, "big") + (inner & 0xFFFFFFFF).to_bytes(4, "big")
        data += t.evil[start:stop]
        t.renew()
        t.put(data, 0, 64, protocol=packets.FRAGMENT, more=True)
        t.put(data, 64, len(data), protocol=packets.FRAGMENT, more=False)
