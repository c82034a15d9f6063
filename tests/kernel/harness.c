// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.skel.h"
#include "endpoints.h"
#include "util/host_name.h"

/* Small maps, because 6.1 under emulation has little memory, and floods must evict LRU entries. */
#define SMALL 4096
#define SMALL_LRU 1024 /* ... and overflow */

#define LOG_SHOWN 1500 /* bytes */

static int without_btf;

/* Prints libbpf's warnings. Of a verifier log only the end, which has the cause. */
static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	static char text[1 << 20];
	int len;

	if (strstr(format, "without BTF") || strstr(format, ".BTF into kernel"))
		without_btf = 1;
	if (level != LIBBPF_WARN)
		return 0;
	len = vsnprintf(text, sizeof(text), format, args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	return fprintf(stderr, "%s", text + (len > LOG_SHOWN ? len - LOG_SHOWN : 0));
}

static int take(void *arg, void *record, size_t size)
{
	struct harness *harness = arg;
	struct cg_event *event = &harness->got[harness->n_got];

	harness->n_seen++;
	if (size == sizeof(*event))
		harness->n_type[((struct cg_event *)record)->type % CG_EVENTS]++;
	if (harness->n_got == HARNESS_EVENTS_MAX)
		return 0;
	memset(event, 0, sizeof(*event));
	memcpy(event, record, size < sizeof(*event) ? size : sizeof(*event));
	if (size != sizeof(*event))
		event->size = 0; /* marks an event of a wrong size */
	harness->n_got++;
	return 0;
}

static int make_small(struct harness *harness)
{
	int err = bpf_map__set_max_entries(harness->skel->maps.pending, SMALL);

	err = err ? err : bpf_map__set_max_entries(harness->skel->maps.branches, SMALL);
	err = err ? err : bpf_map__set_max_entries(harness->skel->maps.invites, SMALL_LRU);
	return err ? err : bpf_map__set_max_entries(harness->skel->maps.early, SMALL_LRU);
}

/* The program that judges a message is called by the one for a segment. */
static int add_tcp_program(struct harness *harness)
{
	__u32 key = CG_TCP_PROG_MESSAGE;
	int fd = bpf_program__fd(harness->skel->progs.cseqguard_tcp_message);

	return bpf_map_update_elem(bpf_map__fd(harness->skel->maps.tcp_programs), &key, &fd,
				   BPF_ANY);
}

int harness_open(struct harness *harness, __u32 max_dialogs)
{
	int err = -errno;

	*harness = (struct harness){ 0 };
	libbpf_set_print(print);
	harness->skel = guard__open();
	if (!harness->skel)
		return err ? err : -ENOMEM;
	err = bpf_map__set_max_entries(harness->skel->maps.dialogs, max_dialogs);
	err = err ? err : bpf_map__set_max_entries(harness->skel->maps.overflow, SMALL_LRU);
	err = err ? err : max_dialogs > SMALL ? 0 : make_small(harness);
	err = err ? err : guard__load(harness->skel);
	harness->without_btf = without_btf;
	err = err ? err : add_tcp_program(harness);
	if (err)
		return err;
	harness->events =
		ring_buffer__new(bpf_map__fd(harness->skel->maps.events), take, harness, NULL);
	harness->alerts =
		ring_buffer__new(bpf_map__fd(harness->skel->maps.alerts), take, harness, NULL);
	return harness->events && harness->alerts ? 0 : -ENOMEM;
}

void harness_close(struct harness *harness)
{
	ring_buffer__free(harness->events);
	ring_buffer__free(harness->alerts);
	guard__destroy(harness->skel);
}

static int clear(const struct bpf_map *map)
{
	__u8 key[64];
	int err = 0;

	while (!err && !bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		err = bpf_map_delete_elem(bpf_map__fd(map), key);
	return err;
}

static int add_prefix(struct harness *harness, const char *addr_of, __u32 bits, __u32 class)
{
	struct cg_prefix prefix = { .bits = bits };
	struct endpoint endpoint;

	if (endpoint_find(addr_of, &endpoint))
		return -EINVAL;
	memcpy(prefix.addr, endpoint.addr, sizeof(prefix.addr));
	return bpf_map_update_elem(bpf_map__fd(harness->skel->maps.gateways), &prefix, &class,
				   BPF_ANY);
}

static int add_prefixes(struct harness *harness, char *list, __u32 class)
{
	char *name;
	int err = 0;

	while (!err && (name = strsep(&list, ",")))
		err = add_prefix(harness, name, 128, class);
	return err;
}

static int gateways(struct harness *harness, struct cg_config *config, char *list)
{
	int err;

	config->has_gateways = list ? !!strcmp(list, "none") : 1;
	config->has_prefixes = 1;
	if (config->has_gateways && list)
		return add_prefixes(harness, list, CG_ADDR_GATEWAY);
	if (list)
		return 0;
	err = add_prefix(harness, "gateway", 120, CG_ADDR_GATEWAY);
	return err ? err : add_prefix(harness, "gateway6", 48, CG_ADDR_GATEWAY);
}

/* Names and addresses of the guarded host, as `attach` finds them. */
static int name_host(struct harness *harness)
{
	const struct cg_secret secret = { { 0x0123456789abcdef, 0xfedcba9876543210 } };
	static const char *const names[] = { "192.0.2.10", "[2001:db8:2::10]", "proxy.example",
					     "127.0.0.1", "127.0.0.8" };
	struct cg_host_name value = { .origin = CG_NAME_GIVEN };
	int err = add_prefix(harness, "host", 128, CG_ADDR_HOST);

	err = err ? err : add_prefix(harness, "proxy2", 128, CG_ADDR_HOST);
	err = err ? err : add_prefix(harness, "host6", 128, CG_ADDR_HOST);
	err = err ? err
		  : bpf_map_update_elem(bpf_map__fd(harness->skel->maps.secret), &(__u32){ 0 },
					&secret, BPF_ANY);
	for (size_t i = 0; !err && i < sizeof(names) / sizeof(*names); i++) {
		__u64 hash = cg_host_name_hash(&secret, names[i]);

		err = bpf_map_update_elem(bpf_map__fd(harness->skel->maps.hosts), &hash, &value,
					  BPF_ANY);
	}
	return err ? err
		   : bpf_map_update_elem(bpf_map__fd(harness->skel->maps.host_state), &(__u32){ 0 },
					 &(struct cg_host_state){}, BPF_ANY);
}

/* The second word of each pair is the lax one, whose number is 0. */
static int policy(struct cg_config *config, const char *name, const char *value)
{
	struct {
		const char *name, *strict, *lax;
		__u8 *field;
	} known[] = {
		{ "equal", "drop", "pass", &config->equal },
		{ "source", "strict", "observe", &config->source },
		{ "mode", "enforce", "observe", &config->mode },
		{ "fragments", "strict", "pass", &config->fragments },
		{ "strict_interface", "on", "off", &config->strict_interface },
		{ "unseen", "believe", "suspect", &config->unseen },
		{ "refuse", "answer", "drop", &config->refuse },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(name, known[i].name))
			continue;
		*known[i].field = !strcmp(value, known[i].strict);
		return *known[i].field || !strcmp(value, known[i].lax) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int tcp_policy(struct cg_config *config, const char *value)
{
	static const char *const words[] = { "off", "observe", "enforce" };

	for (__u8 i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(value, words[i])) {
			config->tcp = i;
			return 0;
		}
	return -EINVAL;
}

static void ports(struct cg_config *config, char *list)
{
	char *port;

	config->n_ports = 0;
	while (config->n_ports < CG_PORTS_MAX && (port = strsep(&list, ",")))
		config->ports[config->n_ports++] = atoi(port);
}

static int configure(struct harness *harness, const char *settings)
{
	struct cg_config config = {
		.layout = CG_LAYOUT,
		.max_dialogs = bpf_map__max_entries(harness->skel->maps.dialogs),
		.mode = CG_ENFORCE,
		.equal = CG_EQUAL_DROP,
		.source = CG_SOURCE_OBSERVE,
		.fragments = CG_FRAGMENTS_STRICT,
		.hides = CG_HIDES_AUTO,
		.n_ports = 1,
		.ports = { 5060 },
		.clock_offset = { 1000000000000000000 },
	};
	char copy[256], *rest = copy, *word, *named_gateways = NULL, *relays = NULL;
	struct cg_usage used = { 0 };
	int err = 0;

	snprintf(copy, sizeof(copy), "%s", settings ? settings : "");
	while (!err && (word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		if (!strcmp(word, "gateways"))
			named_gateways = value;
		else if (!strcmp(word, "relays"))
			relays = value;
		else if (!strcmp(word, "hides"))
			config.hides = !strcmp(value, "on") ? CG_HIDES_ON : CG_HIDES_OFF;
		else if (!strcmp(word, "tcp"))
			err = tcp_policy(&config, value);
		else if (!strcmp(word, "ports"))
			ports(&config, value);
		else if (!strcmp(word, "max"))
			config.max_dialogs = atoi(value);
		else if (!strcmp(word, "share"))
			config.share = atoi(value);
		else if (!strcmp(word, "used"))
			used.dialogs = atoi(value);
		else if (!strcmp(word, "used_pending"))
			used.pending = atoi(value);
		else
			err = policy(&config, word, value);
	}
	config.port_bits = cg_port_bits(config.ports, config.n_ports);
	err = err ? err : gateways(harness, &config, named_gateways);
	err = err ? err : add_prefixes(harness, relays, CG_ADDR_RELAY);
	err = err ? err : name_host(harness);
	err = err ? err
		  : bpf_map_update_elem(bpf_map__fd(harness->skel->maps.usage), &(__u32){ 0 },
					&used, BPF_ANY);
	return err ? err
		   : bpf_map_update_elem(bpf_map__fd(harness->skel->maps.config), &(__u32){ 0 },
					 &config, BPF_ANY);
}

int harness_set(struct harness *harness, const char *settings)
{
	return configure(harness, settings);
}

int harness_reset(struct harness *harness, const char *settings)
{
	int err = clear(harness->skel->maps.dialogs);

	err = err ? err : clear(harness->skel->maps.overflow);
	err = err ? err : clear(harness->skel->maps.pending);
	err = err ? err : clear(harness->skel->maps.invites);
	err = err ? err : clear(harness->skel->maps.branches);
	err = err ? err : clear(harness->skel->maps.hosts);
	err = err ? err : clear(harness->skel->maps.early);
	err = err ? err : clear(harness->skel->maps.addr_changes);
	err = err ? err : clear(harness->skel->maps.unexpected_uas);
	err = err ? err : clear(harness->skel->maps.gateways);
	err = err ? err : clear(harness->skel->maps.shares);
	err = err ? err : configure(harness, settings);
	harness_events(harness);
	return err;
}

int harness_attach(struct harness *harness, const char *interface)
{
	__u32 index = if_nametoindex(interface);

	return index ? bpf_xdp_attach(index, bpf_program__fd(harness->skel->progs.cseqguard_in), 0,
				      NULL)
		     : -errno;
}

int harness_run(struct harness *harness, int in, const void *frame, size_t len, int repeat,
		__u32 *retval, __u32 *ns)
{
	struct bpf_program *program =
		in ? harness->skel->progs.cseqguard_in : harness->skel->progs.cseqguard_out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = harness->left, .data_size_out = sizeof(harness->left),
		    .repeat = repeat);
	struct xdp_md xdp = { .data_end = len, .ingress_ifindex = harness->ifindex };
	struct __sk_buff skb = { .ifindex = harness->ifindex };
	int err;

	if (harness->ifindex) {
		opts.ctx_in = in ? (void *)&xdp : (void *)&skb;
		opts.ctx_size_in = in ? sizeof(xdp) : sizeof(skb);
	}
	err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	if (err)
		return err;
	*retval = opts.retval;
	harness->left_len = opts.data_size_out;
	if (ns)
		*ns = opts.duration;
	return 0;
}

int harness_run_tcp(struct harness *harness, void *frame, size_t *len, __u32 *verdict)
{
	int err = 0;

	*verdict = (__u32)TC_ACT_UNSPEC;
	for (int round = 0; round < CG_TCP_ROUNDS && !err && *verdict == (__u32)TC_ACT_UNSPEC;
	     round++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = *len,
			    .data_out = frame, .data_size_out = *len, .repeat = 1);
		struct bpf_program *program = round ? harness->skel->progs.cseqguard_tcp_more
						    : harness->skel->progs.cseqguard_tcp_in;

		err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
		*verdict = opts.retval;
		*len = opts.data_size_out;
	}
	return err;
}

int harness_attach_tcp(struct harness *harness)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex("lo"),
		    .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1,
		    .prog_fd = bpf_program__fd(harness->skel->progs.cseqguard_tcp_out));
	int err = bpf_tc_hook_create(&hook);

	return err ? err : bpf_tc_attach(&hook, &opts);
}

void harness_detach_tcp(struct harness *harness)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex("lo"),
		    .attach_point = BPF_TC_EGRESS | BPF_TC_INGRESS);

	(void)harness;
	bpf_tc_hook_destroy(&hook);
}

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

int harness_events(struct harness *harness)
{
	int err;

	harness->n_got = harness->n_seen = 0;
	memset(harness->n_type, 0, sizeof(harness->n_type));
	err = ring_buffer__consume(harness->events);
	if (err >= 0)
		err = ring_buffer__consume(harness->alerts);
	return err < 0 ? err : 0;
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

int harness_age_fragments(struct harness *harness, __u64 ns)
{
	int fd = bpf_map__fd(harness->skel->maps.fragments), err = 0;
	int loose = bpf_map__fd(harness->skel->maps.fragment_loose);
	static __u32 keys[CG_FRAGMENT_LOOSE], times[CG_FRAGMENT_LOOSE];
	static const struct cg_fragment_bucket unused;
	struct cg_fragment_bucket bucket;
	__u32 n = CG_FRAGMENT_LOOSE, next;

	for (__u32 i = 0; i < CG_FRAGMENT_BUCKETS && !err; i++) {
		err = bpf_map_lookup_elem_flags(fd, &i, &bucket, BPF_F_LOCK);
		if (!memcmp(&bucket, &unused, sizeof(bucket)))
			continue;
		for (int set = 0; set < CG_FRAGMENT_SETS; set++)
			bucket.sets[set].born -= ns;
		for (int place = 0; place < CG_FRAGMENT_CLOSED; place++)
			if (bucket.closed[place].until)
				bucket.closed[place].until -= ns / 1000000000;
		err = err ? err : bpf_map_update_elem(fd, &i, &bucket, BPF_F_LOCK);
	}
	err = err ? err : bpf_map_lookup_batch(loose, NULL, &next, keys, times, &n, NULL);
	for (__u32 i = 0; i < n && !err; i++) {
		if (!times[i])
			continue;
		times[i] -= ns / 1000000000;
		err = bpf_map_update_elem(loose, &keys[i], &times[i], BPF_ANY);
	}
	return err;
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

int harness_retire(struct harness *harness)
{
	int fd = bpf_map__fd(harness->skel->maps.dialogs), err = 0;
	struct cg_dialog_key key;

	while (!err && !bpf_map_get_next_key(fd, NULL, &key))
		err = bpf_map_delete_elem(fd, &key);
	err = err ? err : clear(harness->skel->maps.shares);
	return err ? err
		   : bpf_map_update_elem(bpf_map__fd(harness->skel->maps.usage), &(__u32){ 0 },
					 &(struct cg_usage){}, BPF_ANY);
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

int harness_insns(struct harness *harness, const char *program)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(harness->skel->obj, program);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size);

	return err ? err : (int)info.verified_insns;
}
