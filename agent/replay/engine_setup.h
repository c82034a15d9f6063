/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The engine with the settings of `attach`. */
#ifndef CG_REPLAY_ENGINE_SETUP_H
#define CG_REPLAY_ENGINE_SETUP_H

#include "maps/settings.h"
#include "engine/engine.h"
#include "replay/hosts.h"

/*
 * Starts the engine with the defaults of an instance, in observe mode, and these settings. Stores
 * them in *config, and the addresses among settings->hosts in *hosts. The clock is UTC. Returns 0
 * or -errno.
 */
int cg_engine_setup(const struct cg_settings *settings, struct cg_config *config,
		    struct cg_replay_hosts *hosts, cg_engine_event handle, void *ctx);

/* Makes the addresses the host's. Returns 0 or -errno. */
int cg_engine_add_hosts(const struct cg_replay_hosts *hosts);

#endif
