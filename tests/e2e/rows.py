# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The rows of the table of attacks and of honest calls, one coroutine each, for players.py.

Each is a call whose end the gateway knows; its first line says what it is. A fraud
tries to end the bill after TALK seconds, and ends truly after four times as much.
"""
from players import CALLER, GATEWAY, PROXY, THIRD

TALK = 1


async def ordinary(c):
    """a call and its BYE"""
    await c.dial()
    await c.talk(2 * TALK)
    await c.bye(14)


async def attack(c, *attempts, last=14):
    await c.dial()
    await c.talk(TALK)
    for attempt in attempts:
        await attempt
    await c.talk(3 * TALK)
    await c.bye(last)


async def F1(c):
    """BYE with a lower CSeq, the attack of 2008"""
    await attack(c, c.lost(10))


async def F2(c):
    """BYE with the INVITE's CSeq"""
    await attack(c, c.lost(13))


async def F3(c):
    """BYE with a CSeq that wraps, or is no number"""
    await attack(c, c.lost(2147483648), c.lost(4294967310), c.lost("14x"), c.lost(14, cseq="CSeq: 14 INFO"))


async def F4(c):
    """ACK that jumps the counter, BYE with a lower CSeq"""
    async def jump():
        c.send("ACK", 2147483000)
    await attack(c, jump(), c.lost(12))


async def F5(c):
    """BYE with Max-Forwards 0; the same BYE again, later"""
    await attack(c, c.bye(14, status=483, hops="Max-Forwards: 0"))


async def F6(c):
    """BYE routed to the attacker's own host, who answers 200"""
    await attack(c, c.bye(14, start="BYE sip:me@%s:5060 SIP/2.0" % THIRD), last=15)


async def F7(c):
    """BYE challenged, and never repeated"""
    c.user = "carol"
    await c.dial()
    await c.talk(TALK)
    await c.bye(14, status=407)
    await c.talk(3 * TALK)
    challenge = await c.bye(15, status=407)
    await c.bye(16, last=c.credentials(challenge, "BYE", c.target))


async def F8(c):
    """BYE refused by the gateway, 403 or 500"""
    c.plan["refuse"] = [403, 500]
    await attack(c, c.bye(14, status=403), c.bye(15, status=500), last=16)


async def F9(c):
    """a third host plays the callee, the caller accepts its BYE"""
    async def play():
        tags = {"from": "From: <sip:gw@%s>;tag=%s" % (PROXY, c.remote),
                "to": "To: <sip:bob@%s>;tag=%s" % (CALLER, c.own_tag)}
        c.world.third.send(c.request("BYE", 1, start="BYE sip:bob@%s:5060 SIP/2.0" % CALLER,
                                     via="Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK-third-%s" % (THIRD, c.tag), **tags))
    await attack(c, play())


async def F10(c):
    """BYE with the tags swapped"""
    async def swap():
        c.drops += 1
        tags = {"from": "From: <sip:gw@%s>;tag=%s" % (PROXY, c.remote),
                "to": "To: <sip:bob@%s>;tag=%s" % (CALLER, c.own_tag)}
        c.send("BYE", 1, start="BYE sip:bob@%s:5060 SIP/2.0" % CALLER, **tags)
    await attack(c, swap())


async def F11(c):
    """BYE with a lower CSeq in compact, odd-case and ambiguous headers"""
    await attack(c, c.lost(10, call="i:" + c.id, cseq="cSEQ :10  bye"),
                 c.lost(14, names_dialog=False, cseq="CSeq: 14 BYE\r\nCSeq: 10 BYE"))


async def F12(c):
    """BYE cut over IP fragments, its CSeq in the second"""
    await attack(c, c.lost(10, first="X-Padding: " + "x" * 1800))


async def F13(c):
    """BYE with the case of a tag flipped, which the gateway does not know"""
    await c.dial()
    await c.talk(TALK)
    await c.bye(14, status=481, to="To: <sip:gw@%s>;tag=%s" % (PROXY, c.remote.upper()))
    await c.talk(3 * TALK)
    await c.bye(15)


async def F14(c):
    """a flood of BYEs with a lower CSeq"""
    async def flood():
        for _ in range(50):
            c.drops += 1
            c.send("BYE", 10)
    await attack(c, flood())


async def F15(c):
    """2xx forged by a second host while the gateway rings"""
    c.plan["ring"] = 2 * TALK
    c.send("INVITE", 13)
    await c.talk(TALK)
    c.world.third.send(("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKforged\r\n"
                        "Via: SIP/2.0/UDP %s:5060;branch=z\r\n"
                        "From: <sip:bob@%s>;tag=%s\r\nTo: <sip:gw@%s>;tag=%s\r\nCall-ID: %s\r\nCSeq: 13 INVITE\r\n"
                        "Contact: <sip:me@%s>\r\nContent-Length: 0\r\n\r\n"
                        % (PROXY, CALLER, CALLER, c.own_tag, PROXY, c.tag + "-third", c.id, THIRD)).encode())
    answer = await c.final("INVITE", 13, 10)
    while answer and answer.tag("to") != c.tag:
        answer = await c.final("INVITE", 13, 10)
    c.world.expect(c, answer, "never answered")
    c.learn(answer)
    c.send("ACK", 13)
    await c.talk(4 * TALK)
    await c.bye(14)


async def F16(c):
    """second INVITE of the same Call-ID and From tag, to a cheap number"""
    c.plan["ring"] = TALK
    c.send("INVITE", 13)
    await c.talk(TALK / 2)
    c.send("INVITE", 14, start="INVITE sip:cheap@%s SIP/2.0" % PROXY)
    answer = await c.final("INVITE", 13, 10)
    c.world.expect(c, answer and answer.status == 200, "never answered")
    c.learn(answer)
    c.send("ACK", 13)
    await c.talk(4 * TALK)
    await c.bye(15)


async def F17(c):
    """bytes that a database refuses; BYE with a lower CSeq"""
    c.id += "\xff\\x00" + "x" * 200
    c.begin()
    await attack(c, c.lost(10))


async def H1(c):
    """retransmitted BYE"""
    await c.dial()
    await c.talk(2 * TALK)
    data = c.request("BYE", 14)
    for _ in range(3):
        c.host.send(data)
    await c.final("BYE", 14, 4)


async def H2(c):
    """BYE of the gateway with a CSeq far from the caller's"""
    c.plan.update(hangup=2 * TALK, bye_cseq=1)
    await c.dial()
    await c.talk(3 * TALK)


async def H3(c):
    """forked INVITE, answered under two To tags"""
    c.plan["fork"] = True
    first = await c.ask("INVITE", 13)
    second = await c.final("INVITE", 13, 4)
    for answer, talk in ((first, TALK), (second, TALK)):
        c.learn(answer)
        c.send("ACK", 13)
        await c.talk(talk)
    await c.bye(14)
    c.learn(first)
    await c.talk(TALK)
    await c.bye(14 + 1)


async def H4(c):
    """re-INVITE, INFO, OPTIONS and UPDATE within the dialog"""
    await c.dial()
    await c.talk(TALK)
    await c.dial(14)
    for cseq, method in enumerate(("INFO", "OPTIONS", "UPDATE"), 15):
        await c.ask(method, cseq)
    await c.talk(TALK)
    await c.bye(18)


async def H5(c):
    """BYEs of both sides cross"""
    c.plan.update(hangup=2 * TALK, bye_cseq=5)
    await c.dial()
    await c.talk(2 * TALK)
    c.send("BYE", 14)
    await c.final("BYE", 14, 2)


async def H6(c):
    """a proxy that renumbers (CSeq + 1)"""
    c.callee, c.plan["challenge"] = "trunk", True
    await c.dial()
    await c.talk(2 * TALK)
    await c.bye(14)


async def H7(c):
    """INVITE of more than one packet, its headers in the first"""
    await c.dial(last="Content-Type: text/plain", body="x" * 1800)
    await c.talk(2 * TALK)
    await c.bye(14)


async def H8(c):
    """CANCEL crosses the 2xx"""
    c.plan["cancelled"] = True
    via = "Via: SIP/2.0/UDP %s:5060;branch=%s" % (CALLER, c.branch())
    c.send("INVITE", 13, via=via)
    await c.talk(TALK / 2)
    c.send("CANCEL", 13, via=via)
    answer = await c.final("INVITE", 13, 8)
    c.world.expect(c, answer and answer.status == 200, "never answered")
    c.learn(answer)
    c.send("ACK", 13)
    await c.talk(2 * TALK)
    await c.bye(14)


async def H9(c):
    """the caller's port changes in mid-call"""
    await c.dial()
    await c.talk(2 * TALK)
    c.host = c.world.second_port
    await c.bye(14)


async def H10(c):
    """the gateway answers the BYE from another of its addresses"""
    c.plan["neighbour"] = True
    await c.dial()
    await c.talk(2 * TALK)
    await c.bye(14)


async def H11(c):
    """both legs behind one address; BYE with a lower CSeq, then the right one"""
    c.callee, c.host = "customer", c.world.second_port
    c.world.caller.calls[c.id] = c.gateway
    await c.dial()
    await c.talk(TALK)
    await c.lost(10)
    await c.talk(TALK)
    await c.bye(14)


async def H12(c):
    """callee on the guarded host, no proxy; BYE with a lower CSeq, then the right one"""
    c.proxy = (PROXY, 5062)
    await c.dial()
    await c.talk(TALK)
    await c.lost(10)
    await c.talk(TALK)
    await c.bye(14)


async def H13(c):
    """the proxy's own BYE at its dialog timeout"""
    c.callee = "timed"
    c.plan["slow"] = 0.3  # Kamailio 5.6 sends the second BYE only if the first is not answered yet
    await c.dial()
    for _ in range(50):
        if c.gateway.ended:
            return
        await c.world.within(0.1, c.queue.get())


FRAUD = [F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17]
HONEST = [H1, H2, H3, H4, H5, H6, H7, H8, H9, H10, H11, H12, H13]
