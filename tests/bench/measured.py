#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs a command and prints its seconds, those of CPU, and its peak memory in MB; "-" if it took too long.

    measured.py SECONDS COMMAND [ARGUMENT]...

What the command prints is thrown away. Exit code: the command's, 0 if it took too long.
"""
import resource
import subprocess
import sys
import time


def main():
    start = time.monotonic()
    with subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            code = process.wait(float(sys.argv[1]))
            seconds = f'{time.monotonic() - start:.3f}'
        except subprocess.TimeoutExpired:
            process.kill()
            code, seconds = 0, '-'
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(seconds, f'{used.ru_utime + used.ru_stime:.3f}', round(used.ru_maxrss / 1024))
    sys.exit(code)


main()
