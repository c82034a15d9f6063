/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The folder of an instance in the BPF filesystem. What fails is reported here; -errno is returned. */
#ifndef CG_ATTACH_BPFFS_H
#define CG_ATTACH_BPFFS_H

#include <stdbool.h>
#include <stddef.h>

enum cg_pin_mode { CG_PIN_ROOT_ONLY, CG_PIN_GROUP }; /* group: `cseqguard`, if there is one */

/* No bpffs where it belongs, in a mount namespace of its own: what is pinned cannot be seen. */
bool cg_bpffs_is_hidden(void);

/* Mounts bpffs where none is, makes the root folder. */
int cg_bpffs_prepare(void);

/* cg_pins_lock, reported; fd. -ENOENT where nothing is pinned is not reported. */
int cg_bpffs_lock(void);

/* The instance's folder; -EEXIST is not reported. */
int cg_bpffs_make_dir(const char *instance);

/* Unlinks every pin and the folder, and the root folder if it is the last. */
int cg_bpffs_remove_instance(const char *instance);

/* Opens a map's pin, or the folder (name NULL), to the group as it is now; without one, to root alone. */
int cg_bpffs_share(const char *instance, const char *name);

int cg_bpffs_pin(int fd, const char *instance, const char *name, enum cg_pin_mode mode);
int cg_bpffs_repin(int fd, const char *instance, const char *name); /* over what is there */
int cg_bpffs_unpin(const char *instance, const char *name); /* gone already: 0 */
bool cg_bpffs_has_pin(const char *instance, const char *name);

/*
 * Names of the pins that begin with prefix, sorted, as an array that the caller frees with
 * cg_bpffs_free_pins. An instance that is not there has none.
 */
int cg_bpffs_list_pins(const char *instance, const char *prefix, char ***names, size_t *n);
void cg_bpffs_free_pins(char **names, size_t n);

#endif
