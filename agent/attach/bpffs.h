/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The directory of an instance in the BPF filesystem. These functions report errors and return
 * -errno.
 */
#ifndef CG_ATTACH_BPFFS_H
#define CG_ATTACH_BPFFS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Anyone who can open the pin of a program or a link, even for reading, can run or replace it. So
 * these pins belong to root. The program that the daemon runs belongs to its user, and to no group:
 * who runs it can forge calls. Maps belong to user cseqguard, as which the daemon runs, and members
 * of its group may read them, except map `secret`. Without the group all pins belong to root.
 */
enum cg_pin_mode { CG_PIN_ROOT_ONLY, CG_PIN_DAEMON, CG_PIN_MAP };

/*
 * True in a private mount namespace without a bpffs on /sys/fs/bpf: pins may exist outside of it.
 */
bool cg_bpffs_is_hidden(void);

/* Mounts a bpffs if there is none, and creates the root directory. */
int cg_bpffs_prepare(void);

/*
 * Waits for cg_pins_lock(), at most a minute. Returns its fd. -ENOENT (nothing is pinned) is not
 * reported.
 */
int cg_bpffs_lock(void);

/* Creates the directory of the instance. -EEXIST is not reported. */
int cg_bpffs_make_dir(const char *instance);

/* Removes all pins of the instance, its directory, and the root directory if it is empty then. */
int cg_bpffs_remove_instance(const char *instance);

/* Set owner, group and mode of the instance's directory, or of a pin in it. */
int cg_bpffs_share_dir(const char *instance);
int cg_bpffs_share(const char *instance, const char *name, enum cg_pin_mode mode);

int cg_bpffs_pin(int fd, const char *instance, const char *name, enum cg_pin_mode mode);
/* Replaces the pin, if there is one. */
int cg_bpffs_repin(int fd, const char *instance, const char *name, enum cg_pin_mode mode);
int cg_bpffs_unpin(const char *instance, const char *name); /* 0 if the pin does not exist */
bool cg_bpffs_has_pin(const char *instance, const char *name);

/*
 * Stores the names of the pins that begin with `prefix`, sorted. The caller frees the array with
 * cg_bpffs_free_pins(). An instance that does not exist has no pins.
 */
int cg_bpffs_list_pins(const char *instance, const char *prefix, char ***names, size_t *n);
void cg_bpffs_free_pins(char **names, size_t n);

#endif
