// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "probe.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe.skel.h"
#include "sip_parser.h"

int probe_open(struct probe *probe)
{
	int err = -ENOMEM;

	probe->skel = probe_bpf__open_and_load();
	if (!probe->skel && errno)
		err = -errno;
	return probe->skel ? 0 : err;
}

void probe_close(struct probe *probe)
{
	probe_bpf__destroy(probe->skel);
}

#define PRINTED_MAX 5 /* differences */

static void print_difference(const char *text, unsigned int len, int complete, int native,
			     int kernel)
{
	static int reported;

	if (reported++ >= PRINTED_MAX)
		return;
	printf("#   natively %d, in the kernel %d, complete %d: ", native, kernel, complete);
	for (unsigned int i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '\\')
			printf("\\x%02x", (unsigned char)text[i]);
		else
			putchar(text[i]);
	putchar('\n');
}

int probe_matches(struct probe *probe, const char *text, unsigned int len, int complete)
{
	static struct sip_parser native, kernel;
	__u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	int map = bpf_map__fd(probe->skel->maps.parser), err, parsed;

	memset(&native, 0xa5, sizeof(native)); /* earlier content must not matter */
	memcpy(native.buf, text, len);
	native.len = len;
	native.complete = complete;
	err = bpf_map_update_elem(map, &(__u32){ 0 }, &native, BPF_ANY);
	err = err ? err : bpf_prog_test_run_opts(bpf_program__fd(probe->skel->progs.probe), &opts);
	err = err ? err : bpf_map_lookup_elem(map, &(__u32){ 0 }, &kernel);
	if (err)
		return err;
	parsed = !sip_parse(&native, len, complete) && !sip_parse_routing(&native);
	if ((int)opts.retval == parsed &&
	    (!parsed || !memcmp(&native.msg, &kernel.msg, sizeof(native.msg))))
		return 1;
	print_difference(text, len, complete, parsed, opts.retval);
	return 0;
}
