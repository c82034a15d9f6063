/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Files of a running instance: its socket, and the lock of who reads the rings. Nothing prints. */
#ifndef CG_MAPS_RUNTIME_DIR_H
#define CG_MAPS_RUNTIME_DIR_H

#include <stddef.h>

/*
 * DIR/INSTANCE.SUFFIX, DIR being CSEQGUARD_RUN_DIR or /run/cseqguard. 0, -EINVAL (instance) or
 * -ENAMETOOLONG; buf untouched on failure.
 */
int cg_runtime_path(char *buf, size_t size, const char *instance, const char *suffix);

/* Makes that folder where it is missing; group `cseqguard`, if there is one, may use it. */
int cg_runtime_mkdir(void);

/*
 * The right to read the rings: fd of the locked file, held until it is closed. -EWOULDBLOCK:
 * somebody else reads them.
 */
int cg_runtime_lock_rings(const char *instance);

/* fd of a connection to the daemon's socket; -errno: -ENOENT, -ECONNREFUSED: no daemon runs. */
int cg_runtime_connect(const char *instance);

#define CG_RUNTIME_NOTE_MAX 256
#define CG_RUNTIME_BREAKER "breaker" /* suffix: why the daemon fell back to observe mode */
#define CG_RUNTIME_TOTALS "totals" /* ... what calls that left the map add up to */

/*
 * A line for whoever looks later, in DIR/INSTANCE.SUFFIX; reading gives printable UTF-8, and the
 * whole of one line or of the one before, whoever is killed while it is written. 0 or -errno,
 * -ENOENT: there is none; text untouched on failure.
 */
int cg_runtime_note_write(const char *instance, const char *suffix, const char *text);
int cg_runtime_note_read(const char *instance, const char *suffix, char text[CG_RUNTIME_NOTE_MAX]);
void cg_runtime_note_remove(const char *instance, const char *suffix);

#endif
