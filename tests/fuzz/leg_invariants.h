/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet may change at a leg of a dialog. A part of frame_fuzz.c, included by invariants.h.
 */
#ifndef LEG_INVARIANTS_H
#define LEG_INVARIANTS_H

struct leg_copy {
	const struct cg_leg *leg;
	__u8 flags;
	__u16 port;
	__u32 passed;
};

static struct leg_copy caller_of(const struct cg_dialog *d)
{
	return (struct leg_copy){ &d->caller, d->caller_flags, d->caller_port, d->caller_passed };
}

static struct leg_copy callee_of(const struct cg_dialog *d)
{
	return (struct leg_copy){ &d->callee, d->callee_flags, d->callee_port, d->callee_passed };
}

static int is_from_leg(const struct leg_copy *leg, const struct msg_info *info)
{
	return addr_equal(info->remote, leg->leg->addr) ||
	       ((leg->flags & CG_LEG_GATEWAY) && info->remote_is_gateway);
}

/*
 * A counter rises only, by a request of the leg: from its own address and port, or the host's own.
 */
static void check_raise(const struct leg_copy *was, const struct leg_copy *is,
			const struct passage *p)
{
	const struct msg_info *info = p->info;
	int own_port = (was->flags & CG_LEG_GATEWAY) || info->remote_port == was->port;

	HOLD(!info->status && info->cseq_valid && is->leg->cseq == info->cseq);
	HOLD(is->flags & CG_LEG_CSEQ_VALID && is->leg->cseq < 0x80000000);
	HOLD(!(was->flags & CG_LEG_CSEQ_VALID) || is->leg->cseq > was->leg->cseq);
	HOLD(info->method != CG_M_ACK && info->method != CG_M_CANCEL);
	if (p->in)
		HOLD(is_from_leg(was, info) && own_port && !info->came_back && !p->dropped);
	else
		HOLD(was->flags & CG_LEG_LOCAL);
}

static void check_leg(const struct leg_copy *was, const struct leg_copy *is,
		      const struct passage *p)
{
	const __u8 kept = ~(CG_LEG_CSEQ_VALID | CG_LEG_BYE_CSEQ_VALID | CG_LEG_SEEN_AFTER_END);

	HOLD(!(was->flags & ~is->flags) && (was->flags & kept) == (is->flags & kept));
	HOLD(!memcmp(was->leg->addr, is->leg->addr, 16) && was->port == is->port);
	if (was->leg->cseq != is->leg->cseq || (was->flags ^ is->flags) & CG_LEG_CSEQ_VALID)
		check_raise(was, is, p);
	if (was->leg->bye_cseq != is->leg->bye_cseq)
		HOLD(p->info->method == CG_M_BYE && !p->info->status && p->info->cseq_valid &&
		     is->leg->bye_cseq == p->info->cseq && !p->dropped);
	if (was->passed != is->passed)
		HOLD(is->passed > was->passed && is->passed == p->info->cseq &&
		     p->info->cseq_valid && !p->info->status && !p->dropped);
}

/* A leg that is not seen is no witness. Without one the callee is unseen. */
static void check_witness(const struct cg_dialog *d)
{
	__u8 flags[] = { d->caller_flags, d->callee_flags };

	for (int i = 0; i < 2; i++) {
		HOLD(!(flags[i] & CG_LEG_WITNESS) || !(flags[i] & CG_LEG_UNSEEN));
		HOLD(!(flags[i] & CG_LEG_GATEWAY) || flags[i] & CG_LEG_WITNESS);
	}
	if (!((flags[0] | flags[1]) & CG_LEG_WITNESS))
		HOLD(flags[1] & CG_LEG_UNSEEN && !((flags[0] | flags[1]) & CG_LEG_LOCAL));
}

static int has_witness(const struct cg_dialog *d)
{
	return (d->caller_flags | d->callee_flags) & CG_LEG_WITNESS;
}

#endif
