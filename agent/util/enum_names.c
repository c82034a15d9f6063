// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/enum_names.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WORD4(NAME, word, kind, text) #word,
#define KIND4(NAME, word, kind, text) kind_##kind,
#define TEXT4(NAME, word, kind, text) text,
#define WORD2(NAME, word) #word,

static const char kind_PASS[] = "pass", kind_NOTE[] = "note";
static const char kind_DROP[] = "drop", kind_POLICY[] = "policy";

static const char *const reasons[] = { CG_REASON_LIST(WORD4) };
static const char *const kinds[] = { CG_REASON_LIST(KIND4) };
static const char *const texts[] = { CG_REASON_LIST(TEXT4) };
static const char *const methods[] = { CG_METHOD_LIST(WORD2) };
static const char *const states[] = { CG_STATE_LIST(WORD2) };
static const char *const ends[] = { CG_END_LIST(WORD2) };
static const char *const events[] = { CG_EVENT_LIST(WORD2) };
static const char *const actions[] = {
	[CG_PASS] = "pass", [CG_DROP] = "drop", [CG_WOULD_DROP] = "would_drop"
};
static const char *const legs[] = {
	[CG_LEG_NONE] = "none", [CG_LEG_CALLER] = "caller", [CG_LEG_CALLEE] = "callee"
};
static const char *const modes[] = { [CG_OBSERVE] = "observe", [CG_ENFORCE] = "enforce" };
static const char *const equals[] = { [CG_EQUAL_PASS] = "pass", [CG_EQUAL_DROP] = "drop" };
static const char *const sources[] = {
	[CG_SOURCE_OBSERVE] = "observe", [CG_SOURCE_STRICT] = "strict"
};
static const char *const fragments[] = {
	[CG_FRAGMENTS_PASS] = "pass", [CG_FRAGMENTS_STRICT] = "strict"
};

static int number(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], word))
			return i;
	return -ENOENT;
}

#define TO_WORD(name, array)                                                                       \
	const char *cg_##name(unsigned int n)                                                      \
	{                                                                                          \
		return n < COUNT(array) ? array[n] : "unknown";                                    \
	}
#define FROM_WORD(name, array)                                                                     \
	int cg_##name##_from_word(const char *word)                                                \
	{                                                                                          \
		return number(array, COUNT(array), word);                                          \
	}

TO_WORD(reason_word, reasons)
TO_WORD(reason_text, texts)
TO_WORD(reason_kind, kinds)
TO_WORD(method_word, methods)
TO_WORD(state_word, states)
TO_WORD(end_word, ends)
TO_WORD(event_word, events)
TO_WORD(action_word, actions)
TO_WORD(leg_word, legs)
TO_WORD(mode_word, modes)
TO_WORD(equal_word, equals)
TO_WORD(source_word, sources)
TO_WORD(fragments_word, fragments)

FROM_WORD(reason, reasons)
FROM_WORD(mode, modes)
FROM_WORD(equal, equals)
FROM_WORD(source, sources)
FROM_WORD(fragments, fragments)
