/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The messages that parsers.c measures, by class. */
#ifndef BENCH_PARSER_MESSAGES_H
#define BENCH_PARSER_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

struct message {
	char *text;
	size_t len;
};

struct message_class {
	const char *key; /* in JSON */
	const char *name;
	struct message *messages;
	size_t count;
};

/*
 * Sets *classes: the messages of SIPp's scenario uac, a large INVITE, and those of tests/vectors.
 * Returns their number, or -errno.
 */
int messages_read(struct message_class **classes);
void messages_free(struct message_class *classes, int count);

#endif
