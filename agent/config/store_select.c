// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "config/store_select.h"

#include <stdlib.h>
#include <string.h>

#include "config/options.h"
#include "util/cli_output.h"

/* Reads the daemon's options with its own parser, which reports the errors of the file. */
static int load_options(const char *instance, const char *config, struct cg_daemon_options *daemon)
{
	if (!cg_daemon_options_load(daemon, instance, config))
		return CG_DONE;
	return cg_fail("cannot use the daemon's configuration because of the errors above; correct "
		       "it, or name another file with --config");
}

static int override_text(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text ? CG_DONE : cg_fail("out of memory");
}

int cg_store_select(const char *instance, const char *config, const char *db, const char *spool,
		    struct cg_store *store)
{
	struct cg_daemon_options daemon = {};
	int code = load_options(instance, config, &daemon);

	if (!code && db)
		code = override_text(&daemon.db, db);
	if (!code && spool)
		code = override_text(&daemon.spool, spool);
	if (!code) {
		*store = (struct cg_store){ daemon.db, daemon.spool };
		daemon.db = daemon.spool = NULL;
	}
	cg_daemon_options_free(&daemon);
	return code;
}

void cg_store_free(struct cg_store *store)
{
	free(store->db);
	free(store->spool);
}
