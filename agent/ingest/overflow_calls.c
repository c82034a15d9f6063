// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/overflow_calls.h"

#include <bpf/bpf.h>
#include <stdlib.h>

struct cg_overflow {
	int fd;
	struct cg_writer *writer;
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	unsigned int first, count;
	struct {
		struct cg_dialog_key key;
		__u64 ticket;
	} stored[CG_OVERFLOW_MAX]; /* a ring buffer, in the order of tickets */
};

struct cg_overflow *cg_overflow_new(int fd, struct cg_writer *writer,
				    const struct cg_limits *limits, const struct cg_origin *origin)
{
	struct cg_overflow *overflow = calloc(1, sizeof(*overflow));

	if (overflow) {
		overflow->fd = fd;
		overflow->writer = writer;
		overflow->limits = limits;
		overflow->origin = origin;
	}
	return overflow;
}

void cg_overflow_free(struct cg_overflow *overflow)
{
	free(overflow);
}

void cg_overflow_store(struct cg_overflow *overflow, const struct cg_dialog_key *key,
		       const struct cg_dialog *call, __u64 now)
{
	unsigned int next = (overflow->first + overflow->count) % CG_OVERFLOW_MAX;
	struct cg_cdr_row row;
	__u64 ticket;

	if (overflow->count == CG_OVERFLOW_MAX)
		return;
	cg_cdr_fill_row(call, overflow->limits, overflow->origin,
			cg_cdr_due(call, overflow->limits, now), &row);
	ticket = cg_writer_put(overflow->writer, CG_TABLE_CDR, &row);
	if (!ticket)
		return;
	overflow->stored[next].key = *key;
	overflow->stored[next].ticket = ticket;
	overflow->count++;
}

void cg_overflow_fetch(struct cg_overflow *overflow, const struct cg_dialog_key *key, __u64 now)
{
	struct cg_dialog call;

	if (!bpf_map_lookup_elem_flags(overflow->fd, key, &call, BPF_F_LOCK))
		cg_overflow_store(overflow, key, &call, now);
}

void cg_overflow_set_durable(struct cg_overflow *overflow, __u64 ticket)
{
	for (; overflow->count && overflow->stored[overflow->first].ticket <= ticket;
	     overflow->count--) {
		bpf_map_delete_elem(overflow->fd, &overflow->stored[overflow->first].key);
		overflow->first = (overflow->first + 1) % CG_OVERFLOW_MAX;
	}
}

bool cg_overflow_has_pending(const struct cg_overflow *overflow)
{
	return overflow->count;
}
