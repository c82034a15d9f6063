// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "store.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon_options.h"
#include "report.h"

/* The daemon's own reader reads its file, and says what is wrong in it. */
static int read_file(const struct cg_options *options, struct cg_daemon_options *daemon)
{
	char *args[] = { "cseqguardd",
			 "--instance",
			 (char *)options->instance,
			 "--config",
			 (char *)options->config,
			 NULL };
	int n = options->config ? 5 : 3, err;

	args[n] = NULL;
	optind = 1;
	err = cg_daemon_options_parse(daemon, n, args, false);
	return err ? cg_fail("the daemon's configuration is not legal; see above, or name another "
			     "file with --config")
		   : CG_DONE;
}

static int set(char **at, const char *value)
{
	free(*at);
	*at = strdup(value);
	return *at ? 0 : cg_fail("out of memory");
}

int cg_store_of(const struct cg_options *options, struct cg_store *store)
{
	struct cg_daemon_options daemon = {};
	int code = read_file(options, &daemon);

	if (!code && options->db)
		code = set(&daemon.db, options->db);
	if (!code && options->spool)
		code = set(&daemon.spool, options->spool);
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
