/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Columns of the database tables. The C structs and the SQL of SQLite and PostgreSQL are generated
 * from these lists.
 *
 * NUMBER(name, type, merge) and TEXT(name, size, type, merge)
 *   size   with the NUL; the text is valid UTF-8 without control characters
 *   type   a type of PostgreSQL, or `time`: microseconds since 1970, UTC. A number may be CG_NULL.
 *   merge  how a later version of the same row changes the column:
 *          KEY    part of the primary key
 *          KEEP   the first value is kept
 *          OPEN   the later value is taken while the call is open; then that of the better end
 *          MAX    the larger value is taken
 *          MIN    the smaller value is taken
 *          END    follows the better end of the call, whichever version comes first: an operator's
 *                 decision, then bye and gone, relayed_bye, unproven_bye, timeout, and last
 *                 maps_lost, reboot and detached. Of two that are equally good the later one. So two
 *                 nodes may write the row of one call. An end is never removed. Exception:
 *                 `unproven_bye` was only a guess, and a later version may open the row again.
 *          TAINT  stays true once it is true, unless an operator has settled the row. Exception: an
 *                 end on evidence takes the suspicion of timeout, maps_lost, reboot and detached
 *                 away. That of unproven_bye stays.
 *          FILL   the first value that is not NULL is kept. An empty text is NULL.
 *          TWIN   as OPEN, but the twin's address counts: that of the first version that names a twin is
 *                 taken at any time, and none without a twin replaces it
 *          CLOSED the time at which the store got the end that the row has, by the store's clock; the
 *                 row's own value is not used. NULL while the call is open. It is new if the end, its
 *                 reason or `suspect` changes.
 */
#ifndef CG_CALLS_DB_COLUMNS_H
#define CG_CALLS_DB_COLUMNS_H

#include <linux/types.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>

#include "cseqguard.h"

#define CG_NULL INT64_MIN
#define CG_ESCAPED(size) (4 * ((size)-1) + 1) /* size of an escaped SIP text */
#define CG_UUID_TEXT 37
#define CG_NODE_MAX 65
#define CG_WORD_MAX 24
#define CG_OPERATOR_MAX 65
#define CG_WHY_MAX 501

#define CG_CDR_COLUMNS(NUMBER, TEXT)                                                               \
	NUMBER(setup_time, time, KEY)                                                              \
	TEXT(call_uid, CG_UUID_TEXT, uuid, KEY)                                                    \
	TEXT(node, CG_NODE_MAX, text, KEY)                                                         \
	TEXT(call_id, CG_ESCAPED(CG_CALL_ID_MAX), text, KEEP)                                      \
	TEXT(from_tag, CG_ESCAPED(CG_TAG_MAX), text, KEEP)                                         \
	TEXT(to_tag, CG_ESCAPED(CG_TAG_MAX), text, KEEP)                                           \
	TEXT(caller, CG_ESCAPED(CG_URI_MAX), text, KEEP)                                           \
	TEXT(callee, CG_ESCAPED(CG_URI_MAX), text, KEEP)                                           \
	TEXT(request_uri, CG_ESCAPED(CG_URI_MAX), text, KEEP)                                      \
	TEXT(caller_addr, INET6_ADDRSTRLEN, inet, TWIN)                                            \
	NUMBER(caller_port, int4, TWIN)                                                            \
	TEXT(callee_addr, INET6_ADDRSTRLEN, inet, OPEN)                                            \
	NUMBER(callee_port, int4, OPEN)                                                            \
	TEXT(caller_side, CG_WORD_MAX, text, OPEN)                                                 \
	TEXT(callee_side, CG_WORD_MAX, text, OPEN)                                                 \
	NUMBER(witness, int4, OPEN)                                                                \
	TEXT(twin_uid, CG_UUID_TEXT, uuid, FILL)                                                   \
	NUMBER(answer_time, time, KEEP)                                                            \
	NUMBER(candidate_end, time, OPEN)                                                          \
	NUMBER(end_time, time, END)                                                                \
	NUMBER(closed_at, time, CLOSED)                                                            \
	TEXT(end_reason, CG_WORD_MAX, text, END)                                                   \
	TEXT(ended_by, CG_WORD_MAX, text, END)                                                     \
	NUMBER(bye_confirmed, bool, END)                                                           \
	NUMBER(suspect, bool, TAINT)                                                               \
	NUMBER(blocked_byes, int4, MAX)                                                            \
	NUMBER(first_blocked_at, time, MIN)                                                        \
	NUMBER(caller_cseq, int8, MAX)                                                             \
	NUMBER(callee_cseq, int8, MAX)                                                             \
	NUMBER(sip_code, int4, KEEP)

#define CG_VIOLATION_COLUMNS(NUMBER, TEXT)                                                         \
	NUMBER(at, time, KEY)                                                                      \
	TEXT(node, CG_NODE_MAX, text, KEY)                                                         \
	NUMBER(seq, int8, KEY)                                                                     \
	TEXT(call_uid, CG_UUID_TEXT, uuid, KEEP)                                                   \
	TEXT(reason, CG_WORD_MAX, text, KEEP)                                                      \
	TEXT(action, CG_WORD_MAX, text, KEEP)                                                      \
	NUMBER(count, int8, MAX)                                                                   \
	TEXT(call_id, CG_ESCAPED(CG_CALL_ID_MAX), text, KEEP)                                      \
	TEXT(from_tag, CG_ESCAPED(CG_TAG_MAX), text, KEEP)                                         \
	TEXT(to_tag, CG_ESCAPED(CG_TAG_MAX), text, KEEP)                                           \
	TEXT(method, CG_WORD_MAX, text, KEEP)                                                      \
	NUMBER(cseq, int8, KEEP)                                                                   \
	NUMBER(expected_cseq, int8, KEEP)                                                          \
	TEXT(leg, CG_WORD_MAX, text, KEEP)                                                         \
	TEXT(source, INET6_ADDRSTRLEN, inet, KEEP)                                                 \
	NUMBER(source_port, int4, KEEP)                                                            \
	TEXT(interface, IF_NAMESIZE, text, KEEP)                                                   \
	TEXT(outcome, CG_WORD_MAX, text, FILL)

/* An operator's decision about a call, and the values of its row before. */
#define CG_SETTLEMENT_COLUMNS(NUMBER, TEXT)                                                        \
	NUMBER(at, time, KEY)                                                                      \
	TEXT(call_uid, CG_UUID_TEXT, uuid, KEY)                                                    \
	TEXT(node, CG_NODE_MAX, text, KEY)                                                         \
	NUMBER(setup_time, time, KEY)                                                              \
	TEXT(operator, CG_OPERATOR_MAX, text, KEEP)                                                \
	TEXT(why, CG_WHY_MAX, text, KEEP)                                                          \
	NUMBER(end_time, time, KEEP)                                                               \
	NUMBER(was_end_time, time, KEEP)                                                           \
	TEXT(was_end_reason, CG_WORD_MAX, text, KEEP)                                              \
	NUMBER(was_suspect, bool, KEEP)

#define CG_ROW_NUMBER(name, type, merge) __s64 name;
#define CG_ROW_TEXT(name, size, type, merge) char name[size];

struct cg_cdr_row {
	CG_CDR_COLUMNS(CG_ROW_NUMBER, CG_ROW_TEXT)
};

struct cg_violation_row {
	CG_VIOLATION_COLUMNS(CG_ROW_NUMBER, CG_ROW_TEXT)
};

struct cg_settlement_row {
	CG_SETTLEMENT_COLUMNS(CG_ROW_NUMBER, CG_ROW_TEXT)
};

#endif
