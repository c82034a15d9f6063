/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where an instance's maps and links are pinned, and how they are opened. No function here prints.
 */
#ifndef CG_MAPS_PINS_H
#define CG_MAPS_PINS_H

#include <stddef.h>

#include "cseqguard.h"

#define CG_INSTANCE_MAX 48

/* CSEQGUARD_INSTANCE or "default". The string is the environment's: not to be freed. */
const char *cg_instance_default_name(void);

/* 0, or -EINVAL: letters, digits, '_' and '-' (bpffs keeps dots for itself), at most CG_INSTANCE_MAX. */
int cg_instance_check_name(const char *instance);

/* CSEQGUARD_PIN_ROOT (a bpffs bound elsewhere) or CG_PIN_ROOT. Not to be freed. */
const char *cg_pin_root(void);

/*
 * ROOT/INSTANCE/NAME, or ROOT/INSTANCE where name is NULL. 0, -EINVAL (instance), -ENAMETOOLONG;
 * buf untouched on failure.
 */
int cg_pin_path(char *buf, size_t size, const char *instance, const char *name);

/* fd of a pinned map, the caller closes it; or -errno: -ENOENT not attached, -EACCES/-EPERM. */
int cg_pin_open(const char *instance, const char *name);

/*
 * The same, of a map whose keys and values have these sizes: the kernel writes as many bytes as the
 * map's values have. -EPROTO: another map sits there.
 */
int cg_map_open(const char *instance, const char *name, size_t key_size, size_t value_size);

/* The kernel's id of a map, not used again until reboot: one pinned anew has another. 0: none. */
__u32 cg_map_get_id(int fd);

/* Size of a pinned ring. 0 or -errno as in cg_map_open(), bytes untouched. */
int cg_ring_read_size(const char *instance, const char *name, __u32 *bytes);

/*
 * fd of `config` and a copy of it; the caller closes the fd. -ENOENT: not attached; -EPROTO: the
 * pin is of another layout than CG_LAYOUT, or no map of ours. config is untouched on failure.
 */
int cg_config_open(const char *instance, struct cg_config *config);

/*
 * Waits for the lock that everybody holds who changes pins or rewrites `config`; fd, released by
 * closing it. -ENOENT: nothing is pinned.
 */
int cg_pins_lock(void);

#endif
