// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/cdr.c agent/util/enum_names.c agent/stats/totals.c agent/daemon/totals_note.c agent/stats/timeline.c agent/maps/runtime_dir.c agent/maps/pins.c agent/util/text.c -lbpf -luuid
#include <stdlib.h>
#include <unistd.h>

#include "daemon/totals_note.h"
#include "stats/totals.h"
#include "tap.h"

#define S 1000000000ULL
#define MIN (60 * S)
#define NOW (100000 * S)

static const struct cg_limits limits = { .max_call = 3600 * S, .lost_at = NOW };

static struct cg_dialog open_call(__u32 blocked)
{
	return (struct cg_dialog){ .state = CG_S_CONFIRMED,
				   .answer = NOW - 100 * S,
				   .first_blocked_ms = blocked ? 10001 : 0,
				   .blocked_byes = blocked };
}

static struct cg_dialog ended_call(__u32 blocked)
{
	struct cg_dialog call = open_call(blocked);

	call.state = CG_S_ENDED;
	call.end = NOW - 50 * S;
	call.end_reason = CG_E_BYE;
	return call;
}

static void look(struct cg_totals *totals, struct cg_totals_part *part,
		 const struct cg_dialog *call, unsigned int due)
{
	cg_totals_update(totals, part, call, &limits, due, NOW);
}

static void transports(void)
{
	struct cg_totals t = {};
	struct cg_totals_part udp = {}, tcp = {};
	struct cg_dialog call = open_call(0);

	look(&t, &udp, &call, 0);
	ok(!t.tcp, "totals: a call over UDP is none over TCP");
	call.flags = CG_D_CALLER_TCP | CG_D_CALLEE_TCP;
	look(&t, &tcp, &call, 0);
	look(&t, &tcp, &call, 0);
	ok(t.tcp == 1, "totals: a call with both legs over TCP counts once");
	cg_totals_remove(&t, &udp);
	ok(t.tcp == 1, "totals: the end of a call over UDP changes no count of TCP");
	cg_totals_remove(&t, &tcp);
	ok(!t.tcp, "totals: a dialog over TCP that has left the map no longer counts");
}

static void one_call(void)
{
	struct cg_totals t = {};
	struct cg_totals_part part = {};
	struct cg_dialog call = open_call(0);

	look(&t, &part, &call, 0);
	ok(t.states[CG_S_CONFIRMED] == 1 && !t.all.blocked && !t.attacked,
	   "totals: an honest call counts as a dialog only");
	call = open_call(2);
	look(&t, &part, &call, 0);
	look(&t, &part, &call, 0);
	ok(t.all.blocked == 2 && cg_totals_protected_ms(&t, NOW) == 90000,
	   "totals: blocked BYEs count once, and protect from the first on");
	call = ended_call(3);
	look(&t, &part, &call, 0);
	look(&t, &part, &call, 0);
	ok(t.all.blocked == 3 && t.all.closed[CG_E_BYE] == 1 && t.all.protected_ms == 40000 &&
		   !t.attacked && !t.attacked_since_ms,
	   "totals: protected time runs to the end, which counts once");
	ok(cg_totals_protected_ms(&t, NOW) == 90000,
	   "totals: the protected time that was shown never falls");
	call.flags = CG_D_ALIVE_AFTER_END;
	look(&t, &part, &call, 0);
	look(&t, &part, &call, 0);
	ok(t.all.suspect == 1 && t.all.closed[CG_E_BYE] == 1,
	   "totals: a call that is alive after its end is suspect");
	cg_totals_remove(&t, &part);
	ok(t.gone.blocked == 3 && t.gone.protected_ms == 40000 && t.gone.suspect == 1 &&
		   t.gone.closed[CG_E_BYE] == 1 && t.all.blocked == 3 && !t.states[CG_S_ENDED],
	   "totals: a dialog that leaves the map changes no total");
}

static void ends(void)
{
	struct cg_totals t = {};
	struct cg_totals_part timeout = {}, lost = {}, odd = {}, taken = {}, doubted = {},
			      silent = {};
	struct cg_dialog call = open_call(1);

	call.answer = NOW - 4000 * S;
	look(&t, &timeout, &call, CG_DUE_EXPIRED);
	ok(t.all.closed[CG_E_TIMEOUT] == 1 && t.all.suspect == 1 &&
		   t.all.protected_ms == 3590 * 1000,
	   "totals: a call that ran too long closes at its limit, suspect");
	call = open_call(0);
	look(&t, &lost, &call, CG_DUE_LOST);
	ok(t.all.closed[CG_E_MAPS_LOST] == 1,
	   "totals: a call whose maps were removed counts as maps_lost");
	call = ended_call(0);
	call.end_reason = 200;
	look(&t, &odd, &call, 0);
	look(&t, &odd, &call, 0);
	ok(t.all.closed[CG_E_MAPS_LOST] == 2, "totals: an unknown end reason counts as maps_lost");
	call = open_call(1);
	call.flags = CG_D_CANDIDATE;
	call.candidate_ms = 30001;
	look(&t, &doubted, &call, CG_DUE_DOUBT);
	look(&t, &doubted, &call, CG_DUE_DOUBT);
	ok(t.all.closed[CG_E_UNPROVEN_BYE] == 1 && t.all.suspect == 3,
	   "totals: a call that doubt closes counts once, suspect");
	call.state = CG_S_ENDED;
	call.end = NOW;
	call.end_reason = CG_E_BYE;
	look(&t, &doubted, &call, 0);
	ok(t.all.closed[CG_E_UNPROVEN_BYE] == 1 && !t.all.closed[CG_E_BYE] && t.all.suspect == 3,
	   "totals: a call whose end evidence corrects later counts once");
	call = open_call(1);
	call.flags = CG_D_BYE_LOCAL;
	look(&t, &silent, &call, CG_DUE_SILENT);
	ok(t.all.closed[CG_E_BYE] == 1,
	   "totals: a call that the host's own BYE closes without an answer counts as bye");
	call = open_call(1);
	look(&t, &taken, &call, 0);
	cg_totals_remove(&t, &taken);
	ok(!t.attacked && !t.attacked_since_ms,
	   "totals: an open call that somebody took out of the map protects no more");
}

static void minutes(void)
{
	struct cg_totals t = {};
	struct cg_totals_part part = {}, fresh = {};
	struct cg_dialog call = open_call(4);

	call.answer = NOW - 5 * MIN - 10 * S;
	look(&t, &part, &call, 0);
	call.blocked_byes = 5;
	look(&t, &part, &call, 0);
	call = open_call(2);
	call.answer = NOW - 10 * S;
	look(&t, &fresh, &call, 0);
	ok(cg_timeline_blocked(&t.timeline, NOW, 5) == 4,
	   "timeline: a BYE that is read late counts in its own minute");
	ok(cg_timeline_blocked(&t.timeline, NOW, 0) == 3,
	   "timeline: a BYE of now counts in this minute");
	ok(!cg_timeline_blocked(&t.timeline, NOW, 4) &&
		   !cg_timeline_blocked(&t.timeline, NOW, CG_TIMELINE_BUCKETS),
	   "timeline: minutes without a BYE are 0");
	ok(!cg_timeline_blocked(&t.timeline, NOW + CG_TIMELINE_BUCKETS * MIN, 0),
	   "timeline: a minute of hours ago is not this one");
	cg_timeline_add(&t.timeline, NOW - CG_TIMELINE_BUCKETS * MIN, NOW, 9);
	cg_timeline_add(&t.timeline, NOW + MIN, NOW, 9);
	ok(cg_timeline_blocked(&t.timeline, NOW, 0) == 3,
	   "timeline: BYEs that are too old or in the future are ignored");
}

static void notes(void)
{
	char dir[] = "/tmp/cseqguard-totals-XXXXXX", path[96];
	struct cg_totals t = {}, again = {}, other = {};

	if (!mkdtemp(dir) || setenv("CSEQGUARD_RUN_DIR", dir, 1)) {
		ok(0, "totals: set up");
		return;
	}
	ok(!cg_totals_note_load(&again, "t", 7) && !again.all.blocked,
	   "totals: without a note the sums begin at 0");
	t.gone = (struct cg_totals_sums){ .blocked = ~0ULL,
					  .protected_ms = ~0ULL,
					  .suspect = ~0ULL };
	for (int end = 1; end < CG_ENDS; end++)
		t.gone.closed[end] = ~0ULL - end;
	ok(!cg_totals_note_save(&t, "t", ~0u) && !cg_totals_note_load(&again, "t", ~0u) &&
		   again.all.blocked == ~0ULL &&
		   again.gone.closed[CG_ENDS - 1] == ~0ULL - (CG_ENDS - 1),
	   "totals: the largest numbers fit the note");
	ok(!cg_totals_note_load(&other, "t", 7) && !other.all.blocked,
	   "totals: a note of other maps counts nothing");
	snprintf(path, sizeof(path), "%s/t.totals", dir);
	ok(!truncate(path, 30) && cg_totals_note_load(&other, "t", ~0u) && !other.all.blocked,
	   "totals: a note that was cut is no note");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	one_call();
	transports();
	ends();
	minutes();
	notes();
	return tap_done();
}
