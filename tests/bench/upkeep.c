// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "upkeep.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard.skel.h"
#include "report.h"

#define BATCH 256 /* as the daemon's sweep: CG_SCAN_BATCH */
#define BYTES_BUDGET 704

/* By the kernel's own count, all that a map takes: values, keys, buckets and lists. */
static long long map_bytes(int fd)
{
	char path[64], line[128];
	long long bytes = -ENOENT;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "memlock: %lld", &bytes);
	fclose(file);
	return bytes;
}

/* Keys of all; 0 or -errno, -EPROTO: there are not so many. */
static int walk(int fd, struct cg_dialog_key *keys, __u32 count, int *calls)
{
	static struct cg_dialog values[BATCH];
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_F_LOCK);
	__u32 token, n, seen = 0;
	int err = 0;

	for (*calls = 0; !err; ++*calls) {
		n = count - seen < BATCH ? count - seen : BATCH;
		if (!n)
			break;
		err = bpf_map_lookup_batch(fd, *calls ? &token : NULL, &token, keys + seen, values,
					   &n, &opts);
		if (!err || err == -ENOENT)
			seen += n;
	}
	if (err && err != -ENOENT)
		return err;
	return seen == count ? 0 : -EPROTO;
}

static int drop_all(int fd, const struct cg_dialog_key *keys, __u32 count)
{
	struct cg_dialog last;
	int err = 0;

	for (__u32 i = 0; !err && i < count; i++)
		err = bpf_map_lookup_and_delete_elem_flags(fd, &keys[i], &last, BPF_F_LOCK);
	return err;
}

int upkeep_run(struct bench *bench, __u32 count)
{
	int fd = bpf_map__fd(bench->harness.skel->maps.dialogs), calls, err;
	struct cg_dialog_key *keys = calloc(count, sizeof(*keys));
	double bytes = map_bytes(fd), start = bench_thread_ns(), walked, done;

	if (!keys)
		return -ENOMEM;
	err = walk(fd, keys, count, &calls);
	walked = bench_thread_ns();
	err = err ? err : drop_all(fd, keys, count);
	done = bench_thread_ns();
	free(keys);
	if (err || bytes < 0)
		return err ? err : (int)bytes;
	report_figure("walk_ms", "a walk by a million, 256 at a time", "ms", (walked - start) / 1e6,
		      0);
	report_figure("walk_call_us", "... one call of it", "us", (walked - start) / 1e3 / calls,
		      0);
	report_figure("removed_per_second", "dialogs read and removed by userspace", "/s",
		      count / (done - walked) * 1e9, 0);
	/* in whole bytes: the map has one more element for each CPU */
	report_figure("dialog_bytes", "memory a dialog", "bytes",
		      (long)(bytes / bpf_map__max_entries(bench->harness.skel->maps.dialogs)),
		      BYTES_BUDGET);
	return 0;
}
