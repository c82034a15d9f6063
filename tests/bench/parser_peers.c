// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "parsers.h"

#include <stdarg.h>

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <sofia-sip/sip_header.h>

static void silent(const char *file, int line, osip_trace_level_t level, const char *format,
		   va_list args)
{
	(void)file, (void)line, (void)level, (void)format, (void)args;
}

bool parsers_init(void)
{
	osip_trace_initialize_func(OSIP_FATAL, silent);
	return !parser_init();
}

bool parse_osip(const char *text, size_t len)
{
	osip_message_t *message;
	bool taken;

	if (osip_message_init(&message))
		return false;
	taken = !osip_message_parse(message, text, len);
	osip_message_free(message);
	return taken;
}

bool parse_sofia(const char *text, size_t len)
{
	msg_t *message = msg_make(sip_default_mclass(), 0, text, len);
	sip_t *sip = message ? sip_object(message) : NULL;
	bool taken = sip && !sip->sip_error && (sip->sip_request || sip->sip_status);

	msg_destroy(message);
	return taken;
}
