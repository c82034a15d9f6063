#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Tries to get a BYE with a low CSeq past the guard to a socket on the guarded host, over TCP.

evasion.py TRICK      a function try_TRICK of this file; LAB_ID is in the environment, and RUN, a number that no run
                      before had
Prints what the host's socket made of it:
    read | unread       of a call's BYE with a low CSeq, whose Call-ID, tags and number are whole
    goes | stalls | resets      whether what the connection sends next is read as well, or its socket was reset

evasion.py through-proxy
All tricks against a Kamailio on the guarded host; LAB_DIR is in the environment too. Makes LAB_DIR/played when all
are, each with calls whose Call-ID begins with its name, waits for LAB_DIR/hang-up, and ends all calls by honest
BYEs over another connection. LAB_DIR/lengths has their Call-IDs and lengths.
"""
import os
import sys

sys.dont_write_bytecode = True
import raw_tcp  # noqa: E402
from players import PROXY, enter  # noqa: E402
from tcp_proxy import Proxy  # noqa: E402
from tcp_server import Call, Server  # noqa: E402

CLIENT = "10.77.1.77"  # no kernel owns it


class World:
    """The client, and the server of its connections: Server or Proxy."""

    def __init__(self, host, kind):
        enter(host)
        self.server = kind(PROXY)
        self.step = 1 if kind is Server else 5  # bytes between two cuts
        enter("caller")
        self.wire = raw_tcp.Wire(CLIENT, PROXY, int(os.environ["RUN"]))
        self.calls, self.played, self.trick = [], [], "none"  # calls of the trick, and of those before
        self.fenced = self.connect()

    def poll(self):
        self.server.poll()
        self.wire.receive()

    def connect(self, **odd):
        connection = raw_tcp.Connection(self.wire)
        connection.syn(**odd)
        raw_tcp.until(connection.is_open, self.poll, lambda: connection.syn(**odd))
        connection.put(0, b"")
        return connection

    def has_read(self, connection, data):
        return self.server.has_read(connection, data)

    def settle(self):
        """All that was sent has reached the sockets, and has been read."""
        mark = Call(CLIENT, self.fenced.port).request("OPTIONS", 1)
        self.fenced.send(mark)
        raw_tcp.until(lambda: self.has_read(self.fenced, mark), self.poll,
                      lambda: self.fenced.put(self.fenced.at - len(mark), mark))
        self.poll()
        self.poll()

    def dial(self, connections):
        """A call over each, of which the guard has seen INVITE 13, its 200 and its ACK."""
        calls = [Call(CLIENT, c.port, self.trick) for c in connections]
        for at in range(0, len(calls), 20):
            pairs = list(zip(connections[at:at + 20], calls[at:at + 20]))
            for connection, call in pairs:
                connection.send(call.request("INVITE", 13))
            self.settle()
            for connection, call in pairs:
                raw_tcp.until(lambda: self.server.dialed(connection, call), self.poll)
                connection.send(call.request("ACK", 13))
        self.settle()
        self.calls += calls
        return calls

    def begin(self, **odd):
        connection = self.connect(**odd)
        call = self.dial([connection])[0]
        return connection, call, call.request("BYE", 10, lines=("X-Pad: of an OPTIONS, which is longer",))

    def verdict(self):
        """Whether a socket has read what it must not."""
        return self.server.took_low_bye(self.calls)

    def fate(self, connection):
        mark = Call(CLIENT, connection.port).request("OPTIONS", 2)
        connection.send(mark)
        self.settle()
        if self.has_read(connection, mark):
            return "goes"
        return "stalls" if connection.port in self.server.sockets else "resets"


# --- the tricks: each returns the connection that is asked whether it continues, or None ------------

def try_whole(w):
    c, _, low = w.begin()
    c.send(low)
    return c


def try_bytes(w):
    """One byte a segment."""
    c, _, low = w.begin()
    for at in range(len(low)):
        c.send(low[at:at + 1])
    return None


def try_cuts(w):
    """Two segments, cut at each byte, or at each fifth; a connection for each."""
    cuts = range(1, len(w.begin()[2]), w.step)
    connections = [w.connect() for _ in cuts]
    for at, c, call in zip(cuts, connections, w.dial(connections)):
        low = call.request("BYE", 10)
        c.send(low[:at])
        c.send(low[at:])
    return None


def try_pipelined(w):
    c, call, low = w.begin()
    before, behind = call.request("INFO", 14, "hello"), call.request("INFO", 15, "world")
    c.send(before + low + behind)
    raw_tcp.until(lambda: w.has_read(c, before) and w.has_read(c, behind), w.poll)
    return c


def try_ahead(w):
    """The rest first, and then the method."""
    c, _, low = w.begin()
    c.put(c.at + 2, low[2:])
    c.put(c.at, low[:2])
    w.settle()
    c.put(c.at + 2, low[2:])
    c.at += len(low)
    return None


def try_overlap(w):
    """The socket keeps the rest of the BYE, which came ahead; what comes then has another rest."""
    c, call, low = w.begin()
    c.put(c.at + 30, low[30:])
    c.put(c.at, low[:60])
    c.put(c.at + 60, call.other(len(low))[60:])
    return None


def in_its_place(w, c, other, low):
    """The BYE where the socket did not take another message; that one again if the BYE is held."""
    c.put(c.at, low)
    w.settle()
    if not w.verdict():
        c.put(c.at, other)
    c.at += len(low)
    return c


def twins(w, **odd):
    """A harmless segment that the socket does not take, and then the BYE in its place."""
    c, call, low = w.begin()
    other = call.other(len(low))
    c.put(c.at, other, **odd)
    return in_its_place(w, c, other, low)


def try_checksum(w):
    return twins(w, check="wrong")


def try_old_timestamp(w):
    return twins(w, age=100000)


def try_bad_ack(w):
    return twins(w, ack=1000000)


def try_half(w):
    """The first half passes and is not taken; the BYE covers both."""
    c, call, low = w.begin()
    other = call.other(len(low))
    c.put(c.at, other[:90], check="wrong")
    c.put(c.at, low)
    c.put(c.at + 90, low[90:])
    c.put(c.at, low[:90])
    return None


def try_behind(w):
    """What is repeated has a BYE behind it, which is new."""
    c, call, low = w.begin()
    old = call.request("INFO", 14)
    c.send(old)
    c.put(c.at - len(old), old + low)
    c.at += len(low)
    return c


def try_zero_window(w):
    """The socket has no room for a harmless message; when it has, the BYE comes in its place."""
    c, call, low = w.begin()
    w.server.pause(c)
    while c.window:
        c.send(b"\n" * min(c.window, 1000))
        raw_tcp.until(lambda: c.acked >= c.at, w.poll)
    other = call.other(len(low))
    c.put(c.at, other)
    w.settle()
    w.server.resume(c)
    w.settle()
    return in_its_place(w, c, other, low)


def try_urgent(w):
    """An urgent byte within the method: the socket takes it out of the stream."""
    c, _, low = w.begin()
    c.send(low[:1] + b"x" + low[1:], flags=raw_tcp.ACK | raw_tcp.PSH | raw_tcp.URG, urgent=2)
    return None


def try_fin(w):
    c, _, low = w.begin()
    c.send(low, flags=raw_tcp.ACK | raw_tcp.PSH | raw_tcp.FIN)
    return None


def try_rst(w):
    c, _, low = w.begin()
    c.send(low, flags=raw_tcp.ACK | raw_tcp.PSH | raw_tcp.RST)
    return None


def try_syn_data(w):
    """TCP Fast Open: the socket takes what comes with the SYN."""
    low = w.begin()[2]
    c = raw_tcp.Connection(w.wire)
    c.syn(low)
    raw_tcp.until(c.is_open, w.poll, c.syn)
    w.settle()
    c.put(0, b"")
    c.put(0, low)
    c.at = len(low)
    return c


def try_multipath(w):
    """A connection of MPTCP is put together from several; prints whether the socket's SYN asked for one."""
    version_1, key = 0x01, os.urandom(8)
    c = w.connect(options=bytes((raw_tcp.MPTCP, 12, version_1, 1)) + key)
    w.settle()
    print("several" if bytes((raw_tcp.MPTCP, 12)) in w.server.syns[c.port][40:] else "single", end=" ")
    c.send(w.begin()[2])
    return c


def try_syn_between(w):
    c, _, low = w.begin()
    c.send(low[:40])
    c.put(c.at, b"", flags=raw_tcp.SYN)
    c.send(low[40:])
    return None


def many(w, number):
    c, call, low = w.begin()
    short = ("OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/TCP h;branch=z9hG4bKa\r\nf:<sip:a>;tag=a\r\nt:<sip:b>\r\n"
             "i:a\r\nCSeq:1 OPTIONS\r\nl:0\r\n\r\n").encode()
    c.send(short * (number - 10) + low + short * 10)
    return c


def try_many(w):
    return many(w, 200)


def try_too_many(w):
    return many(w, 300)


def try_body(w):
    """The BYE is a body, until its header block comes again with another length."""
    c, call, low = w.begin()
    body = low.decode()
    c.put(c.at, call.request("INFO", 14, body), check="wrong")
    c.put(c.at, call.request("INFO", 14, body).replace(b"Length: %d\r" % len(low), b"Length: 000\r"))
    c.put(c.at, call.request("INFO", 14, body).replace(b"Length: %d\r" % len(low), b"Length: 000\r")[:-len(low)])
    c.put(c.at + len(call.request("INFO", 14, body)) - len(low), low)
    return None


def try_long(w):
    """2 kB in front of all that names the dialog; in segments that a link takes."""
    c, call, _ = w.begin()
    low = call.request("BYE", 10, lines=["X-Pad-%d: %s" % (n, "x" * 90) for n in range(20)])
    for at in range(0, len(low), 700):
        c.send(low[at:at + 700])
    return None


def try_trunk(w):
    """A trunk's connection has two calls; the BYE of one comes in two segments, and nothing of the second names it."""
    c = w.connect()
    first, second = w.dial([c])[0], w.dial([c])[0]
    low = first.request("BYE", 10).replace(b"CSeq: ", b"X-Pad: %s\r\nCSeq: " % (b"x" * 900))
    at = low.index(b"X-Pad")
    c.send(low[:at])
    c.send(low[at:])
    w.settle()
    again, other = w.connect(), second.request("INFO", 14)
    again.send(other)
    raw_tcp.until(lambda: w.has_read(again, other), w.poll)
    return c


def try_big_body(w):
    """1 MB, and then the BYE."""
    c, call, low = w.begin()
    big = call.request("INFO", 14, "x" * 1000000)
    for at in range(0, len(big), 20000):
        c.send(big[at:at + 20000])
        w.settle()
    c.send(low)
    w.settle()
    assert len(w.server.bytes[c.port]) > len(big) + len(low)
    return c


def try_fragments(w):
    c, _, low = w.begin()
    c.send(low, cuts=(48, 200))
    return None


def open_by_data(w, *then):
    """The BYE in the segment that completes the handshake. The segments `then` follow, and the BYE again."""
    low = w.begin()[2]
    c = raw_tcp.Connection(w.wire)
    c.syn()
    raw_tcp.until(c.is_open, w.wire.receive, c.syn)
    c.put(0, low)
    w.settle()
    for data in (*then, low):
        c.put(0, data)
    c.at = len(low)
    return c


def try_third_ack(w):
    """A bare ACK follows the BYE that completes the handshake."""
    return open_by_data(w, b"")


def try_lost_ack(w):
    """The bare ACK was lost: the sender repeats the BYE alone."""
    return open_by_data(w)


def play(world, trick):
    world.trick = trick
    connection = globals()["try_" + trick](world)
    world.settle()
    return connection


# --- all of them, through a proxy -------------------------------------------------------------------

# No server here has MPTCP or TCP Fast Open, and none reads 1 MB in one message.
NOT_OF_A_PROXY = ("multipath", "syn_data", "big_body")


def file(name, mode="r"):
    return open("%s/%s" % (os.environ["LAB_DIR"], name), mode)


def hang_up(world):
    """All calls, over a connection that no trick was played on."""
    connection = world.connect()
    for call in world.played:
        connection.send(call.request("BYE", 100))
        raw_tcp.until(lambda: call.id in world.server.ended, world.poll)
    world.settle()


def through_proxy():
    world = World("gateway", Proxy)
    for name in list(globals()):
        if name.startswith("try_") and name[4:] not in NOT_OF_A_PROXY:
            play(world, name[4:])
            world.played += world.calls
            world.calls = []
    file("played", "w").close()
    raw_tcp.until(lambda: os.path.exists(os.environ["LAB_DIR"] + "/hang-up"), world.poll)
    hang_up(world)
    with file("lengths", "w") as lengths:
        for call in world.played:
            lengths.write("%s\t%.3f\n" % (call.id, world.server.ended[call.id] - world.server.answered[call.id]))


def main(trick):
    if trick == "through-proxy":
        return through_proxy()
    world = World("proxy", Server)
    connection = play(world, trick)
    print("read" if world.verdict() else "unread", end="")
    print("" if connection is None else " " + world.fate(connection))


main(*sys.argv[1:])
