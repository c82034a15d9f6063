# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A SIP server on TCP that keeps all that its sockets read, and the requests of its clients.

All runs in one thread: the server works while it is polled.
"""
import itertools
import os
import re
import socket

from players import PROXY

TCP_FASTOPEN, TCP_SAVE_SYN, TCP_SAVED_SYN = 23, 27, 28
NUMBERS = itertools.count(1)


class Server:
    """Answers each request, keeps all bytes that it reads."""

    def __init__(self, address):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        self.listener.setsockopt(socket.IPPROTO_TCP, TCP_SAVE_SYN, 1)
        self.listener.bind((address, 5060))
        self.listener.listen(1024)
        self.listener.setblocking(False)
        # by the client's port
        self.sockets, self.bytes, self.ends, self.messages, self.syns = {}, {}, {}, {}, {}
        self.paused = set()

    def pause(self, connection):
        self.paused.add(connection.port)

    def resume(self, connection):
        self.paused.discard(connection.port)

    def has_read(self, connection, data):
        return data in self.bytes.get(connection.port, b"")

    def dialed(self, connection, call):
        """Whether the INVITE was answered; what the call needs to know of the answer."""
        call.to = ";tag=callee"
        return True

    def took_low_bye(self, calls):
        heads = [head for heads in self.messages.values() for head in heads]
        return any(call.is_low_bye(head) for call in calls for head in heads)

    def poll(self):
        while True:
            try:
                s, (_, port) = self.listener.accept()
            except BlockingIOError:
                break
            s.setblocking(False)
            self.sockets[port] = s
            self.syns[port] = s.getsockopt(socket.IPPROTO_TCP, TCP_SAVED_SYN, 200)
            self.bytes[port], self.ends[port], self.messages[port] = bytearray(), 0, []
        for port, s in list(self.sockets.items()):
            if port not in self.paused:
                self.read(port, s)

    def read(self, port, s):
        try:
            data = s.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            s.close()
            del self.sockets[port]
            return
        self.bytes[port] += data
        for message in self.parse(port):
            self.messages[port].append(message)
            self.answer(s, message)

    def parse(self, port):
        data = self.bytes[port]
        while True:
            start = self.ends[port]
            while data[start:start + 1] in (b"\r", b"\n"):
                start += 1
            end = data.find(b"\r\n\r\n", start)
            if end < 0:
                return
            head = bytes(data[start:end]).decode("latin-1")
            length = re.search(r"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head)
            stop = end + 4 + (int(length.group(1)) if length else 0)
            if len(data) < stop:
                return
            self.ends[port] = stop
            yield head

    @staticmethod
    def answer(s, head):
        kept = [line for line in head.split("\r\n")[1:] if re.match("(?i)(via|v|from|f|call-id|i|cseq):", line)]
        to = re.search(r"(?im)^(?:to|t):.*$", head)
        if head.startswith(("ACK ", "SIP/2.0")) or not to:
            return
        tag = "" if "tag=" in to.group(0) else ";tag=callee"
        lines = ["SIP/2.0 200 OK", *kept, to.group(0).rstrip("\r") + tag,
                 "Contact: <sip:gw@%s;transport=tcp>" % PROXY, "Content-Length: 0", "", ""]
        try:
            s.send("\r\n".join(lines).encode("latin-1"))
        except OSError:
            pass


class Call:
    """What a client says in one call to the server."""

    def __init__(self, client, port, name="call"):
        self.id = "%s-%d-%d@%s" % (name, os.getpid(), next(NUMBERS), os.environ["LAB_ID"])
        self.client, self.port, self.to = client, port, ""
        self.target, self.routes = "sip:gw@" + PROXY, ()

    def request(self, method, cseq, body="", lines=()):
        return "\r\n".join([
            "%s %s SIP/2.0" % (method, self.target),
            "Via: SIP/2.0/TCP %s:%d;branch=z9hG4bK%d" % (self.client, self.port, next(NUMBERS)),
            *self.routes, *lines,
            "From: <sip:bob@%s>;tag=caller" % self.client, "To: <sip:gw@%s>%s" % (PROXY, self.to),
            "Call-ID: " + self.id, "CSeq: %d %s" % (cseq, method), "Contact: <sip:bob@%s:%d>" % (self.client, self.port),
            "Content-Length: %d" % len(body), "", body]).encode()

    def other(self, length):
        """An OPTIONS that is so long."""
        data = self.request("OPTIONS", 9, lines=("X-Pad: ",))
        return data.replace(b"X-Pad: ", b"X-Pad: " + b"x" * (length - len(data)))

    def is_low_bye(self, head):
        return (head.startswith("BYE ") and "\r\nCall-ID: %s\r\n" % self.id in head and ";tag=caller\r" in head and
                ";tag=callee\r" in head and bool(re.search(r"\r\nCSeq: (\d|1[0-3]) ", head)))
