// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/replay.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "postgres/pg_connect.h"
#include "util/cli_output.h"
#include "util/text.h"

#define NODE "replay" /* of the rows, by default */

static int run_replay(const struct cg_options *options, const char *node)
{
	const struct cg_replay_options replay = {
		.files = options->args,
		.n_files = options->n_args,
		.settings = &options->settings,
		.target = { .spool = options->spool, .db = options->db, .node = node },
		.ladder = options->ladder,
		.json = options->json,
	};

	if (options->n_args)
		return cg_replay_run(&replay);
	if (options->db && options->spool)
		return cg_replay_store_send(&replay.target);
	return cg_fail_usage("replay takes one capture or more, or -; see: cseqguard replay "
			     "--help");
}

int cg_cmd_replay(const struct cg_options *options)
{
	const char *name = options->node ? options->node : NODE;
	size_t len = strlen(name);
	char node[CG_NODE_MAX];
	int code;

	if (len >= sizeof(node))
		return cg_fail_usage("invalid value for --node: expected a name of 1 to %d bytes",
				     CG_NODE_MAX - 1);
	cg_text_escape(node, sizeof(node), name, len);
	code = run_replay(options, node);
	if (cg_pg_connect_running()) { /* exit() would free what the thread's TLS library uses */
		fflush(NULL);
		_exit(code);
	}
	return code;
}
