#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A service manager's ear: notify.py SOCKET prints each line that it is told, until it is killed."""

import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
    ear.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o666)
    while True:
        print(ear.recv(4096).decode(), flush=True)
