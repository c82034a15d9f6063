// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The lock over pins and `config`: flock() on a directory beside those of the instances. Anyone who
 * can open a file or a directory can lock it. So this one belongs to the daemon's user alone;
 * members of the group can open the others.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
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
#define LOCK_DIR "+lock" /* no name of an instance */
#define PATH_SIZE 512

static void format_path(char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/" LOCK_DIR, cg_pin_root());
}

int cg_pins_make_lock(void)
{
	const struct passwd *user = getpwnam("cseqguard");
	uid_t uid = user ? user->pw_uid : 0;
	char path[PATH_SIZE];
	struct stat st;

	format_path(path);
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (geteuid())
		return 0;
	if (stat(path, &st) || (st.st_uid != uid && chown(path, uid, 0)))
		return -errno;
	return 0;
}

void cg_pins_remove_root(void)
{
	char path[PATH_SIZE];
	DIR *dir = opendir(cg_pin_root());
	struct dirent *entry;
	bool in_use = !dir;

	while (dir && !in_use && (entry = readdir(dir)))
		in_use = *entry->d_name != '.' && strcmp(entry->d_name, LOCK_DIR);
	if (dir)
		closedir(dir);
	if (in_use)
		return;
	format_path(path);
	rmdir(path);
	rmdir(cg_pin_root());
}

/* Returns an fd of the directory, or -errno. Pins of an older version have none. */
static int open_lock(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	err = cg_pins_make_lock();
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Returns an fd that holds the lock, or -errno. -ESTALE: on a directory that was removed meanwhile.
 */
static int try_lock(void)
{
	char path[PATH_SIZE];
	struct stat held, now;
	int err = 0, fd;

	format_path(path);
	fd = open_lock(path);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &held))
		err = -errno;
	else if (stat(path, &now) || now.st_ino != held.st_ino)
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
static int find_holder(const struct stat *lock)
{
	unsigned int major, minor;
	unsigned long inode;
	char line[256];
	int pid, found = 0;
	FILE *locks = fopen("/proc/locks", "re");

	while (locks && !found && fgets(line, sizeof(line), locks))
		if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%lu", &pid, &major, &minor,
			   &inode) == 4 &&
		    inode == lock->st_ino && makedev(major, minor) == lock->st_dev)
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
	char path[PATH_SIZE];
	struct stat lock;
	int pid;

	format_path(path);
	pid = stat(path, &lock) ? 0 : find_holder(&lock);
	snprintf(holder, CG_LOCK_HOLDER, "another process");
	if (pid > 0 && read_command(pid, command, sizeof(command)))
		snprintf(holder, CG_LOCK_HOLDER, "PID %d (%s)", pid, command);
}
