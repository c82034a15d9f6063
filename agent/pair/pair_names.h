/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Names of the nodes of a pair, for programs other than the daemon: of map `peers`. */
#ifndef CG_PAIR_PAIR_NAMES_H
#define CG_PAIR_PAIR_NAMES_H

#include <stdbool.h>

#include "cseqguard.h"

struct cg_pair_names {
	struct cg_peer peers[CG_PEERS_MAX]; /* node: NUL-ended and printable; "": free */
	bool any; /* there is another node */
};

/* Reads the names. Without the map there are none. */
void cg_pair_names_read(const char *instance, struct cg_pair_names *names);

/* Returns the name of the node that owns the dialog; NULL: this one, or one without a name. */
const char *cg_pair_names_find(const struct cg_pair_names *names, const struct cg_dialog *dialog);

#endif
