#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Puts a dialog, as the program would have written it, into a pinned `dialogs` map.

dialog.py MAP NUMBER [FIELD=VALUE]...   NUMBER makes key and Call-ID; times are in seconds before
DIALOG_NOW (of CLOCK_BOOTTIME, seconds), or before now
"""
import os
import socket
import struct
import subprocess
import sys
import time

STATES = {"confirmed": 1, "ending": 2, "ended": 3}
ENDS = {"none": 0, "bye": 1, "gone": 2}


def text(value, size):
    return value.encode("utf-8", "surrogateescape").ljust(size, b"\0")[:size]


def v4(address):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(address)


def dialog(number, field):
    def ago(name):
        if name not in field:
            return 0
        return int((now - float(field[name])) * 1e9)

    now = float(os.environ.get("DIALOG_NOW", 0)) or time.clock_gettime(time.CLOCK_BOOTTIME)
    answer = ago("answer")
    hot = struct.pack("=QIBBBB", number, 0, STATES[field.get("state", "confirmed")], 0,
                      int(field.get("caller_flags", "0x03"), 0), int(field.get("callee_flags", "0x11"), 0))
    legs = struct.pack("=II", int(field.get("cseq", 13)), int(field.get("bye_cseq", 0))) + v4("192.0.2.1")
    legs += struct.pack("=II", 1, 0) + v4("192.0.2.2")
    evidence = struct.pack("=HHIIIIIII", 5061, 5062, int(field.get("flags", "0"), 0), int(field.get("blocked", 0)),
                           int(field.get("first_blocked_ms", 0)), 0, 0, 0, 0)
    evidence += bytes(7 * 4)  # target
    evidence += struct.pack("=7II", *7 * [0], int(field.get("candidate_ms", 0)))
    evidence += struct.pack("=HBBII", 200, ENDS[field.get("end_reason", "none")], int(field.get("ended_by", 0)), 0, 0)
    evidence += struct.pack("=QQQQ", answer - 1000000000, answer, ago("end"), ago("bye_at"))
    evidence += struct.pack("=HHI", int(field.get("epoch", 0)), int(field.get("peer", 0)),
                            int(field.get("blocked_elsewhere", 0)))
    call = text(field.get("call_id", "call-%d" % number), 128) + text(field.get("from_tag", "Alice"), 48)
    call += text("sip:alice@example.org", 64) + text("sip:bob@example.org", 64) + text("sip:bob@192.0.2.2", 64)
    value = hot + legs + evidence + call + text("Bob", 48)
    assert len(value) == 624, len(value)
    return value


def main():
    path, number = sys.argv[1], int(sys.argv[2])
    field = dict(argument.split("=", 1) for argument in sys.argv[3:])
    key = struct.pack("=QQ", number * 0x9E3779B97F4A7C15 % 2**64, number)
    command = ["bpftool", "map", "update", "pinned", path, "key", "hex", key.hex(" "), "value", "hex"]
    command = [word for part in command for word in part.split(" ")] + dialog(number, field).hex(" ").split(" ")
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
