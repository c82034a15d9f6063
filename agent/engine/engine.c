// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* One translation unit with the programs: their maps and functions are static. */
#define _GNU_SOURCE
#include "engine/native_tcp.h"

#include <stdint.h>
#include <sys/mman.h>

#include "reads_hep.h"

/* In the kernel a constant of each load: here one process runs packets and reports. */
static int runs_report;
#define from_hep() runs_report

#include "guard.bpf.c"
#include "engine/engine.h"
#include "util/host_name.h"

/* Addresses for the frame: struct xdp_md and struct __sk_buff have 32 bits for one. */
#define FRAME_FIRST 0x10000000UL
#define FRAME_LAST 0x70000000UL
#define FRAME_STEP 0x01000000UL

static struct {
	__u8 *frame;
	cg_engine_event handle;
	void *ctx;
} engine;

static void handle_record(const void *ring, const void *record)
{
	(void)ring;
	engine.handle(engine.ctx, record);
}

static __u8 *map_frame(void)
{
	void *at;

	for (unsigned long where = FRAME_FIRST; where < FRAME_LAST; where += FRAME_STEP) {
		at = mmap((void *)where, CG_ENGINE_FRAME_MAX, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (at == (void *)where)
			return at;
		if (at != MAP_FAILED) /* a kernel that does not know the flag */
			munmap(at, CG_ENGINE_FRAME_MAX);
	}
	return NULL;
}

int cg_engine_start(const struct cg_config *config_, const struct cg_secret *secret_,
		    cg_engine_event handle, void *ctx)
{
	__u32 zero = 0, max = config_->max_dialogs;

	engine.frame = map_frame();
	if (!engine.frame)
		return -ENOMEM;
	engine.handle = handle;
	engine.ctx = ctx;
	native.submitted = handle_record;
	NATIVE_MAP_OF(&dialogs, max);
	NATIVE_MAP_OF(&pending, cg_pending_max(max));
	NATIVE_MAP_OF(&branches, cg_branches_max(max));
	memcpy(bpf_map_lookup_elem(&config, &zero), config_, sizeof(*config_));
	memcpy(bpf_map_lookup_elem(&secret, &zero), secret_, sizeof(*secret_));
	return 0;
}

int cg_engine_add_prefix(const struct cg_prefix *prefix, __u32 class)
{
	return bpf_map_update_elem(&gateways, prefix, &class, BPF_ANY);
}

bool cg_engine_is_gateway(const __u8 addr[16])
{
	return addr_is_gateway(config_get(), addr);
}

int cg_engine_add_name(const char *text)
{
	struct cg_host_name name = { .origin = CG_NAME_GIVEN };
	__u32 zero = 0;
	__u64 hash = cg_host_name_hash(bpf_map_lookup_elem(&secret, &zero), text);

	snprintf(name.text, sizeof(name.text), "%s", text);
	return bpf_map_update_elem(&hosts, &hash, &name, BPF_ANY);
}

__u64 cg_engine_set_time(__u64 now)
{
	if (now > native.now)
		native.now = now;
	return native.now;
}

__u8 *cg_engine_frame(void)
{
	return engine.frame;
}

/* --- running a frame -------------------------------------------------------------------------- */

static bool run_in(__u32 end, __u32 ifindex)
{
	struct xdp_md xdp = { .data = (__u32)(uintptr_t)engine.frame,
			      .data_end = end,
			      .ingress_ifindex = ifindex };

	return cseqguard_in(&xdp) == XDP_DROP;
}

static void run_out(__u32 end, __u32 ifindex, bool own_socket)
{
	struct __sk_buff skb = { .data = (__u32)(uintptr_t)engine.frame,
				 .data_end = end,
				 .len = end - (__u32)(uintptr_t)engine.frame,
				 .ifindex = ifindex };

	if (own_socket)
		skb.sk = (void *)engine.frame; /* compared with NULL */
	cseqguard_out(&skb);
}

/* Returns the reason whose counter has changed. */
static __u8 find_reason(const struct cg_reason_counters *was, const struct cg_reason_counters *is)
{
	const __u64 *before = (const void *)was, *after = (const void *)is;
	__u8 reason = 0;

	while (reason < CG_R_INTERNAL && before[reason] == after[reason])
		reason++;
	return reason;
}

/* The counters before a run: what has changed behind it is the verdict. */
struct before {
	const struct cg_reason_counters *now;
	struct cg_reason_counters reasons;
	__u64 would_drop;
};

static struct scratch *begin_run(enum cg_direction direction, size_t len, struct before *before)
{
	const struct cg_counters *c = cg_engine_counters();
	struct scratch *s = scratch_get();

	if (!s)
		native_refuse("there is no scratch");
	before->now = direction == CG_IN ? &c->in : &c->out;
	before->reasons = *before->now;
	before->would_drop = c->would_drop;
	memset(&s->info, 0, sizeof(s->info));
	s->alerts = s->requests = 0; /* the limits of a second protect rings: there are none */
	native.frame = engine.frame;
	native.frame_len = len;
	return s;
}

static void end_run(const struct scratch *s, const struct before *before, bool dropped,
		    struct cg_engine_verdict *verdict)
{
	bool would_drop = cg_engine_counters()->would_drop != before->would_drop;

	*verdict = (struct cg_engine_verdict){
		.reason = find_reason(&before->reasons, before->now),
		.action = dropped      ? CG_DROP
			  : would_drop ? CG_WOULD_DROP
				       : CG_PASS,
		.method = s->info.method,
		.status = s->info.status,
		.key = s->info.key,
	};
}

void cg_engine_run(enum cg_direction direction, size_t len, __u32 ifindex, bool own_socket,
		   struct cg_engine_verdict *verdict)
{
	__u32 end = (__u32)(uintptr_t)engine.frame + len;
	struct before before;
	struct scratch *s = begin_run(direction, len, &before);
	bool dropped = false;

	if (direction == CG_OUT)
		run_out(end, ifindex, own_socket);
	else
		dropped = run_in(end, ifindex);
	end_run(s, &before, dropped, verdict);
}

void cg_engine_run_report(const struct cg_hep_report *report, const __u8 *text, size_t len,
			  struct cg_engine_verdict *verdict)
{
	size_t n = len < SIP_MAX ? len : SIP_MAX;
	struct cg_hep_report head = *report;
	struct xdp_md xdp = {};
	struct before before;
	struct scratch *s;

	head.at = native.now;
	head.cut = n < len;
	memcpy(engine.frame, &head, sizeof(head));
	memcpy(engine.frame + sizeof(head), text, n);
	s = begin_run(head.direction, sizeof(head) + n, &before);
	runs_report = 1;
	cseqguard_hep(&xdp);
	runs_report = 0;
	end_run(s, &before, false, verdict);
}

/* --- what the daemon does --------------------------------------------------------------------- */

const struct cg_dialog *cg_engine_find_dialog(const struct cg_dialog_key *key)
{
	return bpf_map_lookup_elem(&dialogs, key);
}

static void visit_map(struct native_map *m, cg_engine_visit visit, void *ctx)
{
	for (__u32 i = 0; i < m->touched; i++)
		if (m->used[i] && visit(ctx, native_key(m, i), native_value(m, i)))
			native_remove(m, i + 1);
}

void cg_engine_visit_dialogs(cg_engine_visit visit, void *ctx)
{
	visit_map(NATIVE_MAP(&dialogs), visit, ctx);
}

void cg_engine_visit_overflow(cg_engine_visit visit, void *ctx)
{
	visit_map(NATIVE_MAP(&overflow), visit, ctx);
}

static bool invite_is_expired(__u64 done, __u64 renewed, __u64 grace, __u64 timeout)
{
	if (done && native.now > done)
		return native.now - done > grace;
	return native.now > renewed && native.now - renewed > timeout;
}

void cg_engine_expire_invites(__u64 grace, __u64 timeout)
{
	struct native_map *m = NATIVE_MAP(&pending);

	for (__u32 i = 0; i < m->touched; i++) {
		const struct cg_invite *note = native_value(m, i);

		if (m->used[i] && invite_is_expired(note->done, note->renewed, grace, timeout))
			native_remove(m, i + 1);
	}
	m = NATIVE_MAP(&branches);
	for (__u32 i = 0; i < m->touched; i++) {
		const struct cg_branch *branch = native_value(m, i);

		if (m->used[i] && invite_is_expired(branch->done, branch->renewed, grace, timeout))
			native_remove(m, i + 1);
	}
}

static struct cg_share *find_share(const __u8 addr[16])
{
	__u8 key[16];

	cg_share_addr(addr, key);
	return bpf_map_lookup_elem(&shares, key);
}

static __u32 count_hep_branches(void)
{
	struct native_map *m = NATIVE_MAP(&branches);
	const struct cg_branch *branch;
	__u32 n = 0;

	for (__u32 i = 0; i < m->touched; i++) {
		branch = native_value(m, i);
		n += m->used[i] && branch->flags & CG_B_HEP;
	}
	return n;
}

void cg_engine_correct_usage(void)
{
	struct native_map *calls = NATIVE_MAP(&dialogs), *notes = NATIVE_MAP(&pending);
	struct native_map *m = NATIVE_MAP(&shares);
	struct cg_share *share;

	*usage_get() = (struct cg_usage){ .dialogs = calls->count,
					  .pending = notes->count,
					  .branches = NATIVE_MAP(&branches)->count,
					  .hep_branches = count_hep_branches() };
	for (__u32 i = 0; i < m->touched; i++) {
		share = native_value(m, i);
		share->dialogs = share->pending = 0;
	}
	for (__u32 i = 0; i < calls->touched; i++) {
		const struct cg_dialog *d = native_value(calls, i);

		share = calls->used[i] && cg_caller_has_share(d->caller_flags, d->callee_flags)
				? find_share(d->caller.addr)
				: NULL;
		if (share)
			share->dialogs++;
	}
	for (__u32 i = 0; i < notes->touched; i++) {
		const struct cg_invite *note = native_value(notes, i);

		share = notes->used[i] && !(note->flags & CG_I_LOCAL)
				? find_share(note->caller_addr)
				: NULL;
		if (share)
			share->pending++;
	}
}

const struct cg_counters *cg_engine_counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

void cg_engine_visit_unexpected(void (*visit)(void *ctx, const __u8 addr[16], __u64 count),
				void *ctx)
{
	struct native_map *m = NATIVE_MAP(&unexpected_uas);

	for (__u32 i = 0; i < m->touched; i++) {
		const struct cg_unexpected_uas *a = native_value(m, i);

		if (m->used[i])
			visit(ctx, native_key(m, i), a->count);
	}
}
