/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What an instance keeps on disk: the settings that `cseqguard set` or the breaker has changed, and
 * what the guard has learned of the host. It comes back when the instance is made again, for
 * example after a reboot. The file is INSTANCE.settings in CSEQGUARD_STATE_DIR or
 * /var/lib/cseqguard. These functions print nothing.
 */
#ifndef CG_MAPS_SETTINGS_FILE_H
#define CG_MAPS_SETTINGS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "maps/runtime_dir.h"
#include "maps/settings.h"

struct cg_learned {
	bool hides_topology;
	int n_names;
	char names[CG_HOSTS_MAX][CG_SETTINGS_HOST_MAX]; /* sorted */
};

struct cg_kept {
	struct cg_settings settings; /* `given`: those that were changed */
	char breaker[CG_RUNTIME_NOTE_MAX]; /* why it set mode observe; "": it did not */
	struct cg_learned learned;
};

#define CG_SETTINGS_PATH 512
/* Stores the path of the file. Returns 0, -EINVAL (instance name) or -ENAMETOOLONG. */
int cg_settings_file_path(char path[CG_SETTINGS_PATH], const char *instance);

/*
 * Reads the file. A missing one is empty. Lines that it cannot use are skipped, and *bad_line is
 * the number of the first one, 0: none. Returns 0, or -errno with *kept empty.
 */
int cg_settings_file_load(const char *instance, struct cg_kept *kept, unsigned int *bad_line);

/*
 * Writes the file so that a reader, also after a loss of power, finds the old one or the new one.
 * Removes it if nothing is kept. The caller holds cg_pins_lock(). Returns 0 or -errno.
 */
int cg_settings_file_save(const char *instance, const struct cg_kept *kept);

/*
 * Adds the given settings to the file. A new mode removes the reason of the breaker. breaker: why
 * it has set mode observe, which is then written; NULL: it has not. The caller holds
 * cg_pins_lock(). Returns 0 or -errno.
 */
int cg_settings_file_change(const char *instance, const struct cg_settings *settings,
			    const char *breaker);

/* Read and write what the guard has learned, from and to the maps. They return 0 or -errno. */
int cg_learned_read(const char *instance, struct cg_learned *learned);
int cg_learned_write(const char *instance, const struct cg_learned *learned);

#endif
