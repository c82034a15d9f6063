// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "guard_page.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct sip_parser *guard_page_parser(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (sizeof(struct sip_parser) + page - 1) / page * page;
	char *base =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE))
		return NULL;
	return (void *)(base + room - sizeof(struct sip_parser));
}

int guard_page_parse(struct sip_parser *p, const void *text, size_t len, int complete,
		     const char *behind)
{
	size_t period = strlen(behind);

	memcpy(p->buf, text, len);
	for (size_t i = len; i < sizeof(p->buf); i++)
		p->buf[i] = period ? behind[(i - len) % period] : 0;
	return sip_parse(p, len, complete) || sip_parse_routing(p) ? -1 : 0;
}
