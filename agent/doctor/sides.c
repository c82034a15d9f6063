// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The legs of the calls that run: which of them are not read, and what the guard takes for this host. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "maps/dialogs.h"
#include "maps/map_iter.h"
#include "maps/pins.h"
#include "util/text.h"

#define NAMES_TEXT 256

struct sides {
	unsigned int calls, callers, callees; /* callers, callees: that are unseen */
};

static int count_sides(void *ctx, const struct cg_dialog *dialog)
{
	struct sides *sides = ctx;

	sides->calls++;
	sides->callers += cg_leg_side(dialog->caller_flags) == CG_SIDE_UNSEEN;
	sides->callees += cg_leg_side(dialog->callee_flags) == CG_SIDE_UNSEEN;
	return 0;
}

static void check_sides(struct cg_findings *f, const char *name)
{
	static const char remedy[] = "attach every interface that carries SIP; TCP and TLS are not "
				     "read, and such calls end as suspect";
	struct sides sides = {};

	if (cg_dialogs_for_each(name, count_sides, &sides) || !sides.calls)
		return;
	if (sides.callees)
		cg_finding_add(f, CG_WARNING, "callees", remedy,
			       "%u of %u calls have an unseen carrier or callee", sides.callees,
			       sides.calls);
	if (sides.callers)
		cg_finding_add(f, CG_WARNING, "callers", remedy,
			       "%u of %u calls have an unseen caller", sides.callers, sides.calls);
	if (!sides.callees && !sides.callers)
		cg_finding_add(f, CG_OK, "sides", NULL, "both legs of all %u calls are seen",
			       sides.calls);
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

static void add_name(void *ctx, const void *value)
{
	const struct cg_host_name *host = value;
	struct names *names = ctx;
	char text[CG_ESCAPED_SIZE(sizeof(host->text))];
	size_t len = strlen(names->text);

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
	check_sides(f, name);
	check_topology(f, name, config);
	check_names(f, name);
}
