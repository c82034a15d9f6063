// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The version of this program and of its map layout. */
#include <stdio.h>

#include "cli/options.h"
#include "util/cli_output.h"

int cg_cmd_version(const struct cg_options *options)
{
	if (options->json)
		return cg_stdout_write_json(
			json_pack("{ss si}", "version", CG_VERSION, "layout", CG_LAYOUT));
	printf("cseqguard %s, map layout %d\n", CG_VERSION, CG_LAYOUT);
	return cg_stdout_flush();
}
