// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Who this is. */
#include <stdio.h>

#include "cli/options.h"
#include "util/report.h"

int cg_cmd_version(const struct cg_options *options)
{
	if (options->json)
		return cg_json_out(
			json_pack("{ss si}", "version", CG_VERSION, "layout", CG_LAYOUT));
	printf("cseqguard %s, map layout %d\n", CG_VERSION, CG_LAYOUT);
	return cg_out_end();
}
