#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Makes honest calls in a lab (LAB_ID): each course of rows.py that has no fraud in it, in each manner of manners.py.

play_honest.py CALLS SEED A-SECOND     every kind at least once, then in random order
play_honest.py kinds                   prints the kinds: course, manner, what they are

A line a call that was answered: KIND, To tag, seconds; apart by tabs. Exit code 1, and a line each on stderr, if
messages came to pass that should not have.
"""
import asyncio
import random
import resource
import sys

sys.dont_write_bytecode = True
import manners  # noqa: E402
import rows  # noqa: E402
from players import Call, World  # noqa: E402

ENDS = 10  # seconds after the caller's last step by which the gateway has ended the call
LINGER = 10  # seconds that a call is known after its end: copies may still be under way


COURSES = [rows.ordinary, *(row for row in rows.HONEST if row not in (rows.H11, rows.H12))]  # those have a fraud in them
# Kamailio 5.6 itself makes no right CANCEL of such an INVITE, nor repeats it with credentials.
UNABLE = {(rows.H6, manners.ahead), (rows.H8, manners.ahead), (rows.H8, manners.folded)}
KINDS = [(course, manner) for course in COURSES for manner in manners.EVERY if (course, manner) not in UNABLE]


async def play(world, course, manner, number):
    call = Call(world, course, number, manner)
    call.begin()
    try:
        await course(call)
    except Exception as error:  # what comes over the wire may lack anything: the call is named
        world.faults.append("%s: %r" % (call.id, error))
    await world.within(ENDS, call.gateway.over.wait())
    truth = list(call.truth())
    for tag, seconds in truth:
        print(course.__name__, manner.__name__, tag, "%.3f" % seconds, sep="\t")
    world.expect(call, truth, "never answered")
    await asyncio.sleep(LINGER)
    call.forget()


async def main(calls, seed, a_second):
    chance = random.Random(seed)
    world = await World(True, lambda: chance.uniform(0.5, 2)).open()
    chosen = (KINDS + [chance.choice(KINDS) for _ in range(calls - len(KINDS))])[:calls]
    begin, playing = world.loop.time(), set()
    for number, (course, manner) in enumerate(chosen):
        await asyncio.sleep(begin + number / a_second - world.loop.time())
        playing.add(world.start(play(world, course, manner, number)))
        playing = {task for task in playing if not task.done()} if number % 1000 == 0 else playing
    await asyncio.gather(*playing)
    for fault in world.faults:
        print(fault, file=sys.stderr)
    return 1 if world.faults else 0


if sys.argv[1] == "kinds":
    for course, manner in KINDS:
        print(course.__name__, manner.__name__, course.__doc__, manner.__doc__, sep="\t")
    sys.exit()
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
sys.exit(asyncio.run(main(*(int(word) for word in sys.argv[1:]))))
