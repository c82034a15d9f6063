// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/web_page.h"

#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char page[] =
#include "agent/http/page.html.h"
	;

#define PLACEHOLDER "@NONCE@"
#define NONCE_BYTES 16

/*
 * Makes a nonce in hexadecimal. Returns -1 without random numbers: no page is better than a weak
 * nonce.
 */
static int make_nonce(char nonce[2 * NONCE_BYTES + 1])
{
	__u8 bytes[NONCE_BYTES];

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != sizeof(bytes))
		return -1;
	for (int i = 0; i < NONCE_BYTES; i++)
		snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

char *cg_web_page_create(const char **csp)
{
	static char policy[512];
	char nonce[2 * NONCE_BYTES + 1];
	const char *rest = page, *place;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (make_nonce(nonce))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (; (place = strstr(rest, PLACEHOLDER)); rest = place + strlen(PLACEHOLDER))
		fprintf(out, "%.*s%s", (int)(place - rest), rest, nonce);
	fputs(rest, out);
	snprintf(policy, sizeof(policy),
		 "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; "
		 "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
		 "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
		 nonce, nonce);
	*csp = policy;
	return fclose(out) ? NULL : text;
}
