/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names of the enum values in include/cseqguard.h, and the values of those names. A value that is
 * out of range is named "unknown", because values are read from maps and rings. All strings are
 * static.
 */
#ifndef CG_UTIL_ENUM_NAMES_H
#define CG_UTIL_ENUM_NAMES_H

#include "cseqguard.h"

const char *cg_reason_name(unsigned int reason);
const char *cg_reason_text(unsigned int reason); /* description in one line */
const char *cg_reason_kind(unsigned int reason); /* pass, note, drop or policy */
const char *cg_method_name(unsigned int method);
const char *cg_state_name(unsigned int state);
const char *cg_side_name(unsigned int side);
const char *cg_end_name(unsigned int end);
const char *cg_event_name(unsigned int type);
const char *cg_action_name(unsigned int action);
const char *cg_leg_name(unsigned int leg);
const char *cg_mode_name(unsigned int mode);
const char *cg_equal_name(unsigned int policy);
const char *cg_source_name(unsigned int policy);
const char *cg_fragments_name(unsigned int policy);
const char *cg_hides_name(unsigned int policy);
const char *cg_unseen_name(unsigned int policy);
const char *cg_tcp_name(unsigned int policy);
const char *cg_refuse_name(unsigned int policy);

/* True if the message was refused, so that the host does not read it as what it was. */
static inline int cg_action_refuses(unsigned int action)
{
	return action == CG_DROP || action == CG_REWRITTEN || action == CG_ANSWERED;
}

/* Return the value with this name, or -ENOENT. The comparison is case-sensitive. */
int cg_reason_from_name(const char *name);
int cg_mode_from_name(const char *name);
int cg_equal_from_name(const char *name);
int cg_source_from_name(const char *name);
int cg_fragments_from_name(const char *name);
int cg_hides_from_name(const char *name);
int cg_unseen_from_name(const char *name);
int cg_tcp_from_name(const char *name);
int cg_refuse_from_name(const char *name);

#endif
