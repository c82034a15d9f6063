/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Decides what becomes of a record that a proxy has sent: a report for the guard, or why it is left
 * out. No I/O.
 */
#ifndef CG_HEP_HEP_SIFT_H
#define CG_HEP_HEP_SIFT_H

#include <stdbool.h>

#include "cseqguard.h"
#include "hep/hep_read.h"

/* X(NAME, word, text): the words of metrics and of `status` */
#define CG_HEP_FATE_LIST(X)                                                                        \
	X(JUDGED, judged, "given to the rules")                                                    \
	X(DAMAGED, damaged, "no HEP version 3, or without a message")                              \
	X(BAD_KEY, bad_key, "without the key of hep-key")                                          \
	X(NOT_SIP, not_sip, "of another protocol than SIP")                                        \
	X(NO_ADDRESS, no_address, "from or to 0.0.0.0, or without an address")                     \
	X(SAME_ADDRESS, same_address, "from an address to itself")                                 \
	X(MIXED_FAMILIES, mixed_families, "from IPv4 to IPv6, or the reverse")                     \
	X(NO_HOST, no_host, "from and to addresses that are not this host's")                      \
	X(HOST_ONLY, host_only, "from this host to itself")                                        \
	X(ON_WIRE, on_wire, "over UDP or TCP that the guard reads itself")                         \
	X(FAILED, failed, "the guard has no program for them, or did not read it")

#define CG_HEP_FATE_ENUM(NAME, word, text) CG_HEP_##NAME,
enum cg_hep_fate { CG_HEP_FATE_LIST(CG_HEP_FATE_ENUM) CG_HEP_FATES };
#undef CG_HEP_FATE_ENUM

const char *cg_hep_fate_word(enum cg_hep_fate fate);
const char *cg_hep_fate_text(enum cg_hep_fate fate);

struct cg_hep_sieve { /* its pointers must outlive it */
	const struct cg_config *config; /* what the guard reads itself */
	const char *key; /* NULL: none is asked for */
	bool (*is_host)(void *ctx, const __u8 addr[16]);
	void *ctx;
};

struct cg_hep_clocks { /* at the arrival of the record, ns */
	__u64 boot; /* CLOCK_BOOTTIME */
	__u64 real; /* CLOCK_REALTIME */
};

#define CG_HEP_CLOCK_OFF_NS 1000000000ULL /* a time so far from the arrival is not believed */

struct cg_hep_sifted { /* valid if the fate is JUDGED */
	struct cg_hep_report report;
	bool clock_off; /* the report has the time of the arrival */
	bool is_early; /* an INVITE without To tag: nothing has to come before it */
	size_t len; /* bytes of the payload that the guard reads */
};

/* The sieve tests a key in constant time. */
enum cg_hep_fate cg_hep_sift(const struct cg_hep_sieve *sieve, const struct cg_hep_record *record,
			     const struct cg_hep_clocks *clocks, struct cg_hep_sifted *sifted);

#endif
