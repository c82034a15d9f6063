/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The programs of an instance, pinned. Nothing prints. */
#ifndef CG_ATTACH_PROGRAMS_H
#define CG_ATTACH_PROGRAMS_H

#include <linux/types.h>
#include <stdbool.h>

#include "attach/bpffs.h"

enum cg_program {
	CG_PROG_IN, /* XDP */
	CG_PROG_OUT, /* tc egress */
	CG_PROG_TCP_IN, /* tc ingress */
	CG_PROG_TCP_OUT, /* tc egress */
	CG_PROG_TCP_MORE, /* tc, behind each of these two */
	CG_PROG_PEER, /* not attached: the daemon runs it */
	CG_PROGS,
	/*
	 * The map by which they call the others. It empties itself once no process or pin has it.
	 */
	CG_PROG_ARRAY = CG_PROGS,
	CG_PROG_FDS
};

struct cg_programs {
	int fd[CG_PROG_FDS]; /* -1: not open */
};

extern const struct cg_programs cg_programs_none; /* nothing is open */

/* Ids of the programs that our tc filters of an interface run; 0: it is not there. */
struct cg_tc_programs {
	__u32 out;
	__u32 tcp_in; /* tcp_in and tcp_out are also 0 if a filter after them is missing or out of order */
	__u32 tcp_out;
};

/* Name in bpf/guard.bpf.c. */
const char *cg_program_name(enum cg_program program);

/* Name of the pin. Accepts CG_PROG_ARRAY as well. */
const char *cg_program_pin(enum cg_program program);

/* Who may open the pin. */
enum cg_pin_mode cg_program_pin_mode(enum cg_program program);

/* True if the kernel reports `name`, which it has cut, for this program. */
bool cg_program_has_name(enum cg_program program, const char *name);

/* Opens the pins of an instance. 0 or -errno. */
int cg_programs_open(const char *instance, struct cg_programs *programs);

void cg_programs_close(struct cg_programs *programs);

#endif
