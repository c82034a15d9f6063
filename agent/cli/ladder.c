// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/options.h"
#include "ctl/ladder_show.h"
#include "util/cli_output.h"

int cg_cmd_ladder(const struct cg_options *options)
{
	if (options->n_args != 1 || !*options->args[0])
		return cg_fail_usage("ladder takes one CALL-ID; see: cseqguard dialogs");
	return cg_ladder_show(stdout, options->instance, options->args[0], options->json);
}
