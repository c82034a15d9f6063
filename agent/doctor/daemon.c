// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon, and whether it may write its spool. */
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

#define USER "cseqguard"
#define FREE_LEAST (64ULL << 20) /* bytes */
#define ROWS_MOST 1000000

struct account {
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* Who the daemon is, or will be: of its socket, else the user of the unit, else root. */
static void account_of(int fd, struct account *account)
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
	snprintf(account->name, sizeof(account->name), "%s", user ? user->pw_name : "its user");
}

static bool may_write(const struct account *account, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	return !account->uid || st.st_mode & (st.st_uid == account->uid	  ? S_IWUSR
					      : st.st_gid == account->gid ? S_IWGRP
									  : S_IWOTH);
}

static void spool_room(struct cg_findings *f, const char *folder)
{
	struct statvfs fs;
	unsigned long long bytes;

	if (statvfs(folder, &fs))
		return;
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		cg_find(f, CG_FAILURE, "spool", "mount it writable, or name another with --spool",
			"%s: its filesystem is read-only: calls stay in the map", folder);
	else if (bytes < FREE_LEAST)
		cg_find(f, CG_WARNING, "spool", "make room, or name another with --spool",
			"%s: %llu MiB are free", folder, bytes >> 20);
	else
		cg_find(f, CG_OK, "spool", NULL, "%s: %llu MiB are free", folder, bytes >> 20);
}

static void spool_rights(struct cg_findings *f, const struct account *account, const char *path,
			 const char *folder, bool there)
{
	if (!may_write(account, folder))
		cg_find(f, CG_FAILURE, "spool",
			"chown the folder to the daemon's user, or name another with --spool",
			"%s: %s may not write there", folder, account->name);
	else if (there && !may_write(account, path))
		cg_find(f, CG_FAILURE, "spool", "chown the file to the daemon's user",
			"%s: %s may not write to it", path, account->name);
}

static void spool(struct cg_findings *f, const struct account *account, const char *path)
{
	char copy[PATH_MAX], *folder;
	struct cg_spool *spool = NULL;
	int err = cg_spool_open(path, 0, &spool);
	__s64 rows = err ? err : cg_spool_count_rows(spool, ROWS_MOST);

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (err == -ENOENT && access(folder, F_OK))
		cg_find(f, CG_WARNING, "spool",
			"the unit makes it; else mkdir it, for the daemon's user",
			"%s: no such folder yet", folder);
	else if (err == -ENOENT)
		cg_find(f, CG_OK, "spool", NULL, "%s: not there yet, the daemon makes it", path);
	else if (rows < 0)
		cg_find(f, rows == -EUCLEAN ? CG_FAILURE : CG_WARNING, "spool",
			rows == -EUCLEAN ? "the daemon sets it aside at its next start, and reads "
					   "what it can"
					 : "run as root, or as a member of group cseqguard",
			"%s: %s", path, cg_spool_strerror(spool));
	else
		cg_find(f, CG_OK, "spool", NULL, "%s: %lld%s rows", path, (long long)rows,
			rows == ROWS_MOST ? " or more" : "");
	cg_spool_close(spool);
	if (access(folder, F_OK))
		return;
	spool_rights(f, account, path, folder, err != -ENOENT);
	spool_room(f, folder);
}

void cg_doctor_daemon(struct cg_findings *f, const char *instance, const char *path)
{
	int fd = cg_runtime_connect(instance);
	struct account account;

	if (fd >= 0)
		cg_find(f, CG_OK, "daemon", NULL, "cseqguardd runs");
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		cg_find(f, CG_WARNING, "daemon", "systemctl start cseqguardd, once it is attached",
			"cseqguardd does not run: no CDR is written, the maps keep the calls");
	else if (fd == -EAGAIN)
		cg_find(f, CG_FAILURE, "daemon", "systemctl restart cseqguardd; see its log",
			"cseqguardd hangs: nobody takes connections from its socket");
	else
		cg_find(f, CG_WARNING, "daemon", "run as root, or as a member of group cseqguard",
			"its socket: %s", strerror(-fd));
	account_of(fd, &account);
	spool(f, &account, path);
	if (fd >= 0)
		close(fd);
}
