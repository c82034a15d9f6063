// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/gateway_check.h"

#include <netinet/in.h>
#include <stdio.h>

#include "maps/host_names.h"
#include "util/cli_output.h"
#include "util/text.h"

static bool covers_host(const struct cg_settings *settings, char why[CG_GATEWAY_WHY])
{
	char gateway[CG_PREFIX_TEXT], address[INET6_ADDRSTRLEN];
	struct cg_prefix prefix = {};
	__u8 addr[16] = {};

	if (cg_host_names_find_covered(settings, &prefix, addr) != 1)
		return false;
	cg_prefix_format(&prefix, gateway);
	cg_addr_format(addr, address);
	snprintf(why, CG_GATEWAY_WHY, "%s covers %s, an address of this host", gateway, address);
	return true;
}

bool cg_gateway_covers_host(const char *instance, char why[CG_GATEWAY_WHY])
{
	struct cg_settings settings;

	return !cg_settings_read(instance, &settings) && covers_host(&settings, why);
}

int cg_gateway_check(const struct cg_settings *settings)
{
	char why[CG_GATEWAY_WHY];

	if (!covers_host(settings, why))
		return CG_DONE;
	return cg_fail("gateway: cannot use it: %s, whose messages would count as a carrier's; "
		       "list the carriers' own addresses",
		       why);
}
