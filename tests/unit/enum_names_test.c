// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/util/enum_names.c
#include <errno.h>
#include <string.h>

#include "tap.h"
#include "util/enum_names.h"

/* Every number has a word, no two the same, and one past the end has none. */
static int words_are_distinct(const char *(*word)(unsigned int), unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!*word(i) || !strcmp(word(i), "unknown"))
			return 0;
		for (unsigned int j = 0; j < i; j++)
			if (!strcmp(word(i), word(j)))
				return 0;
	}
	return !strcmp(word(count), "unknown") && !strcmp(word(255), "unknown") &&
	       !strcmp(word(0xffffffff), "unknown");
}

static int reasons_come_back(void)
{
	for (int i = 0; i < CG_REASONS; i++)
		if (cg_reason_from_name(cg_reason_name(i)) != i)
			return 0;
	return 1;
}

int main(void)
{
	ok(words_are_distinct(cg_reason_name, CG_REASONS),
	   "words: each of the reasons has its name");
	ok(words_are_distinct(cg_method_name, CG_METHODS),
	   "words: each of the methods has its name");
	ok(words_are_distinct(cg_state_name, CG_STATES), "words: each of the states has its name");
	ok(words_are_distinct(cg_end_name, CG_ENDS), "words: each of the end reasons has its name");
	ok(words_are_distinct(cg_event_name, CG_EVENTS), "words: each of the events has its name");
	ok(words_are_distinct(cg_action_name, CG_ANSWERED + 1),
	   "words: each of the actions has its name");
	ok(words_are_distinct(cg_leg_name, CG_LEG_CALLEE + 1),
	   "words: each of the legs has its name");
	ok(words_are_distinct(cg_tcp_name, CG_TCP_ENFORCE + 1),
	   "words: each of the policies of TCP has its name");
	ok(words_are_distinct(cg_mode_name, CG_ENFORCE + 1),
	   "words: each of the modes has its name");
	ok(reasons_come_back(), "words: each reason's word gives its number");
	ok(cg_reason_from_name("out_of_order") == CG_R_OUT_OF_ORDER,
	   "words: out_of_order is a reason");
	ok(cg_reason_from_name("OUT_OF_ORDER") == -ENOENT,
	   "words: the lookup of a word is case-sensitive");
	ok(cg_reason_from_name("out_of") == -ENOENT && cg_reason_from_name("") == -ENOENT,
	   "words: a part of a word is not found");
	ok(cg_mode_from_name("enforce") == CG_ENFORCE && cg_mode_from_name("unknown") == -ENOENT,
	   "words: `unknown` has no number");
	return tap_done();
}
