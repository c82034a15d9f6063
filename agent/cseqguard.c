// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The CLI: finds the verb, enters the network namespace, runs it. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "netns.h"
#include "options.h"
#include "pins.h"
#include "report.h"

static int enter_netns(const char *name)
{
	int err = cg_netns_enter(name);

	switch (err) {
	case 0:
		return CG_DONE;
	case -ENOENT:
		return cg_fail("network namespace %s: there is none; see: ip netns list", name);
	case -EPERM:
	case -EACCES:
		return cg_fail("network namespace %s: no permission to enter it; run as root",
			       name);
	default:
		return cg_fail("network namespace %s: %s", name, strerror(-err));
	}
}

int main(int argc, char **argv)
{
	static struct cg_options options;
	const struct cg_verb *verb;
	int err;

	options.outside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	options.instance = cg_instance_default();
	err = cg_options_parse(argc, argv, &options, &verb);
	if (err)
		return err;
	if (options.help) {
		cg_options_help(verb);
		return cg_out_end();
	}
	if (!verb)
		return cg_usage("a command is needed; see: cseqguard --help");
	if (cg_instance_check(options.instance))
		return cg_usage("CSEQGUARD_INSTANCE '%s' is not legal; it takes letters, digits, _ "
				"and -, at most %d",
				options.instance, CG_INSTANCE_MAX);
	if (!options.verbose)
		libbpf_set_print(NULL);
	if (options.netns) {
		err = enter_netns(options.netns);
		if (err)
			return err;
	}
	return verb->run(&options);
}
