# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""How phones write the same message, all of it within RFC 3261. Each takes a call and the lines of a request, by
name and in order (players.py), and returns the lines that are sent; its first line says what it is.
"""
import re

SHORT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m"}


def names(lines, rename):
    return [re.sub(r"^([A-Za-z-]+):", lambda name: rename(name.group(1)), line) if at else line
            for at, line in enumerate(lines.values())]


def plain(call, lines):
    """as most phones write it"""
    return list(lines.values())


def compact(call, lines):
    """compact header names"""
    return names(lines, lambda name: SHORT.get(name, name) + ":")


def lower(call, lines):
    """header names in lower case, without a blank behind the colon"""
    return [line.replace(": ", ":", 1) for line in names(lines, lambda name: name.lower() + ":")]


def upper(call, lines):
    """header names in upper case, with blanks before the colon"""
    return names(lines, lambda name: name.upper() + " \t:")


def folded(call, lines):
    """From, To and CSeq folded over two lines"""
    def fold(name, line):
        return line.replace(": ", ":\r\n ", 1) if name in ("from", "to", "cseq") else line
    return [fold(name, line) for name, line in lines.items()]


def quoted(call, lines):
    """display names with commas, semicolons, a tag and escaped quotes in them"""
    def display(name, line):
        if name not in ("from", "to") or "<" not in line:
            return line
        return line.replace("<", '"Last, First; tag=no \\"x\\" <sip:y@z>" <', 1)
    return [display(name, line) for name, line in lines.items()]


def parameters(call, lines):
    """parameters of From before and behind the tag, of Via and Contact"""
    changed = dict(lines)
    changed["from"] = lines["from"].replace(";tag=", ";early=1;tag=") + ";late=\"a;tag=b\""
    changed["via"] = lines["via"].replace(";branch", ";rport;x=y;branch") + ";alias"
    changed["contact"] = lines["contact"].replace(">", ";ob>;+sip.instance=\"<urn:uuid:0>\";expires=60")
    return list(changed.values())


def uri_parameters(call, lines):
    """URIs with user=phone and a header"""
    changed = dict(lines)
    changed["from"] = lines["from"].replace(">", ";user=phone?subject=x>", 1)
    changed["to"] = lines["to"].replace(">", ";user=phone>", 1)
    return list(changed.values())


def reordered(call, lines):
    """Via and Route last, CSeq and Call-ID first"""
    last = ("via", "route")
    return [lines["start"], lines["cseq"], lines["call"],
            *(line for name, line in lines.items() if name not in ("start", "cseq", "call", *last)),
            *(lines[name] for name in last)]


def misleading(call, lines):
    """a Subject and a User-Agent that look like other headers"""
    return [lines["start"], "Subject: CSeq: 1 BYE", "User-Agent: Call-ID: no;tag=no", *list(lines.values())[1:],
            "X-CSeq: 1 BYE", "Original-Call-ID: no"]


def blanks(call, lines):
    """tabs and blanks wherever RFC 3261 has LWS"""
    changed = dict(lines)
    changed["cseq"] = lines["cseq"].replace(" ", " \t ") + "  "
    changed["call"] = lines["call"].replace(": ", ": \t ") + " "
    changed["from"] = lines["from"].replace(";tag=", " ; tag = ")
    changed["to"] = lines["to"].replace(";tag=", "\t;\ttag = ")
    return list(changed.values())


def ahead(call, lines):
    """two empty lines before the start line"""
    return ["\r\n\r\n" + lines["start"], *list(lines.values())[1:]]


def long(call, lines):
    """1,200 bytes: Allow, Supported and a long User-Agent"""
    return [lines["start"], "User-Agent: " + "phone/1.0 " * 60, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE",
            *list(lines.values())[1:], "Supported: replaces, timer, path, outbound"]


def fragmented(call, lines):
    """two IP fragments, whose second has CSeq"""
    return [lines["start"], "User-Agent: " + "phone/1.0 " * 180, *list(lines.values())[1:]]


def high(call, lines):
    """a CSeq near 2**31"""
    return list(lines.values())


high.base = 2147480000


def first(call, lines):
    """a CSeq that begins at 1"""
    return list(lines.values())


first.base = -12

EVERY = [plain, compact, lower, upper, folded, quoted, parameters, uri_parameters, reordered, misleading, blanks, ahead,
         long, fragmented, high, first]
