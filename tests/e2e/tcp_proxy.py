# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Kamailio on the guarded host, as evasion.py sees it: by what it answers, and by what it sends to its gateway.

The gateway is here, on UDP. It keeps the order of CSeq, and the time at which each call was answered and ended.
"""
import os
import re
import signal
import socket
import subprocess
import time

from players import GATEWAY, Message

FIRST = 13  # CSeq of each INVITE


def answered(data, heard):
    """Whether an answer to this request was heard."""
    return bool(re.search(re.escape(re.search(rb"branch=[^;\r]*", data).group(0)) + rb"[;\r]", heard))


class Proxy:
    """Enter the gateway's namespace first."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((GATEWAY, 5060))
        self.socket.setblocking(False)
        self.answered, self.ended, self.low = {}, {}, set()  # by Call-ID
        self.stopped = False

    def poll(self):
        while True:
            try:
                data, source = self.socket.recvfrom(1 << 16)
            except BlockingIOError:
                return
            message = Message(data)
            if not message.status and message.method != "ACK":
                self.socket.sendto(self.answer(message), source)

    def answer(self, message):
        method, call = message.start.split(" ")[0], message.get("call-id")
        contact = ["Contact: <sip:gw@%s:5060>" % GATEWAY]
        if method == "INVITE":
            self.answered.setdefault(call, time.time())
        elif method not in ("BYE", "INFO", "OPTIONS"):
            return message.response(501)
        elif method == "BYE" and message.cseq <= FIRST:
            self.low.add(call)
            return message.response(500)
        elif method == "BYE":
            self.ended.setdefault(call, time.time())
        return message.response(200, "callee", contact)

    def dialed(self, connection, call):
        """Whether the INVITE was answered; what the call needs to know of the answer."""
        for text in connection.heard.split(b"SIP/2.0 200 ")[1:]:
            answer = Message(b"SIP/2.0 200 " + text)
            if answer.method == "INVITE" and answer.get("call-id") == call.id:
                call.to, call.target = ";tag=" + answer.tag("to"), re.search("<([^>]*)>", answer.get("contact")).group(1)
                call.routes = tuple("Route: " + route for route in reversed(answer.get("record-route").split(", ")))
                return True
        return False

    def has_read(self, connection, data):
        """A request that the proxy answers, or relays to the gateway."""
        return self.stopped or answered(data, connection.heard)

    def took_low_bye(self, calls):
        return any(call.id in self.low for call in calls)

    def signal(self, number):
        namespace = "cg%s-proxy" % os.environ["LAB_ID"]
        for pid in subprocess.check_output(["ip", "netns", "pids", namespace], text=True).split():
            with open("/proc/%s/comm" % pid) as name:
                if name.read().strip() == "kamailio":
                    os.kill(int(pid), number)

    def pause(self, connection):
        self.stopped = True
        self.signal(signal.SIGSTOP)

    def resume(self, connection):
        self.signal(signal.SIGCONT)
        self.stopped = False
