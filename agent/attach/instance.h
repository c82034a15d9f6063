/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * An instance: the pinned maps and the two programs that all its interfaces share, bound to one
 * network namespace. What fails is reported here; enum cg_exit is returned.
 */
#ifndef CG_ATTACH_INSTANCE_H
#define CG_ATTACH_INSTANCE_H

#include <stdbool.h>

#include "maps/settings.h"

struct cg_instance {
	const char *name;
	int prog_in; /* fds */
	int prog_out;
	bool made; /* by this call */
};

/*
 * Opens the instance, or makes it with these settings where there is none. One that exists keeps
 * its settings. An instance without a living interface moves to this network namespace.
 */
int cg_instance_open(const char *name, const struct cg_settings *settings,
		     struct cg_instance *instance);

/* Loads this version's programs over the pinned maps; nothing is attached or pinned. */
int cg_instance_load_programs(const char *name, struct cg_instance *instance);

/* Loads them over small maps of their own, to see whether this kernel takes them. */
int cg_instance_try_load(struct cg_instance *instance);

void cg_instance_close(struct cg_instance *instance);

#endif
