#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Coverage of functions, from llvm-cov's JSON on stdin: coverage.py REASONS

REASONS has a line per function that no test need reach: FILE FUNCTION REASON. Prints the share of functions
reached per folder, then each function that is neither reached nor in REASONS, then each line of REASONS whose
function is reached or does not exist.
"""
import collections
import json
import os
import sys

FOLDERS = ("agent/", "bpf/", "include/")


def counts():
    """(file, function): how often it ran, in the program that ran it most."""
    top = os.getcwd() + "/"
    reached = collections.defaultdict(int)
    for part in json.load(sys.stdin)["data"]:
        for function in part["functions"]:
            path = os.path.relpath(function["filenames"][0], top)
            if path.startswith(FOLDERS):
                name = function["name"].split(":")[-1]  # a static one has its file before it
                reached[path, name] = max(reached[path, name], function["count"])
    return reached


def reasons(path):
    listed = {}
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                file, function, reason = line.split(None, 2)
                listed[file, function] = reason.strip()
    return listed


def main():
    reached, listed = counts(), reasons(sys.argv[1])
    folders = collections.defaultdict(list)
    for (path, _), count in reached.items():
        folders[os.path.dirname(path)].append(count > 0)
    for folder, hits in sorted(folders.items()):
        print("%-16s %4d of %4d functions reached" % (folder, sum(hits), len(hits)))
    unexplained = [key for key, count in sorted(reached.items()) if not count and key not in listed]
    stale = [key for key in sorted(listed) if reached.get(key, 1)]
    for path, name in unexplained:
        print("not reached: %s %s" % (path, name))
    for path, name in stale:
        print("coverage-reasons: %s %s is reached, or is no function: remove the line" % (path, name))
    print("%d of %d functions reached, %d explained, %d neither" % (
        sum(count > 0 for count in reached.values()), len(reached), len(listed) - len(stale), len(unexplained)))


main()
