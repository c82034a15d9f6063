// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a start would run into later: what options name, and is not there. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/options_internal.h"
#include "util/ifname.h"

/* 0 or -errno: a file of that name can be made, or written. */
static int writable(const char *path)
{
	char copy[4096];
	struct stat info;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	if (!stat(path, &info))
		return S_ISDIR(info.st_mode) ? -EISDIR : access(path, W_OK) ? -errno : 0;
	return access(dirname(copy), W_OK | X_OK) ? -errno : 0;
}

void cg_parser_check_paths(struct options_parser *parser)
{
	const struct cg_daemon_options *options = parser->options;
	int err = options->spool ? writable(options->spool) : 0, fd;
	bool ours =
		options->spool && !strncmp(options->spool, CG_SPOOL_DIR "/", sizeof(CG_SPOOL_DIR));

	if (err == -ENOENT && ours && access(CG_SPOOL_DIR, F_OK))
		err = writable(CG_SPOOL_DIR); /* it is made */
	if (err)
		cg_parser_option_error(parser, cg_daemon_option_find("spool"),
				       " %.100s: it cannot be written: %s", options->spool,
				       strerror(-err));
	if (!options->netns)
		return;
	fd = cg_ifname_open(options->netns);
	if (fd < 0)
		cg_parser_option_error(parser, cg_daemon_option_find("netns"), " %.100s: %s",
				       options->netns, strerror(-fd));
	else
		close(fd);
}
