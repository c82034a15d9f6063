/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * An instance: the pinned maps and the programs, which all its interfaces share. It is bound to
 * one network namespace. These functions report errors and return enum cg_exit.
 */
#ifndef CG_ATTACH_INSTANCE_H
#define CG_ATTACH_INSTANCE_H

#include <stdbool.h>

#include "attach/programs.h"
#include "maps/settings.h"

struct cg_instance {
	const char *name;
	struct cg_programs programs;
	bool made; /* created by this call */
};

/*
 * Opens the instance, or creates it with these settings and this secret (NULL: a random one) if it does
 * not exist. An existing instance keeps both. An instance without a living interface moves to the current network
 * namespace.
 */
int cg_instance_open(const char *name, const struct cg_settings *settings,
		     const struct cg_secret *secret, struct cg_instance *instance);

/* Loads the programs of this version with the pinned maps. Attaches and pins nothing. */
int cg_instance_load_programs(const char *name, struct cg_instance *instance);

/*
 * Finds out whether this kernel accepts the programs of this version. It did if the instance has
 * them already: only its cseqguard_in is opened then. Otherwise as cg_instance_load_programs().
 */
int cg_instance_probe_programs(const char *name, struct cg_instance *instance);

/* Loads the programs with small maps of their own, to test whether this kernel accepts them. */
int cg_instance_try_load(struct cg_instance *instance);

/*
 * Loads cseqguard_hep with the pinned maps, and pins it for the daemon, in place of an earlier one.
 * The verifier walks it for about a second.
 */
int cg_instance_load_hep(const char *name);

void cg_instance_close(struct cg_instance *instance);

#endif
