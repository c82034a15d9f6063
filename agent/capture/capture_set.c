// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/capture_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/cli_output.h"

struct source {
	const char *path;
	struct cg_capture *capture; /* NULL: it is over */
	struct cg_capture_packet packet; /* the next one */
	uint64_t packets;
};

struct cg_capture_set {
	struct source *last; /* whose packet was given out */
	uint64_t size;
	uint64_t done; /* bytes of the files that are over */
	int n;
	struct source sources[];
};

static const char *get_name(const struct source *source)
{
	return strcmp(source->path, "-") ? source->path : "standard input";
}

/* Reads the next packet of a file, or closes it. */
static void advance(struct cg_capture_set *set, struct source *source)
{
	int result = cg_capture_next(source->capture, &source->packet);

	if (result == 1) {
		source->packets++;
		return;
	}
	if (result < 0)
		cg_notice("%s: cannot read beyond packet %llu: %s; what is before it counts",
			  get_name(source), (unsigned long long)source->packets,
			  cg_capture_fault(source->capture));
	set->done += cg_capture_position(source->capture);
	cg_capture_close(source->capture);
	source->capture = NULL;
}

static int open_source(struct cg_capture_set *set, const char *path)
{
	struct source *source = &set->sources[set->n];
	char why[512];
	int err;

	source->path = path;
	err = cg_capture_open(path, &source->capture, why, sizeof(why));
	if (err)
		return cg_fail("%s: cannot read: %s%s", get_name(source), why,
			       err == -EBADMSG ? "; a capture is a file of tcpdump, dumpcap or "
						 "Wireshark: pcap or pcapng, not compressed"
					       : "");
	set->n++;
	if (!cg_capture_link_is_read(source->capture))
		return cg_fail("%s: cannot read: its link type is %s; Ethernet, cooked, raw IP and "
			       "loopback are read",
			       get_name(source), cg_capture_link_name(source->capture));
	set->size += cg_capture_size(source->capture);
	advance(set, source);
	return CG_DONE;
}

int cg_capture_set_open(char *const *paths, int n, struct cg_capture_set **set)
{
	struct cg_capture_set *s = calloc(1, sizeof(*s) + n * sizeof(*s->sources));
	int code = s ? CG_DONE : cg_fail("replay: out of memory");

	for (int i = 0; i < n && !code; i++)
		code = open_source(s, paths[i]);
	if (code) {
		cg_capture_set_close(s);
		s = NULL;
	}
	*set = s;
	return code;
}

void cg_capture_set_close(struct cg_capture_set *set)
{
	if (!set)
		return;
	for (int i = 0; i < set->n; i++)
		cg_capture_close(set->sources[i].capture);
	free(set);
}

int cg_capture_set_next(struct cg_capture_set *set, struct cg_capture_packet *packet)
{
	struct source *first = NULL;

	if (set->last)
		advance(set, set->last);
	for (int i = 0; i < set->n; i++) {
		struct source *source = &set->sources[i];

		if (source->capture && (!first || source->packet.at < first->packet.at))
			first = source;
	}
	set->last = first;
	if (!first)
		return 0;
	*packet = first->packet;
	return 1;
}

uint64_t cg_capture_set_size(const struct cg_capture_set *set)
{
	return set->size;
}

uint64_t cg_capture_set_position(const struct cg_capture_set *set)
{
	uint64_t position = set->done;

	for (int i = 0; i < set->n; i++)
		if (set->sources[i].capture)
			position += cg_capture_position(set->sources[i].capture);
	return position;
}
