// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/open_error.h"
#include "maps/pins.h"
#include "util/cli_output.h"

#define DIGITS (2 * sizeof(struct cg_secret))

static int check_file(int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info))
		return cg_fail("%s: cannot use it as the secret: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return cg_fail("%s: cannot use it as the secret: it is no regular file", path);
	if (info.st_uid)
		return cg_fail("%s: cannot use it as the secret: it belongs to user %u; run: chown "
			       "root %s",
			       path, info.st_uid, path);
	if (info.st_mode & 07177)
		return cg_fail("%s: cannot use it as the secret: its mode is %04o, not 0600 or "
			       "0400; run: chmod 600 %s",
			       path, info.st_mode & 07777, path);
	return CG_DONE;
}

static int get_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* len: of the text, which may end in a newline. Returns 0 or -EINVAL. */
static int parse_secret(const char *text, size_t len, struct cg_secret *secret)
{
	__u8 bytes[sizeof(*secret)];

	if (len && text[len - 1] == '\n')
		len--;
	if (len != DIGITS)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		int high = get_digit(text[2 * i]), low = get_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[i] = high << 4 | low;
	}
	memcpy(secret, bytes, sizeof(bytes));
	return 0;
}

int cg_secret_file_read(const char *path, struct cg_secret *secret)
{
	char text[DIGITS + 2]; /* more than the longest */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;
	ssize_t len;

	if (fd < 0)
		return cg_fail("%s: cannot open it: %s; each host of the pair needs a copy of one "
			       "secret, made with: openssl rand -hex 16",
			       path, strerror(errno));
	err = check_file(fd, path);
	len = err ? 0 : read(fd, text, sizeof(text));
	if (!err && (len < 0 || parse_secret(text, len, secret)))
		err = cg_fail("%s: cannot use it as the secret: it does not consist of %zu "
			      "hexadecimal digits; make one with: openssl rand -hex 16",
			      path, DIGITS);
	close(fd);
	return err;
}

int cg_secret_file_check(const char *instance, const char *path, const struct cg_secret *secret)
{
	struct cg_secret present;
	int err = cg_secret_read(instance, &present);

	if (err)
		return cg_fail_open(instance, err);
	if (memcmp(&present, secret, sizeof(present)))
		return cg_fail("instance %s: cannot use the secret in %s: its maps were made with "
			       "another one; when few calls run: cseqguard detach -a, then attach",
			       instance, path);
	return CG_DONE;
}
