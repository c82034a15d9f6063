#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""HEPv3 records, a line of hex each on stdin: hep.py prints the payload of each.

hep.py --same-call: how many have the Call-ID of their payload as correlation ID.
"""

import json
import sys


def chunks(record):
    if record[:4] != b"HEP3" or int.from_bytes(record[4:6], "big") != len(record):
        raise SystemExit(f"no HEP record: {record.hex()}")
    at = 6
    while at < len(record):
        vendor, kind, length = (int.from_bytes(record[at + i:at + i + 2], "big") for i in (0, 2, 4))
        if vendor or length < 6 or at + length > len(record):
            raise SystemExit(f"no HEP chunk: {record[at:].hex()}")
        yield kind, record[at + 6:at + length]
        at += length


def main():
    same = 0
    for line in sys.stdin:
        found = dict(chunks(bytes.fromhex(line)))
        payload = found[0x0F].decode()
        same += json.loads(payload)["call_id"] == found.get(0x11, b"").decode()
        if len(sys.argv) == 1:
            print(payload)
    if len(sys.argv) > 1:
        print(same)


main()
