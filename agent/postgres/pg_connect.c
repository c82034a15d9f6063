// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_connect.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/clock.h"

#define HOSTS_PER_TRY 5 /* silent hosts that are skipped within the timeout of one try */
#define SECONDS_MIN 2 /* libpq's own minimum */

struct cg_pg_connect { /* is freed by the second of its two users, the loop and the thread */
	atomic_uint users;
	_Atomic(PGconn *) conn;
	int eventfd;
	char *conninfo;
	char host_timeout[24]; /* s */
};

static atomic_uint running;

static void drop_use(struct cg_pg_connect *try)
{
	if (atomic_fetch_sub(&try->users, 1) > 1)
		return;
	PQfinish(try->conn);
	if (try->eventfd >= 0)
		close(try->eventfd);
	free(try->conninfo);
	free(try);
}

static void *run_thread(void *ctx)
{
	struct cg_pg_connect *try = ctx;
	/* Keys before the conninfo ("dbname") are defaults, keys after it override it. */
	const char *keys[] = { "fallback_application_name", "connect_timeout",	    "dbname",
			       "client_encoding",	    "target_session_attrs", NULL };
	const char *values[] = { "cseqguardd", try->host_timeout, try->conninfo,
				 "UTF8",       "read-write",	  NULL };

	atomic_store(&try->conn, PQconnectdbParams(keys, values, 1));
	eventfd_write(try->eventfd, 1);
	drop_use(try);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* Starts the thread, detached and with all signals blocked: the main thread handles them. 0 or -errno. */
static int start_thread(struct cg_pg_connect *try)
{
	sigset_t all, old;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	atomic_fetch_add(&running, 1);
	err = -pthread_create(&thread, NULL, run_thread, try);
	if (err)
		atomic_fetch_sub(&running, 1);
	else
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

int cg_pg_connect_start(const char *conninfo, __u64 timeout, struct cg_pg_connect **out)
{
	struct cg_pg_connect *try = calloc(1, sizeof(*try));
	__u64 seconds = timeout / HOSTS_PER_TRY / CG_SECOND;
	int err = -ENOMEM;

	if (!try)
		return err;
	atomic_init(&try->users, 2);
	snprintf(try->host_timeout, sizeof(try->host_timeout), "%llu",
		 (unsigned long long)(seconds > SECONDS_MIN ? seconds : SECONDS_MIN));
	try->conninfo = strdup(conninfo);
	try->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (try->conninfo)
		err = try->eventfd < 0 ? -errno : start_thread(try);
	if (err) {
		atomic_store(&try->users, 1);
		drop_use(try);
		return err;
	}
	*out = try;
	return 0;
}

int cg_pg_connect_fd(const struct cg_pg_connect *try)
{
	return try->eventfd;
}

PGconn *cg_pg_connect_finish(struct cg_pg_connect *try)
{
	PGconn *conn = atomic_exchange(&try->conn, NULL);

	drop_use(try);
	return conn;
}

void cg_pg_connect_abandon(struct cg_pg_connect *try)
{
	if (try)
		drop_use(try);
}

unsigned int cg_pg_connect_running(void)
{
	return atomic_load(&running);
}
