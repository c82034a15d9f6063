// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "config/store_select.h"

#include <stdlib.h>
#include <string.h>

#include "config/options.h"
#include "util/cli_output.h"

/* The daemon's own parser reads the file and reports what is wrong in it. */
static int read_file(const char *instance, const char *config, struct cg_daemon_options *daemon)
{
	return cg_daemon_options_load(daemon, instance, config)
		       ? cg_fail("the daemon's configuration is invalid; see above, or name "
				 "another "
				 "file with --config")
		       : CG_DONE;
}

static int set(char **at, const char *value)
{
	free(*at);
	*at = strdup(value);
	return *at ? 0 : cg_fail("out of memory");
}

int cg_store_select(const char *instance, const char *config, const char *db, const char *spool,
		    struct cg_store *store)
{
	struct cg_daemon_options daemon = {};
	int code = read_file(instance, config, &daemon);

	if (!code && db)
		code = set(&daemon.db, db);
	if (!code && spool)
		code = set(&daemon.spool, spool);
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
