/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The protocol of the daemon's control socket. A client sends one request. The answer is one packet
 * for each dialog, then an end packet, and the daemon closes the connection. Events may arrive
 * before the answer; their first bytes differ. The daemon closes a client that sends anything else,
 * or uses another version.
 */
#ifndef CG_CTL_CTL_PROTO_H
#define CG_CTL_CTL_PROTO_H

#include "calls/recent.h"

#define CG_CTL_MAGIC 0x4b534143 /* no event begins with these bytes */
#define CG_CTL_VERSION 1
#define CG_CTL_CALLS_MAX 64 /* dialogs in one answer */
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
	__u32 remembered; /* dialogs that the daemon remembers */
	__u32 pad;
};

static inline struct cg_ctl_head cg_ctl_head(__u32 what, __u32 size)
{
	return (struct cg_ctl_head){ CG_CTL_MAGIC, CG_CTL_VERSION, CG_LAYOUT, size, what };
}

/* True if the `got` bytes received are a complete packet of that type and size. */
static inline int cg_ctl_packet_is(const struct cg_ctl_head *head, long got, __u32 what, __u32 size)
{
	return got == (long)size && head->magic == CG_CTL_MAGIC &&
	       head->version == CG_CTL_VERSION && head->layout == CG_LAYOUT && head->size == size &&
	       head->what == what;
}

/* --- client ------------------------------------------------------------------------ */

/*
 * Requests the dialogs of a Call-ID from the daemon. Calls `handle` for each dialog, which is valid
 * during the call; a value other than 0 stops the reading. Waits at most 5 s for each packet.
 * Returns 0, what `handle` returned, -EPROTO (closed without an end packet: another version, or too
 * many clients), -ETIMEDOUT, or the -errno of cg_runtime_connect(). *remembered: dialogs that the
 * daemon remembers in total.
 */
int cg_ctl_request_ladder(const char *instance, const char *call_id,
			  int (*handle)(void *ctx, const struct cg_recent_call *call), void *ctx,
			  unsigned int *remembered);

#endif
