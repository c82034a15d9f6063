#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Plays a caller and his gateway, with the proxy of a lab between them, in bytes of one's own.

wire.py CALL-ID HOST CALLER PROXY GATEWAY <STEPS
HOST is the lab's that the caller is on, the next three are addresses; LAB_ID is in the environment.

A line of STEPS is split as the shell would do it. Each step is judged before the next begins: what
did not come is told by the proxy's answer to an OPTIONS that was sent behind it.
    call [EDIT]...                INVITE 13, 200, ACK: each arrives
    pass METHOD CSEQ [EDIT]...    arrives at the gateway, and the answer at the caller
    lost METHOD CSEQ [EDIT]...    neither gateway nor caller hears of it
    send BYTES                    is no message; nobody hears of it
    style WORD...                 of all that the caller sends from here on: compact, upper, lower,
                                  spaced, folded, lf, oddcase
    always EDIT...                in every request of the call from here on
    tcp BYTES                     arrives at a TCP server on the proxy's port 5060
    icmp                          an ICMP error that quotes an INVITE of the gateway's, to the proxy
EDITs of a request of the caller:
    start= via= route= from= to= callid= cseq= contact= hops=LINE    instead of that line
    +LINE       another header line     first=BYTES  before the start line
    pad=N       bytes in Via            tail=N       bytes in a header behind all others
    body=N      bytes                   status=N     what the gateway answers
    cut=AT,...  fragments, cut at these bytes of the UDP datagram, or (at most 7 before) these words
    backwards   the last fragment first
    walk=N      IPv4 options, or IPv6 extension headers
    check=none, check=wrong       UDP checksum
    gso         in one send with an OPTIONS before it: UDP_SEGMENT
LINE and BYTES know \\r, \\n, \\0, \\xHH, and $ID, $CALLER, $GATEWAY (Call-ID, tags), $CR (CR LF).
Prints the least and the most seconds from the 200 to the BYE that passed last, as the proxy can have seen them.
"""
import ctypes
import itertools
import os
import re
import select
import shlex
import socket
import sys
import time

import packets

PATIENCE = 5  # seconds
CLONE_NEWNET = 0x40000000
UDP_SEGMENT = 103  # linux/udp.h
TAGS = {"$CALLER": "Caller-1", "$GATEWAY": "Gateway-1", "$CR": "\r\n"}
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m"}
NAMES = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id"}
ECHOED = (b"via", b"record-route", b"from", b"to", b"call-id", b"cseq")
JUNK = b"\r\n\t \0"  # Kamailio passes on what it skips before a start line
FOLD = re.compile(rb"\r?\n[ \t]+")


class Failed(Exception):
    pass


def enter(host):
    path = "/run/netns/cg%s-%s" % (os.environ["LAB_ID"], host)
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            sys.exit("%s: %s" % (path, os.strerror(ctypes.get_errno())))


def host(address):
    return "[%s]" % address if ":" in address else address


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(address, kind=socket.SOCK_DGRAM):
    s = socket.socket(family(address), kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, 5060))
    return s


def headers(message):
    """(name, line) of each header, folds and all."""
    head = re.split(rb"\r?\n\r?\n", message.lstrip(JUNK), maxsplit=1)[0]
    lines = re.split(rb"\r?\n(?![ \t])", head)
    found = []
    for line in lines[1:]:
        name = line.partition(b":")[0].strip().lower()
        found.append((NAMES.get(name, name), line))
    return found


def header(message, name):
    lines = [FOLD.sub(b" ", line) for found, line in headers(message) if found == name]
    return b", ".join(line.partition(b":")[2].strip() for line in lines)


class Style:
    def __init__(self):
        self.words = set()

    def line(self, name, line):
        if name == "start":
            if "oddcase" not in self.words:
                return line
            method, uri, version = line.split(" ")
            return "%s %s %s" % (method.capitalize(), uri, version.lower())
        if ":" not in line:
            return line
        label, value = line.split(":", 1)
        value = value.strip(" ")
        if "compact" in self.words:
            label = COMPACT.get(label, label)
        if "upper" in self.words:
            label = label.upper()
        if "lower" in self.words:
            label = label.lower()
        if "oddcase" in self.words and name == "cseq":
            value = value.title()
        if "folded" in self.words and name in ("from", "to", "callid", "cseq"):
            return "%s:\r\n\t%s" % (label, value)
        if "spaced" in self.words:
            return "%s \t:  %s \t" % (label, value)
        return "%s: %s" % (label, value)

    def eol(self, message):
        return message.replace(b"\r\n", b"\n") if "lf" in self.words else message


class Call:
    def __init__(self, call_id, caller_host, caller, proxy, gateway):
        self.id, self.caller_at, self.proxy_at, self.gateway_at = call_id, caller, proxy, gateway
        self.style = Style()
        self.count = itertools.count(1)
        self.always = ()
        self.routes = ""
        self.in_dialog = False
        self.answered = self.bye = 0, 0
        enter("gateway")
        self.gateway = bound(gateway)
        enter("proxy")
        self.server = bound(proxy, socket.SOCK_STREAM)
        enter(caller_host)
        self.caller = bound(caller)
        self.caller.connect((proxy, 5060))
        self.caller_raw = socket.socket(family(caller), socket.SOCK_RAW, socket.IPPROTO_RAW)
        for s in (self.gateway, self.caller, self.server):
            s.settimeout(PATIENCE)

    # --- messages

    def text(self, line):
        line = line.encode("latin-1", "backslashreplace").decode("unicode_escape")
        for name, value in (("$ID", self.id), *TAGS.items()):
            line = line.replace(name, value)
        return line

    def request(self, method, cseq, edits=()):
        """The message, and those edits that say how it is sent."""
        in_dialog = self.in_dialog and method != "OPTIONS"
        proxy = host(self.proxy_at)
        uri = "sip:gw@%s:5060" % host(self.gateway_at) if in_dialog else "sip:gw@%s" % proxy
        branch = "z9hG4bK-%d-%s" % (next(self.count), self.id)
        lines = {
            "start": "%s %s SIP/2.0" % (method, uri),
            "via": "Via: SIP/2.0/UDP %s:5060;branch=%s" % (host(self.caller_at), branch),
            "route": "Route: " + self.routes if in_dialog else "",
            "from": "From: <sip:bob@%s>;tag=Caller-1" % host(self.caller_at),
            "to": "To: <sip:gw@%s>%s" % (proxy, ";tag=Gateway-1" if in_dialog else ""),
            "callid": "Call-ID: " + self.id,
            "cseq": "CSeq: %s %s" % (cseq, method),
            "contact": "Contact: <sip:bob@%s:5060>" % host(self.caller_at),
            "hops": "Max-Forwards: 70",
        }
        how = {}
        for edit in edits if method == "OPTIONS" else (*self.always, *edits):
            name, _, value = edit.partition("=")
            if edit.startswith("+"):
                lines[edit] = self.text(edit[1:])
            elif name in lines:
                lines[name] = self.text(value)
            else:
                how[name] = value
        lines["via"] += ";x=" + "x" * int(how["pad"]) if "pad" in how else ""
        lines["tail"] = "X-Tail: " + "x" * int(how["tail"]) if "tail" in how else ""
        body = "x" * int(how.get("body", 0))
        lines["length"] = "Content-Length: %d" % len(body)
        head = "\r\n".join(self.style.line(name, line) for name, line in lines.items() if line)
        message = self.style.eol(head.encode("latin-1") + b"\r\n\r\n") + body.encode()
        return self.text(how.get("first", "")).encode("latin-1") + message, how

    def response(self, request, status):
        """Of the gateway, who gives back the headers as they came."""
        eol = b"\r\n" if b"\r\n" in request else b"\n"
        out = [b"SIP/2.0 %d Said" % status]
        for name, line in headers(request):
            if name == b"to" and b";tag=" not in line:
                line = line.rstrip() + b";tag=Gateway-1"
            if name in ECHOED:
                out.append(line)
        out.append(b"Contact: <sip:gw@%s:5060>" % host(self.gateway_at).encode())
        return eol.join(out + [b"Content-Length: 0", b"", b""])

    # --- sending and receiving

    def send(self, message, how):
        if "gso" in how:
            before = self.request("OPTIONS", 1, ["callid=Call-ID: before-$ID"])[0]
            size = max(len(before), len(message))
            before = before[:-2] + b"X: %s\r\n\r\n" % (b"x" * (size - len(before)))
            segment = len(before).to_bytes(2, sys.byteorder)
            self.caller.sendmsg([before + message], [(socket.SOL_UDP, UDP_SEGMENT, segment)])
        elif {"cut", "walk", "check"} & how.keys():
            check = how.get("check", "right")
            datagram = packets.udp(self.caller_at, self.proxy_at, message, check)
            cuts = [int(at) if at.isdigit() else datagram.index(at.encode()) & ~7
                    for at in how.get("cut", "").split(",") if at]
            parts = packets.packets(self.caller_at, self.proxy_at, socket.IPPROTO_UDP, datagram,
                                    cuts, int(how.get("walk", 0)))
            for packet in reversed(parts) if "backwards" in how else parts:
                self.caller_raw.sendto(packet, (self.proxy_at, 0))
        else:
            self.caller.send(message)

    def arrives(self, method):
        """At the gateway; the request and whence it came. Other calls' leftovers do not count."""
        message = b""
        while self.id.encode() not in message:
            try:
                message, source = self.gateway.recvfrom(65535)
            except socket.timeout:
                raise Failed("%s does not arrive at the gateway" % method)
        if not message.lstrip(JUNK).upper().startswith(method.encode() + b" "):
            raise Failed("at the gateway: not %s but %r" % (method, message))
        return message, source

    def final(self):
        """The final response that the caller gets."""
        while True:
            try:
                message = self.caller.recv(65535)
            except socket.timeout:
                raise Failed("no final response arrives at the caller")
            if not message.upper().startswith(b"SIP/2.0 1") and b"before-" not in message:
                return message

    def silence(self):
        """Nothing has arrived, at neither end, when an OPTIONS that was sent now is answered."""
        probe = b"probe-%d-" % next(self.count)
        self.caller.send(self.request("OPTIONS", 1, ["callid=Call-ID: %s$ID" % probe.decode()])[0])
        answer = self.final()
        if probe not in answer:
            raise Failed("at the caller: %r" % answer)
        while select.select([self.gateway], [], [], 0)[0]:
            message = self.gateway.recv(65535)
            if self.id.encode() in message:
                raise Failed("at the gateway: %r" % message)

    # --- steps

    def do_pass(self, method, cseq, *edits):
        message, how = self.request(method, cseq, edits)
        sent = time.monotonic()
        self.send(message, how)
        request, proxy = self.arrives(method)
        arrived = time.monotonic()
        if method == "ACK":
            return
        status = int(how.get("status", 200))
        if method == "INVITE":
            answered = time.monotonic()
        elif method == "BYE":
            self.bye = sent, arrived
        response = self.response(request, status)
        self.gateway.sendto(response, proxy)
        answer = self.final()
        if not answer.startswith(b"SIP/2.0 %d" % status):
            raise Failed("at the caller: %r" % answer)
        if method == "INVITE":
            routes = header(answer, b"record-route").decode("latin-1")
            self.routes = ", ".join(reversed(routes.split(", ")))
            self.in_dialog = True
            self.answered = answered, time.monotonic()

    def do_call(self, *edits):
        self.do_pass("INVITE", 13, *edits)
        self.do_pass("ACK", 13)

    def do_lost(self, method, cseq, *edits):
        self.send(*self.request(method, cseq, edits))
        self.silence()

    def do_send(self, data):
        self.caller.send(self.text(data).encode("latin-1"))
        self.silence()

    def do_always(self, *edits):
        self.always = edits

    def do_style(self, *words):
        self.style.words = set(words)

    def do_tcp(self, data):
        self.server.listen()
        with socket.create_connection((self.proxy_at, 5060), PATIENCE) as client:
            client.sendall(self.text(data).encode("latin-1"))
            client.shutdown(socket.SHUT_WR)
            with self.server.accept()[0].makefile("rb") as connection:
                if connection.read() != self.text(data).encode("latin-1"):
                    raise Failed("other bytes arrive over TCP")

    def do_icmp(self):
        message = self.request("INVITE", 13)[0]
        datagram = packets.udp(self.proxy_at, self.caller_at, message)
        quoted, = packets.packets(self.proxy_at, self.caller_at, socket.IPPROTO_UDP, datagram)
        error = packets.unreachable(self.caller_at, self.proxy_at, quoted)
        self.caller_raw.sendto(error, (self.proxy_at, 0))
        self.silence()


def main():
    call = Call(*sys.argv[1:6])
    for number, line in enumerate(sys.stdin, 1):
        words = shlex.split(line)
        if not words:
            continue
        try:
            getattr(call, "do_" + words[0])(*words[1:])
        except Failed as failed:
            sys.exit("step %d: %s\n    %s" % (number, line.strip(), failed))
    print("%.3f %.3f" % (call.bye[0] - call.answered[1], call.bye[1] - call.answered[0]))


main()
