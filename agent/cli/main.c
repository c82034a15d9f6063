// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The CLI: finds the verb, enters the network namespace, runs it. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "cli/plugin.h"
#include "format/colour.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/netns.h"

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

/* Whoever calls a plug-in reads its stdout, and knows but four exit codes. */
static int unknown(const char *why)
{
	struct cg_plugin plugin = {};

	cg_plugin_say(&plugin, CG_PLUGIN_UNKNOWN, "%s", why);
	return cg_plugin_end(&plugin, false);
}

static int prepare(int argc, char **argv, struct cg_options *options, const struct cg_verb **verb)
{
	int err = cg_options_parse(argc, argv, options, verb);

	if (err || options->help)
		return err;
	if (!*verb)
		return cg_fail_usage("a command is needed; see: cseqguard --help");
	if (cg_instance_check_name(options->instance))
		return cg_fail_usage(
			"CSEQGUARD_INSTANCE '%s' is not legal; it takes letters, digits, _ "
			"and -, at most %d",
			options->instance, CG_INSTANCE_MAX);
	if (!options->verbose)
		libbpf_set_print(NULL);
	return options->netns ? enter_netns(options->netns) : CG_DONE;
}

int main(int argc, char **argv)
{
	static struct cg_options options;
	const struct cg_verb *verb = NULL;
	struct cg_capture report;
	int err;

	options.outside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	cg_stdout_set_locale();
	options.instance = cg_instance_default_name();
	options.expect = CG_ENFORCE;
	cg_output_capture(&report);
	err = prepare(argc, argv, &options, &verb);
	cg_output_release(&report);
	if (err && verb && verb->run == cg_cmd_check)
		return unknown(report.text);
	if (err) {
		cg_fail("%s", report.text);
		return err;
	}
	if (options.help) {
		cg_options_help(verb);
		return cg_stdout_flush();
	}
	return verb->run(&options);
}
