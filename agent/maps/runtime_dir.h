/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Runtime files of an instance: the daemon's socket, the lock of the ring reader, and notes; and
 * the directory of what survives a reboot. These functions print nothing.
 */
#ifndef CG_MAPS_RUNTIME_DIR_H
#define CG_MAPS_RUNTIME_DIR_H

#include <stdbool.h>
#include <stddef.h>

/* Returns CSEQGUARD_STATE_DIR or /var/lib/cseqguard. Do not free the string. */
const char *cg_state_dir(void);

/* Returns whether a file with this path lies in that directory. */
bool cg_state_dir_has(const char *path);

/*
 * Gives a file that root has created to the owner of its directory, so that the daemon can write
 * it. Does nothing for other users, or without the file. Returns 0 or -errno.
 */
int cg_give_to_dir_owner(const char *path);

/*
 * Creates that directory if it does not exist, for the daemon's user, as its unit does. 0 or
 * -errno.
 */
int cg_state_mkdir(void);

/*
 * Stores DIR/INSTANCE.SUFFIX, where DIR is CSEQGUARD_RUN_DIR or /run/cseqguard; for notes of
 * `check`, which members of the group write, a folder in it. Returns 0, -EINVAL (instance name) or
 * -ENAMETOOLONG, with `buf` untouched on failure.
 */
int cg_runtime_path(char *buf, size_t size, const char *instance, const char *suffix);

/*
 * Creates the runtime directory if it does not exist. Root gives it to user `cseqguard`, the
 * daemon's; members of its group may read it. Returns 0 or -errno.
 */
int cg_runtime_mkdir(void);

/*
 * Locks the rings, whose records only one daemon may free. Returns an fd, which releases the lock
 * when it is closed, or -errno; -EWOULDBLOCK: another daemon reads them.
 */
int cg_runtime_lock_rings(const char *instance);

/*
 * Connects to the daemon's socket. Returns an fd that the caller closes, or -errno; -ENOENT or
 * -ECONNREFUSED: no daemon runs.
 */
int cg_runtime_connect(const char *instance);

#define CG_RUNTIME_NOTE_MAX 384
#define CG_RUNTIME_BREAKER "breaker" /* suffix: reason for the fallback to observe mode */
#define CG_RUNTIME_TOTALS "totals" /* suffix: sums over the calls that have left the map */
#define CG_RUNTIME_SPOOL "spool" /* suffix: file that the last daemon wrote its rows to */
#define CG_RUNTIME_CHECK "check-" /* begins a suffix: what a user's last `check` has counted */
#define CG_RUNTIME_NODE "node" /* suffix: its name in those rows */
#define CG_RUNTIME_CLOSED                                                                          \
	"closed" /* suffix: the daemon's answer to `detach -a`: see close_calls.c */

/*
 * A note is one line in DIR/INSTANCE.SUFFIX. If the writer is killed, a reader gets the old line or
 * the new one, never a mixture. Reading escapes the text to printable UTF-8. They return 0, or
 * -errno with `text` untouched; -ENOENT: there is no note.
 */
int cg_runtime_note_write(const char *instance, const char *suffix, const char *text);
int cg_runtime_note_read(const char *instance, const char *suffix, char text[CG_RUNTIME_NOTE_MAX]);
void cg_runtime_note_remove(const char *instance, const char *suffix);

#endif
