#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A proxy that reports messages as HEPv3 records, also wrong ones.

hep_send.py HOST udp|tcp ADDRESS PORT [WORD]...: HOST is the lab's, LAB_ID in the environment. Words of the records
that follow, until another of the same name:
  from=ADDRESS:PORT to=ADDRESS:PORT  of the message
  protocol=N     of IP; 22 is what Kamailio says of TLS
  key=TEXT       the auth key; empty: none
  age=SECONDS    of the message
  cut=N          bytes of a segment (tcp)
  times=N        how often a message is reported
  text=TEXT      reports it; \\n is CRLF
"""
import ipaddress
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
from players import enter  # noqa: E402


def chunk(kind, value):
    return struct.pack(">HHH", 0, kind, 6 + len(value)) + value


def endpoint(text):
    address, _, port = text.rpartition(":")
    return ipaddress.ip_address(address.strip("[]")), int(port)


def record(words, text):
    (source, source_port), (dest, dest_port) = endpoint(words["from"]), endpoint(words["to"])
    at = time.time() - float(words["age"])
    body = chunk(1, b"\x02" if source.version == 4 else b"\x0a") + chunk(2, bytes([int(words["protocol"])]))
    body += chunk(3 if source.version == 4 else 5, source.packed)
    body += chunk(4 if dest.version == 4 else 6, dest.packed)
    body += chunk(7, struct.pack(">H", source_port)) + chunk(8, struct.pack(">H", dest_port))
    body += chunk(9, struct.pack(">I", int(at))) + chunk(10, struct.pack(">I", int(at % 1 * 1e6)))
    body += chunk(11, b"\x01") + chunk(12, struct.pack(">I", 7))
    if words["key"]:
        body += chunk(14, words["key"].encode())
    body += chunk(15, text.replace("\\n", "\r\n").encode())
    return b"HEP3" + struct.pack(">H", 6 + len(body)) + body


def main(host, transport, address, port, *arguments):
    enter(host)
    words = {"protocol": "22", "key": "", "age": "0", "cut": "65536", "times": "1"}
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as out:
        out.connect((address, int(port)))
        for argument in arguments:
            name, _, value = argument.partition("=")
            words[name] = value
            if name != "text":
                continue
            for _ in range(int(words["times"])):
                data, cut = record(words, value), int(words["cut"])
                for at in range(0, len(data), cut):
                    out.sendall(data[at:at + cut])


main(*sys.argv[1:])
