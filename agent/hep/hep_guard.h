/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The guard, as reports need it: program cseqguard_hep, which `attach --hep` has pinned, and the
 * names of the host.
 */
#ifndef CG_HEP_HEP_GUARD_H
#define CG_HEP_HEP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "maps/guard_maps.h"

struct cg_hep_guard {
	const struct cg_guard_maps *maps;
	int hosts_fd, program_fd; /* program_fd: -errno: it cannot be opened */
	struct cg_secret secret;
	size_t len; /* of the report in `input` */
	__u8 input[8192];
};

/* Returns 0 or -errno. An instance without the program is no error. */
int cg_hep_guard_open(struct cg_hep_guard *guard, const struct cg_guard_maps *maps);
void cg_hep_guard_close(struct cg_hep_guard *guard);

/* Opens the program, which may have been made or replaced meanwhile. Returns 0 or -errno. */
int cg_hep_guard_open_program(struct cg_hep_guard *guard);

/* True if it is one of the host's addresses or of its --host. ctx: a struct cg_hep_guard. */
bool cg_hep_guard_is_host(void *ctx, const __u8 addr[16]);

/* Gives a report and the first `len` bytes of its message to the rules. Returns 0 or -errno. */
int cg_hep_guard_run(struct cg_hep_guard *guard, const struct cg_hep_report *report,
		     const __u8 *text, size_t len);

#endif
