// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/reload.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "daemon/manager.h"
#include "hep/hep_note.h"
#include "hep/homer.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"

void cg_reload_log(const struct cg_daemon_options *options)
{
	cg_log_configure(&(struct cg_log_options){ .verbose = options->verbose,
						   .json = options->log_format == CG_LOG_JSON,
						   .instance = options->instance,
						   .node = options->node });
}

int cg_reload_homer(const struct cg_reload *reload)
{
	const struct cg_daemon_options *options = reload->options;
	int err = 0;

	cg_homer_free(reload->router->homer);
	reload->router->homer = NULL;
	if (options->homer)
		err = cg_homer_new(reload->loop, options->homer,
				   options->homer_protocol == CG_HOMER_TCP, options->homer_id,
				   &reload->router->homer);
	if (err)
		cg_log_err("homer %s: cannot start: %s", options->homer, strerror(-err));
	return err;
}

int cg_reload_hep(const struct cg_reload *reload)
{
	const struct cg_daemon_options *options = reload->options;

	cg_hep_input_free(*reload->hep);
	*reload->hep = NULL;
	if (!options->hep)
		cg_hep_note_remove(options->instance); /* of a daemon that was killed */
	return options->hep ? cg_hep_input_new(reload->loop, options->hep, options->hep_key,
					       reload->guard, reload->hep)
			    : 0;
}

int cg_reload_pair(const struct cg_reload *reload)
{
	const struct cg_daemon_options *options = reload->options;
	const struct cg_pair_options pair = { .name = options->pair,
					      .node = reload->node,
					      .redis = options->redis,
					      .user = options->redis_user,
					      .password_file = options->redis_password_file,
					      .database = options->redis_database,
					      .max_call = options->limits.max_call };
	int err = 0;

	cg_tracker_set_pair(reload->tracker, NULL);
	cg_pair_free(*reload->pair);
	*reload->pair = NULL;
	if (options->pair)
		err = cg_pair_new(reload->loop, &pair, reload->guard, &reload->pair_callbacks,
				  reload->pair);
	cg_tracker_set_pair(reload->tracker, *reload->pair);
	return err;
}

/* Rows that wait for PostgreSQL are never deleted for their age. */
static void set_keep(const struct cg_reload *reload)
{
	cg_writer_set_keep(reload->writer, reload->options->db ? 0 : reload->options->keep);
}

/* The new shipper may send rows again that the old one has sent: they merge. */
int cg_reload_ship(const struct cg_reload *reload)
{
	const struct cg_daemon_options *options = reload->options;
	int err = 0;

	set_keep(reload);
	cg_ship_free(*reload->ship);
	*reload->ship = NULL;
	if (options->db)
		err = cg_ship_new(reload->loop, options->db, options->db_timeout, options->spool,
				  reload->writer, reload->stale, reload->ship);
	if (err)
		cg_log_err("database: cannot start: %s; rows stay in %s", strerror(-err),
			   options->spool);
	return err;
}

static bool pair_has_changed(__u64 changed)
{
	static const char *const names[] = { "pair",	       "redis",
					     "redis-user",     "redis-password-file",
					     "redis-database", "max-call" };
	bool any = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		any |= cg_daemon_option_changed(changed, names[i]);
	return any;
}

static void apply_changes(const struct cg_reload *reload, __u64 changed)
{
	struct cg_daemon_options *options = reload->options;

	cg_reload_log(options);
	set_keep(reload);
	cg_event_router_set_bye_timeout(reload->router, options->limits.bye_timeout);
	if (cg_daemon_option_changed(changed, "breaker-window"))
		cg_breaker_reset(&options->breaker,
				 cg_boottime()); /* the width of its slots has changed */
	if (cg_daemon_option_changed(changed, "sweep"))
		cg_timer_set(reload->scan_timer, 1);
	if (cg_daemon_option_changed(changed, "db"))
		cg_reload_ship(reload);
	else if (*reload->ship)
		cg_ship_set_timeout(*reload->ship, options->db_timeout);
	if (cg_daemon_option_changed(changed, "homer") ||
	    cg_daemon_option_changed(changed, "homer-protocol") ||
	    cg_daemon_option_changed(changed, "homer-id"))
		cg_reload_homer(reload);
	if (cg_daemon_option_changed(changed, "hep") ||
	    cg_daemon_option_changed(changed, "hep-key"))
		cg_reload_hep(reload);
	if (pair_has_changed(changed))
		cg_reload_pair(reload);
}

void cg_reload_run(const struct cg_reload *reload)
{
	struct cg_daemon_options next;
	uint64_t usec;

	/* Since systemd 253 the timestamp identifies the reload that this notification answers. */
	sd_event_now(reload->loop, CLOCK_MONOTONIC, &usec);
	cg_manager_notify("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, usec);
	if (cg_daemon_options_parse(&next, reload->argc, reload->argv, false))
		cg_log_err("reload: no setting was changed");
	else
		apply_changes(reload, cg_daemon_options_reload(reload->options, &next));
	cg_daemon_options_free(&next);
	cg_manager_notify("READY=1");
}
