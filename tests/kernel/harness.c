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
#include <sys/wait.h>
#include <unistd.h>

#include "guard.skel.h"

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
	/* for harness_age_fragments() */
	err = err ? err
		  : bpf_map__set_map_flags(harness->skel->maps.fragment_loose, BPF_F_MMAPABLE);
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

int harness_insns(struct harness *harness, const char *program)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(harness->skel->obj, program);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size);

	return err ? err : (int)info.verified_insns;
}

#define NOBODY 65534

bool harness_as_nobody(struct harness *harness,
		       bool (*check)(struct harness *harness, const void *ctx), const void *ctx)
{
	int status = 1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(setgid(NOBODY) || setuid(NOBODY) || !check(harness, ctx));
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}
