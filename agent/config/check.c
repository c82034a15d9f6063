// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Checks what the options name: the spool's path, the network namespace, and the file with a password. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/options_internal.h"
#include "maps/runtime_dir.h"
#include "util/ifname.h"

/* Returns 0 if a file of that name can be written, or created, else -errno. */
static int check_writable(const char *path)
{
	char copy[4096];
	struct stat info;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	if (!stat(path, &info))
		return S_ISDIR(info.st_mode) ? -EISDIR : access(path, W_OK) ? -errno : 0;
	return access(dirname(copy), W_OK | X_OK) ? -errno : 0;
}

static void check_spool(struct options_parser *parser, const char *spool)
{
	const char *dir = cg_state_dir();
	int err = check_writable(spool);

	if (err == -ENOENT && cg_state_dir_has(spool) && access(dir, F_OK))
		err = check_writable(dir); /* the daemon creates this folder */
	if (err)
		cg_parser_option_error(parser, cg_daemon_option_find("spool"),
				       " %.100s: cannot write: %s", spool, strerror(-err));
}

static void check_netns(struct options_parser *parser, const char *netns)
{
	int fd = cg_ifname_open(netns);

	if (fd < 0)
		cg_parser_option_error(parser, cg_daemon_option_find("netns"),
				       " %.100s: cannot open: %s", netns, strerror(-fd));
	else
		close(fd);
}

static void check_password_file(struct options_parser *parser, const char *path)
{
	int i = cg_daemon_option_find("redis-password-file");
	struct stat info;

	if (stat(path, &info) || access(path, R_OK))
		cg_parser_option_error(parser, i, " %.100s: cannot read: %s", path,
				       strerror(errno));
	else if (!S_ISREG(info.st_mode) || info.st_mode & 077)
		cg_parser_option_error(parser, i,
				       " %.100s: others may read it; run: chmod 600 %.100s", path,
				       path);
}

void cg_parser_check_paths(struct options_parser *parser)
{
	if (parser->options->spool)
		check_spool(parser, parser->options->spool);
	if (parser->options->netns)
		check_netns(parser, parser->options->netns);
	if (parser->options->redis_password_file)
		check_password_file(parser, parser->options->redis_password_file);
}
