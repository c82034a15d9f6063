#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Sends tricks with fragments through the stack of the guarded host, and compares what its socket
reads with what the guard judges.

stack.py tricks|mixes|late|aside 4|6 [SEED]
LAB_ID is in the environment. The guarded host is in enforce mode.

Whatever the socket reads is sent once more in a packet of its own: the guard must let it pass then, too.

late: the host forgets fragments after a second. aside: they come by an interface that is not guarded.
Prints a line a fault, and exits 1 if there is one; else what was read.
"""
import os
import random
import sys
import time

sys.dont_write_bytecode = True
from fragments import IDENTS, PATIENCE, ZONE, Line, Route, Trick, enter  # noqa: E402
import tricks_ipv6  # noqa: E402, F401
from tricks import TRICKS  # noqa: E402

ADDRESSES = {4: ("10.77.1.1", "10.77.0.1"), 6: ("fd77:1::1", "fd77::1")}
MIXES = 300


# --- a play --------------------------------------------------------------------------------------

class Play:
    def __init__(self, version):
        source, dest = ADDRESSES[version]
        self.aside = Line("third", "third0")
        self.route = Route(Line("caller", "caller0"), source, dest)
        self.version, self.count, self.read, self.faults = version, 0, 0, []
        self.call_id = b"%d-%d@stack" % (version, time.time_ns())
        self.open()

    def open(self):
        """A call that the caller began by INVITE 13."""
        head = (b"Via: SIP/2.0/UDP c:5060;branch=z9hG4bK-i\r\nFrom: <sip:c@h>;tag=c\r\nTo: <sip:h@h>%s\r\n"
                b"Call-ID: " + self.call_id + b"\r\nCSeq: 13 INVITE\r\nContact: <sip:%s>\r\n"
                b"Content-Length: 0\r\n\r\n")
        self.route.message(b"INVITE sip:h@h SIP/2.0\r\n" + head % (b"", b"c@c"))
        assert len(self.route.read()) == 1
        self.route.socket.sendto(b"SIP/2.0 200 OK\r\n" + head % (b";tag=h", b"h@h"), (self.route.source, 5060))
        t = self.trick()
        for message in (t.good, t.evil):
            self.route.datagram(message)
        assert self.route.read() == [t.good[8:]], "the guard does not judge whole messages"

    def trick(self):
        self.count += 1
        return Trick(self.route, self.call_id, self.count)

    def fault(self, name, text):
        self.faults.append("IPv%d: %s: %s" % (self.version, name, text))

    def judge(self, name, must=None):
        """What was read would pass in a packet of its own; returns it."""
        got = self.route.read()
        self.read += len(got)
        for payload in set(got):
            self.route.message(payload)
            if payload not in self.route.read():
                self.fault(name, "read what the guard refuses: %r" % payload[:32])
        if must and must not in got:
            self.fault(name, "not read: %r" % must[:32])
        return got

    def tricks(self):
        for play, must, families in TRICKS:
            if self.version in families:
                t = self.trick()
                play(t)
                self.judge(play.__name__, {"good": t.good[8:]}.get(must))

    def mixes(self, chance):
        """Hundreds of incomplete datagrams a second may meet a full bucket: once more, as SIP would."""
        again = 0
        set_host("ipv4/ipfrag_max_dist", 0)
        for number in range(MIXES):
            honest, mixed = self.trick(), self.trick()
            check = chance.choice(["right", "none"] if self.version == 4 else ["right"])
            mixed.messages(check=check, end=chance.choice((0, 0, 16)))
            sends = mix(honest, mixed, chance)
            for send in sends:
                send()
            if honest.good[8:] in self.judge("mix %d" % number):
                continue
            again += 1
            honest.renew()
            honest.both(honest.good)
            self.judge("mix %d, sent again" % number, honest.good[8:])
        if again > MIXES // 100:
            self.fault("mixes", "%d honest messages were not read when first sent" % again)

    # --- one at a time ---------------------------------------------------------------------------

    def late(self):
        """Half a message, which the host forgets, and then another half: never both."""
        name, counter = {4: ("ipv4/ipfrag_time", "ReasmTimeout"),
                         6: ("ipv6/ip6frag_time", "Ip6ReasmTimeout")}[self.version]
        set_host(name, 1)
        for first, then in (("good", "evil"), ("evil", "evil"), ("good", "good")):
            t, before = self.trick(), timeouts(counter)
            t.put(getattr(t, first), 0, ZONE)
            wait(lambda: timeouts(counter) > before)
            t.put(getattr(t, then), ZONE)
            t.put(getattr(t, then), 0, ZONE)
            self.judge("%s, forgotten, then %s" % (first, then))

    def by_another_interface(self):
        """The second half: the guard judges neither. The first half comes by a guarded interface."""
        t = self.trick()
        t.put(t.evil, 0, ZONE)
        t.put(t.evil, ZONE, line=self.aside)
        if self.route.socket.recv(65536) != t.evil[8:]:
            self.fault("aside", "read something else")


def set_host(name, value):
    with open("/proc/sys/net/" + name, "w") as setting:
        setting.write(str(value))


def timeouts(counter):
    if counter.startswith("Ip6"):
        with open("/proc/net/snmp6") as text:
            return int(dict(line.split() for line in text)[counter])
    with open("/proc/net/snmp") as text:
        names, values = (line.split() for line in text if line.startswith("Ip:"))
    return int(dict(zip(names, values))[counter])


def wait(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the host does not forget")
        time.sleep(0.05)


def mix(honest, mixed, chance):
    """The sends: of an honest message in fragments, some twice, and of bits of both in any order."""
    def later(t, *how, **more):
        return lambda: t.put(*how, **more)

    cuts = sorted(chance.sample(range(8, honest.end, 8), chance.randint(1, 4)))
    spans = list(zip([0] + cuts, cuts + [honest.end]))
    sends = [later(honest, honest.good, *span) for span in spans * chance.choice((1, 1, 2))]
    steps = range(0, mixed.end, ZONE if chance.random() < 0.7 else 64)
    for _ in range(chance.randint(2, 4)):
        for start in steps:
            stop = min(start + chance.choice((1, 1, 1, 2)) * steps.step, mixed.end)
            how = {"ttl": chance.choice((1, 64))}
            if honest.route.version == 4:
                how["bad"] = chance.random() < 0.3
            else:
                how["protocol"] = chance.choice([17] * 9 + [6, 44, 60])
            if chance.random() < 0.1:
                how["more"] = chance.random() < 0.5
            if chance.random() < 0.9:
                sends.append(later(mixed, chance.choice((mixed.good, mixed.evil)), start, stop, **how))
    for _ in range(chance.choice((0, 0, 3))):
        sends.append(later(mixed, mixed.evil, 0, ZONE, ident=next(IDENTS)))
    if chance.random() < 0.5:
        chance.shuffle(sends)
    return sends


def main():
    what, version = sys.argv[1], int(sys.argv[2])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one queue: what is sent first comes first
    play = Play(version)
    enter("proxy")
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    {"tricks": play.tricks, "mixes": lambda: play.mixes(random.Random(seed)), "late": play.late,
     "aside": play.by_another_interface}[what]()
    for fault in play.faults:
        print(fault)
    print("%s: %d datagrams read%s" % (what, play.read, ", seed %d" % seed if what == "mixes" else ""))
    return 1 if play.faults else 0


sys.exit(main())
