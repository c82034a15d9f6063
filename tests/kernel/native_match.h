/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NATIVE_MATCH_H
#define NATIVE_MATCH_H

#include <stdbool.h>

/* The parser in the kernel against the native build. Calls `result` for each test. */
void native_match_run(void (*result)(bool good, const char *suite, const char *name));

#endif
