// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What the programs have left in their maps. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard.skel.h"
#include "harness.h"

int harness_note_text(struct harness *harness, __u16 port)
{
	int fd = bpf_map__fd(harness->skel->maps.host_state);
	struct cg_host_state state;
	int err = bpf_map_lookup_elem(fd, &(__u32){ 0 }, &state);

	state.text_ports[0] = port;
	return err ? err : bpf_map_update_elem(fd, &(__u32){ 0 }, &state, BPF_ANY);
}

static void sum_reasons(__u64 *sum, const struct cg_reason_counters *one)
{
	const __u64 *counters = (const __u64 *)one;

	for (int i = 0; i < CG_REASONS; i++)
		sum[i] += counters[i];
}

int harness_counters(struct harness *harness, struct harness_counters *sum)
{
	int cpus = libbpf_num_possible_cpus(), err;
	struct cg_counters *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;

	if (!each)
		return -ENOMEM;
	*sum = (struct harness_counters){ 0 };
	err = bpf_map_lookup_elem(bpf_map__fd(harness->skel->maps.counters), &(__u32){ 0 }, each);
	for (int i = 0; !err && i < cpus; i++) {
		sum_reasons(sum->in, &each[i].in);
		sum_reasons(sum->out, &each[i].out);
		sum->dropped += each[i].dropped;
		sum->answered += each[i].answered;
		sum->would_drop += each[i].would_drop;
		sum->would_drop_accepted += each[i].would_drop_accepted;
		sum->would_drop_refused += each[i].would_drop_refused;
		sum->rewritten += each[i].rewritten;
		sum->events_lost += each[i].events_lost;
		sum->alerts_lost += each[i].alerts_lost;
		sum->alerts_limited += each[i].alerts_limited;
	}
	free(each);
	return err;
}

int harness_zero_counters(struct harness *harness)
{
	int cpus = libbpf_num_possible_cpus(), err;
	struct cg_counters *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;

	if (!each)
		return -ENOMEM;
	err = bpf_map_update_elem(bpf_map__fd(harness->skel->maps.counters), &(__u32){ 0 }, each,
				  BPF_ANY);
	free(each);
	return err;
}

int harness_dialogs(struct harness *harness, struct cg_dialog *dialogs)
{
	int fd = bpf_map__fd(harness->skel->maps.dialogs), count = 0;
	struct cg_dialog_key key, *last = NULL;

	while (count < HARNESS_DIALOGS_MAX && !bpf_map_get_next_key(fd, last, &key)) {
		if (bpf_map_lookup_elem_flags(fd, &key, &dialogs[count++], BPF_F_LOCK))
			return -errno;
		last = &key;
	}
	return count;
}

long long harness_answers(struct harness *harness, const __u8 addr[16])
{
	struct cg_unexpected_uas answerer;
	int err = bpf_map_lookup_elem(bpf_map__fd(harness->skel->maps.unexpected_uas), addr,
				      &answerer);

	if (err == -ENOENT)
		return 0;
	return err ? err : (long long)answerer.count;
}

int harness_count(struct harness *harness, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(harness->skel->obj, name);
	__u8 key[64], *last = NULL;
	int count = 0;

	if (!map)
		return -ENOENT;
	while (!bpf_map_get_next_key(bpf_map__fd(map), last, key)) {
		last = key;
		count++;
	}
	return count;
}

int harness_done(struct harness *harness)
{
	int fd = bpf_map__fd(harness->skel->maps.pending), count = 0;
	struct cg_txn_key key, *last = NULL;
	struct cg_invite invite;

	while (!bpf_map_get_next_key(fd, last, &key)) {
		if (bpf_map_lookup_elem(fd, &key, &invite))
			return -errno;
		count += !!invite.done;
		last = &key;
	}
	return count;
}

__u64 harness_rang(struct harness *harness)
{
	int fd = bpf_map__fd(harness->skel->maps.pending);
	struct cg_txn_key key, *last = NULL;
	struct cg_invite invite;
	__u64 rang = 0;

	while (!bpf_map_get_next_key(fd, last, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &invite) && invite.renewed > rang)
			rang = invite.renewed;
		last = &key;
	}
	return rang;
}

int harness_fill(struct harness *harness, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(harness->skel->obj, name);
	static __u64 value[256], key[8];
	int count = 0;

	if (!map || bpf_map__value_size(map) > sizeof(value) ||
	    bpf_map__key_size(map) > sizeof(key))
		return -ENOENT;
	for (key[0] = 1; !bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_NOEXIST); key[0]++)
		count++;
	return count;
}

/* Returns the fd of the map and reads its first key, or returns -errno. */
static int first_key(struct harness *harness, const char *name, void *key)
{
	int fd = bpf_object__find_map_fd_by_name(harness->skel->obj, name);

	return fd < 0 ? fd : bpf_map_get_next_key(fd, NULL, key) ? -errno : fd;
}

int harness_drop_one(struct harness *harness, const char *name)
{
	__u64 key[8];
	int fd = first_key(harness, name, key);

	return fd < 0 ? fd : bpf_map_delete_elem(fd, key) ? -errno : 0;
}

int harness_first(struct harness *harness, const char *name, void *value)
{
	__u64 key[8];
	int fd = first_key(harness, name, key);

	return fd < 0 ? fd : bpf_map_lookup_elem(fd, key, value) ? -errno : 0;
}
