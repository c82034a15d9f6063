#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Adds the last record of a stream of Redis once more, with one byte of it changed.

forge_record.py HOST PORT KEY
"""
import socket
import sys


def command(stream, *words):
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    stream.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    stream.flush()
    return reply(stream)


def reply(stream):
    line = stream.readline().rstrip(b"\r\n")
    if line[:1] == b"*":
        return [reply(stream) for _ in range(int(line[1:]))]
    if line[:1] == b"$":
        return stream.read(int(line[1:]) + 2)[:-2]
    return line


def main(host, port, key):
    with socket.create_connection((host, int(port)), timeout=10) as s:
        stream = s.makefile("rwb")
        (_, (field, record)), = command(stream, "XREVRANGE", key, "+", "-", "COUNT", "1")
        forged = bytearray(record)
        forged[len(forged) // 2] ^= 1
        command(stream, "XADD", key, "*", field, bytes(forged))


main(*sys.argv[1:])
