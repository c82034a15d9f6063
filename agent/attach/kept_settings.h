/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The settings that an instance keeps on disk, for the commands. These functions report errors,
 * except where they say otherwise. The caller of those that write holds cg_pins_lock().
 */
#ifndef CG_ATTACH_KEPT_SETTINGS_H
#define CG_ATTACH_KEPT_SETTINGS_H

#include "maps/settings_file.h"

/*
 * Reads the file. If that fails, nothing is kept, and a notice says so: attach must not fail for
 * it.
 */
void cg_kept_load(const char *instance, struct cg_kept *kept);

/* Adds the given settings to the file. Returns CG_DONE or CG_FAILED. */
int cg_kept_change(const char *instance, const struct cg_settings *settings);

/*
 * Gives a new instance what the former one had learned, and the breaker's reason for observe mode.
 * Failures are notices.
 */
void cg_kept_restore(const char *instance, const struct cg_kept *kept);

/* Names each given setting that the instance has otherwise: it keeps its own. */
void cg_kept_report(const char *instance, const struct cg_settings *given);

/*
 * Removes the settings from the file, and keeps what the guard has learned. Names the settings that
 * go. The maps still exist. Returns CG_DONE or CG_FAILED.
 */
int cg_kept_forget(const char *instance);

#endif
