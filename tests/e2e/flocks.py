#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Locks every file and folder in the folders that the caller can open, until it is ended.

flocks.py FOLDER...    prints a line for each that it has locked, then `all`
"""
import fcntl
import os
import signal
import sys

held = []
for folder in sys.argv[1:]:
    for path, folders, files in os.walk(folder):
        for name in [path] + [os.path.join(path, file) for file in folders + files]:
            try:
                fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            held.append(fd)
            print(name)
print("all", flush=True)
signal.pause()
