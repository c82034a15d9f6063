// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/replay/hosts.c agent/replay/omission.c
/* Which addresses of a capture are the guarded host, and what follows from a refused request. */
#include <stdlib.h>
#include <string.h>

#include "replay/hosts.h"
#include "replay/omission.h"
#include "tap.h"

/* --- hosts ------------------------------------------------------------------------------------ */

struct invite {
	char from, to; /* addresses: the last byte */
	__u64 call, branch, below;
};

static char gateway;

static bool is_gateway(const __u8 addr[16])
{
	return addr[15] == gateway;
}

static struct cg_flow make_flow(char from, char to)
{
	return (struct cg_flow){ .source = { [15] = from }, .dest = { [15] = to } };
}

/* expected: the addresses, the best first */
static void hosts(const char *name, const char *expected, const struct invite *invites)
{
	struct cg_host_finder *finder = cg_host_finder_new();
	struct cg_replay_hosts found = {};
	char text[CG_REPLAY_HOSTS_MAX + 1] = "";

	for (; invites->from; invites++) {
		struct cg_flow flow = make_flow(invites->from, invites->to);

		cg_host_finder_note(finder, &flow,
				    &(struct cg_sip_facts){ .method = CG_M_INVITE,
							    .call_id = invites->call,
							    .from_tag = 1,
							    .branch = invites->branch,
							    .branch2 = invites->below });
	}
	cg_host_finder_choose(finder, is_gateway, &found);
	for (unsigned int i = 0; i < found.n; i++)
		text[i] = found.addr[i][15];
	ok(!strcmp(text, expected), "hosts: %s: '%s'", name, text);
	cg_host_finder_free(finder);
}

#define INVITES (const struct invite[])

static void find_hosts(void)
{
	hosts("a proxy sends on what it receives", "P",
	      INVITES{ { 'a', 'P', 1, 10, 0 }, { 'P', 'g', 1, 11, 10 }, {} });
	hosts("a proxy that calls customers, too", "P",
	      INVITES{ { 'a', 'P', 1, 10, 0 },
		       { 'P', 'g', 1, 11, 10 },
		       { 'g', 'P', 2, 20, 0 },
		       { 'P', 'a', 2, 21, 20 },
		       {} });
	hosts("two addresses of one proxy, found by the Via", "PQ",
	      INVITES{ { 'a', 'P', 1, 10, 0 }, { 'Q', 'g', 1, 11, 10 }, {} });
	hosts("a host that hides topology keeps the Call-ID", "P",
	      INVITES{ { 'a', 'P', 1, 10, 0 }, { 'P', 'g', 1, 11, 0 }, {} });
	hosts("of two proxies in a row the first, which sends on as much", "P",
	      INVITES{ { 'a', 'P', 1, 10, 0 },
		       { 'P', 'R', 1, 11, 10 },
		       { 'R', 'g', 1, 12, 11 },
		       {} });
	hosts("an endpoint only receives", "E",
	      INVITES{ { 'a', 'E', 1, 10, 0 }, { 'b', 'E', 2, 20, 0 }, {} });
	hosts("one call at two places is no host of two addresses", "E",
	      INVITES{
		      { 'a', 'E', 1, 10, 0 }, { 'b', 'F', 1, 20, 0 }, { 'a', 'E', 1, 10, 0 }, {} });
	hosts("an INVITE that comes twice counts once", "F",
	      INVITES{
		      { 'b', 'F', 1, 20, 0 }, { 'a', 'E', 1, 10, 0 }, { 'a', 'E', 1, 10, 0 }, {} });
	hosts("a caller that only sends is none, and nobody is left to be one", "g",
	      INVITES{ { 'C', 'g', 1, 10, 0 }, {} });
	gateway = 'g';
	hosts("a named gateway is no host: who speaks with it is", "C",
	      INVITES{ { 'C', 'g', 1, 10, 0 }, {} });
	gateway = 0;
	hosts("no INVITE, no host", "", INVITES{ {} });
}

/*
 * --- what follows from a refusal ---------------------------------------------------------------
 */

static struct cg_sip_facts make_bye(__u64 branch, __u64 branch2, __u16 status)
{
	return (struct cg_sip_facts){ .method = CG_M_BYE,
				      .status = status,
				      .cseq = 10,
				      .call_id = 1,
				      .from_tag = 2,
				      .to_tag = 3,
				      .branch = branch,
				      .branch2 = branch2 };
}

static void omits(const char *name, bool expected, struct cg_omissions *o,
		  enum cg_direction direction, struct cg_sip_facts facts, __u64 now)
{
	ok(cg_omissions_match(o, direction, &facts, now) == expected, "omission: %s", name);
}

static void omissions(void)
{
	struct cg_omissions *o = calloc(1, sizeof(*o));
	struct cg_sip_facts refused = make_bye(10, 0, 0), other = make_bye(11, 10, 0);

	cg_omissions_add(o, &refused, 1000);
	omits("the refused BYE itself is judged again", false, o, CG_IN, refused, 1001);
	omits("a response to nothing that the host sent stays", false, o, CG_IN,
	      make_bye(11, 10, 200), 1001);
	omits("the host's BYE with the refused one's Via goes", true, o, CG_OUT, other, 1001);
	omits("the answer to it goes", true, o, CG_IN, make_bye(11, 10, 200), 1002);
	omits("the host's answer to the refused one goes", true, o, CG_OUT, make_bye(10, 0, 500),
	      1003);
	omits("a BYE of another branch stays", false, o, CG_OUT, make_bye(12, 13, 0), 1004);
	other.call_id = 7;
	omits("a BYE of another call stays", false, o, CG_OUT, other, 1004);
	omits("behind a host that hides topology, a BYE of these numbers goes", true, o, CG_OUT,
	      make_bye(14, 0, 0), 1005);
	other = make_bye(15, 0, 0);
	other.cseq = 11;
	omits("a request with another CSeq stays", false, o, CG_OUT, other, 1006);
	omits("after a minute nothing follows any more", false, o, CG_OUT, make_bye(11, 10, 0),
	      1000 + CG_OMISSION_NS);
	free(o);
}

int main(void)
{
	find_hosts();
	omissions();
	return tap_done();
}
