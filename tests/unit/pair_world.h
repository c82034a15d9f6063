/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Hosts of a pair in one process: their maps and cseqguard_peer are stand-ins. Redis is a real one. */
#ifndef PAIR_WORLD_H
#define PAIR_WORLD_H

#include <stdbool.h>
#include <sys/types.h>

#include "pair/pair.h"
#include "util/clock.h"
#include "util/loop.h"

#define WORLD_DIALOGS 64
#define WORLD_PATIENCE_NS (60 * CG_SECOND)

struct world_host {
	char name[16]; /* of its instance */
	const char *node;
	__u64 secret;
	struct cg_guard_maps guard;
	struct cg_pair *pair; /* NULL: its daemon does not run */
	struct cg_dialog_key keys[WORLD_DIALOGS];
	struct cg_dialog dialogs[WORLD_DIALOGS];
	int n;
	struct cg_txn_key pending_keys[4], branch_keys[4];
	struct cg_invite pending[4];
	struct cg_branch branches[4];
	int n_pending, n_branches;
	struct cg_peer peers[CG_PEERS_MAX];
	int merged; /* calls of this callback */
	int gone; /* first word of the key of the last one */
};

extern char world_log[65536]; /* what was logged */

int world_start(void); /* 0, or -errno: there is no redis-server */
void world_end(void);

struct world_host *world_host(const char *name, __u64 secret); /* a new one */
void world_join(struct world_host *host); /* its daemon starts */
void world_leave(struct world_host *host); /* ... ends */
void world_forget(struct world_host *host); /* it is started again: its maps are new */

struct cg_dialog *world_put(struct world_host *host, const struct cg_dialog_key *key,
			    const struct cg_dialog *dialog);
struct cg_dialog *world_find(struct world_host *host, const struct cg_dialog_key *key);
void world_delete(struct world_host *host, const struct cg_dialog_key *key);
__u64 world_wall(const struct world_host *host, __u8 clock, __u64 time);

void world_run(int ms); /* runs all hosts for that long */
bool world_wait(bool (*condition)(int arg), int arg); /* ... until it is true */

void world_redis_start(void); /* an empty one */
void world_redis_kill(void);
void world_redis_stop(void);
void world_redis_continue(void);
void world_redis_lock(const char *password); /* it asks for one from now on */
void world_give_password(const char *password, mode_t mode); /* to hosts that join, by a file */
long long world_number(const char *command); /* -1: it failed, or is no number */
void world_huge_entry(size_t bytes); /* adds one to the stream */
void world_alive(const char *node, __s64 skew_us); /* publishes a sign of life of such a host */

#endif
