// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The messages of the unit tests, and mutations of them, through the parser in the kernel. */
#include "native_match.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/parser_vectors.h"
#include "probe.h"
#include "sip_parser.h"

#define MUTATIONS 100 /* of each message; 6.1 is emulated */

static bool matches_mutated(struct probe *probe, const char *text, size_t len, unsigned int seed)
{
	static const char bytes[] = "\0\r\n \t:;,=\"<>\\@BYEbye019\xff/.-";
	char copy[SIP_MAX];

	for (int round = 0; round < MUTATIONS; round++) {
		memcpy(copy, text, len);
		for (int n = 0; n < 1 + round % 4; n++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % len] = bytes[(seed >> 4) % (sizeof(bytes) - 1)];
		}
		if (probe_matches(probe, copy, len, round & 1) != 1)
			return false;
	}
	return true;
}

void native_match_run(void (*result)(bool good, const char *suite, const char *name))
{
	struct probe probe;
	bool whole = true, mutated = true;
	int err = probe_open(&probe);

	result(!err, "load", "the verifier takes the parser alone");
	for (const struct parser_vector *v = parser_vectors; !err && v->name; v++) {
		size_t len = strlen(v->text);

		whole &= probe_matches(&probe, v->text, len, 1) == 1;
		whole &= probe_matches(&probe, v->text, len / 2, 0) == 1;
		mutated &= matches_mutated(&probe, v->text, len, v - parser_vectors + 1);
	}
	result(!err && whole, "parser",
	       "the kernel parses each message of the unit tests as the native build does");
	result(!err && mutated, "parser",
	       "the kernel parses each mutated message as the native build does");
	probe_close(&probe);
}
