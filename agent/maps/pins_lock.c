// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The lock over pins and `config`: flock() on their root directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/clock.h"
#include "util/text.h"

#define RETRY_NS 20000000

/* Returns an fd that holds the lock, or -errno. -ESTALE: on a directory that was removed meanwhile. */
static int try_lock(void)
{
	struct stat held, now;
	int err = 0, fd = open(cg_pin_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &held))
		err = -errno;
	else if (stat(cg_pin_root(), &now) || now.st_ino != held.st_ino)
		err = -ESTALE; /* the last detach removes it: a lock on it protects nothing */
	if (!err)
		return fd;
	close(fd);
	return err;
}

int cg_pins_lock(unsigned int wait_ms)
{
	__u64 until = cg_boottime() + wait_ms * 1000000ULL;
	int fd;

	for (;;) {
		fd = try_lock();
		if (fd == -ESTALE)
			continue;
		if (fd != -EWOULDBLOCK || cg_boottime() >= until)
			return fd;
		nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
	}
}

/* Finds the process in /proc/locks. Returns 0 if it is not there. */
static int find_holder(const struct stat *root)
{
	unsigned int major, minor;
	unsigned long inode;
	char line[256];
	int pid, found = 0;
	FILE *locks = fopen("/proc/locks", "re");

	while (locks && !found && fgets(line, sizeof(line), locks))
		if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%lu", &pid, &major, &minor,
			   &inode) == 4 &&
		    inode == root->st_ino && makedev(major, minor) == root->st_dev)
			found = pid;
	if (locks)
		fclose(locks);
	return found;
}

/* Reads a command line, with blanks between the arguments. Returns false if there is none. */
static bool read_command(int pid, char *out, size_t size)
{
	char path[32], raw[96];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, raw, sizeof(raw) - 1);
	close(fd);
	while (len > 0 && !raw[len - 1])
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (!raw[i])
			raw[i] = ' ';
	if (len > 0)
		cg_text_escape(out, size, raw, len);
	return len > 0;
}

void cg_pins_lock_holder(char holder[CG_LOCK_HOLDER])
{
	char command[CG_LOCK_HOLDER - 32];
	struct stat root;
	int pid = stat(cg_pin_root(), &root) ? 0 : find_holder(&root);

	snprintf(holder, CG_LOCK_HOLDER, "another process");
	if (pid > 0 && read_command(pid, command, sizeof(command)))
		snprintf(holder, CG_LOCK_HOLDER, "PID %d (%s)", pid, command);
}
