/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The parser as the kernel runs it against the same file built natively. */
#ifndef PROBE_H
#define PROBE_H

struct probe_bpf;

struct probe {
	struct probe_bpf *skel;
};

/* 0 or -errno. Closed by probe_close() in either case. */
int probe_open(struct probe *probe);
void probe_close(struct probe *probe);

/*
 * Parses the text in the kernel and natively: 1 if both read the same, 0 and a comment on stdout if
 * not, -errno if it cannot be run. len: at most SIP_MAX.
 */
int probe_matches(struct probe *probe, const char *text, unsigned int len, int complete);

#endif
