#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Reads or moves the consumer's position of a pinned BPF ring buffer.

ring.py PIN used      prints how many bytes are not free
ring.py PIN rewind N  moves it back by N bytes, as if the last records had not been freed
"""
import ctypes
import mmap
import os
import platform
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_OBJ_GET = 7


def pin_open(path):
    libc = ctypes.CDLL(None, use_errno=True)
    name = ctypes.create_string_buffer(path.encode())
    attr = ctypes.create_string_buffer(struct.pack("=QII", ctypes.addressof(name), 0, 0))
    fd = libc.syscall(SYS_BPF, BPF_OBJ_GET, attr, len(attr.raw) - 1)
    if fd < 0:
        raise OSError(ctypes.get_errno(), path)
    return fd


def main():
    fd = pin_open(sys.argv[1])
    consumer = mmap.mmap(fd, mmap.PAGESIZE)
    producer = mmap.mmap(fd, mmap.PAGESIZE, prot=mmap.PROT_READ, offset=mmap.PAGESIZE)
    if sys.argv[2] == "rewind":
        consumer[:8] = struct.pack("=Q", struct.unpack("=Q", consumer[:8])[0] - int(sys.argv[3]))
    else:
        print(struct.unpack("=Q", producer[:8])[0] - struct.unpack("=Q", consumer[:8])[0])
    os.close(fd)


main()
