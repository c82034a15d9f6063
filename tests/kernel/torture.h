/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>

/* Each message of vectors.h as the kernel reads it; `result` is told of each. */
void torture_run(void (*result)(bool good, const char *suite, const char *name));

#endif
