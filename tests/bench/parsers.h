/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The parsers that parsers.c compares. Each returns true if it takes the message. They are in files
 * of their own, because their headers define the same names.
 */
#ifndef BENCH_PARSERS_H
#define BENCH_PARSERS_H

#include <stdbool.h>
#include <stddef.h>

bool parsers_init(void); /* once, before the others */
bool parse_guard(const char *text, size_t len);
bool parse_osip(const char *text, size_t len);
bool parse_sofia(const char *text, size_t len);

#endif
