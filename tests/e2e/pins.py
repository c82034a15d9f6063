#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Says how the caller can open each BPF pin in a folder.

pins.py FOLDER    prints a line a pin: its name, and r (for reading), rw (for writing as well) or - (not at all)
"""
import ctypes
import os
import platform
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_OBJ_GET = 7
BPF_F_RDONLY = 1 << 3


def opens(path, flags):
    libc = ctypes.CDLL(None, use_errno=True)
    name = ctypes.create_string_buffer(path.encode())
    attr = ctypes.create_string_buffer(struct.pack("=QII", ctypes.addressof(name), 0, flags))
    fd = libc.syscall(SYS_BPF, BPF_OBJ_GET, attr, len(attr.raw) - 1)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    print(name, "rw" if opens(path, 0) else "r" if opens(path, BPF_F_RDONLY) else "-")
