/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Private to attach/instance.c and attach/skeleton.c: the BPF programs and their pinned maps. These
 * functions report errors and return enum cg_exit.
 */
#ifndef CG_ATTACH_INSTANCE_INTERNAL_H
#define CG_ATTACH_INSTANCE_INTERNAL_H

#include <stdbool.h>

#include "attach/instance.h"
#include "guard.skel.h"

#define CG_MAP_NAMES 25

/* The pinned maps of the contract. `config` is pinned last and marks a complete instance. */
extern const char *const cg_map_names[CG_MAP_NAMES];

/* Opens the skeleton, which the caller frees with guard__destroy(). Returns NULL on failure. */
struct guard *cg_skeleton_open(void);

/* Loads programs and maps into the kernel. */
int cg_skeleton_load(struct guard *skel);

/* Duplicates the program fds into *instance, because the skeleton closes its own. */
int cg_skeleton_dup_programs(const struct guard *skel, struct cg_instance *instance);

/*
 * Checks all pinned maps of the instance. `reuse`: the programs will use them instead of new ones.
 */
int cg_skeleton_check_pins(const char *name, struct guard *skel, bool reuse);

#endif
