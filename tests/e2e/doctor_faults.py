#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Brings about what `doctor` and `check` warn of, where no tool at hand does.

doctor_faults.py offload IFACE FEATURE    turns a feature of the kernel's name on, as ethtool -K
doctor_faults.py relink LINK PROGRAM      puts a pinned program under a pinned link
doctor_faults.py tcx IFACE PROGRAM        puts a pinned program on the way out, by tcx (Linux 6.6), and stays
doctor_faults.py listen SOCKET UID        a daemon's socket of that user, which takes connections
doctor_faults.py hang SOCKET              one whose backlog is full
doctor_faults.py mute SOCKET              a stream socket that accepts, and says nothing
"""
import array
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_SFEATURES = 0x1B, 0x37, 0x3B
ETH_SS_FEATURES = 4
SYS_BPF, BPF_OBJ_GET, BPF_LINK_CREATE, BPF_LINK_UPDATE = 321, 7, 28, 29
TCX_EGRESS = 47


def ethtool(name, command):
    data = array.array("B", command)
    address, _ = data.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP", name.encode(), address))
    return data.tobytes()


def offload(name, feature):
    info = ethtool(name, struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0))
    count = struct.unpack("=IIQI", info)[3]
    strings = ethtool(name, struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count) + bytes(32 * count))[12:]
    names = [strings[32 * i:32 * i + 32].rstrip(b"\0").decode() for i in range(count)]
    at = names.index(feature)
    words = [[0, 0] for _ in range((count + 31) // 32)]
    words[at // 32] = [1 << at % 32, 1 << at % 32]
    ethtool(name, struct.pack("=II", ETHTOOL_SFEATURES, len(words)) +
            b"".join(struct.pack("=II", *word) for word in words))


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    attr = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYS_BPF, command, attr, len(attr))
    if result < 0:
        sys.exit("bpf: %s" % os.strerror(ctypes.get_errno()))
    return result


def pinned(path):
    name = ctypes.create_string_buffer(path.encode())
    return bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(name), 0, 0))


def relink(link, program):
    bpf(BPF_LINK_UPDATE, struct.pack("=IIII", pinned(link), pinned(program), 0, 0))


def tcx(name, program):
    link = bpf(BPF_LINK_CREATE, struct.pack("=IIII", pinned(program), socket.if_nametoindex(name), TCX_EGRESS, 0))
    signal.pause()
    os.close(link)


def bound(path, kind, backlog):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path + ".new")
    os.chmod(path + ".new", 0o666)
    s.listen(backlog)
    return s


def ready(path):
    os.rename(path + ".new", path)
    signal.pause()


def listen(path, uid):
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
    s = bound(path, socket.SOCK_SEQPACKET, 32)
    ready(path)
    s.close()


def hang(path):
    s = bound(path, socket.SOCK_SEQPACKET, 0)
    clients = []
    while True:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        clients.append(client)
        try:
            client.connect(path + ".new")
        except BlockingIOError:
            break
    ready(path)
    s.close()


def mute(path):
    s = bound(path, socket.SOCK_STREAM, 32)
    ready(path)
    s.close()


globals()[sys.argv[1]](*sys.argv[2:])
