#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs a command beside a reader that reads nothing:

    unread.py pipe|terminal|journal|manager FILE COMMAND...

The command's stderr is a pipe, a terminal or the journal's socket, or its service manager listens on a socket.
Whichever it is, it is full. The reader's process id goes to FILE.pid. From SIGUSR1 on, the reader copies what
comes to FILE, until it is killed."""

import os
import pty
import signal
import socket
import sys

kind, path, command = sys.argv[1], sys.argv[2], sys.argv[3:]


def fill(fd):
    os.set_blocking(fd, False)
    try:
        while True:
            os.write(fd, b"full\n")
    except BlockingIOError:
        os.set_blocking(fd, True)


def make_manager():
    reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.bind(path + ".socket")
    os.environ["NOTIFY_SOCKET"] = path + ".socket"
    try:
        while True:  # each with a buffer of its own: the reader's queue fills, not theirs
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
                writer.setblocking(False)
                writer.sendto(b"full", path + ".socket")
    except BlockingIOError:
        return reader.detach()


def make_stderr():
    if kind == "pipe":
        reader, writer = os.pipe()
    elif kind == "terminal":
        reader, writer = pty.openpty()
    else:
        reader, writer = (end.detach() for end in socket.socketpair())
        info = os.fstat(writer)
        os.environ["JOURNAL_STREAM"] = f"{info.st_dev}:{info.st_ino}"
    fill(writer)
    return reader, writer


def read(reader):
    with open(path, "wb", buffering=0) as out:
        signal.sigwait({signal.SIGUSR1})
        while text := os.read(reader, 65536):
            out.write(text + b"\n" if kind == "manager" else text)


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
reader, writer = (make_manager(), None) if kind == "manager" else make_stderr()
pid = os.fork()
if not pid:
    if writer is not None:
        os.close(writer)
    read(reader)
    os._exit(0)
with open(path + ".pid", "w", encoding="ascii") as file:
    file.write(str(pid))
os.close(reader)
if writer is not None:
    os.dup2(writer, 2)
    os.close(writer)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
os.execvp(command[0], command)
