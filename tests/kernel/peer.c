// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "peer.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "guard.skel.h"
#include "send.h"

#define CALL_ID "peer@caller.example"
#define ROUNDS 100 /* of three random versions; 6.1 is emulated */
#define CLOCK_STEP 3600000000000LL /* between clock 0 and clock 1 */

/* Returns enum cg_peer_result or -errno. */
static int run_bytes(struct harness *harness, const void *update, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = update, .data_size_in = len);

	if (bpf_prog_test_run_opts(bpf_program__fd(harness->skel->progs.cseqguard_peer), &opts))
		return -errno;
	return opts.retval;
}

static int run(struct harness *harness, __u8 type, const struct cg_dialog_key *key,
	       const struct cg_dialog *dialog)
{
	struct cg_peer_update update = { .type = type, .key = *key, .dialog = *dialog };

	return run_bytes(harness, &update, sizeof(update));
}

static int get_dialogs_fd(struct harness *harness)
{
	return bpf_map__fd(harness->skel->maps.dialogs);
}

/* --- taking over ------------------------------------------------------------------------------ */

static int forget(struct bpf_map *map)
{
	int fd = bpf_map__fd(map), err = 0;
	__u64 key[8];

	while (!err && !bpf_map_get_next_key(fd, NULL, key))
		err = bpf_map_delete_elem(fd, key);
	return err;
}

int peer_take_over(struct harness *harness)
{
	static struct cg_dialog dialogs[HARNESS_DIALOGS_MAX];
	struct cg_dialog_key keys[HARNESS_DIALOGS_MAX];
	int fd = get_dialogs_fd(harness), n = 0, err = 0;

	while (n < HARNESS_DIALOGS_MAX && !bpf_map_get_next_key(fd, NULL, &keys[n])) {
		err = bpf_map_lookup_elem_flags(fd, &keys[n], &dialogs[n], BPF_F_LOCK);
		err = err ? err : bpf_map_delete_elem(fd, &keys[n]);
		if (err)
			return err;
		dialogs[n++].peer = 1;
	}
	for (int i = 0; i < n; i++)
		if (run(harness, CG_PEER_WHOLE, &keys[i], &dialogs[i]) != CG_PEER_INSERTED)
			return -EINVAL;
	err = forget(harness->skel->maps.invites);
	err = err ? err : forget(harness->skel->maps.pending);
	err = err ? err : forget(harness->skel->maps.branches);
	err = err ? err : forget(harness->skel->maps.early);
	return err ? err : forget(harness->skel->maps.addr_changes);
}

/* --- a dialog to begin with ------------------------------------------------------------------- */

struct call {
	struct harness *harness;
	struct cg_dialog_key key;
	struct cg_dialog dialog; /* as this host opened it */
};

/* Opens a call, and reads its dialog. */
static bool call_open(struct harness *harness, const char *settings, struct call *call)
{
	int err = harness_reset(harness, settings);

	call->harness = harness;
	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : bpf_map_get_next_key(get_dialogs_fd(harness), NULL, &call->key);
	err = err ? err
		  : bpf_map_lookup_elem_flags(get_dialogs_fd(harness), &call->key, &call->dialog,
					      BPF_F_LOCK);
	return !err || wrong("it cannot be run: %s", strerror(-err));
}

static bool call_put(const struct call *call, const struct cg_dialog *dialog)
{
	return !bpf_map_update_elem(get_dialogs_fd(call->harness), &call->key, dialog, BPF_ANY);
}

static bool call_get(const struct call *call, struct cg_dialog *dialog)
{
	return !bpf_map_lookup_elem_flags(get_dialogs_fd(call->harness), &call->key, dialog,
					  BPF_F_LOCK);
}

static bool call_remove(const struct call *call)
{
	return !bpf_map_delete_elem(get_dialogs_fd(call->harness), &call->key);
}

/* Runs an update of the call. Returns whether the result is this one. */
static bool call_update(const struct call *call, __u8 type, const struct cg_dialog *theirs,
			int expected)
{
	int result = run(call->harness, type, &call->key, theirs);

	return result == expected || wrong("result %d, must be %d", result, expected);
}

/* --- any order -------------------------------------------------------------------------------- */

static unsigned int pick(unsigned int below)
{
	static unsigned int seed = 1;

	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

/* Gives the version an end, a pending BYE or none, as the rules could. */
static void pick_state(struct cg_dialog *d)
{
	d->state = CG_S_CONFIRMED + pick(3);
	d->bye_at = d->state == CG_S_CONFIRMED ? 0 : d->answer + 1000000 * pick(3) + 1;
	d->bye_branch_in = pick(3);
	d->bye_branch_out = pick(3);
	if (d->state != CG_S_ENDED)
		return;
	d->end = d->answer + 1000000ULL * pick(4);
	d->end_reason = pick(2) ? CG_E_BYE : CG_E_RELAYED_BYE;
	d->flags |= d->end_reason == CG_E_BYE ? CG_D_CONFIRMED_END : CG_D_SUSPECT;
	d->ended_by = CG_LEG_CALLER + pick(2);
}

/* A version of the call that some host may have. Few values, so that many are equal. */
static struct cg_dialog pick_version(const struct call *call)
{
	struct cg_dialog d = call->dialog;

	d.epoch = pick(4);
	d.caller.cseq = 13 + pick(5);
	d.callee.cseq = pick(3);
	d.callee_flags |= pick(2) ? CG_LEG_CSEQ_VALID : 0;
	d.caller.bye_cseq = pick(3);
	d.caller_flags |= pick(2) ? CG_LEG_BYE_CSEQ_VALID : 0;
	d.callee_flags |= pick(4) ? 0 : CG_LEG_SEEN_AFTER_END;
	d.caller_passed = 13 + pick(5);
	d.callee_passed = pick(3);
	d.flags |= pick(4) ? 0 : CG_D_ALIVE_AFTER_END;
	d.flags |= pick(2) ? CG_D_SEEN_OF_WITNESS : 0;
	d.first_blocked_ms = pick(3);
	d.blocked_elsewhere = pick(3);
	d.candidate_ms = pick(3);
	d.seen_ms = pick(3);
	d.target.contact_latest = pick(3);
	pick_state(&d);
	return d;
}

/* The numbers that are valid only with their flag. */
static void clear_invalid(struct cg_dialog *d)
{
	if (!(d->callee_flags & CG_LEG_CSEQ_VALID))
		d->callee.cseq = 0;
	if (!(d->caller_flags & CG_LEG_BYE_CSEQ_VALID))
		d->caller.bye_cseq = 0;
}

/* The same version, as a host with another clock gives it. */
static struct cg_dialog put_under_clock_1(const struct cg_dialog *version)
{
	struct cg_dialog d = *version;

	d.clock = 1;
	d.setup -= CLOCK_STEP;
	d.answer -= CLOCK_STEP;
	d.end -= d.end ? CLOCK_STEP : 0;
	d.bye_at -= d.bye_at ? CLOCK_STEP : 0;
	return d;
}

static bool merge(const struct call *call, const struct cg_dialog *version, bool repeated)
{
	struct cg_dialog theirs = pick(2) ? *version : put_under_clock_1(version);
	int result = run(call->harness, CG_PEER_HEAD, &call->key, &theirs);

	if (repeated && result != CG_PEER_UNCHANGED)
		return wrong("a version that was merged changes something: %d", result);
	return result == CG_PEER_UNCHANGED || result == CG_PEER_CHANGED ||
	       wrong("result %d", result);
}

static bool is_not_below(const struct cg_dialog *d, const struct cg_dialog *version)
{
	__u8 valid = version->callee_flags & CG_LEG_CSEQ_VALID;

	return (d->caller.cseq >= version->caller.cseq &&
		(!valid || (d->callee.cseq >= version->callee.cseq && d->callee_flags & valid)) &&
		d->caller_passed >= version->caller_passed &&
		d->blocked_elsewhere >= version->blocked_elsewhere &&
		(d->state == CG_S_ENDED || version->state != CG_S_ENDED)) ||
	       wrong("a counter or a state has fallen");
}

/* Merges three versions in this order, from the first on. Each of them once more changes nothing. */
static bool merge_in_order(const struct call *call, const struct cg_dialog versions[3],
			   const int order[3], struct cg_dialog *d)
{
	bool good = call_put(call, &versions[order[0]]);

	for (int i = 0; good && i < 6; i++)
		good = merge(call, &versions[order[(i + 1) % 3]], i >= 2);
	good = good && call_get(call, d);
	for (int i = 0; good && i < 3; i++)
		good = is_not_below(d, &versions[i]);
	clear_invalid(d);
	return good;
}

static bool orders_are_equal(const struct call *call)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct cg_dialog versions[3], first, d;

	for (int i = 0; i < 3; i++)
		versions[i] = pick_version(call);
	for (int i = 0; i < 6; i++) {
		if (!merge_in_order(call, versions, orders[i], i ? &d : &first))
			return false;
		if (i && memcmp(&d, &first, sizeof(d)))
			return wrong("order %d gives another dialog: epochs %u %u %u", i,
				     versions[0].epoch, versions[1].epoch, versions[2].epoch);
	}
	return true;
}

static bool set_clock_1(struct harness *harness)
{
	int fd = bpf_map__fd(harness->skel->maps.config);
	struct cg_config config;

	if (bpf_map_lookup_elem(fd, &(__u32){ 0 }, &config))
		return false;
	config.clock_offset[1] = config.clock_offset[0] + CLOCK_STEP;
	return !bpf_map_update_elem(fd, &(__u32){ 0 }, &config, BPF_ANY);
}

static bool merge_commutes(struct harness *harness)
{
	struct call call;
	bool good = call_open(harness, NULL, &call) && set_clock_1(harness);

	for (int i = 0; good && i < ROUNDS; i++)
		good = orders_are_equal(&call);
	return good;
}

/* --- one update ------------------------------------------------------------------------------- */

static bool inserts(struct harness *harness)
{
	struct cg_dialog theirs, d;
	struct cg_usage before, usage;
	struct call call;
	int fd = bpf_map__fd(harness->skel->maps.usage);

	if (!call_open(harness, NULL, &call) || !call_remove(&call) ||
	    bpf_map_lookup_elem(fd, &(__u32){ 0 }, &before))
		return false;
	theirs = call.dialog;
	theirs.peer = 3;
	theirs.flags |= CG_D_SPEAKS_HERE;
	theirs.blocked_byes = 7;
	theirs.blocked_elsewhere = 9;
	theirs.caller_ifindex = 5;
	if (!call_update(&call, CG_PEER_HEAD, &theirs, CG_PEER_UNKNOWN) ||
	    !call_update(&call, CG_PEER_COUNTERS, &theirs, CG_PEER_UNKNOWN) ||
	    !call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_INSERTED) ||
	    !call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_UNCHANGED) ||
	    !call_get(&call, &d) || bpf_map_lookup_elem(fd, &(__u32){ 0 }, &usage))
		return false;
	theirs.flags &= ~CG_D_SPEAKS_HERE;
	theirs.blocked_byes = 0;
	theirs.caller_ifindex = theirs.callee_ifindex = 0;
	return (!memcmp(&d, &theirs, sizeof(d)) || wrong("another dialog was inserted")) &&
	       (usage.dialogs == before.dialogs + 1 || wrong("it is not counted"));
}

static bool keeps_what_is_of_this_host(struct harness *harness)
{
	struct cg_dialog theirs, ours, d;
	struct call call;

	if (!call_open(harness, NULL, &call))
		return false;
	ours = theirs = call.dialog;
	ours.peer = 2;
	ours.blocked_byes = 5;
	ours.first_blocked_ms = 9;
	ours.flags |= CG_D_SPEAKS_HERE;
	ours.caller_ifindex = 4;
	theirs.peer = 1;
	theirs.epoch = 1;
	theirs.state = CG_S_ENDED;
	theirs.end = theirs.answer;
	theirs.end_reason = CG_E_BYE;
	memset(&theirs.call, 'x', sizeof(theirs.call)); /* no head has them */
	if (!call_put(&call, &ours) ||
	    !call_update(&call, CG_PEER_HEAD, &theirs, CG_PEER_CHANGED) || !call_get(&call, &d))
		return false;
	return (d.state == CG_S_ENDED && d.peer == 2 && d.blocked_byes == 5 &&
		d.first_blocked_ms == 9 && d.flags & CG_D_SPEAKS_HERE && d.caller_ifindex == 4 &&
		!strcmp(d.call.call_id, CALL_ID)) ||
	       wrong("something of this host alone has changed");
}

static bool counters_alone(struct harness *harness)
{
	struct cg_dialog theirs, d;
	struct call call;

	if (!call_open(harness, NULL, &call))
		return false;
	theirs = (struct cg_dialog){ .who = call.dialog.who,
				     .setup = call.dialog.setup,
				     .caller = { .cseq = 20 },
				     .callee = { .cseq = 5 },
				     .callee_flags = CG_LEG_CSEQ_VALID,
				     .caller_passed = 21,
				     .blocked_elsewhere = 2,
				     .epoch = 9 };
	if (!call_update(&call, CG_PEER_COUNTERS, &theirs, CG_PEER_CHANGED) ||
	    !call_update(&call, CG_PEER_COUNTERS, &theirs, CG_PEER_UNCHANGED) ||
	    !call_get(&call, &d))
		return false;
	if (d.caller.cseq != 13 || d.callee.cseq != 5 || !(d.callee_flags & CG_LEG_CSEQ_VALID) ||
	    d.caller_passed != 21 || d.blocked_elsewhere != 2 || d.epoch || !d.who)
		return wrong("caller %u, callee %u, passed %u, epoch %u", d.caller.cseq,
			     d.callee.cseq, d.caller_passed, d.epoch);
	theirs.setup--; /* of an earlier call with the same tags */
	theirs.callee.cseq = 99;
	return call_update(&call, CG_PEER_COUNTERS, &theirs, CG_PEER_UNCHANGED);
}

/* An end is never taken back, and an end that is proved is worth more than one that is not. */
static bool ends_win(struct harness *harness)
{
	struct cg_dialog open, relayed, bye, later, d;
	struct call call;

	if (!call_open(harness, NULL, &call))
		return false;
	open = relayed = bye = call.dialog;
	open.epoch = 0xffff;
	relayed.state = bye.state = CG_S_ENDED;
	relayed.epoch = 2;
	bye.epoch = 1;
	relayed.end = bye.end = bye.answer + 2000;
	relayed.end_reason = CG_E_RELAYED_BYE;
	bye.end_reason = CG_E_BYE;
	bye.flags |= CG_D_CONFIRMED_END;
	later = bye;
	later.epoch = 3;
	later.end += 1000;
	return call_update(&call, CG_PEER_HEAD, &relayed, CG_PEER_CHANGED) &&
	       call_update(&call, CG_PEER_HEAD, &open, CG_PEER_UNCHANGED) &&
	       call_update(&call, CG_PEER_HEAD, &later, CG_PEER_CHANGED) &&
	       call_update(&call, CG_PEER_HEAD, &bye, CG_PEER_CHANGED) &&
	       call_update(&call, CG_PEER_HEAD, &later, CG_PEER_UNCHANGED) && call_get(&call, &d) &&
	       ((d.end == bye.end && d.end_reason == CG_E_BYE) || wrong("another end won"));
}

/* A later call may have the same tags. */
static bool calls_are_kept_apart(struct harness *harness)
{
	struct cg_dialog theirs, d;
	struct call call;

	if (!call_open(harness, NULL, &call))
		return false;
	theirs = call.dialog;
	theirs.who++;
	theirs.caller.cseq = 99;
	if (!call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_UNKNOWN))
		return false;
	theirs = call.dialog;
	theirs.caller.cseq = 99;
	theirs.setup -= 1;
	if (!call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_UNCHANGED))
		return false;
	theirs.setup += 2;
	theirs.caller.cseq = 1;
	theirs.peer = 2;
	if (!call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_UNKNOWN) || !call_get(&call, &d) ||
	    memcmp(&d, &call.dialog, sizeof(d)))
		return wrong("a call of this host has changed");
	call.dialog.peer = 1;
	return call_put(&call, &call.dialog) &&
	       call_update(&call, CG_PEER_HEAD, &theirs, CG_PEER_UNKNOWN) &&
	       call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_INSERTED) &&
	       call_get(&call, &d) &&
	       ((d.caller.cseq == 1 && d.peer == 2) || wrong("it is not the later call"));
}

static bool reports_take_over_legs(struct harness *harness)
{
	struct cg_dialog theirs, d;
	struct call call;

	if (!call_open(harness, NULL, &call))
		return false;
	theirs = call.dialog;
	theirs.epoch = 1;
	theirs.caller_flags = CG_LEG_CSEQ_VALID | CG_LEG_HEP;
	theirs.caller_port = 5061;
	call.dialog.caller_flags = CG_LEG_CSEQ_VALID | CG_LEG_UNSEEN | CG_LEG_SEEN_AFTER_END;
	return call_put(&call, &call.dialog) &&
	       call_update(&call, CG_PEER_HEAD, &theirs, CG_PEER_CHANGED) && call_get(&call, &d) &&
	       ((d.caller_port == 5061 &&
		 d.caller_flags == (CG_LEG_CSEQ_VALID | CG_LEG_HEP | CG_LEG_SEEN_AFTER_END)) ||
		wrong("flags 0x%x, port %u", d.caller_flags, d.caller_port));
}

/* --- no room, no update ----------------------------------------------------------------------- */

static bool full_map(struct harness *harness)
{
	struct call call;

	if (!call_open(harness, NULL, &call) || !call_remove(&call))
		return false;
	harness_fill(harness, "dialogs");
	return call_update(&call, CG_PEER_WHOLE, &call.dialog, CG_PEER_NO_ROOM);
}

/* The last quarter of 4,096 is for calls with a gateway. */
static bool last_quarter(struct harness *harness)
{
	struct cg_dialog theirs;
	struct call call;

	if (!call_open(harness, "used=3071", &call) || !call_remove(&call))
		return false;
	theirs = call.dialog;
	theirs.callee_flags &= ~CG_LEG_GATEWAY;
	return call_update(&call, CG_PEER_WHOLE, &theirs, CG_PEER_NO_ROOM) &&
	       call_update(&call, CG_PEER_WHOLE, &call.dialog, CG_PEER_INSERTED);
}

#define REFUSED(change)                                                                            \
	{                                                                                          \
		struct cg_peer_update bad = good;                                                  \
		struct cg_dialog *d = &bad.dialog;                                                 \
                                                                                                   \
		change;                                                                            \
		(void)d;                                                                           \
		if (run_bytes(harness, &bad, sizeof(bad)) != CG_PEER_INVALID)                      \
			return wrong("it is not refused: %s", #change);                            \
	}

static bool invalid_updates(struct harness *harness)
{
	struct call call;
	struct cg_peer_update good;
	struct {
		struct cg_peer_update update;
		__u8 more;
	} longer = {};

	if (!call_open(harness, NULL, &call) || !call_remove(&call))
		return false;
	good = longer.update = (struct cg_peer_update){ .type = CG_PEER_WHOLE,
							.key = call.key,
							.dialog = call.dialog };
	REFUSED(bad.type = CG_PEER_GONE);
	REFUSED(bad.type = 255);
	REFUSED(d->who = 0);
	REFUSED(d->state = CG_S_EARLY);
	REFUSED(d->state = CG_STATES);
	REFUSED(d->state = CG_S_ENDING);
	REFUSED(d->state = CG_S_ENDED; d->end_reason = CG_E_BYE);
	REFUSED(d->state = CG_S_ENDED; d->end = d->answer);
	REFUSED(d->end_reason = CG_E_BYE);
	REFUSED(d->end = d->answer);
	REFUSED(d->state = CG_S_ENDED; d->end = d->answer; d->end_reason = CG_ENDS);
	REFUSED(d->ended_by = CG_LEG_CALLEE + 1);
	REFUSED(d->peer = CG_PEERS_MAX);
	REFUSED(d->clock = CG_CLOCKS);
	REFUSED(memset(d->call.call_id, 'x', sizeof(d->call.call_id)));
	REFUSED(memset(d->to_tag, 'x', sizeof(d->to_tag)));
	if (run_bytes(harness, &good, sizeof(good) - 1) != CG_PEER_INVALID ||
	    run_bytes(harness, &longer, sizeof(good) + 1) != CG_PEER_INVALID ||
	    run_bytes(harness, &good, 14) != CG_PEER_INVALID)
		return wrong("an update of another length is not refused");
	if (harness_count(harness, "dialogs"))
		return wrong("a refused update is in the map");
	return run_bytes(harness, &good, sizeof(good)) == CG_PEER_INSERTED ||
	       wrong("the valid one is refused as well");
}

static bool is_known(struct harness *harness, const void *ctx)
{
	const struct call *call = ctx;

	(void)harness;
	return call_update(call, CG_PEER_HEAD, &call->dialog, CG_PEER_UNCHANGED);
}

static bool runs_as_nobody(struct harness *harness)
{
	struct call call;

	return call_open(harness, NULL, &call) && harness_as_nobody(harness, is_known, &call);
}

void peer_run(struct harness *harness,
	      void (*result)(bool good, const char *suite, const char *name))
{
	printf("# verifier: cseqguard_peer %d instructions\n",
	       harness_insns(harness, "cseqguard_peer"));
	result(merge_commutes(harness), "peer",
	       "three versions of a dialog give the same one in each order, and each one counts "
	       "once");
	result(inserts(harness), "peer", "a whole update inserts a dialog that is unknown here");
	result(keeps_what_is_of_this_host(harness), "peer",
	       "owner, texts, interfaces and refused BYEs of this host stay");
	result(counters_alone(harness), "peer", "an update of counters raises nothing else");
	result(ends_win(harness), "peer",
	       "an end is not taken back, and gives way to one that is proved or earlier");
	result(calls_are_kept_apart(harness), "peer",
	       "a later call with the same tags is another one");
	result(reports_take_over_legs(harness), "peer",
	       "a leg that was reported elsewhere is known");
	result(full_map(harness), "peer", "a full map takes no dialog");
	result(last_quarter(harness), "peer",
	       "the last quarter of the map takes calls with a gateway alone");
	result(invalid_updates(harness), "peer", "an invalid update changes nothing");
	result(runs_as_nobody(harness), "peer", "a user without privileges runs the program");
	harness_reset(harness, NULL);
}
