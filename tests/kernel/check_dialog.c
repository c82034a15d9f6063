// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "util/enum_names.h"

#define SETUP_SHIFT_NS 1000 /* of a dialog that replaced another */

/* Two dialogs with the same Call-ID and tags need different setup times, or they share a row. */
static bool check_row_keys(const struct cg_dialog *dialogs, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			if (!memcmp(&dialogs[i].call, &dialogs[j].call,
				    CG_CALL_ID_MAX + CG_TAG_MAX) &&
			    !strcmp(dialogs[i].to_tag, dialogs[j].to_tag) &&
			    dialogs[i].setup / 1000 == dialogs[j].setup / 1000)
				return wrong("two dialogs have one row");
	return true;
}

/* Returns whether a dialog with the same tags was answered after this one. */
static bool is_put_aside(const struct cg_dialog *d, const struct cg_dialog *dialogs, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(dialogs[i].call.call_id, d->call.call_id) &&
		    !strcmp(dialogs[i].call.from_tag, d->call.from_tag) &&
		    !strcmp(dialogs[i].to_tag, d->to_tag) &&
		    cg_time_is_after(dialogs[i].answer, d->answer))
			return true;
	return false;
}

/*
 * Finds the dialog of this Call-ID, with this To tag if one is given. was: finds one that was
 * replaced, else one that was not.
 */
static const struct cg_dialog *find(const struct run *run, const struct cg_dialog *dialogs,
				    int count, const char *tag, bool was)
{
	const struct cg_dialog *found = NULL;

	for (int i = 0; i < count; i++) {
		if (*run->message->call_id &&
		    strncmp(dialogs[i].call.call_id, run->message->call_id, CG_CALL_ID_MAX - 1))
			continue;
		if (tag && strcmp(dialogs[i].to_tag, tag))
			continue;
		if (was != is_put_aside(&dialogs[i], dialogs, count))
			continue;
		if (found) {
			wrong("more than one dialog, and no tag= says which");
			return NULL;
		}
		found = &dialogs[i];
	}
	return found;
}

/* Checks that hold for every dialog at any time. */
static bool check_sane(const struct cg_dialog *d)
{
	bool ended = d->state == CG_S_ENDED, good = true;

	if (!!d->end != ended || !!d->end_reason != ended)
		good = wrong("state %s with end %llu, end_reason %s", cg_state_name(d->state),
			     (unsigned long long)d->end, cg_end_name(d->end_reason));
	if (d->state == CG_S_ENDING && !d->bye_at)
		good = wrong("ending without the time of a BYE");
	if (!d->setup || (__s64)(d->answer - d->setup) < 0 ||
	    (ended && (__s64)(d->end - d->answer) < 0)) /* `later` may reach back before the boot */
		good = wrong("setup %llu, answer %llu, end %llu", (unsigned long long)d->setup,
			     (unsigned long long)d->answer, (unsigned long long)d->end);
	if (!((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS) &&
	    !(d->callee_flags & CG_LEG_UNSEEN))
		good = wrong("no leg is a witness, and the callee is seen");
	if (!d->blocked_byes != !d->first_blocked_ms)
		good = wrong("blocked_byes %u, first_blocked_ms %u", d->blocked_byes,
			     d->first_blocked_ms);
	return good;
}

static bool check_number(const char *name, const char *value, unsigned long got)
{
	if (strtoul(value, NULL, 10) == got)
		return true;
	return wrong("%s %lu, must be %s", name, got, value);
}

static bool check_word(const char *name, const char *value, const char *got)
{
	return !strcmp(value, got) || wrong("%s '%s', must be '%s'", name, got, value);
}

static bool check_prefix(const char *name, const char *value, const char *got)
{
	return !strncmp(got, value, strlen(value)) ||
	       wrong("%s '%s', must begin '%s'", name, got, value);
}

static bool check_cseq(const char *name, const char *value, const struct cg_leg *leg, __u8 flags)
{
	if (!(flags & CG_LEG_CSEQ_VALID))
		return !strcmp(value, "-") || wrong("%s not counted, must be %s", name, value);
	return check_number(name, value, leg->cseq);
}

static bool check_addr(const char *name, const char *value, const struct cg_leg *leg, __u16 port,
		       __u32 ifindex)
{
	struct endpoint want;

	if (endpoint_find(value, &want))
		return wrong("the table asks for host '%s'", value);
	if (memcmp(want.addr, leg->addr, 16) || (strchr(value, ':') && want.port != port))
		return wrong("%s is not %s (port %u)", name, value, port);
	if (want.ifindex && ifindex != want.ifindex)
		return wrong("%s is behind interface %u, not %s", name, ifindex, value);
	return true;
}

static bool check_witness(const struct cg_dialog *d, const char *value)
{
	bool caller = d->caller_flags & CG_LEG_WITNESS, callee = d->callee_flags & CG_LEG_WITNESS;

	return check_word("witness", value,
			  caller && callee ? "both"
			  : caller	   ? "caller"
			  : callee	   ? "callee"
					   : "none");
}

static bool check_time(const struct run *run, const char *name, const char *label, __u64 at)
{
	if (!strcmp(label, "-"))
		return !at || wrong("%s is set", name);
	for (int i = 0; i < run->n_labels; i++) {
		const struct moment *moment = &run->labels[i];

		if (strcmp(moment->label, label))
			continue;
		/* a candidate is kept in milliseconds */
		if (!strcmp(name, "candidate"))
			return (at + 1000000 >= moment->before && at <= moment->after) ||
			       wrong("%s is not the time of @%s", name, label);
		return (at >= moment->before && at <= moment->after + SETUP_SHIFT_NS) ||
		       wrong("%s is not the time of @%s", name, label);
	}
	return wrong("the table has no step @%s", label);
}

static bool check_at(const struct run *run, const struct cg_dialog *d, const char *name,
		     const char *label)
{
	__u64 candidate = d->answer + (d->candidate_ms - 1ULL) * 1000000;
	__u64 at = !strcmp(name, "setup")	? d->setup
		   : !strcmp(name, "candidate") ? (d->flags & CG_D_CANDIDATE ? candidate : 0)
		   : !strcmp(name, "answer")	? d->answer
		   : !strcmp(name, "end")	? d->end
						: d->bye_at;

	return check_time(run, name, label, at);
}

static bool check_field(const struct run *run, const struct cg_dialog *d, const char *name,
			const char *value)
{
	if (!strcmp(name, "caller"))
		return check_cseq(name, value, &d->caller, d->caller_flags);
	if (!strcmp(name, "callee"))
		return check_cseq(name, value, &d->callee, d->callee_flags);
	if (!strcmp(name, "blocked"))
		return check_number(name, value, d->blocked_byes);
	if (!strcmp(name, "code"))
		return check_number(name, value, d->sip_code);
	if (!strcmp(name, "end"))
		return check_word(name, value, cg_end_name(d->end_reason));
	if (!strcmp(name, "length"))
		return check_number(name, value, (d->end - d->answer) / 1000000000);
	if (!strcmp(name, "by"))
		return check_word(name, value, cg_leg_name(d->ended_by));
	if (!strcmp(name, "suspect"))
		return check_number(name, value, !!(d->flags & CG_D_SUSPECT));
	if (!strcmp(name, "alive"))
		return check_number(name, value, !!(d->flags & CG_D_ALIVE_AFTER_END));
	if (!strcmp(name, "evident"))
		return check_number(name, value, !!(d->flags & CG_D_CONFIRMED_END));
	if (!strcmp(name, "cut"))
		return check_number(
			name, value,
			!!(d->flags & (CG_D_CALL_ID_CUT | CG_D_TAG_CUT | CG_D_URI_CUT)));
	if (!strcmp(name, "candidate"))
		return check_number(name, value, !!(d->flags & CG_D_CANDIDATE));
	if (!strcmp(name, "foreign"))
		return check_number(name, value, d->peer);
	if (!strcmp(name, "speaks"))
		return check_number(name, value, !!(d->flags & CG_D_SPEAKS_HERE));
	if (!strcmp(name, "epoch"))
		return check_number(name, value, d->epoch);
	if (!strcmp(name, "caller_side"))
		return check_word(name, value, cg_side_name(cg_leg_side(d->caller_flags)));
	if (!strcmp(name, "callee_side"))
		return check_word(name, value, cg_side_name(cg_leg_side(d->callee_flags)));
	if (!strcmp(name, "witness"))
		return check_witness(d, value);
	if (!strcmp(name, "caller_at"))
		return check_addr(name, value, &d->caller, d->caller_port, d->caller_ifindex);
	if (!strcmp(name, "callee_at"))
		return check_addr(name, value, &d->callee, d->callee_port, d->callee_ifindex);
	if (!strcmp(name, "call_id"))
		return check_prefix(name, value, d->call.call_id);
	if (!strcmp(name, "from"))
		return check_prefix(name, value, d->call.from_tag);
	if (!strcmp(name, "to"))
		return check_prefix(name, value, d->to_tag);
	if (!strcmp(name, "from_uri"))
		return check_prefix(name, value, d->call.from_uri);
	if (!strcmp(name, "to_uri"))
		return check_prefix(name, value, d->call.to_uri);
	if (!strcmp(name, "uri"))
		return check_prefix(name, value, d->call.request_uri);
	(void)run;
	return wrong("the table asks for '%s', which is no field", name);
}

static bool is_of_maps(const char *name)
{
	static const char *const names[] = { "dialogs",	 "pending",	 "branches",
					     "overflow", "addr_changes", "unexpected_uas",
					     "answers",	 "accepted",	 "refused",
					     "done" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Checks that do not belong to one dialog. */
static bool check_maps(const struct run *run, const char *name, char *value)
{
	const struct harness_counters *now = &run->after, *start = &run->start;
	struct endpoint host;
	char *times;

	if (!strcmp(name, "accepted"))
		return check_number(name, value,
				    now->would_drop_accepted - start->would_drop_accepted);
	if (!strcmp(name, "refused"))
		return check_number(name, value,
				    now->would_drop_refused - start->would_drop_refused);
	if (!strcmp(name, "done"))
		return check_number(name, value, harness_done(run->harness));
	if (strcmp(name, "answers"))
		return check_number(name, value, harness_count(run->harness, name));
	times = strchr(value, '*');
	if (!times)
		return wrong("the table's answers=%s has no *N", value);
	*times++ = '\0';
	if (endpoint_find(value, &host))
		return wrong("the table asks for host '%s'", value);
	return check_number(value, times, harness_answers(run->harness, host.addr));
}

static bool check_words(const struct run *run, const struct cg_dialog *dialogs, int count,
			char *rest)
{
	const struct cg_dialog *d = NULL;
	const char *tag = NULL;
	bool good = true, was = false;
	char *word;

	while ((word = strsep(&rest, " "))) {
		char *value = strpbrk(word, "=@"), what = value ? *value : 0;

		if (!*word)
			continue;
		if (value)
			*value++ = '\0';
		if (!strcmp(word, "none")) {
			if (count)
				good = wrong("%d dialogs, must be none", count);
			continue;
		}
		if (what == '@' && !strcmp(word, "rang")) {
			good &= check_time(run, "rang", value, harness_rang(run->harness));
			continue;
		}
		if (what == '=' && is_of_maps(word)) {
			good &= check_maps(run, word, value);
			continue;
		}
		if (what == '=' && (!strcmp(word, "tag") || !strcmp(word, "was"))) {
			tag = value;
			was = *word == 'w';
			d = NULL;
			continue;
		}
		if (!d) {
			d = find(run, dialogs, count, tag, was);
			if (!d)
				return wrong("no such dialog among %d", count);
			good &= check_sane(d);
		}
		if (what == '@')
			good &= check_at(run, d, word, value);
		else if (what == '=')
			good &= check_field(run, d, word, value);
		else
			good &= check_word("state", word, cg_state_name(d->state));
	}
	return good;
}

bool check_dialog(const struct run *run, const char *then)
{
	struct cg_dialog *dialogs = calloc(HARNESS_DIALOGS_MAX, sizeof(*dialogs));
	char copy[512];
	int count = dialogs ? harness_dialogs(run->harness, dialogs) : -ENOMEM;
	bool good = count >= 0 || wrong("dialogs cannot be read");

	snprintf(copy, sizeof(copy), "%s", then ? then : "");
	if (good)
		good = check_words(run, dialogs, count, copy) && check_row_keys(dialogs, count);
	for (int i = 0; good && i < count; i++)
		good = check_sane(&dialogs[i]);
	free(dialogs);
	return good;
}
