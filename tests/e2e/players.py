# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A caller, a gateway and a third host on the wire of a lab, many calls at once, in one thread.

The gateway is the truth: it keeps the order of CSeq as RFC 3261 12.2.2 has it, knows only its own
tag and target, and counts the seconds of each call itself.
"""
import asyncio
import ctypes
import hashlib
import os
import re
import socket

CALLER, GATEWAY, NEIGHBOUR, THIRD, PROXY = "10.77.1.1", "10.77.2.1", "10.77.2.2", "10.77.3.1", "10.77.0.1"
T1 = 0.5
CLONE_NEWNET = 0x40000000
COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
ECHOED = ("via", "record-route", "from", "to", "call-id", "cseq")


def enter(host):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/cg%s-%s" % (os.environ["LAB_ID"], host)) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), host)


def part(pattern, text, otherwise=""):
    found = re.search(pattern, text)
    return found.group(1) if found else otherwise


class Message:
    def __init__(self, data):
        head = data.decode("latin-1").lstrip("\r\n").replace("\r\n", "\n").split("\n\n")[0]
        lines = re.sub(r"\n[ \t]+", " ", head).split("\n")
        self.start = lines[0]
        self.lines = []
        for line in lines[1:]:
            name = line.partition(":")[0].strip().lower()
            self.lines.append((COMPACT.get(name, name), line.partition(":")[2].strip()))
        self.status = int(part(r"^SIP/2.0 (\d+)", self.start, "0"))
        self.method = part(r"^\d+\s+(\w+)", self.get("cseq")).upper()
        self.cseq = int(part(r"(\d+)", self.get("cseq"), "0"))

    def get(self, name):
        return ", ".join(value for key, value in self.lines if key == name)

    def tag(self, name):
        return part(r";\s*tag\s*=\s*([^;>\s]+)", re.sub(r'"(\\.|[^"])*"', "", self.get(name)))

    def response(self, status, tag="", lines=()):
        out = ["SIP/2.0 %d Said" % status]
        for name, value in self.lines:
            if name == "to" and tag and not self.tag("to"):
                value += ";tag=" + tag
            if name in ECHOED:
                out.append("%s: %s" % (name, value))
        return text([*out, *lines])


def text(lines, body=""):
    head = [*(line for line in lines if line), "Content-Length: %d" % len(body), "", ""]
    return ("\r\n".join(head) + body).encode("latin-1")


class Host(asyncio.DatagramProtocol):
    """One socket; a message goes to the call whose Call-ID it has, else to whoever takes new ones."""

    def __init__(self, newcomer=None):
        self.calls = {}
        self.newcomer = newcomer

    async def open(self, namespace, address, port=5060):
        enter(namespace)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((address, port))
        self.address, self.port = address, port
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=s)
        return self

    def connection_made(self, transport):
        self.transport = transport

    def send(self, data, to=(PROXY, 5060)):
        self.transport.sendto(data, to)

    def datagram_received(self, data, source):
        message = Message(data)
        call = self.calls.get(message.get("call-id"))
        if call:
            call.received(message, source, self)
        elif self.newcomer:
            self.newcomer(message, source, self)


class Gateway:
    """One call at the gateway. plan: what it does beside the usual, by name."""

    def __init__(self, call):
        self.call, self.plan, self.now = call, call.plan, call.world.loop.time
        self.answered, self.ended = {}, {}
        self.over = asyncio.Event()  # each answered call has ended
        self.highest = self.bye_cseq = 0
        self.invites = {}
        self.acked = asyncio.Event()
        self.cancelled = asyncio.Event()

    def received(self, message, source, host):
        if message.status:
            return
        if message.method != message.start.split(" ")[0].upper() or message.cseq >= 1 << 31:
            host.send(message.response(400, self.call.tag), source)
            return
        if message.method == "INVITE" and not message.tag("to"):
            if message.get("via") not in self.invites:
                self.invites[message.get("via")] = b""
                self.call.world.start(self.answer(message, source, host))
            elif self.invites[message.get("via")]:
                host.send(self.invites[message.get("via")], source)
            return
        getattr(self, "on_" + message.method.lower(), self.on_other)(message, source, host)

    def respond(self, invite, source, host, *response):
        self.invites[invite.get("via")] = data = invite.response(*response)
        host.send(data, source)

    async def answer(self, invite, source, host):
        plan, contact = self.plan, "Contact: <sip:gw@%s:%d>" % (host.address, host.port)
        tag = self.call.tag
        if plan.get("challenge") and "proxy-authorization" not in dict(invite.lines):
            self.respond(invite, source, host, 407, tag + "-407",
                         ['Proxy-Authenticate: Digest realm="trunk", nonce="n", algorithm=MD5'])
            return
        if self.highest or "cheap" in invite.start:
            self.respond(invite, source, host, 486, tag + "-486")
            return
        self.highest, self.invite = invite.cseq, invite
        self.respond(invite, source, host, 180, tag, [contact])
        await self.call.talk(plan.get("ring", 0))
        if plan.get("cancelled"):
            await self.cancelled.wait()
        for one in (tag, tag + "-2") if plan.get("fork") else (tag,):
            self.answered[one] = self.now()
            self.respond(invite, source, host, 200, one, [contact])
        while not await self.call.world.within(T1, self.acked.wait()):
            host.send(invite.response(200, tag, [contact]), source)
        if "hangup" in plan:
            await self.call.talk(plan["hangup"])
            self.send_bye(host, plan["bye_cseq"])

    def end(self, tag):
        self.ended.setdefault(tag, self.now())
        if len(self.ended) == len(self.answered):
            self.over.set()

    def send_bye(self, host, cseq):
        invite = self.invite
        self.end(self.call.tag)
        host.send(text([
            "BYE %s SIP/2.0" % part("<([^>]*)>", invite.get("contact")),
            "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK-gw-%s" % (host.address, host.port, self.call.tag),
            "Route: " + invite.get("record-route") if invite.get("record-route") else "",
            "From: %s;tag=%s" % (invite.get("to"), self.call.tag), "To: " + invite.get("from"),
            "Call-ID: " + invite.get("call-id"), "CSeq: %d BYE" % cseq, "Max-Forwards: 70"]),
            (PROXY, 5060) if invite.get("record-route") else (CALLER, 5060))

    def on_ack(self, message, source, host):
        self.acked.set()

    def on_cancel(self, message, source, host):
        host.send(message.response(200, self.call.tag), source)
        self.cancelled.set()

    def judge(self, message):
        """A BYE, as RFC 3261 12.2.2 has it."""
        tag = message.tag("to")
        if tag not in self.answered or not re.search(r"^\S+ sip:gw@", message.start):
            return 481
        if message.cseq == self.bye_cseq and tag in self.ended:
            return 200
        if message.cseq <= self.highest and not (self.plan.get("fork") and message.cseq > self.invite.cseq):
            return 500
        if message.get("max-forwards") in ("0", "-1"):
            return 483
        self.highest = message.cseq
        refusals = self.plan.get("refuse", [])
        return refusals.pop(0) if refusals else 200

    def on_bye(self, message, source, host):
        status = self.judge(message)
        if status == 200:
            tag = message.tag("to")
            if self.bye_cseq != message.cseq:
                self.end(tag)
            self.bye_cseq = message.cseq
        if self.plan.get("neighbour"):
            host = self.call.world.neighbour
        host.send(message.response(status, self.call.tag), source)

    def on_other(self, message, source, host):
        if message.cseq > self.highest:
            self.highest = message.cseq
        host.send(message.response(200, self.call.tag, ["Contact: <sip:gw@%s:%d>" % (host.address, host.port)]), source)


class Call:
    """One call, from the caller's side. drops: BYEs that the guard should have dropped; manner: see manners.py."""

    def __init__(self, world, row, number, manner=None):
        self.world, self.row, self.manner = world, row, manner
        self.base = getattr(manner, "base", 0)
        kind = row.__name__ + ("-" + manner.__name__ if manner else "")
        self.tag = "t-%s-%d" % (kind, number)
        self.own_tag = "f-%s-%d" % (kind, number)
        self.id = "%s-%d@%s" % (kind, number, os.environ["LAB_ID"])
        self.plan, self.drops, self.edits = {}, 0, {}
        self.host, self.proxy = world.caller, (PROXY, 5060)
        self.callee, self.user = "gw", "bob"
        self.target, self.routes, self.remote = "", "", ""
        self.queue = asyncio.Queue()
        self.branches = 0
        self.gateway = Gateway(self)

    def forget(self):
        for host in self.world.hosts():
            host.calls.pop(self.id, None)

    def begin(self):
        for host in (self.world.caller, self.world.second_port, self.world.here):
            host.calls.setdefault(self.id, self)
        self.world.gateway.calls[self.id] = self.world.guarded_host.calls[self.id] = self.gateway

    async def talk(self, seconds):
        await asyncio.sleep(seconds * self.world.pace())

    def received(self, message, source, host):
        if message.status:
            self.queue.put_nowait(message)
        elif message.method != "ACK":
            answer = message.response(200, lines=["Contact: <sip:bob@%s:5060>" % CALLER])
            self.world.loop.call_later(self.plan.get("slow", 0), host.send, answer, source)

    def branch(self):
        self.branches += 1
        return "z9hG4bK-%s-%d" % (self.own_tag, self.branches)

    def request(self, method, cseq, /, body="", **edits):
        in_dialog = self.remote and method != "CANCEL"
        lines = {
            "start": "%s %s SIP/2.0" % (method, self.target if in_dialog else "sip:%s@%s" % (self.callee, PROXY)),
            "via": "Via: SIP/2.0/UDP %s:%d;branch=%s" % (self.host.address, self.host.port, self.branch()),
            "first": "",
            "route": "Route: " + self.routes if in_dialog and self.routes else "",
            "from": "From: <sip:%s@%s>;tag=%s" % (self.user, CALLER, self.own_tag),
            "to": "To: <sip:%s@%s>%s" % (self.callee, PROXY, ";tag=" + self.remote if in_dialog else ""),
            "call": "Call-ID: " + self.id,
            "cseq": "CSeq: %s %s" % (cseq + self.base if self.base else cseq, method),
            "contact": "Contact: <sip:%s@%s:%d>" % (self.user, self.host.address, self.host.port),
            "hops": "Max-Forwards: 70",
            "last": "",
        }
        lines.update(edits)
        return text(self.manner(self, lines) if self.manner else lines.values(), body)

    def send(self, *arguments, **edits):
        self.host.send(self.request(*arguments, **edits), self.proxy)

    async def final(self, method, cseq, seconds):
        async def wait():
            while True:
                message = await self.queue.get()
                if message.status >= 200 and message.method == method and message.cseq == cseq + self.base:
                    return message
        return await self.world.within(seconds, wait())

    async def ask(self, method, number, /, status=200, **edits):
        """Sent until it is answered, as RFC 3261 17.1 has it."""
        data = self.request(method, number, **edits)
        for seconds in (T1, 2 * T1, 4 * T1, 8 * T1):
            self.host.send(data, self.proxy)
            message = await self.final(method, number, seconds)
            if message:
                break
        self.world.expect(self, message and message.status == status,
                          "%s %s: not %s but %s" % (method, number, status, message and message.status))
        return message

    def learn(self, answer):
        self.remote = answer.tag("to")
        self.target = part("<([^>]*)>", answer.get("contact"))
        self.routes = ", ".join(reversed(re.split(r",\s*", answer.get("record-route"))))

    async def dial(self, cseq=13, **edits):
        self.learn(await self.ask("INVITE", cseq, **edits))
        self.send("ACK", cseq)

    async def bye(self, cseq, /, **edits):
        return await self.ask("BYE", cseq, **edits)

    async def lost(self, cseq, /, names_dialog=True, **edits):
        """A BYE that must not pass: sent once."""
        self.drops += names_dialog
        self.send("BYE", cseq, **edits)
        message = await self.final("BYE", int(part(r"(\d+)", str(cseq))), 0.3)
        self.world.expect(self, not (message and self.world.guarded), "BYE %s was not dropped" % cseq)

    def credentials(self, challenge, method, uri):
        nonce = part('nonce="([^"]*)"', challenge.get("proxy-authenticate"))
        def md5(value):
            return hashlib.md5(value.encode()).hexdigest()
        answer = md5("%s:%s:%s" % (md5("%s:lab:secret" % self.user), nonce, md5("%s:%s" % (method, uri))))
        return ('Proxy-Authorization: Digest username="%s", realm="lab", nonce="%s", uri="%s", '
                'response="%s", algorithm=MD5' % (self.user, nonce, uri, answer))

    def truth(self):
        """(To tag, seconds) of each call that was answered, as the gateway counts."""
        for tag, answered in self.gateway.answered.items():
            ended = self.gateway.ended.get(tag)
            self.world.expect(self, ended, "never ended at the gateway")
            if ended:
                yield tag, ended - answered


class World:
    def __init__(self, guarded, pace):
        self.guarded, self.pace = guarded, pace
        self.loop = asyncio.get_running_loop()
        self.faults = []
        self.tasks = set()

    async def open(self):
        self.here = await Host().open("proxy", PROXY, 5064)
        self.guarded_host = await Host().open("proxy", PROXY, 5062)
        self.third = await Host(self.take).open("third", THIRD)
        self.caller = await Host().open("caller", CALLER)
        self.second_port = await Host().open("caller", CALLER, 5070)
        self.gateway = await Host().open("gateway", GATEWAY)
        self.neighbour = await Host().open("gateway", NEIGHBOUR)
        return self

    def hosts(self):
        return (self.here, self.guarded_host, self.third, self.caller, self.second_port, self.gateway, self.neighbour)

    def take(self, message, source, host):
        """The attacker's own host says yes to everything."""
        if not message.status and message.method != "ACK":
            host.send(message.response(200, "third", ["Contact: <sip:me@%s:5060>" % THIRD]), source)

    def start(self, work):
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.done)
        return task

    def done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.faults.append(repr(task.exception()))

    @staticmethod
    async def within(seconds, work):
        try:
            return await asyncio.wait_for(work, seconds)
        except asyncio.TimeoutError:
            return None

    def expect(self, call, met, what):
        if not met and (self.guarded or not call.drops):
            self.faults.append("%s: %s" % (call.id, what))
