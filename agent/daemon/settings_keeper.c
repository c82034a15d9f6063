// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/settings_keeper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/clock.h"
#include "util/log.h"

#define POLL_NS (10 * CG_SECOND)
#define LOCK_WAIT_MS 2000 /* the end of the daemon may wait for the thread */

/* --- the thread ------------------------------------------------------------------------------- */

/* Under the lock: `detach -a` has not removed the instance, and `set` has not changed the mode since. */
static int write_locked(const struct cg_settings_keeper *keeper)
{
	struct cg_config config;
	struct cg_kept kept;
	unsigned int bad_line;
	int err, fd = cg_config_open(keeper->instance, &config);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	close(fd);
	err = cg_settings_file_load(keeper->instance, &kept, &bad_line);
	if (err)
		return err;
	kept.learned = keeper->learned;
	if (*keeper->trip && config.mode == CG_OBSERVE) {
		kept.settings.given |= CG_SET_MODE;
		kept.settings.mode = CG_OBSERVE;
		snprintf(kept.breaker, sizeof(kept.breaker), "%s", keeper->trip);
	}
	return cg_settings_file_save(keeper->instance, &kept);
}

static void *run_thread(void *ctx)
{
	struct cg_settings_keeper *keeper = ctx;
	int lock = cg_pins_lock(LOCK_WAIT_MS);

	keeper->result = lock < 0 ? lock : write_locked(keeper);
	if (lock >= 0)
		close(lock);
	atomic_store(&keeper->done, true);
	return NULL;
}

/* --- the start -------------------------------------------------------------------------------- */

static void restore_note(const char *instance, const char *why)
{
	char note[CG_RUNTIME_NOTE_MAX];
	int err = cg_runtime_note_read(instance, CG_RUNTIME_BREAKER, note);

	if (err != -ENOENT)
		return;
	err = cg_runtime_note_write(instance, CG_RUNTIME_BREAKER, why);
	if (err)
		cg_log_warning("breaker: cannot write the note for `cseqguard status`: %s",
			       strerror(-err));
}

void cg_settings_keeper_start(struct cg_settings_keeper *keeper, const char *instance,
			      const struct cg_config *config)
{
	char path[CG_SETTINGS_PATH];
	unsigned int bad_line;
	struct cg_kept kept;
	int err = cg_settings_file_load(instance, &kept, &bad_line);

	keeper->instance = instance;
	if (err && !cg_settings_file_path(path, instance))
		cg_log_warning("%s: cannot read: %s", path, strerror(-err));
	keeper->written = kept.learned;
	if (*kept.breaker && config->mode == CG_OBSERVE)
		restore_note(instance, kept.breaker);
}

/* --- the loop --------------------------------------------------------------------------------- */

static void log_result(struct cg_settings_keeper *keeper, int err)
{
	char path[CG_SETTINGS_PATH];

	if (err && err != keeper->error && err != -EWOULDBLOCK &&
	    !cg_settings_file_path(path, keeper->instance))
		cg_log_warning(
			"%s: cannot write: %s; what the guard learns of this host, and a trip "
			"of the breaker, are lost with the maps; trying again",
			path, strerror(-err));
	keeper->error = err;
}

static void end_thread(struct cg_settings_keeper *keeper)
{
	pthread_join(keeper->thread, NULL);
	keeper->running = false;
	log_result(keeper, keeper->result);
	if (keeper->result)
		return;
	keeper->written = keeper->learned;
	if (!strcmp(keeper->breaker, keeper->trip))
		*keeper->breaker = '\0';
}

static void start_thread(struct cg_settings_keeper *keeper, const struct cg_learned *learned)
{
	int err;

	keeper->learned = *learned;
	memcpy(keeper->trip, keeper->breaker, sizeof(keeper->trip));
	atomic_store(&keeper->done, false);
	err = pthread_create(&keeper->thread, NULL, run_thread, keeper);
	keeper->running = !err;
	log_result(keeper, -err);
}

void cg_settings_keeper_poll(struct cg_settings_keeper *keeper, __u64 now)
{
	struct cg_learned learned;

	if (keeper->running && atomic_load(&keeper->done))
		end_thread(keeper);
	if (keeper->running || now < keeper->next_at)
		return;
	keeper->next_at = now + POLL_NS;
	if (cg_learned_read(keeper->instance, &learned))
		return;
	if (*keeper->breaker || memcmp(&learned, &keeper->written, sizeof(learned)))
		start_thread(keeper, &learned);
}

void cg_settings_keeper_finish(struct cg_settings_keeper *keeper)
{
	if (keeper->running)
		end_thread(keeper);
	keeper->next_at = 0;
	cg_settings_keeper_poll(keeper, cg_boottime());
	if (keeper->running)
		end_thread(keeper);
}

void cg_settings_keeper_trip(struct cg_settings_keeper *keeper, const char *why)
{
	snprintf(keeper->breaker, sizeof(keeper->breaker), "%s", why);
	keeper->next_at = 0;
}
