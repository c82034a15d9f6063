// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "dialogs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pins.h"
#include "progress.h"

#define BATCH 256 /* records a call: larger ones stall the programs */

struct batch {
	struct cg_dialog_key keys[BATCH];
	struct cg_dialog dialogs[BATCH];
};

int cg_dialogs_each(const char *instance, const char *what,
		    int (*take)(void *ctx, const struct cg_dialog_key *key,
				const struct cg_dialog *dialog),
		    void *ctx)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_F_LOCK);
	int fd = cg_map_open_as(instance, "dialogs", sizeof(struct cg_dialog_key),
				sizeof(struct cg_dialog));
	struct batch *batch;
	int err = 0, last = 0;
	__u32 in, out, n;
	__u64 done = 0;

	if (fd < 0)
		return fd;
	batch = malloc(sizeof(*batch));
	if (!batch)
		err = -ENOMEM;
	cg_progress_start(what, 0);
	for (void *from = NULL; !err && !last; from = &in) {
		n = BATCH;
		if (bpf_map_lookup_batch(fd, from, &out, batch->keys, batch->dialogs, &n, &opts))
			last = errno == ENOENT ? 1 : -errno;
		in = out;
		for (__u32 i = 0; last >= 0 && i < n && !err; i++) {
			err = take(ctx, &batch->keys[i], &batch->dialogs[i]);
			cg_progress(++done);
		}
	}
	cg_progress_end();
	free(batch);
	close(fd);
	return err ? err : last < 0 ? last : 0;
}
