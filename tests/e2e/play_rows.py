#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Plays rows of the table of attacks, cseqguard-evidence(7), in a lab (LAB_ID), and says what the gateway counted.

play_rows.py plain|guarded                  each row once, all at the same time
play_rows.py guarded CALLS SEED A-SECOND    so many calls, half of them ordinary, in random order

A line a call that was answered: ROW, To tag, seconds, dropped BYEs, the row's text; apart by tabs.
Exit code 1, and a line each on stderr, if messages came to pass that should not have.
"""
import asyncio
import random
import resource
import sys

sys.dont_write_bytecode = True
import rows  # noqa: E402
from players import Call, World


async def play(world, row, number):
    call = Call(world, row, number)
    call.begin()
    try:
        await row(call)
    except Exception as error:  # what comes over the wire may lack anything: the call is named
        world.faults.append("%s: %r" % (call.id, error))
    return call


async def play_all(world, chosen, a_second):
    async def one(row, number):
        await asyncio.sleep(number / a_second)
        return await play(world, row, number)
    return await asyncio.gather(*(one(row, number) for number, row in enumerate(chosen)))


def choose(arguments):
    every = rows.FRAUD + rows.HONEST
    if len(arguments) == 1:
        return every, 100, lambda: 1
    calls, seed, a_second = (int(word) for word in arguments[1:])
    chance = random.Random(seed)
    return ([chance.choice([rows.ordinary, chance.choice(every)]) for _ in range(calls)], a_second,
            lambda: chance.uniform(0.5, 2.5))


async def main():
    chosen, a_second, pace = choose(sys.argv[1:])
    world = await World(sys.argv[1] == "guarded", pace).open()
    calls = await play_all(world, chosen, a_second)
    for call in calls:
        truth = list(call.truth())
        for tag, seconds in truth:
            print(call.row.__name__, tag, "%.3f" % seconds, call.drops, call.row.__doc__, sep="\t")
        world.expect(call, truth, "never answered")
    for fault in world.faults:
        print(fault, file=sys.stderr)
    for task in world.tasks:
        task.cancel()
    return 1 if world.faults else 0


resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
sys.exit(asyncio.run(main()))
