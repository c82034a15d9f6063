/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the other hosts know of each dialog: what was sent, or came from them. A dialog that differs is
 * published. Of what only rises the values are kept, so nothing that comes in is published again and no
 * change here is missed. Of the rest a hash is kept. Pure: no maps, no Redis, no clock.
 */
#ifndef CG_PAIR_VERSIONS_H
#define CG_PAIR_VERSIONS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "cseqguard.h"

enum cg_version_change { CG_VERSION_SAME, CG_VERSION_COUNTERS, CG_VERSION_HEAD, CG_VERSION_WHOLE };

struct cg_version {
	struct cg_dialog_key key;
	struct cg_version *next; /* in its bucket */
	TAILQ_ENTRY(cg_version) queue; /* if `queued`, or `leaving` */
	__u64 sent; /* number of the last record that was sent; 0: none on this connection */
	__u64 hash; /* of what does not only rise, as it was last seen */
	__u32 caller_cseq, callee_cseq, caller_passed, callee_passed;
	__u32 blocked; /* blocked_byes of this host */
	__u16 epoch;
	__u16 peer; /* its owner; 0: this host */
	bool is_stored; /* Redis has the whole dialog */
	bool queued; /* it waits to be published */
	bool gone; /* it left the map, and that is to be published */
	bool leaving; /* ... that was sent, and waits to be acknowledged */
	__u8 n_blocked;
	struct cg_version_blocked {
		__u16 sender; /* index in map `peers` */
		__u32 count; /* its blocked_byes */
	} * elsewhere; /* of the other hosts that have any */
};

TAILQ_HEAD(cg_version_queue, cg_version);

struct cg_versions {
	struct cg_version **buckets;
	__u32 n_buckets; /* a power of two */
	__u32 count, max;
	__u32 foreign; /* of them, those of other hosts */
	__u32 n_queued;
	struct cg_version_queue queued, leaving; /* the oldest first */
};

/* Returns 0 or -ENOMEM. max_dialogs: size of map `dialogs`. */
int cg_versions_init(struct cg_versions *versions, __u32 max_dialogs);
void cg_versions_free(struct cg_versions *versions);

struct cg_version *cg_versions_find(const struct cg_versions *versions,
				    const struct cg_dialog_key *key);

/* Returns the version of a dialog, which knows nothing if it is new. NULL: no memory, or too many. */
struct cg_version *cg_versions_add(struct cg_versions *versions, const struct cg_dialog_key *key,
				   __u16 peer);
void cg_versions_remove(struct cg_versions *versions, struct cg_version *version);

/* Lets it wait to be published. */
void cg_versions_queue(struct cg_versions *versions, struct cg_version *version);
void cg_versions_unqueue(struct cg_versions *versions, struct cg_version *version);

/*
 * Queues each one whose last record has this number or a later one: it may not have arrived. All of the
 * dialog is published then, as its first record may be among those.
 */
void cg_versions_queue_sent(struct cg_versions *versions, __u64 from);

/* Queues all: Redis has lost its data. */
void cg_versions_queue_all(struct cg_versions *versions);

/* Its end was sent with this number. The version is removed once that is acknowledged. */
void cg_versions_leave(struct cg_versions *versions, struct cg_version *version, __u64 sent);
void cg_versions_acknowledge(struct cg_versions *versions, __u64 sent);

/* --- one of them ------------------------------------------------------------------------------ */

/* Returns what the other hosts do not know yet of this dialog, which is in the map. */
enum cg_version_change cg_version_compare(const struct cg_version *version,
					  const struct cg_dialog *dialog);

/* All of it was sent. */
void cg_version_set(struct cg_version *version, const struct cg_dialog *dialog);

/* A record brought these counters. epoch: of a head, or 0. */
void cg_version_raise(struct cg_version *version, const struct cg_dialog *counters, __u16 epoch);

/* Returns the hash of what does not only rise. */
__u64 cg_version_hash(const struct cg_dialog *dialog);

/* Another host has refused so many BYEs. Returns the sum over all other hosts. */
__u32 cg_version_set_blocked(struct cg_version *version, __u16 sender, __u32 count);

#endif
