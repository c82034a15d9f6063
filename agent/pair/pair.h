/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The pair: hosts that share their dialogs through Redis. What changes here is published, and what
 * another host publishes is merged into the map by program cseqguard_peer. Everything runs in the event
 * loop. Nothing waits for Redis: while it is away, what changes is remembered and published later.
 */
#ifndef CG_PAIR_PAIR_H
#define CG_PAIR_PAIR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "maps/guard_maps.h"

struct cg_pair;

struct cg_pair_options { /* the strings must outlive the pair */
	const char *name; /* of the pair, a name as of an instance */
	const char *node; /* of this host, as in its rows */
	const char *redis; /* as cg_endpoint_parse_redis() takes it */
	const char *user; /* NULL: the default one */
	const char *password_file; /* NULL: no password */
	__u64 database; /* number */
	__u64 max_call; /* ns; Redis forgets a dialog an hour after that */
};

struct cg_pair_callbacks {
	/* A record of another host has inserted or changed this dialog. */
	void (*merged)(void *ctx, const struct cg_dialog_key *key);
	/*
	 * Its owner has removed this dialog: to be deleted here, if it is foreign and did not speak
	 * here.
	 */
	void (*gone)(void *ctx, const struct cg_dialog_key *key);
	void *ctx;
};

/* `options`, `guard` and `callbacks` are as above. Logs errors. Returns 0 or -errno. */
int cg_pair_new(sd_event *loop, const struct cg_pair_options *options,
		const struct cg_guard_maps *guard, const struct cg_pair_callbacks *callbacks,
		struct cg_pair **pair);
void cg_pair_free(struct cg_pair *pair); /* NULL is ignored, here and below */

/* Call at each update of a dialog. Publishes what changed here; what came from a peer is no change. */
void cg_pair_publish(struct cg_pair *pair, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog);

/*
 * Call for each dialog that left the map, own or foreign. It is published if this host owns the
 * dialog, or if the owner is gone.
 */
void cg_pair_publish_gone(struct cg_pair *pair, const struct cg_dialog_key *key);

/* Returns the name of a node, of map `peers`; "" if there is none with that index. */
const char *cg_pair_node(const struct cg_pair *pair, __u16 peer);

/*
 * True if that host has shown no sign of life for 5 s. While Redis is away it is not known to be gone,
 * for 15 s; after that this host is alone. now: CLOCK_BOOTTIME, ns.
 */
bool cg_pair_peer_is_gone(const struct cg_pair *pair, __u16 peer, __u64 now);

/* True if everything that Redis has was read since the connection was made, and merged. */
bool cg_pair_is_synced(const struct cg_pair *pair);

/*
 * The maps are removed while calls run: the other hosts keep what they have of them, and see in a few
 * seconds that this host is gone.
 */
void cg_pair_leave(struct cg_pair *pair);

/* Call each second. now: CLOCK_BOOTTIME, ns. */
void cg_pair_beat(struct cg_pair *pair, __u64 now);

/* X(NAME, word): why the records of a peer are not taken */
#define CG_PEER_TROUBLE_LIST(X)                                                                    \
	X(NONE, none)                                                                              \
	X(CLOCK, clock) /* more than 1 s off */                                                    \
	X(SECRET, secret) /* another key */                                                        \
	X(LAYOUT, layout) /* another release */

#define CG_PEER_TROUBLE_ENUM(NAME, word) CG_TROUBLE_##NAME,
enum cg_peer_trouble { CG_PEER_TROUBLE_LIST(CG_PEER_TROUBLE_ENUM) CG_PEER_TROUBLES };
#undef CG_PEER_TROUBLE_ENUM

struct cg_pair_peer_status {
	char node[CG_PEER_NODE_MAX];
	bool alive;
	enum cg_peer_trouble trouble;
	__u64 seen; /* CLOCK_BOOTTIME, ns, of its last sign of life; 0: none yet */
	bool has_skew;
	__s64 skew_us; /* its clock less this host's */
	__u32 skew_error_us; /* the skew is right to this */
	__u32 lag_median_us, lag_p99_us; /* of its last records, from its map to this one's */
	__u64 records; /* of it that were merged */
	__u32 dialogs, max_dialogs; /* in its map, and the map's size */
};

struct cg_pair_status {
	const char *name, *node, *redis;
	bool connected;
	__u64 since; /* CLOCK_BOOTTIME, ns, of the last change of `connected` */
	char error[160]; /* the last one; "": none */
	__u64 sent, sent_bytes, commands; /* records; bytes and commands to Redis */
	__u64 received; /* records of other hosts that were merged or changed nothing */
	__u64 refused; /* ... that were not taken: damaged, another key, another release, late */
	__u64 no_room; /* ... for which map dialogs had no room */
	__u64 dropped; /* notes of ringing calls that were not published, as Redis was away or slow */
	__u64 resyncs; /* times that everything was read again from Redis */
	__u32 unpublished; /* dialogs whose last change is not in Redis: lost with this host */
	__u32 foreign; /* dialogs of other hosts that were merged */
	unsigned int n_peers;
	struct cg_pair_peer_status peers[CG_PEERS_MAX - 1];
};

void cg_pair_get_status(const struct cg_pair *pair, struct cg_pair_status *status);

#endif
