// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpffs.h"
#include "interface.h"
#include "netns.h"
#include "report.h"

#define PREFIX "netns_"

int cg_home_pin(const char *instance, int prog_fd)
{
	char pin[sizeof(PREFIX) + 20], **names;
	__u64 cookie;
	size_t n;
	int err;

	err = cg_netns_cookie(&cookie);
	if (err) {
		cg_fail("instance %s: the network namespace cannot be told: %s", instance,
			strerror(-err));
		return err;
	}
	err = cg_bpffs_names(instance, PREFIX, &names, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = cg_bpffs_unpin(instance, names[i]);
	cg_bpffs_names_free(names, n);
	snprintf(pin, sizeof(pin), PREFIX "%llu", (unsigned long long)cookie);
	return err ? err : cg_bpffs_pin(prog_fd, instance, pin, CG_PIN_ROOT_ONLY);
}

/* The cookie of its namespace; 0: not known. */
static __u64 home_of(const char *instance)
{
	__u64 cookie = 0;
	char **names;
	size_t n;

	if (cg_bpffs_names(instance, PREFIX, &names, &n))
		return 0;
	if (n)
		cookie = strtoull(names[0] + strlen(PREFIX), NULL, 10);
	cg_bpffs_names_free(names, n);
	return cookie;
}

bool cg_home_is_here(const char *instance)
{
	__u64 home = home_of(instance), here;

	return !home || cg_netns_cookie(&here) || here == home;
}

void cg_home_enter(const char *instance)
{
	char name[256];

	if (!cg_home_is_here(instance) && !cg_netns_name(home_of(instance), name, sizeof(name)))
		cg_netns_enter(name);
}

static bool guards_something(const char *instance)
{
	struct cg_interface *list;
	bool alive = false;
	size_t n;

	if (cg_interface_list(instance, &list, &n))
		return true;
	for (size_t i = 0; i < n; i++)
		alive |= list[i].alive;
	free(list);
	return alive;
}

int cg_home_check(const char *instance)
{
	char name[256];

	if (cg_home_is_here(instance) || !guards_something(instance))
		return CG_DONE;
	if (!cg_netns_name(home_of(instance), name, sizeof(name)))
		return cg_fail("instance %s guards network namespace %s; add: -n %s, or another "
			       "--instance",
			       instance, name, name);
	return cg_fail("instance %s guards another network namespace; run it in there (nsenter "
		       "--net=/proc/PID/ns/net), or give another --instance",
		       instance);
}
