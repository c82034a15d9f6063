// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "oracle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

/* libosip2 makes hundreds of small allocations: they come from an arena, reset for each message. */
#define ARENA (4 << 20)
static _Alignas(16) char arena[ARENA];
static size_t used, kept;

static void *take(size_t size)
{
	char *at = arena + used + 16;

	size = (size + 15) & ~(size_t)15;
	if (size > ARENA - 16 - used)
		return NULL;
	used += 16 + size;
	memcpy(at - 16, &size, sizeof(size));
	return at;
}

static void *take_again(void *old, size_t size)
{
	void *at = take(size);
	size_t before = 0;

	if (old)
		memcpy(&before, (char *)old - 16, sizeof(before));
	if (at && old)
		memcpy(at, old, before < size ? before : size);
	return at;
}

static void keep(void *at)
{
	(void)at;
}

static void silent(const char *file, int line, osip_trace_level_t level, const char *format,
		   va_list args)
{
	(void)file, (void)line, (void)level, (void)format, (void)args;
}

int oracle_open(void)
{
	osip_trace_initialize_func(OSIP_FATAL, silent);
	osip_set_allocators(take, take_again, keep);
	if (parser_init())
		return -ENOMEM;
	kept = used;
	return 0;
}

static const char *tag_of(osip_from_t *party)
{
	osip_generic_param_t *tag = NULL;

	osip_from_get_tag(party, &tag);
	return tag && tag->gvalue ? tag->gvalue : "";
}

int oracle_read(const char *text, size_t len, struct opinion *o)
{
	osip_message_t *sip;

	used = kept;
	if (osip_message_init(&sip) || osip_message_parse(sip, text, len) || !sip->call_id ||
	    !sip->call_id->number || !sip->from || !sip->to || !sip->cseq || !sip->cseq->number ||
	    !sip->cseq->method)
		return -EBADMSG;
	*o = (struct opinion){
		.status = sip->sip_method ? 0 : sip->status_code,
		.method = sip->sip_method ? sip->sip_method : sip->cseq->method,
		.call_id = sip->call_id->number,
		.call_id_host = sip->call_id->host,
		.from_tag = tag_of(sip->from),
		.to_tag = tag_of(sip->to),
		.cseq = sip->cseq->number,
		.cseq_method = sip->cseq->method,
	};
	return 0;
}
