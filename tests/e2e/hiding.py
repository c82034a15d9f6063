#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Hides topology as OpenSIPS' topology_hiding() does, or is a B2BUA that keeps Call-ID and tags.

hiding.py HOST ADDRESS NEXT [renumber]
HOST is the lab's, NEXT is the address for new calls; LAB_ID is in the environment.

A request goes on under one Via and Contact of its own, without a Record-Route; Call-ID and tags stay.
With `renumber` each leg has CSeqs of its own, from 1, and a BYE is answered before it goes on.
A request to another URI than its own is relayed, as by any proxy.
"""
import hashlib
import re
import socket
import sys

sys.dont_write_bytecode = True
from players import Message, enter, part, text  # noqa: E402

NAMES = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq",
         "record-route": "Record-Route", "contact": "Contact", "max-forwards": "Max-Forwards"}
URI = re.compile(r"sip:(?:[^@>]*@)?([^;>:]+)(?::(\d+))?")


def place(uri):
    """Address and port of the first URI in it."""
    address, port = URI.search(uri).groups()
    return address, int(port or 5060)


def lines_of(message, *without):
    """As SIPp reads them."""
    return ["%s: %s" % (NAMES.get(name, name), value) for name, value in message.lines
            if name not in ("content-length", "content-type", *without)]


def answer(message, request, contact):
    """The response to the request that came in, of one that came to the request that went out."""
    given = {"to": message.get("to"), "contact": contact}
    names = ("via", "record-route", "from", "call-id", "cseq")
    return text([message.start, *(line for line in lines_of(request, *given) if line.split(":")[0].lower() in names),
                 *("%s: %s" % (NAMES[name], value) for name, value in given.items())])


class Leg:
    def __init__(self, target, routes=""):
        self.target, self.routes = target, routes
        self.cseqs = {}  # as they came in, and as they go out to this leg


class Hiding:
    def __init__(self, address, following, renumber):
        self.address, self.following, self.renumber = address, following, renumber
        self.contact = "<sip:%s:5060;did=1>" % address
        self.calls, self.requests = {}, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 5060))

    def run(self):
        while True:
            data, source = self.socket.recvfrom(65535)
            message = Message(data)
            if message.status:
                self.response(message)
            else:
                self.request(message, source)

    def via(self, message):
        """Of a request that goes on; a retransmission has the same branch."""
        branch = hashlib.md5((message.get("via") + message.start).encode("latin-1")).hexdigest()
        return "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s" % (self.address, branch)

    def request(self, message, source):
        method, uri, _ = message.start.split(" ")
        legs = self.calls.get(message.get("call-id"))
        if place(uri)[0] != self.address:
            self.relay(message, uri)
            return
        if not legs:
            legs = self.calls[message.get("call-id")] = {
                message.tag("from"): Leg(part("<([^>]*)>", message.get("contact"))),
                "": Leg("sip:gw@" + self.following)}
        leg = next(leg for tag, leg in legs.items() if tag != message.tag("from"))
        via = self.via(message)
        self.requests[via] = message, source, leg
        if self.renumber and method == "BYE":
            self.socket.sendto(text(["SIP/2.0 200 OK", *lines_of(message, "route", "max-forwards")]), source)
        number = leg.cseqs.setdefault(message.cseq, len(leg.cseqs) + 1) if self.renumber else message.cseq
        self.socket.sendto(text([
            "%s %s SIP/2.0" % (method, leg.target), via,
            "Route: " + leg.routes if leg.routes else "",
            "From: " + message.get("from"), "To: " + message.get("to"), "Call-ID: " + message.get("call-id"),
            "CSeq: %d %s" % (number, method), "Contact: " + self.contact, "Max-Forwards: 69"]),
            place(leg.routes or leg.target))

    def relay(self, message, uri):
        self.socket.sendto(text([message.start, self.via(message), *lines_of(message, "route")]), place(uri))

    def response(self, message):
        top, *below = re.split(r",\s*", message.get("via"))
        if below:
            self.socket.sendto(text([message.start, "Via: " + ", ".join(below), *lines_of(message, "via")]),
                               place(below[0].replace("SIP/2.0/UDP ", "sip:")))
            return
        request, source, leg = self.requests["Via: " + top]
        if self.renumber and request.method == "BYE":
            return
        if request.method == "INVITE" and 200 <= message.status < 300:
            leg.target = part("<([^>]*)>", message.get("contact"))
            leg.routes = ", ".join(reversed(re.split(r",\s*", message.get("record-route"))))
        self.socket.sendto(answer(message, request, self.contact), source)


enter(sys.argv[1])
Hiding(sys.argv[2], sys.argv[3], "renumber" in sys.argv[4:]).run()
