// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/share_most.h"

#include <stdio.h>
#include <string.h>

#include "maps/map_iter.h"
#include "maps/map_usage.h"
#include "util/text.h"

static void compare_share(void *ctx, const void *key, const void *value)
{
	struct cg_share_most *most = ctx;
	const struct cg_share *share = value;

	if (share->dialogs <= most->dialogs)
		return;
	memcpy(most->addr, key, sizeof(most->addr));
	most->dialogs = share->dialogs;
}

int cg_share_most_read(const char *instance, struct cg_share_most *most)
{
	struct cg_share_most found = {};
	struct cg_map_iter *iter;
	int end = cg_map_iter_open(instance, "shares", sizeof(found.addr), sizeof(struct cg_share),
				   false, &iter);

	if (end)
		return end;
	while (!end)
		end = cg_map_iter_run(iter, 1, compare_share, &found);
	cg_map_iter_close(iter);
	if (end < 0)
		return end;
	*most = found;
	return 0;
}

void cg_share_most_format_addr(const struct cg_share_most *most, char out[CG_SHARE_ADDR_TEXT])
{
	static const __u8 nowhere[16];
	char address[INET6_ADDRSTRLEN];

	cg_addr_format(most->addr, address);
	if (!memcmp(most->addr, nowhere, sizeof(nowhere)))
		strcpy(out, "unseen callers");
	else
		snprintf(out, CG_SHARE_ADDR_TEXT, "%s%s", address,
			 strchr(address, ':') ? "/64" : "");
}

bool cg_share_most_is_full(const struct cg_share_most *most, const struct cg_config *config,
			   char out[CG_SHARE_TEXT])
{
	__u32 max = config->max_dialogs;
	char address[CG_SHARE_ADDR_TEXT];

	if (!most->dialogs || !config->share || most->dialogs < max / config->share)
		return false;
	cg_share_most_format_addr(most, address);
	snprintf(out, CG_SHARE_TEXT, "%s has %u calls without a gateway, %u %%", address,
		 most->dialogs, cg_used_percent(most->dialogs, max));
	return true;
}

json_t *cg_share_most_json(const struct cg_share_most *most, __u32 max_dialogs)
{
	char address[CG_SHARE_ADDR_TEXT];

	if (!most->dialogs)
		return json_null();
	cg_share_most_format_addr(most, address);
	return json_pack("{ss si si}", "address", address, "dialogs", (int)most->dialogs, "percent",
			 (int)cg_used_percent(most->dialogs, max_dialogs));
}
