/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Compares the parser in the kernel with the native build of the same file. */
#ifndef PROBE_H
#define PROBE_H

struct probe_bpf;

struct probe {
	struct probe_bpf *skel;
};

/* Returns 0 or -errno. Call probe_close() in both cases. */
int probe_open(struct probe *probe);
void probe_close(struct probe *probe);

/*
 * Parses the text in the kernel and natively. Returns 1 if the results are equal, 0 if not (printed
 * as a TAP comment), -errno if it cannot be run. len: at most SIP_MAX.
 */
int probe_matches(struct probe *probe, const char *text, unsigned int len, int complete);

#endif
