/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a client may ask of the daemon's socket. One packet asks; the answer is a packet a dialog,
 * then an end, and the daemon closes. Events may come before the answer: they are told by their
 * first bytes. A client that says anything else is closed, as one of another version is.
 */
#ifndef CG_CTL_CTL_PROTO_H
#define CG_CTL_CTL_PROTO_H

#include "calls/recent.h"

#define CG_CTL_MAGIC 0x4b534143 /* no event begins so */
#define CG_CTL_VERSION 1
#define CG_CTL_CALLS_MAX 64 /* dialogs that one answer tells of */
#define CG_CTL_CALL_ID_SIZE (4 * CG_CALL_ID_MAX)

enum cg_ctl_type {
	CG_CTL_LADDER = 1, /* the dialogs of that Call-ID */
	CG_CTL_CALL,
	CG_CTL_END,
};

struct cg_ctl_head {
	__u32 magic;
	__u16 version; /* CG_CTL_VERSION */
	__u16 layout; /* CG_LAYOUT */
	__u32 size; /* of the packet */
	__u32 what; /* enum cg_ctl_type */
};

struct cg_ctl_request {
	struct cg_ctl_head head;
	char call_id[CG_CTL_CALL_ID_SIZE]; /* as cg_call_id_matches() takes it, NUL-ended */
};

struct cg_ctl_call {
	struct cg_ctl_head head;
	struct cg_recent_call call;
};

struct cg_ctl_end {
	struct cg_ctl_head head;
	__u32 remembered; /* dialogs, by the daemon */
	__u32 pad;
};

static inline struct cg_ctl_head cg_ctl_head(__u32 what, __u32 size)
{
	return (struct cg_ctl_head){ CG_CTL_MAGIC, CG_CTL_VERSION, CG_LAYOUT, size, what };
}

/* A packet of `got` bytes that is that, whole. */
static inline int cg_ctl_packet_is(const struct cg_ctl_head *head, long got, __u32 what, __u32 size)
{
	return got == (long)size && head->magic == CG_CTL_MAGIC &&
	       head->version == CG_CTL_VERSION && head->layout == CG_LAYOUT && head->size == size &&
	       head->what == what;
}

/* --- the client's side ------------------------------------------------------------------------ */

/*
 * Asks for the dialogs of a Call-ID; `take` gets each (valid during that call), and stops the rest
 * by a value other than 0. Waits some seconds at most. 0, what `take` returned, or -errno: of
 * cg_runtime_connect(), -EPROTO: it closed without an end (of another version), -ETIMEDOUT.
 * *remembered: dialogs in all.
 */
int cg_ctl_request_ladder(const char *instance, const char *call_id,
			  int (*take)(void *ctx, const struct cg_recent_call *call), void *ctx,
			  unsigned int *remembered);

#endif
