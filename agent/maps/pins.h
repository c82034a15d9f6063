/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Pins of an instance: their paths, their lock, and how maps and `config` are opened. These
 * functions print nothing.
 */
#ifndef CG_MAPS_PINS_H
#define CG_MAPS_PINS_H

#include <stddef.h>

#include "cseqguard.h"

#define CG_INSTANCE_MAX 48

#define CG_INSTANCE_DEFAULT "default"

#define CG_PIN_PEER "prog_peer" /* cseqguard_peer, which the daemon runs for a pair */
#define CG_PIN_HEP "prog_hep" /* cseqguard_hep, which `attach --hep` loads and the daemon runs */

/* Returns CSEQGUARD_INSTANCE or "default". Do not free the string. */
const char *cg_instance_default_name(void);

/*
 * Returns 0, or -EINVAL for an invalid name. A name has 1 to CG_INSTANCE_MAX letters, digits, '_'
 * and '-'. bpffs allows no dots.
 */
int cg_instance_check_name(const char *instance);

/* Returns CSEQGUARD_PIN_ROOT (a bpffs mounted elsewhere) or CG_PIN_ROOT. Do not free the string. */
const char *cg_pin_root(void);

/*
 * Stores ROOT/INSTANCE/NAME, or ROOT/INSTANCE if `name` is NULL. Returns 0, -EINVAL (instance name)
 * or -ENAMETOOLONG, with `buf` untouched on failure.
 */
int cg_pin_path(char *buf, size_t size, const char *instance, const char *name);

/*
 * Opens a pinned map, program or link for reading and writing. Returns an fd that the caller
 * closes, or -errno. -ENOENT: the instance is not attached; -EACCES or -EPERM: no permission.
 */
int cg_pin_open(const char *instance, const char *name);

/*
 * Open a pinned map, and check that its keys and values have these sizes: with longer values a
 * lookup would write beyond the caller's buffer. Errors are those of cg_pin_open(), and -EPROTO:
 * the pin is not such a map. cg_map_open() opens it for reading, which
 * the members of group cseqguard may; only the daemon's user and root may write.
 */
int cg_map_open(const char *instance, const char *name, size_t key_size, size_t value_size);
int cg_map_open_writable(const char *instance, const char *name, size_t key_size,
			 size_t value_size);

/*
 * Returns the kernel's id of a map, or 0 on failure. The kernel does not reuse an id until reboot.
 */
__u32 cg_map_get_id(int fd);

/* Stores the size of a pinned ring. Returns 0, or -errno of cg_map_open() with *bytes untouched. */
int cg_ring_read_size(const char *instance, const char *name, __u32 *bytes);

/*
 * Open map `config` as those two do, and store a copy of its value. Return an fd that the caller
 * closes, or -errno with *config untouched. -ENOENT: the instance is not attached; -EPROTO: its
 * layout is not CG_LAYOUT, or the pin is not this map.
 */
int cg_config_open(const char *instance, struct cg_config *config);
int cg_config_open_writable(const char *instance, struct cg_config *config);

/* Reads the value of map `config`. Returns 0, or -errno with *config untouched. */
int cg_config_read(int config_fd, struct cg_config *config);

/*
 * Reads the pinned map `secret`, which the daemon's user and root may. Returns 0, or -errno of
 * cg_map_open() with *secret untouched.
 */
int cg_secret_read(const char *instance, struct cg_secret *secret);

/* Alters a copy of `config`. A value other than 0 keeps it from being written. */
typedef int (*cg_config_change)(void *ctx, struct cg_config *config);

/*
 * Reads `config`, calls `change` on the copy and writes it back. The caller holds cg_pins_lock(),
 * because daemon and CLI both write `config`. Returns 0, the value of `change` or -errno. `config`
 * (may be NULL) receives the value that was written and is untouched on failure.
 */
int cg_config_update(int config_fd, cg_config_change change, void *ctx, struct cg_config *config);

/*
 * Waits up to `wait_ms` for the lock that protects pins and `config`; 0: does not wait. Every
 * process that changes them holds it. Returns an fd, which releases the lock when it is closed, or
 * -errno; -ENOENT: nothing is pinned; -EWOULDBLOCK: another process has held it for so long.
 */
int cg_pins_lock(unsigned int wait_ms);

/*
 * Creates the directory that cg_pins_lock() locks, in an existing root directory, for the daemon's
 * user. Returns 0 or -errno.
 */
int cg_pins_make_lock(void);

/* Removes the root directory if no instance is in it. The caller holds the lock. */
void cg_pins_remove_root(void);

#define CG_LOCK_HOLDER 160
/*
 * Names the process that holds the lock: "PID 123 (cseqguard attach eth0)", or "another process".
 */
void cg_pins_lock_holder(char holder[CG_LOCK_HOLDER]);

#endif
