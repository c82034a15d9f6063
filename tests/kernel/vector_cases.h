/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef VECTOR_CASES_H
#define VECTOR_CASES_H

#include <stdbool.h>

/* Each message of vectors.h through the parser in the kernel. Calls `result` for each. */
void vector_cases_run(void (*result)(bool good, const char *suite, const char *name));

#endif
