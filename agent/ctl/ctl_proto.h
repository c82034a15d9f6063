/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a client may ask of the daemon's socket. One packet asks; the answer is a packet a dialog,
 * then an end, and the daemon closes. Events may come before the answer: they are told by their
 * first bytes. A client that says anything else is closed, as one of another version is.
 */
#ifndef CG_CTL_CTL_PROTO_H
#define CG_CTL_CTL_PROTO_H

#include "calls/recent.h"

#define CG_ASK_MAGIC 0x4b534143 /* no event begins so */
#define CG_ASK_VERSION 1
#define CG_ASK_CALLS_MAX 64 /* dialogs that one answer tells of */
#define CG_ASK_TEXT (4 * CG_CALL_ID_MAX)

enum cg_ask_what {
	CG_ASK_LADDER = 1, /* the dialogs of that Call-ID */
	CG_ANSWER_CALL,
	CG_ANSWER_END,
};

struct cg_ask_head {
	__u32 magic;
	__u16 version; /* CG_ASK_VERSION */
	__u16 layout; /* CG_LAYOUT */
	__u32 size; /* of the packet */
	__u32 what; /* enum cg_ask_what */
};

struct cg_ask {
	struct cg_ask_head head;
	char call_id[CG_ASK_TEXT]; /* as cg_call_id_matches() takes it, NUL-ended */
};

struct cg_answer_call {
	struct cg_ask_head head;
	struct cg_recent_call call;
};

struct cg_answer_end {
	struct cg_ask_head head;
	__u32 remembered; /* dialogs, by the daemon */
	__u32 pad;
};

static inline struct cg_ask_head cg_ask_head(__u32 what, __u32 size)
{
	return (struct cg_ask_head){ CG_ASK_MAGIC, CG_ASK_VERSION, CG_LAYOUT, size, what };
}

/* A packet of `got` bytes that is that, whole. */
static inline int cg_ask_is(const struct cg_ask_head *head, long got, __u32 what, __u32 size)
{
	return got == (long)size && head->magic == CG_ASK_MAGIC &&
	       head->version == CG_ASK_VERSION && head->layout == CG_LAYOUT && head->size == size &&
	       head->what == what;
}

/* --- the client's side ------------------------------------------------------------------------ */

/*
 * Asks for the dialogs of a Call-ID; `take` gets each (valid during that call), and stops the rest
 * by a value other than 0. Waits some seconds at most. 0, what `take` returned, or -errno: of
 * cg_runtime_connect(), -EPROTO: it closed without an end (of another version), -ETIMEDOUT.
 * *remembered: dialogs in all.
 */
int cg_ask_ladder(const char *instance, const char *call_id,
		  int (*take)(void *ctx, const struct cg_recent_call *call), void *ctx,
		  unsigned int *remembered);

#endif
