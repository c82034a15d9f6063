/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Numbers of the contract to their words and back. Numbers come from maps and rings: whatever is
 * out of range is "unknown". All strings are static.
 */
#ifndef CG_UTIL_ENUM_NAMES_H
#define CG_UTIL_ENUM_NAMES_H

#include "cseqguard.h"

const char *cg_reason_word(unsigned int reason);
const char *cg_reason_text(unsigned int reason); /* one line for people */
const char *cg_reason_kind(unsigned int reason); /* pass, note, drop, policy */
const char *cg_method_word(unsigned int method);
const char *cg_state_word(unsigned int state);
const char *cg_end_word(unsigned int end);
const char *cg_event_word(unsigned int type);
const char *cg_action_word(unsigned int action);
const char *cg_leg_word(unsigned int leg);
const char *cg_mode_word(unsigned int mode);
const char *cg_equal_word(unsigned int policy);
const char *cg_source_word(unsigned int policy);
const char *cg_fragments_word(unsigned int policy);

/* The number, or -ENOENT. Words are exact, in lower case. */
int cg_reason_from_word(const char *word);
int cg_mode_from_word(const char *word);
int cg_equal_from_word(const char *word);
int cg_source_from_word(const char *word);
int cg_fragments_from_word(const char *word);

#endif
