// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/status_hints.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "maps/counters.h"
#include "maps/pins.h"

static int read_would_drop(const char *instance, struct cg_status_hints *advice)
{
	union cg_counters_sum sum;
	int err = cg_counters_read_pinned(instance, &sum);

	if (err)
		return err;
	advice->would_drop.packets = sum.counters.would_drop;
	advice->would_drop.accepted = sum.counters.would_drop_accepted;
	advice->would_drop.refused = sum.counters.would_drop_refused;
	/* the two reasons that may hit something else */
	advice->would_drop.all_byes = !sum.counters.in.foreign_ack && !sum.counters.in.fragmented;
	return 0;
}

/* Keeps the latest ones, in that order. */
static void keep(struct cg_status_hints *advice, const struct cg_status_uas *answerer)
{
	struct cg_status_uas *list = advice->uas;
	unsigned int i = advice->n_uas;

	if (i < CG_STATUS_UAS_MAX)
		advice->n_uas++;
	else if (list[--i].last >= answerer->last)
		return;
	for (; i && list[i - 1].last < answerer->last; i--)
		list[i] = list[i - 1];
	list[i] = *answerer;
}

static int read_answerers(const char *instance, struct cg_status_hints *advice)
{
	int fd, gateways, err = 0;
	__u8 *from = NULL, addr[16];

	fd = cg_map_open(instance, "unexpected_uas", sizeof(addr),
			 sizeof(struct cg_unexpected_uas));
	gateways = cg_map_open(instance, "gateways", sizeof(struct cg_prefix), sizeof(__u32));
	if (fd < 0 || gateways < 0)
		err = fd < 0 ? fd : gateways;
	for (int i = 0; !err && i < CG_UNEXPECTED_UAS_MAX; i++, from = addr) {
		struct cg_prefix host = { .bits = 128 };
		struct cg_status_uas answerer;
		struct cg_unexpected_uas value;
		__u32 one;

		if (bpf_map_get_next_key(fd, from, addr))
			break;
		memcpy(host.addr, addr, sizeof(addr));
		if (bpf_map_lookup_elem(fd, addr, &value) ||
		    !bpf_map_lookup_elem(gateways, &host, &one))
			continue; /* gone, or named meanwhile */
		answerer.count = value.count;
		answerer.last = value.last;
		memcpy(answerer.addr, addr, sizeof(addr));
		keep(advice, &answerer);
	}
	if (fd >= 0)
		close(fd);
	if (gateways >= 0)
		close(gateways);
	return err;
}

int cg_status_hints_read(const char *instance, struct cg_status_hints *advice)
{
	struct cg_status_hints found = {};
	int err = read_would_drop(instance, &found);

	if (!err)
		err = read_answerers(instance, &found);
	cg_runtime_note_read(instance, CG_RUNTIME_BREAKER,
			     found.breaker); /* none, or none to be seen */
	if (!err)
		*advice = found;
	return err;
}
