// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The legs of the calls that run: which of them are not read, who has most of the calls, and what
 * the guard takes for this host.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls/shares.h"
#include "doctor/doctor.h"
#include "maps/map_iter.h"
#include "maps/pins.h"
#include "maps/share_most.h"
#include "util/text.h"

#define NAMES_TEXT 256

struct sides {
	unsigned int calls, callers, callees; /* callers, callees: that are unseen */
	struct cg_shares *shares; /* calls by the caller's address; NULL: not counted */
	int gateways_fd; /* negative: not open */
};

/* Gateways, relays and the host may have any number of calls. */
static void count_share(struct sides *sides, const struct cg_dialog *dialog)
{
	enum cg_side side = cg_leg_side(dialog->caller_flags);
	struct cg_prefix prefix = { .bits = 128 };
	struct cg_share_entry *entry;
	__u8 addr[16];
	__u32 class;

	memcpy(prefix.addr, dialog->caller.addr, sizeof(prefix.addr));
	if (!sides->shares || (side != CG_SIDE_WIRE && side != CG_SIDE_HEP) ||
	    !bpf_map_lookup_elem(sides->gateways_fd, &prefix, &class))
		return;
	cg_share_addr(dialog->caller.addr, addr);
	entry = cg_shares_get(sides->shares, addr);
	if (entry)
		entry->dialogs++;
}

static int count_sides(void *ctx, const struct cg_dialog *dialog)
{
	struct sides *sides = ctx;

	count_share(sides, dialog);
	sides->calls++;
	sides->callers += cg_leg_side(dialog->caller_flags) == CG_SIDE_UNSEEN;
	sides->callees += cg_leg_side(dialog->callee_flags) == CG_SIDE_UNSEEN;
	return 0;
}

static void check_sides(struct cg_findings *f, const struct sides *sides)
{
	static const char remedy[] =
		"attach every interface that carries SIP; TLS is not read, nor "
		"TCP with tcp=off, and such calls end as suspect";
	if (!sides->calls)
		return;
	if (sides->callees)
		cg_finding_add(f, CG_WARNING, "callees", remedy,
			       "%u of %u calls have an unseen carrier or callee", sides->callees,
			       sides->calls);
	if (sides->callers)
		cg_finding_add(f, CG_WARNING, "callers", remedy,
			       "%u of %u calls have an unseen caller", sides->callers,
			       sides->calls);
	if (!sides->callees && !sides->callers)
		cg_finding_add(f, CG_OK, "sides", NULL, "both legs of all %u calls are seen",
			       sides->calls);
}

/* An address with many of the calls is a relay, or somebody who fills the map. */
static void check_shares(struct cg_findings *f, const struct sides *sides,
			 const struct cg_config *config)
{
	const struct cg_share_entry *entry;
	char address[CG_SHARE_ADDR_TEXT];
	__u32 slot = 0;

	while (sides->shares && (entry = cg_shares_next(sides->shares, &slot))) {
		struct cg_share_most holder = { .dialogs = entry->dialogs };

		if (!cg_share_is_large(entry->dialogs, sides->calls))
			continue;
		memcpy(holder.addr, entry->addr, sizeof(holder.addr));
		cg_share_most_format_addr(&holder, address);
		cg_finding_add(
			f, CG_WARNING, "share",
			"if it is a relay of your own: cseqguard set relay=CIDR,...; if not, "
			"its calls without a gateway are unguarded beyond its share",
			"%s is the caller of %u of %u calls: is it a relay? (share %u)", address,
			entry->dialogs, sides->calls, config->share);
	}
}

static void check_legs(struct cg_findings *f, const char *name, const struct cg_config *config)
{
	struct sides sides = {
		.shares = cg_shares_new(config->max_dialogs),
		.gateways_fd =
			cg_map_open(name, "gateways", sizeof(struct cg_prefix), sizeof(__u32)),
	};

	if (!cg_dialogs_for_each(name, count_sides, &sides)) {
		check_sides(f, &sides);
		check_shares(f, &sides, config);
	}
	if (sides.gateways_fd >= 0)
		close(sides.gateways_fd);
	cg_shares_free(sides.shares);
}

/* True if the guard has learned that this host removes the Vias of others. */
static bool has_learned_hiding(const char *name)
{
	struct cg_host_state state = {};
	int fd = cg_map_open(name, "host_state", sizeof(__u32), sizeof(state));
	__u32 zero = 0;

	if (fd < 0)
		return false;
	bpf_map_lookup_elem(fd, &zero, &state);
	close(fd);
	return state.hides_topology;
}

static void check_topology(struct cg_findings *f, const char *name, const struct cg_config *config)
{
	bool learned = has_learned_hiding(name);

	if (config->hides == CG_HIDES_ON)
		cg_finding_add(f, CG_OK, "topology", NULL,
			       "this host hides it, by the setting hides=on: no leg is taken for "
			       "the host's own");
	else if (learned && config->hides == CG_HIDES_AUTO)
		cg_finding_add(f, CG_WARNING, "topology",
			       "if it does, nothing; a B2BUA that keeps Call-ID and tags needs: "
			       "cseqguard set hides=off",
			       "this host hides it, as an INVITE without its sender's Via showed: "
			       "no leg is taken for the host's own");
	else
		cg_finding_add(f, CG_OK, "topology", NULL, "this host does not hide it%s",
			       learned ? ", by the setting hides=off" : "");
}

struct names {
	unsigned int given, learned;
	char text[NAMES_TEXT]; /* the learned ones */
};

static void add_name(void *ctx, const void *key, const void *value)
{
	const struct cg_host_name *host = value;
	struct names *names = ctx;
	char text[CG_ESCAPED_SIZE(sizeof(host->text))];
	size_t len = strlen(names->text);

	(void)key;
	if (host->origin & (CG_NAME_GIVEN | CG_NAME_ADDRESS)) {
		names->given++;
		return;
	}
	names->learned++;
	cg_text_escape(text, sizeof(text), host->text, sizeof(host->text));
	snprintf(names->text + len, sizeof(names->text) - len, "%s%s", len ? ", " : "",
		 *text ? text : "(a long name)");
}

static void check_names(struct cg_findings *f, const char *name)
{
	struct names names = {};
	struct cg_map_iter *walk;
	int more;

	if (cg_map_iter_open(name, "hosts", sizeof(__u64), sizeof(struct cg_host_name), false,
			     &walk))
		return;
	do
		more = cg_map_iter_run(walk, 1, add_name, &names);
	while (!more);
	cg_map_iter_close(walk);
	if (names.learned)
		cg_finding_add(f, CG_OK, "names", NULL,
			       "%u given, %u learned from requests of this host: %s", names.given,
			       names.learned, names.text);
	else
		cg_finding_add(f, CG_OK, "names", NULL, "%u given, none learned", names.given);
}

void cg_doctor_check_sides(struct cg_findings *f, const char *name, const struct cg_config *config)
{
	check_legs(f, name, config);
	check_topology(f, name, config);
	check_names(f, name);
}
