// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/replay.h"

#include "cli/options.h"
#include "util/cli_output.h"

int cg_cmd_replay(const struct cg_options *options)
{
	const struct cg_replay_options replay = {
		.files = options->args,
		.n_files = options->n_args,
		.settings = &options->settings,
		.spool = options->spool,
		.ladder = options->ladder,
		.json = options->json,
	};

	if (!options->n_args)
		return cg_fail_usage("replay takes one capture or more, or -; see: cseqguard "
				     "replay --help");
	return cg_replay_run(&replay);
}
