/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* TAP for one program: ok() for each behaviour, then `return tap_done();`. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_number, tap_failed;

/* Returns `good`. */
__attribute__((format(printf, 2, 3), unused)) static int ok(int good, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	printf("%sok %d - unit/", good ? "" : "not ", ++tap_number);
	vprintf(name, args);
	printf("\n");
	va_end(args);
	tap_failed += !good;
	return good;
}

static int tap_done(void)
{
	printf("1..%d\n", tap_number);
	return tap_failed || !tap_number;
}

#endif
