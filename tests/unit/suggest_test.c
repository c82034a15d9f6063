// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/util/suggest.c
#include "util/suggest.h"

#include <string.h>

#include "tap.h"

static const char *const names[] = { "sweep",	"grace",	  "db",	   "db-timeout",
				     "breaker", "breaker-window", "graces" };

static const char *nearest(const char *word)
{
	struct cg_suggestion nearest = { .word = word };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cg_suggest_compare(&nearest, names[i]);
	return nearest.name ? nearest.name : "";
}

static void distance(const char *a, const char *b, unsigned int expected)
{
	unsigned int there = cg_suggest_distance(a, b), back = cg_suggest_distance(b, a);

	ok(there == expected && back == expected, "nearest: %.20s to %.20s are %u (%u, %u)", a, b,
	   expected, there, back);
}

static void near(const char *word, const char *expected)
{
	ok(!strcmp(nearest(word), expected), "nearest: '%.20s' is near to '%s' ('%s')", word,
	   expected, nearest(word));
}

static void distances(void)
{
	char longest[CG_SUGGEST_WORD_MAX + 1], longer[CG_SUGGEST_WORD_MAX + 2];

	distance("", "", 0);
	distance("sweep", "sweep", 0);
	distance("sweep", "", 5);
	distance("sweep", "swep", 1);
	distance("sweep", "sweeep", 1);
	distance("sweep", "sweap", 1);
	distance("sweep", "seewp", 2);
	distance("sweep", "sewep", 1);
	distance("kitten", "sitting", 3);
	memset(longest, 'a', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[CG_SUGGEST_WORD_MAX] = longer[CG_SUGGEST_WORD_MAX + 1] = '\0';
	distance(longest, longest, 0);
	distance(longer, longest, CG_SUGGEST_WORD_MAX + 1);
}

static void words(void)
{
	near("swep", "sweep");
	near("sweeps", "sweep");
	near("breaker-windwo", "breaker-window");
	near("braeker", "breaker");
	near("dbtimeout", "db-timeout");
	near("de", ""); /* half of the word */
	near("ghaces", "graces");
	near("gahces", "graces");
	near("gahes", ""); /* two of five letters */
	near("grac", "grace"); /* graces is near, too */
	near("x", "");
	near("", "");
	near("xy", "");
	near("colour", "");
}

static void hints(void)
{
	struct cg_suggestion some = { .word = "swep" }, none = { .word = "colour" };
	char text[CG_SUGGEST_TEXT];

	cg_suggest_compare(&some, "sweep");
	ok(!strcmp(cg_suggest_text(&some, "--", text), " (did you mean --sweep?)"),
	   "nearest: a similar name makes a hint");
	cg_suggest_compare(&none, "sweep");
	ok(!strcmp(cg_suggest_text(&none, "--", text), ""),
	   "nearest: without a similar name there is no hint");
}

int main(void)
{
	distances();
	words();
	hints();
	return tap_done();
}
