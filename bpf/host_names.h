/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names of the guarded host: its addresses, those of --host, and those that it writes into its own
 * Vias. Owner of `hosts`. The kernel inserts what it learns, at most CG_HOSTS_MAX; the loader
 * inserts the rest.
 *
 * API: host_name_is_own(), host_name_learn().
 */
#ifndef CG_HOST_NAMES_H
#define CG_HOST_NAMES_H

#include "bpf_attr.h"
#include "sip_hash.h"
#include "maps.h"
#include "text.h"

/* hash: of the folded text without port. */
bpf_inline int host_name_is_own(__u64 hash)
{
	return bpf_map_lookup_elem(&hosts, &hash) != NULL;
}

/*
 * A host behind a NAT writes its public address into its Via. Only a request that leaves from a
 * socket of the host teaches a name: what is routed through the host carries the Via of others.
 */
BPF_SUBPROG int host_name_learn(struct sip_parser *p, const struct sip_slice *host, __u64 hash)
{
	struct cg_host_name name = { .origin = CG_NAME_LEARNED };

	if (host->len && host->len < sizeof(name.text))
		text_copy(name.text, sizeof(name.text), p, host);
	bpf_map_update_elem(&hosts, &hash, &name, BPF_NOEXIST);
	return 0;
}

#endif
