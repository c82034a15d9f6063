// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon, and whether it can write its spool. */
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "maps/runtime_dir.h"
#include "spool/spool.h"
#include "util/text.h"

#define USER "cseqguard"
#define FREE_BYTES_MIN (64ULL << 20)
#define ROWS_MAX 1000000 /* rows are counted up to here */

struct account {
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* The account of the daemon: the peer of its socket (fd), else the user of the unit, else root. */
static void read_account(int fd, struct account *account)
{
	struct ucred cred = {};
	socklen_t size = sizeof(cred);
	struct passwd *user;

	if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		user = getpwuid(cred.uid);
	else
		user = getpwnam(USER);
	account->uid = fd < 0 && user ? user->pw_uid : cred.uid;
	account->gid = fd < 0 && user ? user->pw_gid : cred.gid;
	snprintf(account->name, sizeof(account->name), "%s",
		 user ? user->pw_name : "the daemon's user");
}

static bool account_can_write(const struct account *account, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	return !account->uid || st.st_mode & (st.st_uid == account->uid	  ? S_IWUSR
					      : st.st_gid == account->gid ? S_IWGRP
									  : S_IWOTH);
}

static void check_spool_space(struct cg_findings *f, const char *folder)
{
	struct statvfs fs;
	unsigned long long bytes;

	if (statvfs(folder, &fs))
		return;
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		cg_finding_add(f, CG_FAILURE, "spool",
			       "mount it writable, or choose another file with --spool",
			       "%s: its filesystem is read-only, so calls stay in the map", folder);
	else if (bytes < FREE_BYTES_MIN)
		cg_finding_add(f, CG_WARNING, "spool",
			       "free some space, or choose another file with --spool",
			       "%s: %llu MiB free", folder, bytes >> 20);
	else
		cg_finding_add(f, CG_OK, "spool", NULL, "%s: %llu MiB free", folder, bytes >> 20);
}

static void check_spool_rights(struct cg_findings *f, const struct account *account,
			       const char *path, const char *folder, bool exists)
{
	if (!account_can_write(account, folder))
		cg_finding_add(f, CG_FAILURE, "spool",
			       "chown the folder to the daemon's user, or choose another file with "
			       "--spool",
			       "%s: %s cannot write to this folder", folder, account->name);
	else if (exists && !account_can_write(account, path))
		cg_finding_add(f, CG_FAILURE, "spool", "chown the file to the daemon's user",
			       "%s: %s cannot write to this file", path, account->name);
}

static void check_spool_times(struct cg_findings *f, struct cg_spool *spool)
{
	__s64 calls = cg_spool_count_after(spool, cg_now_us() + CG_DOCTOR_FUTURE_US);

	if (calls > 0)
		cg_finding_add(f, CG_WARNING, "spool", CG_DOCTOR_FUTURE_REMEDY,
			       "%lld calls have times in the future: the clock was or is wrong",
			       (long long)calls);
}

static void check_spool(struct cg_findings *f, const struct account *account, const char *path)
{
	char copy[PATH_MAX], *folder;
	struct cg_spool *spool = NULL;
	int err = cg_spool_open(path, 0, &spool);
	__s64 rows = err ? err : cg_spool_count_rows(spool, ROWS_MAX);

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (err == -ENOENT && access(folder, F_OK))
		cg_finding_add(f, CG_WARNING, "spool",
			       "the systemd unit creates it; without systemd, create it for the "
			       "daemon's user",
			       "%s: the folder does not exist yet", folder);
	else if (err == -ENOENT)
		cg_finding_add(f, CG_OK, "spool", NULL,
			       "%s: does not exist yet, the daemon creates it", path);
	else if (rows < 0)
		cg_finding_add(f, rows == -EUCLEAN ? CG_FAILURE : CG_WARNING, "spool",
			       rows == -EUCLEAN ? "the daemon sets it aside at its next start and "
						  "recovers the readable rows"
						: "run as root, or as a member of group cseqguard",
			       "%s: %s", path, cg_spool_strerror(spool));
	else
		cg_finding_add(f, CG_OK, "spool", NULL, "%s: %lld%s rows", path, (long long)rows,
			       rows == ROWS_MAX ? " or more" : "");
	if (rows > 0)
		check_spool_times(f, spool);
	cg_spool_close(spool);
	if (access(folder, F_OK))
		return;
	check_spool_rights(f, account, path, folder, err != -ENOENT);
	check_spool_space(f, folder);
}

void cg_doctor_check_daemon(struct cg_findings *f, const char *instance, const char *path)
{
	int fd = cg_runtime_connect(instance);
	struct account account;

	if (fd >= 0)
		cg_finding_add(f, CG_OK, "daemon", NULL, "cseqguardd runs");
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		cg_finding_add(
			f, CG_WARNING, "daemon", "attach, then: systemctl start cseqguardd",
			"cseqguardd does not run: no CDR is written, calls stay in the maps");
	else if (fd == -EAGAIN)
		cg_finding_add(f, CG_FAILURE, "daemon", "systemctl restart cseqguardd; see its log",
			       "cseqguardd hangs: it accepts no connection on its socket");
	else
		cg_finding_add(f, CG_WARNING, "daemon",
			       "run as root, or as a member of group cseqguard",
			       "cannot connect to its socket: %s", strerror(-fd));
	read_account(fd, &account);
	check_spool(f, &account, path);
	if (fd >= 0)
		close(fd);
}
