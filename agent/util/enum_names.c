// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/enum_names.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define REASON_NAME(NAME, word, kind, text) #word,
#define REASON_KIND(NAME, word, kind, text) kind_##kind,
#define REASON_TEXT(NAME, word, kind, text) text,
#define ENUM_NAME(NAME, word) #word,

static const char kind_PASS[] = "pass", kind_NOTE[] = "note";
static const char kind_DROP[] = "drop", kind_POLICY[] = "policy";

static const char *const reasons[] = { CG_REASON_LIST(REASON_NAME) };
static const char *const kinds[] = { CG_REASON_LIST(REASON_KIND) };
static const char *const texts[] = { CG_REASON_LIST(REASON_TEXT) };
static const char *const methods[] = { CG_METHOD_LIST(ENUM_NAME) };
static const char *const states[] = { CG_STATE_LIST(ENUM_NAME) };
static const char *const sides[] = { CG_SIDE_LIST(ENUM_NAME) };
static const char *const ends[] = { CG_END_LIST(ENUM_NAME) };
static const char *const events[] = { CG_EVENT_LIST(ENUM_NAME) };
static const char *const actions[] = {
	[CG_PASS] = "pass",	      [CG_DROP] = "drop",	  [CG_WOULD_DROP] = "would_drop",
	[CG_REWRITTEN] = "rewritten", [CG_ANSWERED] = "answered",
};
static const char *const legs[] = {
	[CG_LEG_NONE] = "none",
	[CG_LEG_CALLER] = "caller",
	[CG_LEG_CALLEE] = "callee",
};
static const char *const modes[] = {
	[CG_OBSERVE] = "observe",
	[CG_ENFORCE] = "enforce",
};
static const char *const equals[] = {
	[CG_EQUAL_PASS] = "pass",
	[CG_EQUAL_DROP] = "drop",
};
static const char *const refuses[] = {
	[CG_REFUSE_DROP] = "drop",
	[CG_REFUSE_ANSWER] = "answer",
};
static const char *const sources[] = {
	[CG_SOURCE_OBSERVE] = "observe",
	[CG_SOURCE_STRICT] = "strict",
};
static const char *const fragments[] = {
	[CG_FRAGMENTS_PASS] = "pass",
	[CG_FRAGMENTS_STRICT] = "strict",
};

static const char *const hides[] = {
	[CG_HIDES_OFF] = "off",
	[CG_HIDES_ON] = "on",
	[CG_HIDES_AUTO] = "auto",
};
static const char *const unseens[] = {
	[CG_UNSEEN_SUSPECT] = "suspect",
	[CG_UNSEEN_BELIEVE] = "believe",
};
static const char *const tcps[] = {
	[CG_TCP_OFF] = "off",
	[CG_TCP_OBSERVE] = "observe",
	[CG_TCP_ENFORCE] = "enforce",
};

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -ENOENT;
}

#define DEFINE_TO_NAME(function, array)                                                            \
	const char *cg_##function(unsigned int n)                                                  \
	{                                                                                          \
		return n < COUNT(array) ? array[n] : "unknown";                                    \
	}
#define DEFINE_FROM_NAME(what, array)                                                              \
	int cg_##what##_from_name(const char *name)                                                \
	{                                                                                          \
		return find_name(array, COUNT(array), name);                                       \
	}

DEFINE_TO_NAME(reason_name, reasons)
DEFINE_TO_NAME(reason_text, texts)
DEFINE_TO_NAME(reason_kind, kinds)
DEFINE_TO_NAME(method_name, methods)
DEFINE_TO_NAME(state_name, states)
DEFINE_TO_NAME(side_name, sides)
DEFINE_TO_NAME(end_name, ends)
DEFINE_TO_NAME(event_name, events)
DEFINE_TO_NAME(action_name, actions)
DEFINE_TO_NAME(leg_name, legs)
DEFINE_TO_NAME(mode_name, modes)
DEFINE_TO_NAME(equal_name, equals)
DEFINE_TO_NAME(refuse_name, refuses)
DEFINE_TO_NAME(source_name, sources)
DEFINE_TO_NAME(fragments_name, fragments)
DEFINE_TO_NAME(hides_name, hides)
DEFINE_TO_NAME(unseen_name, unseens)
DEFINE_TO_NAME(tcp_name, tcps)

DEFINE_FROM_NAME(reason, reasons)
DEFINE_FROM_NAME(mode, modes)
DEFINE_FROM_NAME(equal, equals)
DEFINE_FROM_NAME(refuse, refuses)
DEFINE_FROM_NAME(source, sources)
DEFINE_FROM_NAME(fragments, fragments)
DEFINE_FROM_NAME(hides, hides)
DEFINE_FROM_NAME(unseen, unseens)
DEFINE_FROM_NAME(tcp, tcps)
