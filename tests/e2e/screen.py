#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A terminal's screen as SVG: text with SGR escapes on stdin (tmux capture-pane -ep), `screen.py TITLE`."""
import html
import re
import sys

COLOURS = ["#1d1f21", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"]
OTHER = r"\x1b\([B0]|\x1b\[[0-9;?]*[A-Za-ln-z]|[\x00-\x1a]"  # escapes and controls that are no SGR
WIDTH, HEIGHT, EDGE = 8.43, 18, 14  # of a character of 14 px, of a row, around all


def attributes(codes, now):
    """What an SGR sequence makes of (colour, bold, reversed)."""
    colour, bold, turned = now
    for code in codes or [0]:
        if code == 0:
            colour, bold, turned = None, False, False
        elif code == 1:
            bold = True
        elif code == 22:
            bold = False
        elif code == 7:
            turned = True
        elif code == 27:
            turned = False
        elif 30 <= code <= 37:
            colour = COLOURS[code - 30]
        elif 90 <= code <= 97:
            colour = COLOURS[code - 90]
        elif code == 39:
            colour = None
    return colour, bold, turned


def runs(line, now):
    """Stretches of one look: [(column, text, look)], and the look at the end."""
    found, column = [], 0
    for piece in re.split(r"(\x1b\[[0-9;]*m)", re.sub(OTHER, "", line)):
        escape = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if escape:
            now = attributes([int(code or 0) for code in escape.group(1).split(";")], now)
        elif piece:
            found.append((column, piece, now))
            column += len(piece)
    return found, now


def drawn(column, text, look, row):
    colour, bold, turned = look
    x, y = EDGE + column * WIDTH, EDGE + row * HEIGHT
    if turned:
        yield '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (
            x, y, len(text) * WIDTH, HEIGHT, colour or COLOURS[7])
        colour = COLOURS[0]
    if text.strip():
        yield '<text x="%.1f" y="%.1f"%s%s textLength="%.1f">%s</text>' % (
            x, y + 13.5, ' fill="%s"' % colour if colour else "", ' font-weight="bold"' if bold else "",
            len(text) * WIDTH, html.escape(text).replace(" ", "\u00a0"))


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    look, body, columns = (None, False, False), [], 40
    for row, line in enumerate(lines):
        found, look = runs(line, look)
        for column, text, here in found:
            body += drawn(column, text, here, row)
            columns = max(columns, column + len(text.rstrip()))
    width, height = 2 * EDGE + columns * WIDTH, 2 * EDGE + len(lines) * HEIGHT
    print('<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" role="img">' % (width, height))
    print("<title>%s</title>" % html.escape(sys.argv[1]))
    print('<rect width="100%%" height="100%%" rx="6" fill="%s"/>' % COLOURS[0])
    print('<g font-family="ui-monospace, DejaVu Sans Mono, monospace" font-size="14" fill="%s">' % COLOURS[7])
    print("\n".join(body))
    print("</g></svg>")


main()
