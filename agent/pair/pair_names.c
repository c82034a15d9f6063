// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/pair_names.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/text.h"

void cg_pair_names_read(const char *instance, struct cg_pair_names *names)
{
	int fd = cg_map_open(instance, "peers", sizeof(__u32), sizeof(struct cg_peer));
	struct cg_peer peer;

	*names = (struct cg_pair_names){};
	for (__u32 i = 1; fd >= 0 && i < CG_PEERS_MAX; i++) {
		if (bpf_map_lookup_elem(fd, &i, &peer))
			continue;
		cg_text_escape(names->peers[i].node, sizeof(names->peers[i].node), peer.node,
			       sizeof(peer.node) - 1);
		names->any |= *names->peers[i].node;
	}
	if (fd >= 0)
		close(fd);
}

const char *cg_pair_names_find(const struct cg_pair_names *names, const struct cg_dialog *dialog)
{
	const char *node = dialog->peer < CG_PEERS_MAX ? names->peers[dialog->peer].node : "";

	return *node ? node : NULL;
}
