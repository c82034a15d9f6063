// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/status_hints.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "maps/counters.h"
#include "maps/pins.h"

static int read_would_drop(const char *instance, struct cg_status_hints *hints)
{
	union cg_counters_sum sum;
	int err = cg_counters_read_pinned(instance, &sum);

	if (err)
		return err;
	hints->would_drop.packets = sum.counters.would_drop;
	hints->would_drop.accepted = sum.counters.would_drop_accepted;
	hints->would_drop.refused = sum.counters.would_drop_refused;
	/* Only these reasons concern other methods than BYE. */
	hints->would_drop.all_byes = !sum.counters.in.foreign_ack && !sum.counters.in.fragmented &&
				     !sum.counters.in.fragment_unlike &&
				     !sum.counters.in.tcp_unlike && !sum.counters.in.tcp_unframed;
	return 0;
}

/* Inserts the host into the list, which is sorted by time and keeps the latest hosts. */
static void insert_latest(struct cg_status_hints *hints, const struct cg_status_uas *host)
{
	struct cg_status_uas *list = hints->uas;
	unsigned int i = hints->n_uas;

	if (i < CG_STATUS_UAS_MAX)
		hints->n_uas++;
	else if (list[--i].last >= host->last)
		return;
	for (; i && list[i - 1].last < host->last; i--)
		list[i] = list[i - 1];
	list[i] = *host;
}

static int read_unexpected_uas(const char *instance, struct cg_status_hints *hints)
{
	int fd, gateways, err = 0;
	__u8 *from = NULL, addr[16];

	fd = cg_map_open(instance, "unexpected_uas", sizeof(addr),
			 sizeof(struct cg_unexpected_uas));
	gateways = cg_map_open(instance, "gateways", sizeof(struct cg_prefix), sizeof(__u32));
	if (fd < 0 || gateways < 0)
		err = fd < 0 ? fd : gateways;
	for (int i = 0; !err && i < CG_UNEXPECTED_UAS_MAX; i++, from = addr) {
		struct cg_prefix prefix = { .bits = 128 };
		struct cg_status_uas host;
		struct cg_unexpected_uas value;
		__u32 one;

		if (bpf_map_get_next_key(fd, from, addr))
			break;
		memcpy(prefix.addr, addr, sizeof(addr));
		if (bpf_map_lookup_elem(fd, addr, &value) ||
		    !bpf_map_lookup_elem(gateways, &prefix, &one))
			continue; /* deleted, or listed as a gateway since */
		host.count = value.count;
		host.last = value.last;
		memcpy(host.addr, addr, sizeof(addr));
		insert_latest(hints, &host);
	}
	if (fd >= 0)
		close(fd);
	if (gateways >= 0)
		close(gateways);
	return err;
}

int cg_status_hints_read(const char *instance, struct cg_status_hints *hints)
{
	struct cg_status_hints found = {};
	int err = read_would_drop(instance, &found);

	if (!err)
		err = read_unexpected_uas(instance, &found);
	if (!err)
		err = cg_share_most_read(instance, &found.most);
	cg_runtime_note_read(instance, CG_RUNTIME_BREAKER, found.breaker); /* "" on failure */
	if (!err)
		*hints = found;
	return err;
}
