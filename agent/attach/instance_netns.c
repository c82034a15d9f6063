// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/instance_netns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/bpffs.h"
#include "util/cli_output.h"
#include "util/netns.h"

#define PREFIX "netns_"

int cg_instance_netns_pin(const char *instance, int prog_fd)
{
	char pin[sizeof(PREFIX) + 20], **names;
	__u64 cookie;
	size_t n;
	int err;

	err = cg_netns_get_cookie(&cookie);
	if (err) {
		cg_fail("instance %s: cannot identify the network namespace: %s", instance,
			strerror(-err));
		return err;
	}
	err = cg_bpffs_list_pins(instance, PREFIX, &names, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = cg_bpffs_unpin(instance, names[i]);
	cg_bpffs_free_pins(names, n);
	snprintf(pin, sizeof(pin), PREFIX "%llu", (unsigned long long)cookie);
	return err ? err : cg_bpffs_pin(prog_fd, instance, pin, CG_PIN_ROOT_ONLY);
}

__u64 cg_instance_netns_cookie(const char *instance)
{
	__u64 cookie = 0;
	char **names;
	size_t n;

	if (cg_bpffs_list_pins(instance, PREFIX, &names, &n))
		return 0;
	if (n)
		cookie = strtoull(names[0] + strlen(PREFIX), NULL, 10);
	cg_bpffs_free_pins(names, n);
	return cookie;
}

bool cg_instance_netns_is_current(const char *instance)
{
	__u64 guarded = cg_instance_netns_cookie(instance), current;

	return !guarded || cg_netns_get_cookie(&current) || current == guarded;
}

void cg_instance_netns_enter(const char *instance)
{
	char name[256];

	if (!cg_instance_netns_is_current(instance) &&
	    !cg_netns_find_name(cg_instance_netns_cookie(instance), name, sizeof(name)))
		cg_netns_enter(name);
}
