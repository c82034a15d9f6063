// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/redis_link_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"

#define PASSWORD_MAX 512 /* bytes */

/* Returns 0 if nobody but the owner may read this file, else -errno with the reason. */
static int check_file(int fd, const char *path, char *why, size_t why_size)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode)) {
		snprintf(why, why_size, "%s: is no file", path);
		return -EINVAL;
	}
	if (info.st_mode & 077) {
		snprintf(why, why_size,
			 "%s: mode is %04o, so others may read it; run: chmod 600 %s", path,
			 info.st_mode & 07777, path);
		return -EPERM;
	}
	return 0;
}

/*
 * Reads the first line of a file that only its owner may read. Returns 0, or -errno with the reason and
 * the remedy in `why`.
 */
static int read_password(const char *path, char password[PASSWORD_MAX + 1], char *why,
			 size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = fd < 0 ? -errno : 0;
	ssize_t n = 0;

	snprintf(why, why_size, "%s: cannot read: %s", path, strerror(-err));
	if (err)
		return err;
	err = check_file(fd, path, why, why_size);
	if (!err) {
		n = read(fd, password, PASSWORD_MAX);
		if (n < 0)
			err = -errno;
	}
	if (n > 0) {
		password[n] = '\0';
		password[strcspn(password, "\r\n")] = '\0';
	}
	if (!err && (n <= 0 || !*password)) {
		snprintf(why, why_size, "%s: its first line has no password", path);
		err = -EINVAL;
	}
	close(fd);
	return err;
}

static void fail_login(struct cg_redis_link *link, const char *what, const redisReply *reply)
{
	char text[200], why[CG_REDIS_TROUBLE_MAX];

	cg_text_escape(text, sizeof(text), reply->str ? reply->str : "",
		       reply->str ? reply->len : 0);
	snprintf(why, sizeof(why), "%s: %s", what, *text ? text : "no OK");
	cg_redis_link_fail(link, why);
}

static bool is_ok(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STATUS && reply->len == 2 && !memcmp(reply->str, "OK", 2);
}

static void handle_auth(void *ctx, __u64 tag, const redisReply *reply)
{
	(void)tag;
	if (!is_ok(reply))
		fail_login(ctx, "cannot log in (redis-user, redis-password-file)", reply);
}

static void handle_select(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_redis_link *link = ctx;

	(void)tag;
	if (!is_ok(reply)) {
		bool asks = reply->str && !strncmp(reply->str, "NOAUTH", 6);

		fail_login(link,
			   asks ? "it asks for a password (redis-password-file)"
				: "cannot select the database (redis-database)",
			   reply);
		return;
	}
	link->state = UP;
	link->up_at = cg_boottime();
	link->callbacks.up(link->callbacks.ctx);
}

static int send_auth(struct cg_redis_link *link)
{
	char password[PASSWORD_MAX + 1], why[CG_REDIS_TROUBLE_MAX];
	struct cg_redis_arg args[3] = { CG_REDIS_TEXT("AUTH") };
	unsigned int n = 1;
	int err;

	if (!link->options.password_file)
		return 0;
	err = read_password(link->options.password_file, password, why, sizeof(why));
	if (err) {
		cg_redis_link_fail(link, why);
		return 0;
	}
	if (link->options.user)
		args[n++] = CG_REDIS_TEXT(link->options.user);
	args[n++] = CG_REDIS_TEXT(password);
	err = cg_redis_link_queue(link, handle_auth, link, 0, args, n);
	explicit_bzero(password, sizeof(password));
	return err;
}

void cg_redis_link_log_in(struct cg_redis_link *link)
{
	char database[24];
	int err;

	link->state = LOGGING_IN;
	snprintf(database, sizeof(database), "%llu", (unsigned long long)link->options.database);
	err = send_auth(link);
	if (!err)
		err = cg_redis_link_queue(
			link, handle_select, link, 0,
			(struct cg_redis_arg[]){ CG_REDIS_TEXT("SELECT"), CG_REDIS_TEXT(database) },
			2);
	if (err)
		cg_redis_link_fail_by(link, -err);
}
