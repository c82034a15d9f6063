// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Lets time pass: what has a time is older at once. It must take next to no time itself, also in an emulated
 * machine: no system call for each element of a large map.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.skel.h"
#include "harness.h"

static int age_bucket(int fd, __u32 index, struct cg_fragment_bucket *bucket, __u64 ns)
{
	for (int set = 0; set < CG_FRAGMENT_SETS; set++)
		bucket->sets[set].born -= ns;
	for (int place = 0; place < CG_FRAGMENT_CLOSED; place++)
		if (bucket->closed[place].until)
			bucket->closed[place].until -= ns / 1000000000;
	return bpf_map_update_elem(fd, &index, bucket, BPF_F_LOCK);
}

static int age_buckets(struct harness *harness, __u64 ns)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_F_LOCK);
	enum { BATCH = 128 };
	static const struct cg_fragment_bucket unused;
	static struct cg_fragment_bucket buckets[BATCH];
	int fd = bpf_map__fd(harness->skel->maps.fragments), err = 0, last = 0;
	__u32 keys[BATCH], next, n = BATCH;

	for (void *from = NULL; !err && !last; from = &next, n = BATCH) {
		if (bpf_map_lookup_batch(fd, from, &next, keys, buckets, &n, &opts)) {
			if (errno != ENOENT)
				return -errno;
			last = 1;
		}
		for (__u32 i = 0; i < n && !err; i++)
			if (memcmp(&buckets[i], &unused, sizeof(unused)))
				err = age_bucket(fd, keys[i], &buckets[i], ns);
	}
	return err;
}

/* In the map's own memory: it has 262,144 places. */
static int age_loose(struct harness *harness, __u32 seconds)
{
	int fd = bpf_map__fd(harness->skel->maps.fragment_loose);
	size_t size = CG_FRAGMENT_LOOSE * sizeof(__u64); /* an array's element takes 8 bytes */
	__u64 *places = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (places == MAP_FAILED)
		return -errno;
	for (__u32 i = 0; i < CG_FRAGMENT_LOOSE; i++)
		if (places[i])
			places[i] -= seconds;
	munmap(places, size);
	return 0;
}

int harness_age_fragments(struct harness *harness, __u64 ns)
{
	int err = age_buckets(harness, ns);

	return err ? err : age_loose(harness, ns / 1000000000);
}

int harness_age(struct harness *harness, __u64 ns)
{
	int fd = bpf_map__fd(harness->skel->maps.dialogs), err = 0;
	struct cg_dialog_key key, *last = NULL;
	struct cg_dialog d;

	while (!err && !bpf_map_get_next_key(fd, last, &key)) {
		if (bpf_map_lookup_elem_flags(fd, &key, &d, BPF_F_LOCK))
			return -errno;
		d.setup -= ns;
		d.answer -= ns;
		d.bye_at -= d.bye_at ? ns : 0;
		d.end -= d.end ? ns : 0;
		err = bpf_map_update_elem(fd, &key, &d, BPF_F_LOCK);
		last = &key;
	}
	return err;
}
