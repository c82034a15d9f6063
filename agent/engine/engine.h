/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The guard's programs in this process: bpf/guard.bpf.c, built natively over native_bpf.h. There is
 * one engine, with its maps and a clock that the caller sets. The caller does for its maps what the
 * daemon does for those of a running guard, by the functions below.
 */
#ifndef CG_ENGINE_ENGINE_H
#define CG_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"

#define CG_ENGINE_FRAME_MAX 65600 /* Ethernet, and the longest IP packet */

/* Gets each record of the rings, in order. */
typedef void (*cg_engine_event)(void *ctx, const struct cg_event *event);

/*
 * Makes the maps, with max_dialogs of *config, and stores the settings. Returns 0 or -ENOMEM. It
 * cannot be stopped: its memory is freed at the exit of the program.
 */
int cg_engine_start(const struct cg_config *config, const struct cg_secret *secret,
		    cg_engine_event handle, void *ctx);

/* Adds an address, or a prefix, of class enum cg_addr_class. Returns 0 or -errno. */
int cg_engine_add_prefix(const struct cg_prefix *prefix, __u32 class);

bool cg_engine_is_gateway(const __u8 addr[16]);

/* Adds a name of the host, as in a Via: an IPv6 address has brackets. Returns 0 or -errno. */
int cg_engine_add_name(const char *text);

/*
 * Sets the clock (ns). It never goes back: an earlier time leaves it as it is. Returns the clock.
 */
__u64 cg_engine_set_time(__u64 now);

/* Returns where the next frame is to be written: CG_ENGINE_FRAME_MAX bytes, Ethernet and IP. */
__u8 *cg_engine_frame(void);

struct cg_engine_verdict {
	__u8 reason; /* enum cg_reason */
	__u8 action; /* enum cg_action */
	__u8 method; /* enum cg_method; CG_M_OTHER, with key 0, if no message was parsed */
	__u16 status; /* 0: a request */
	struct cg_dialog_key key; /* 0: none */
};

/*
 * Runs the frame, `len` bytes, as ingress (XDP) or egress (tc). Call it once for each time that a
 * frame passes an interface of the host. own_socket: an outgoing frame comes from a socket of the
 * host.
 */
void cg_engine_run(enum cg_direction direction, size_t len, __u32 ifindex, bool own_socket,
		   struct cg_engine_verdict *verdict);

/*
 * Runs a message that a proxy reports, as the program for HEP does. report->at is not used: the
 * clock is the engine's.
 */
void cg_engine_run_report(const struct cg_hep_report *report, const __u8 *text, size_t len,
			  struct cg_engine_verdict *verdict);

/* Returns a dialog, or NULL. Valid until the next frame. */
const struct cg_dialog *cg_engine_find_dialog(const struct cg_dialog_key *key);

/* Visits an entry. Returns true to delete it. */
typedef bool (*cg_engine_visit)(void *ctx, const struct cg_dialog_key *key,
				const struct cg_dialog *dialog);

void cg_engine_visit_dialogs(cg_engine_visit visit, void *ctx);
void cg_engine_visit_overflow(cg_engine_visit visit, void *ctx);

/* Deletes the notes of INVITEs that are done for `grace`, or not done for `timeout` (ns). */
void cg_engine_expire_invites(__u64 grace, __u64 timeout);

/* Sets `usage` and `shares` to what the maps hold. */
void cg_engine_correct_usage(void);

const struct cg_counters *cg_engine_counters(void);

/* Visits the addresses that answered in place of the one that the host had sent to. */
void cg_engine_visit_unexpected(void (*visit)(void *ctx, const __u8 addr[16], __u64 count),
				void *ctx);

#endif
