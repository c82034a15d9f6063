/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The expected result of the parser as text. An expectation is lines of KEY=VALUE, or `not_sip`.
 * Lines that begin with '#' are comments. Keys: method status cseq; call_id from_tag to_tag
 * from_uri to_uri request_uri contact branch branch2 (`\xHH` is that byte); 0 or 1: ambiguous
 * bad_cseq loose end has_call_id has_from has_to has_cseq has_via.
 */
#ifndef EXPECTATION_H
#define EXPECTATION_H

#include "sip_parser.h"

/* ret: of sip_parse(). Returns true, or prints the differences as TAP comments. */
int expectation_holds(const struct sip_parser *p, int ret, const char *expected);

/* Returns whether all slices are within the first `len` bytes. */
int slices_are_within(const struct sip_msg *msg, __u32 len);

#endif
