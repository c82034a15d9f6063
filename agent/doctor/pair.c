// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The pair: Redis, the other hosts, their clocks, and whether one host has room for all calls. */
#include <stdlib.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "maps/pins.h"
#include "pair/pair_note.h"

#define SKEW_SAID_US 100000 /* an end is wrong by that much when another host sees it */

static void check_redis(struct cg_findings *f, const struct cg_pair_status *s)
{
	if (s->connected)
		cg_finding_add(f, CG_OK, "pair", NULL,
			       "%s on redis %s: %u dialogs of other hosts are guarded here",
			       s->name, s->redis, s->foreign);
	else
		cg_finding_add(
			f, CG_FAILURE, "pair",
			"start Redis, or set redis, redis-user and redis-password-file in "
			"cseqguard.conf",
			"redis %s is not reached: %s; no other host knows the calls that began "
			"since",
			s->redis, *s->error ? s->error : "no answer yet");
	if (s->no_room)
		cg_finding_add(
			f, CG_FAILURE, "pair",
			"attach each host with a --max-dialogs that holds the calls of all",
			"map dialogs had no room for %llu records of other hosts: their calls "
			"are not guarded here",
			(unsigned long long)s->no_room);
	if (s->unpublished && s->connected)
		cg_finding_add(f, CG_OK, "pair", NULL,
			       "%u dialogs have changes that are not in Redis yet", s->unpublished);
}

static void check_trouble(struct cg_findings *f, const struct cg_pair_peer_status *p)
{
	if (p->trouble == CG_TROUBLE_SECRET)
		cg_finding_add(f, CG_FAILURE, "pair",
			       "attach both hosts with one --secret-file (`detach -a` first)",
			       "%s: its records are refused, as its secret is another one",
			       p->node);
	else if (p->trouble == CG_TROUBLE_LAYOUT)
		cg_finding_add(f, CG_FAILURE, "pair", "install one release on all hosts",
			       "%s: its records are refused, as its release has another layout",
			       p->node);
	else if (p->trouble == CG_TROUBLE_CLOCK)
		cg_finding_add(f, CG_FAILURE, "pair", "let chrony or ntpd run on all hosts",
			       "%s: its clock is %+.3f s off, and its records are not taken",
			       p->node, p->skew_us / 1e6);
	else if (p->has_skew && llabs(p->skew_us) > SKEW_SAID_US)
		cg_finding_add(f, CG_WARNING, "pair", "let chrony or ntpd run on all hosts",
			       "%s: its clock is %+.3f s off: a call that ends there has a wrong "
			       "length",
			       p->node, p->skew_us / 1e6);
}

/* Each host has the calls of all, so the fuller map says what the smaller one must hold. */
static void check_room(struct cg_findings *f, const struct cg_pair_peer_status *p, __u32 max)
{
	__u32 room = p->max_dialogs < max ? p->max_dialogs : max;

	if (p->alive && p->max_dialogs && p->max_dialogs != max)
		cg_finding_add(f, p->dialogs > room / 4 * 3 ? CG_FAILURE : CG_WARNING, "pair",
			       "attach each host with the same --max-dialogs",
			       "%s has room for %u dialogs, and this host for %u: the smaller one "
			       "cannot hold all calls (%u now)",
			       p->node, p->max_dialogs, max, p->dialogs);
}

static void check_peer(struct cg_findings *f, const struct cg_pair_peer_status *p, __u32 max)
{
	char text[256];

	cg_pair_note_format_peer(p, text, sizeof(text));
	if (!p->alive)
		cg_finding_add(f, CG_WARNING, "pair",
			       "start its daemon; this host closes the calls that speak here", "%s",
			       text);
	else if (p->trouble == CG_TROUBLE_NONE)
		cg_finding_add(f, CG_OK, "pair", NULL, "%s", text);
	check_trouble(f, p);
	check_room(f, p, max);
}

void cg_doctor_check_pair(struct cg_findings *f, const char *instance)
{
	struct cg_pair_note note;
	struct cg_config config;
	int fd;

	if (cg_pair_note_read(instance, &note))
		return;
	fd = cg_config_open(instance, &config);
	if (fd < 0)
		return; /* another finding says it */
	close(fd);
	check_redis(f, &note.status);
	for (unsigned int i = 0; i < note.status.n_peers; i++)
		check_peer(f, &note.status.peers[i], config.max_dialogs);
	if (!note.status.n_peers)
		cg_finding_add(f, CG_WARNING, "pair",
			       "give another host the same pair, redis and --secret-file",
			       "no other host has been seen: these calls are lost with this host");
}
