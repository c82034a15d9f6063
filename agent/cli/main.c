// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The CLI: parses the options, enters the network namespace, runs the command. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options.h"
#include "cli/plugin.h"
#include "format/colour.h"
#include "util/netns.h"
#include "util/cli_output.h"

static int enter_netns(const char *name)
{
	int err = cg_netns_enter(name);
	bool denied = err == -EPERM || err == -EACCES;

	if (!err)
		return CG_DONE;
	if (err == -ENOENT)
		return cg_fail("network namespace %s: no such namespace; see: ip netns list", name);
	return cg_fail("network namespace %s: cannot enter: %s%s", name, strerror(-err),
		       denied ? "; run as root" : "");
}

static int prepare_command(int argc, char **argv, struct cg_options *options,
			   const struct cg_verb **verb)
{
	int err;

	options->outside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	err = cg_options_parse(argc, argv, options, verb);
	if (err || options->help || options->version)
		return err;
	if (!*verb)
		return cg_fail_usage("no command given; see: cseqguard --help");
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

	umask(0027); /* what is written has names and numbers of callers */
	cg_stdout_set_locale();
	cg_output_capture(&report);
	err = prepare_command(argc, argv, &options, &verb);
	cg_output_release(&report);
	if (err && verb && verb->run == cg_cmd_check)
		return cg_plugin_unknown(report.text);
	if (err) {
		cg_fail("%s", report.text);
		return err;
	}
	if (options.help)
		return cg_help_show(verb);
	return options.version ? cg_cmd_version(&options) : verb->run(&options);
}
