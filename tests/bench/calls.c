// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Calls through the pinned programs of an instance, as fast as they go: each is answered by the
 * host, ends by the caller's BYE, and leaves its events in the ring.
 *
 *         calls INSTANCE N [SERIES [open|end]]    SERIES tells the Call-IDs of several runs apart;
 * open:
 * 						they stay so; end: those of an earlier run end
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "maps/pins.h"
#include "message.h"
#include "util/host_name.h"

static const struct {
	const char *path, *form;
} steps[] = {
	{ "caller>host", "INVITE 13 a> via=c1" },
	{ "host>caller", "200 INVITE 13 a>b via=c1 contact=own" },
	{ "caller>host", "BYE 14 a>b via=c2 uri=sip:b@192.0.2.10:5060" },
	{ "host>caller", "200 BYE 14 a>b via=c2" },
};
#define ANSWERED 2 /* steps */
#define STEPS (sizeof(steps) / sizeof(*steps))

static int play(const int programs[2], size_t i, const char *call_id)
{
	static struct message message;
	static struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.bytes, .repeat = 1);
	struct endpoint from, to;
	char sent_by[HOST_SENT_BY];
	int in, err = endpoint_path(steps[i].path, &from, &to, &in);

	if (!err)
		host_sent_by(&from, sent_by);
	err = err ? err : message_make(&message, steps[i].form, call_id, sent_by);
	err = err ? err : frame_make(&frame, &from, &to, message.text, message.len, NULL);
	opts.data_size_in = frame.len;
	return err ? err : bpf_prog_test_run_opts(programs[!in], &opts);
}

/* The address of the path's host becomes a name of the guarded one, which answers the calls. */
static int name_host(const char *instance)
{
	const struct cg_host_name value = { .origin = CG_NAME_GIVEN };
	int hosts = cg_pin_open(instance, "hosts");
	struct cg_secret secret;
	int err = hosts < 0 ? hosts : cg_secret_read(instance, &secret);
	__u64 hash;

	if (err)
		return err;
	hash = cg_host_name_hash(&secret, "192.0.2.10");
	return bpf_map_update_elem(hosts, &hash, &value, BPF_ANY);
}

int main(int argc, char **argv)
{
	const char *part = argc > 4 ? argv[4] : "";
	const size_t first = strcmp(part, "end") ? 0 : ANSWERED;
	const size_t end = strcmp(part, "open") ? STEPS : ANSWERED;
	int programs[2], err = 0;
	char call_id[64];

	if (argc < 3) {
		fprintf(stderr, "usage: calls INSTANCE N [SERIES [open|end]]\n");
		return 2;
	}
	programs[0] = cg_pin_open(argv[1], "prog_in");
	programs[1] = cg_pin_open(argv[1], "prog_out");
	if (programs[0] < 0 || programs[1] < 0) {
		fprintf(stderr, "calls: instance %s: its programs cannot be opened: attach first\n",
			argv[1]);
		return 1;
	}
	err = name_host(argv[1]);
	for (long n = 0; !err && n < atol(argv[2]); n++) {
		snprintf(call_id, sizeof(call_id), "%08ld-%s@caller.example", n,
			 argc > 3 ? argv[3] : "0");
		for (size_t i = first; !err && i < end; i++)
			err = play(programs, i, call_id);
	}
	if (err)
		fprintf(stderr, "calls: instance %s: %s\n", argv[1], strerror(-err));
	return !!err;
}
