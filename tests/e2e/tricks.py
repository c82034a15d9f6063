# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The tricks that stack.py plays, each a function of a Trick: TRICKS are (function, message that must be
read or None, IP versions)."""
from fragments import IDENTS, ZONE

TRICKS = []


def trick(must=None, families=(4, 6)):
    def add(play):
        TRICKS.append((play, must, families))
        return play
    return add


@trick("good")
def honest_in_order(t):
    t.both(t.good)


@trick("good")
def honest_in_reverse(t):
    t.put(t.good, ZONE)
    t.put(t.good, 0, ZONE)


@trick()
def evil_in_order(t):
    t.both(t.evil)


@trick()
def evil_in_reverse(t):
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)


@trick("good")
def honest_in_8_bytes(t):
    t.pieces(t.good, 8)


@trick()
def evil_in_8_bytes(t):
    t.pieces(t.evil, 8)


@trick()
def evil_with_a_first_fragment_of_8_bytes(t):
    t.both(t.evil, 8)


@trick("good")
def honest_each_twice(t):
    for start, stop in ((0, ZONE), (0, ZONE), (ZONE, None), (ZONE, None)):
        t.put(t.good, start, stop)


@trick()
def evil_last_fragment_again(t):
    t.both(t.evil)
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)
    t.put(t.evil, ZONE)


def unlike(at, evil_first):
    """In three fragments the one at this place comes in both contents."""
    def play(t):
        for place, start in enumerate(range(0, t.end, ZONE)):
            for message in (t.evil, t.good) if evil_first else (t.good, t.evil):
                if message == t.good or place == at:
                    t.put(message, start, start + ZONE)
    play.__name__ = "copy_unlike_at_%d_%s" % (at, "evil_first" if evil_first else "good_first")
    return play


for place in (0, 1, 2):
    trick(None if place < 2 else "good")(unlike(place, True))
    trick("good")(unlike(place, False))


@trick()
def unlike_first_then_the_evil_rest(t):
    t.put(t.good, 0, ZONE)
    t.put(t.evil, 0, ZONE)
    t.put(t.evil, ZONE)


@trick()
def unlike_rest_behind_the_good_one(t):
    t.put(t.good, ZONE)
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)


@trick("good")
def overlap_before(t):
    t.put(t.good, 0, ZONE)
    t.put(t.evil, ZONE - 64)
    t.put(t.good, ZONE)


@trick("good")
def overlap_behind(t):
    t.put(t.good, ZONE)
    t.put(t.evil, 0, ZONE + 64)
    t.put(t.good, 0, ZONE)


@trick("good")
def within_what_has_come(t):
    t.put(t.good, 0, ZONE)
    t.put(t.evil, 64, 128)
    t.put(t.good, ZONE)


@trick()
def overlap_voids_the_queue_and_the_evil_follows(t):
    t.put(t.good, 0, ZONE)
    t.put(t.evil, ZONE - 64, 2 * ZONE)
    t.both(t.evil)


@trick("good")
def another_end_later(t):
    t.put(t.good, ZONE)
    t.put(t.evil, ZONE, t.end - 64, more=False)
    t.put(t.good, 0, ZONE)


@trick()
def another_end_first(t):
    t.put(t.evil, ZONE, t.end - 64, more=False)
    t.both(t.evil)


@trick()
def equal_copy_that_ends_it(t):
    t.put(t.evil, ZONE, more=True)
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)


@trick()
def an_end_beyond_the_end(t):
    t.put(t.good, ZONE)
    t.put(bytes(t.end) + t.evil, t.end, t.end + 64)
    t.both(t.evil)


@trick(families=(4,))
def first_copy_good_with_a_bad_ip_checksum(t):
    t.put(t.good, 0, ZONE, bad=True)
    t.both(t.evil)


@trick(families=(4,))
def last_copy_good_with_a_bad_ip_checksum(t):
    t.put(t.evil, 0, ZONE)
    t.put(t.good, ZONE, bad=True)
    t.put(t.evil, ZONE)


@trick(families=(4,))
def all_good_with_a_bad_ip_checksum_then_evil(t):
    t.both(t.good, bad=True)
    t.both(t.evil)


@trick("good", families=(4,))
def honest_again_after_a_bad_ip_checksum(t):
    t.put(t.good, 0, ZONE, bad=True)
    t.both(t.good)


@trick()
def evil_with_a_bad_udp_checksum(t):
    t.messages(check="wrong")
    t.both(t.evil)
    t.messages()
    t.both(t.evil)


@trick("good")
def honest_again_after_a_bad_udp_checksum(t):
    t.messages(check="wrong")
    t.both(t.good)
    t.renew()
    t.messages()
    t.both(t.good)


@trick("good", families=(4,))
def honest_without_udp_checksum(t):
    t.messages(check="none")
    t.both(t.good)


@trick(families=(4,))
def evil_without_udp_checksum_cut_anywhere(t):
    t.messages(check="none")
    for cut in range(8, 64, 8):
        t.renew()
        t.put(t.good, 0, cut, bad=True)
        t.both(t.evil, cut)


@trick("good")
def identification_again_at_once(t):
    t.both(t.good)
    t.both(t.evil)


@trick()
def identification_again_after_a_refusal(t):
    t.both(t.evil)
    t.both(t.good)
    t.both(t.evil)


@trick()
def halves_of_two_datagrams_of_one_identification(t):
    t.both(t.good)
    t.put(t.good, 0, ZONE)
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)


@trick("good")
def honest_beyond_4096_bytes(t):
    t.messages(end=16)
    t.pieces(t.good, 1400)


@trick()
def evil_beyond_4096_bytes(t):
    t.messages(end=16)
    t.pieces(t.evil, 1400)


@trick()
def evil_beyond_4096_bytes_the_last_first(t):
    t.messages(end=16)
    for start in (4200, 2800, 1400, 0):
        t.put(t.evil, start, min(start + 1400, t.end))


@trick()
def evil_headers_beyond_4096_bytes(t):
    t.messages(fill=16)
    t.pieces(t.evil, 1400)
    t.renew()
    for start in (4104, 0, 1368, 2736):
        t.put(t.evil, start, min(start + 1368, t.end))


@trick("good")
def other_identifications_between(t):
    other = next(IDENTS)
    for start in range(0, t.end, 64):
        t.put(t.good, start, start + 64)
        t.put(t.evil, start, start + 64, ident=other)


@trick()
def too_many_identifications_between(t):
    t.put(t.good, 0, ZONE)
    for _ in range(140):
        t.put(t.good, 0, ZONE, ident=next(IDENTS))
    t.both(t.evil)
    t.put(t.good, ZONE)


@trick()
def evil_with_ttl_1_and_options(t):
    t.both(t.evil, ttl=1, nops=3)


@trick("good")
def honest_with_ttl_1_and_options(t):
    t.both(t.good, ttl=1, nops=3)


@trick()
def evil_with_ecn_that_voids_the_queue(t):
    t.put(t.good, 0, ZONE, ecn=3)
    t.put(t.good, ZONE, ecn=0)
    t.put(t.evil, ZONE, ecn=0)
    t.put(t.evil, 0, ZONE, ecn=0)


@trick()
def evil_of_which_a_fragment_is_no_multiple_of_8(t):
    t.put(t.evil, 0, ZONE - 3, more=True)
    t.put(t.evil, ZONE - 8)
    t.put(t.evil, ZONE)


@trick()
def empty_fragment_voids_the_queue(t):
    t.put(t.good, 0, ZONE)
    t.put(t.good, ZONE, ZONE, more=False)
    t.put(t.good, ZONE, ZONE, more=True)
    t.both(t.evil)


@trick()
def first_fragment_for_another_port(t):
    other = b"\x0f\xa0\x0f\xa0" + t.good[4:]
    t.put(other, 0, ZONE)
    t.put(t.evil, ZONE)
    t.put(t.evil, 0, ZONE)


@trick()
def rest_before_a_first_fragment_for_another_port(t):
    t.put(t.evil, ZONE)
    t.put(b"\x0f\xa0\x0f\xa0" + t.good[4:], 0, ZONE)
    t.put(t.evil, 0, ZONE)


@trick()
def evil_with_a_longer_udp_length(t):
    t.evil = t.evil[:4] + b"\x0b\xb8" + t.evil[6:]
    t.both(t.evil)


@trick()
def evil_with_a_shorter_udp_length(t):
    t.messages(check="none", end=1)
    t.evil = t.evil[:4] + (t.end - ZONE).to_bytes(2, "big") + t.evil[6:]
    t.both(t.evil)


@trick()
def beyond_64_kib(t):
    t.put(t.good, 0, ZONE)
    t.route.fragment(t.good[:400], t.ident, offset=65528, more=False)
    t.both(t.evil)


@trick("good", families=(4,))
def rest_of_another_protocol_is_another_datagram(t):
    t.put(t.good, 0, ZONE)
    t.put(t.evil, ZONE, protocol=6)
    t.put(t.good, ZONE)
