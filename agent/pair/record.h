/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The records that the hosts of a pair exchange. Pure: bytes in, records out. A record carries a MAC
 * under a key that only the hosts have. Its times are wall-clock nanoseconds, so they mean the same
 * on each host.
 *
 *	magic u32, layout u16, type u8, flags u8 (0), sent_us s64, length of sender u8, of owner u8
 *	(0: the sender owns it), both names, the body, 16 bytes of HMAC-SHA256. Little-endian.
 */
#ifndef CG_PAIR_RECORD_H
#define CG_PAIR_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"
#include "maps/pins.h"

#define CG_RECORD_MAC 16 /* bytes */
#define CG_RECORD_MAX                                                                              \
	(18 + 2 * (CG_PEER_NODE_MAX - 1) + 16 + sizeof(struct cg_dialog) + CG_RECORD_MAC)

/* The flags that travel. */
#define CG_RECORD_DIALOG_FLAGS                                                                     \
	(CG_D_SUSPECT | CG_D_ALIVE_AFTER_END | CG_D_CALL_ID_CUT | CG_D_TAG_CUT | CG_D_URI_CUT |    \
	 CG_D_CONFIRMED_END | CG_D_CANDIDATE | CG_D_REPLACED | CG_D_BYE_PROVED |                   \
	 CG_D_BYE_TO_CONTACT | CG_D_BYE_OF_WITNESS | CG_D_BYE_LOCAL | CG_D_BYE_SAME_TAGS |         \
	 CG_D_BYE_CALLEE | CG_D_BYE_WOULD_DROP | CG_D_BYE_RELAYED | CG_D_SEEN_REFUSED |            \
	 CG_D_SEEN_WOULD_DROP | CG_D_SEEN_OF_WITNESS | CG_D_REFRESH_OWN | CG_D_CALLER_TCP |        \
	 CG_D_CALLEE_TCP)

enum cg_record_type {
	CG_RECORD_WHOLE = CG_PEER_WHOLE,
	CG_RECORD_HEAD = CG_PEER_HEAD, /* the first CG_DIALOG_HEAD bytes */
	CG_RECORD_COUNTERS = CG_PEER_COUNTERS,
	CG_RECORD_GONE = CG_PEER_GONE,
	CG_RECORD_NOTE, /* an entry of map `pending` */
	CG_RECORD_BRANCH, /* ... of map `branches` */
	CG_RECORD_ALIVE, /* sign of life of a host */
	CG_RECORD_TYPES
};

struct cg_record_alive {
	__s64 offset_us; /* its clock less that of Redis */
	__u32 error_us; /* ... which is right to this */
	__u32 dialogs, max_dialogs;
	__u32 pad;
};

struct cg_record {
	enum cg_record_type type;
	__s64 sent_us; /* microseconds since 1970 by the sender's clock */
	char sender[CG_PEER_NODE_MAX];
	char owner[CG_PEER_NODE_MAX]; /* of the dialog or call */
	struct cg_dialog_key key; /* WHOLE, HEAD, COUNTERS, GONE */
	/*
	 * WHOLE; HEAD: but for the texts; COUNTERS: who, setup, cseq and passed of the legs, whether they
	 * are valid, and blocked_byes. Those that the sender itself has refused are in blocked_byes.
	 */
	struct cg_dialog dialog;
	struct cg_txn_key txn; /* NOTE, BRANCH */
	struct cg_invite note;
	struct cg_branch branch;
	struct cg_record_alive alive;
};

struct cg_record_key {
	__u8 bytes[32];
	char pair[CG_INSTANCE_MAX + 1]; /* name of the pair */
};

/* Makes the key of the records from map `secret`. pair: its name. */
void cg_record_make_key(struct cg_record_key *key, const struct cg_secret *secret,
			const char *pair);

/* True for 1 to 64 bytes of printable UTF-8. */
bool cg_record_node_is_valid(const char *node);

/*
 * Copies what a dialog, a note or a branch says to the record, its times as wall-clock. offset: of
 * the dialog's, the note's or, for a branch, the current clock, ns.
 */
void cg_record_set_dialog(struct cg_record *record, const struct cg_dialog *dialog, __s64 offset);
void cg_record_set_note(struct cg_record *record, const struct cg_invite *note, __s64 offset);
void cg_record_set_branch(struct cg_record *record, const struct cg_branch *branch, __s64 offset);

/* The other way: copies them with the times of this host, under the clock of that number and offset. */
void cg_record_get_dialog(const struct cg_record *record, __u8 clock, __s64 offset,
			  struct cg_dialog *dialog);
void cg_record_get_note(const struct cg_record *record, __u8 clock, __s64 offset,
			struct cg_invite *note);
void cg_record_get_branch(const struct cg_record *record, __s64 offset, struct cg_branch *branch);

/* Writes the record to `out`. Returns its length. */
size_t cg_record_encode(const struct cg_record_key *key, const struct cg_record *record,
			__u8 out[CG_RECORD_MAX]);

/*
 * Reads a record and checks every field that the rest relies on. Returns 0; -EKEYREJECTED: another
 * key, or damaged; -EPROTO: another layout, of which only sender and type are read; -EBADMSG: the right
 * key, but no valid record. `record` is undefined after a failure but for what is said above.
 */
int cg_record_decode(const struct cg_record_key *key, const void *bytes, size_t len,
		     struct cg_record *record);

/*
 * Stores the sender that an unverified record names, for a message in the log. Returns 0, or -EBADMSG:
 * it names none.
 */
int cg_record_peek_sender(const void *bytes, size_t len, char sender[CG_PEER_NODE_MAX]);

#endif
