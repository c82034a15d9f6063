/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Keeps on disk what the guard learns of the host, and that the breaker has tripped. A thread writes, because disk
 * and lock may take any time, and the loop never waits for them.
 */
#ifndef CG_DAEMON_SETTINGS_KEEPER_H
#define CG_DAEMON_SETTINGS_KEEPER_H

#include <pthread.h>
#include <stdatomic.h>

#include "maps/settings_file.h"

struct cg_settings_keeper {
	const char *instance;
	__u64 next_at; /* CLOCK_BOOTTIME, ns: when to read the maps again */
	struct cg_learned written; /* what the file has */
	char breaker[CG_RUNTIME_NOTE_MAX]; /* to be written; "": nothing */
	int error; /* the last one logged */

	pthread_t thread;
	bool running; /* the thread exists; what follows is its own until `done` */
	atomic_bool done;
	struct cg_learned learned; /* the job */
	char trip[CG_RUNTIME_NOTE_MAX];
	int result; /* 0 or -errno */
};

/*
 * Reads what the file has. If it says that the breaker has tripped, and the note for `status` went with the last
 * boot, writes that again. `config`: as it is now.
 */
void cg_settings_keeper_start(struct cg_settings_keeper *keeper, const char *instance,
			      const struct cg_config *config);

/* Starts to write if there is something new. Called once a beat; never waits. */
void cg_settings_keeper_poll(struct cg_settings_keeper *keeper, __u64 now);

/* Writes what is new, and waits for the thread. */
void cg_settings_keeper_finish(struct cg_settings_keeper *keeper);

/* Keeps that the breaker has set mode observe, and why. */
void cg_settings_keeper_trip(struct cg_settings_keeper *keeper, const char *why);

#endif
