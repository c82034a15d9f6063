/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The state of a pair, and its parts: publish.c sends, follow.c and snapshot.c read, merge.c gives what was read to the
 * guard, alive.c exchanges signs of life, peers.c knows the other hosts, notes.c shares ringing calls.
 *
 * Redis has, for a pair P: `cg:P:log`, a stream of records in field r; `cg:P:d:KEY`, the last records of a
 * dialog, fields w, h and c (whole, head, counters) with :NODE of the sender; `cg:P:alive:NODE`, a sign
 * of life for 5 s; `cg:P:nodes`, their names; `cg:P:mark:NODE`, which says that Redis still has its data.
 */
#ifndef CG_PAIR_PAIR_INTERNAL_H
#define CG_PAIR_PAIR_INTERNAL_H

#include "pair/pair.h"
#include "pair/record.h"
#include "pair/redis_link.h"
#include "pair/versions.h"

#define CG_PAIR_KEY_MAX 200 /* bytes of a key in Redis, with its NUL */
#define CG_PAIR_LAGS 256 /* the last records of a peer, whose ages give its lag */

struct cg_pair_publisher {
	bool is_held; /* what Redis has is not known yet */
	__u64 held_until; /* CLOCK_BOOTTIME, ns: hold no longer than that */
	__u64 last, acknowledged; /* numbers of records */
	__u64 refused; /* errors of records up to this number are known */
	__u64 pause, paused_until; /* ns; CLOCK_BOOTTIME, ns */
	bool is_refused; /* Redis has refused the last records */
	__u64 sent, sent_bytes;
	__u64 dropped;
};

struct cg_stream_id {
	__u64 ms, seq;
};

enum cg_pair_mark { CG_MARK_NONE, CG_MARK_OTHER, CG_MARK_OURS };

struct cg_pair_follower {
	struct cg_stream_id position; /* of the last record that was read */
	struct cg_stream_id start; /* to read from, after everything was read */
	bool has_read; /* position is that of a record */
	bool must_resync;
	bool shuns_info; /* an entry of the stream is too long, and XINFO shows it */
	bool is_behind; /* the last reply was not all that there was */
	bool is_scanning;
	enum cg_pair_mark mark;
	bool same_maps; /* what Redis has of this host was in the maps that it has now */
	char cursor[24]; /* of SCAN */
	unsigned int pending; /* dialogs that were asked for */
	unsigned int fills; /* ... one by one, as a record of an unknown dialog came */
	__u64 received, refused, no_room, resyncs;
};

struct cg_pair_peer {
	char node[CG_PEER_NODE_MAX]; /* "": free */
	__s64 sent_us; /* of its last sign of life, by its clock */
	enum cg_peer_trouble trouble;
	__u64 seen; /* CLOCK_BOOTTIME, ns; 0: never */
	bool has_skew;
	bool skew_said;
	__s64 skew_us;
	__u32 skew_error_us;
	__u32 dialogs, max_dialogs;
	__u64 records;
	__u32 lags[CG_PAIR_LAGS];
	__u32 n_lags;
};

struct cg_pair_clock { /* of this host against that of Redis */
	bool is_known;
	__s64 offset_us;
	__u32 error_us;
};

struct cg_pair_notes;

struct cg_pair {
	sd_event *loop;
	struct cg_pair_options options;
	struct cg_pair_callbacks callbacks;
	const struct cg_guard_maps *guard;
	int peers_fd, program_fd; /* program_fd: -errno: it cannot be opened */
	struct cg_record_key key;
	char mark[33]; /* of the maps of this instance */
	struct cg_redis_link *out, *in; /* `in` waits for records in XREAD */
	struct cg_versions versions;
	struct cg_pair_publisher publisher;
	struct cg_pair_follower follower;
	struct cg_pair_peer peers[CG_PEERS_MAX]; /* the index 0 is not used */
	struct cg_pair_clock clock;
	struct cg_pair_notes *notes;
	__u64 started, up_at; /* CLOCK_BOOTTIME, ns; up_at: of `out`; 0: never */
	__u64 polled; /* ... of the last list of hosts that came */
	__u64 since; /* ... of the last change of the connection */
	bool is_alive_refused; /* Redis refuses the sign of life */
	bool alive_polled; /* since the connection was made */
	bool is_following; /* follow.c has begun to read */
	bool is_synced; /* everything was read since the connection was made */
	bool has_left; /* there are no connections any more */
	bool is_marked; /* Redis had this host's mark in the last second */
	bool same_node_said;
	bool no_slot_said, no_program_said;
	char error[160];
};

/* Makes a key in Redis of `kind` ("d:", "alive:" ...) and a name. */
void cg_pair_make_key(const struct cg_pair *pair, const char *kind, const char *name,
		      char key[CG_PAIR_KEY_MAX]);
void cg_pair_make_dialog_key(const struct cg_pair *pair, const struct cg_dialog_key *dialog,
			     char key[CG_PAIR_KEY_MAX]);

/* Logs a trouble with Redis, unless it was the last one, and keeps it for the status. */
void cg_pair_report(struct cg_pair *pair, const char *error);

/* Text of an error of Redis, printable, for a message. */
void cg_pair_copy_error(const redisReply *reply, char *out, size_t size);

/*
 * Reads the reply to TIME: microseconds since 1970 by the clock of Redis. Returns 0 or -EBADMSG.
 */
int cg_pair_read_time(const redisReply *reply, __u64 *us);

/* Everything was read from Redis, or nothing was missed. */
void cg_pair_synced(struct cg_pair *pair);

/* --- publish.c -------------------------------------------------------------------------------- */

void cg_publish_up(struct cg_pair *pair);
void cg_publish_down(struct cg_pair *pair);
void cg_publish_release(struct cg_pair *pair); /* what Redis has is known now */
void cg_publish_run(struct cg_pair *pair); /* sends what waits, as far as there is room */

/* Publishes a note or a branch. False: there is no room, or no Redis. */
bool cg_publish_record(struct cg_pair *pair, struct cg_record *record);

/* Publishes that a dialog is no more. */
void cg_publish_gone(struct cg_pair *pair, const struct cg_dialog_key *key);

/* --- follow.c --------------------------------------------------------------------------------- */

void cg_follow_up(struct cg_pair *pair);
void cg_follow_down(struct cg_pair *pair);
void cg_follow_poll(struct cg_pair *pair); /* each second */
void cg_follow_resync(struct cg_pair *pair); /* reads everything again */
void cg_follow_read(struct cg_pair *pair); /* reads the stream: all before its position is known */

/* Sends a command that follows, or ends the connection. Returns 0 or -errno. */
int cg_follow_send(struct cg_pair *pair, cg_redis_handler handler, const struct cg_redis_arg *args,
		   unsigned int n);

/* Ends the connection that follows. reply: the one that was not as expected. */
void cg_follow_fail(struct cg_pair *pair, const char *what, const redisReply *reply);

/* --- snapshot.c ------------------------------------------------------------------------------- */

void cg_snapshot_start(struct cg_pair *pair); /* reads all dialogs, then the stream */
void cg_snapshot_fill(struct cg_pair *pair, const struct cg_dialog_key *key); /* reads one dialog */

/* --- merge.c ---------------------------------------------------------------------------------- */

/* Opens cseqguard_peer, which may have been replaced. */
void cg_merge_open_program(struct cg_pair *pair);

/* Checks and merges the bytes of a record. from_stream: it has just been sent. */
void cg_merge_record(struct cg_pair *pair, const void *bytes, size_t len, bool from_stream);

/* --- peers.c ---------------------------------------------------------------------------------- */

int cg_peers_load(struct cg_pair *pair); /* from map `peers`. 0 or -errno */

/* Returns the index of a node; 0: this host; -ENOENT, -ENOSPC: no room. `add`: if it is new. */
int cg_peers_find(struct cg_pair *pair, const char *node, bool add);

/* Handles the sign of life of a peer. now: CLOCK_BOOTTIME, ns. */
void cg_peers_handle_alive(struct cg_pair *pair, __u16 peer, const void *bytes, size_t len,
			   __u64 now);

void cg_peers_add_lag(struct cg_pair_peer *peer, __s64 sent_us);
void cg_peers_get_status(const struct cg_pair *pair, struct cg_pair_status *status, __u64 now);

/* --- alive.c ---------------------------------------------------------------------------------- */

void cg_alive_beat(struct cg_pair *pair);

/* --- notes.c ---------------------------------------------------------------------------------- */

int cg_notes_new(struct cg_pair *pair, struct cg_pair_notes **notes);
void cg_notes_free(struct cg_pair_notes *notes);

/* Inserts a note or a branch of another host, unless it is here. */
void cg_notes_insert(struct cg_pair *pair, const struct cg_record *record);

#endif
