// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "report.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "guard.skel.h"
#include "sip_types.h"

static struct guard *reader; /* NULL: not loaded */

static int share_maps(struct harness *harness)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map (map, harness->skel->obj) {
		struct bpf_map *ours =
			bpf_object__find_map_by_name(reader->obj, bpf_map__name(map));

		if (!err && !bpf_map__is_internal(map) && strcmp(bpf_map__name(map), "scratch"))
			err = bpf_map__reuse_fd(ours, bpf_map__fd(map));
	}
	return err;
}

int report_open(struct harness *harness)
{
	struct bpf_program *program;
	int err;

	if (reader)
		return 0;
	reader = guard__open();
	if (!reader)
		return -errno;
	bpf_object__for_each_program (program, reader->obj)
		bpf_program__set_autoload(program, program == reader->progs.cseqguard_hep);
	reader->rodata->reads_hep = 1;
	err = share_maps(harness);
	err = err ? err : guard__load(reader);
	if (err)
		report_close();
	return err;
}

void report_close(void)
{
	guard__destroy(reader);
	reader = NULL;
}

static int run(const void *input, size_t len, __u32 *verdict)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = input, .data_size_in = len);

	if (bpf_prog_test_run_opts(bpf_program__fd(reader->progs.cseqguard_hep), &opts))
		return -errno;
	*verdict = opts.retval;
	return 0;
}

int report_run(struct harness *harness, const struct endpoint *from, const struct endpoint *to,
	       int in, const void *text, size_t len, __u32 *verdict)
{
	static struct {
		struct cg_hep_report head;
		__u8 text[2 * SIP_MAX];
	} input;
	struct timespec now;
	int err = report_open(harness);

	if (err || len > sizeof(input.text))
		return err ? err : -EMSGSIZE;
	clock_gettime(CLOCK_BOOTTIME, &now);
	input.head = (struct cg_hep_report){ .at = now.tv_sec * 1000000000ULL + now.tv_nsec,
					     .source_port = from->port,
					     .dest_port = to->port,
					     .direction = in ? CG_IN : CG_OUT };
	memcpy(input.head.source, from->addr, 16);
	memcpy(input.head.dest, to->addr, 16);
	memcpy(input.text, text, len);
	return run(&input, sizeof(input.head) + len, verdict);
}

int report_insns(void)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int err =
		bpf_obj_get_info_by_fd(bpf_program__fd(reader->progs.cseqguard_hep), &info, &size);

	return err ? err : (int)info.verified_insns;
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool refuses(size_t len)
{
	static __u8 zeros[2 * SIP_MAX];
	__u32 verdict = XDP_PASS;
	int err = run(zeros, len, &verdict);

	return !err && verdict == XDP_ABORTED;
}

static bool is_read(struct harness *harness, const void *ctx)
{
	struct endpoint from, to;
	__u32 verdict = XDP_ABORTED;

	(void)ctx;
	return !endpoint_find("caller", &from) && !endpoint_find("host", &to) &&
	       !report_run(harness, &from, &to, 1, "OPTIONS", 7, &verdict) && verdict == XDP_PASS;
}

void report_checks(struct harness *harness, report_result result)
{
	int err = report_open(harness);

	result(!err || wrong("%s", strerror(-err)), "hep", "the verifier takes the program");
	if (err)
		return;
	printf("# verifier: cseqguard_hep %d instructions\n", report_insns());
	result(refuses(sizeof(struct cg_hep_report)) & refuses(sizeof(struct cg_hep_report) - 1) &
		       refuses(sizeof(struct cg_hep_report) + SIP_MAX + 1),
	       "hep", "a report without a message, or with one that is too long, is not read");
	result(harness_as_nobody(harness, is_read, NULL), "hep",
	       "a user without privileges runs it");
}
