// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes the parser against libosip2. If both accept a message, Call-ID, tags, CSeq number and
 * method must be equal, except as listed in differences.c. For any input the parser must stay
 * within its buffer, which ends at a guard page, and bytes behind the message must not change the
 * result.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "differences.h"
#include "guard_page.h"
#include "oracle.h"
#include "expectation.h"
#include "util/enum_names.h"

static struct sip_parser *parser;

static void refuse(const char *what)
{
	fprintf(stderr, "parser_fuzz: %s\n", what);
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	parser = guard_page_parser();
	if (!parser || oracle_open())
		refuse("out of memory");
	return 0;
}

static int parse(const uint8_t *data, size_t len, int complete, int behind)
{
	memcpy(parser->buf, data, len);
	memset(parser->buf + len, behind, SIP_SLACK);
	return sip_parse(parser, len, complete) || sip_parse_routing(parser) ? -1 : 0;
}

static int text_is(const struct sip_slice *slice, const char *text, size_t len)
{
	return slice->len == len && !memcmp(parser->buf + slice->off, text, len);
}

static int call_id_is(const struct opinion *o)
{
	const struct sip_slice *whole = &parser->msg.call_id;
	size_t len = strlen(o->call_id);
	struct sip_slice number = { whole->off, len };
	struct sip_slice host = { whole->off + len + 1, whole->len - len - 1 };

	if (!o->call_id_host)
		return text_is(whole, o->call_id, len);
	return whole->len > len && text_is(&number, o->call_id, len) &&
	       parser->buf[whole->off + len] == '@' &&
	       text_is(&host, o->call_id_host, strlen(o->call_id_host));
}

static int method_is(unsigned int method, const char *word)
{
	unsigned int i;

	for (i = CG_M_OTHER + 1; i < CG_METHODS && strcasecmp(cg_method_name(i), word); i++)
		;
	return method == (i < CG_METHODS ? i : CG_M_OTHER);
}

static int agree(const struct opinion *o, enum field field)
{
	const struct sip_msg *m = &parser->msg;

	switch (field) {
	case CALL_ID:
		return call_id_is(o);
	case FROM_TAG:
		return text_is(&m->from_tag, o->from_tag, strlen(o->from_tag));
	case TO_TAG:
		return text_is(&m->to_tag, o->to_tag, strlen(o->to_tag));
	case CSEQ:
		return (m->flags & SIP_BAD_CSEQ) || strtoul(o->cseq, NULL, 10) == m->cseq;
	case METHOD:
		if (m->status != o->status || (!m->status && !method_is(m->method, o->method)))
			return 0;
		return (m->flags & SIP_BAD_CSEQ) || method_is(m->cseq_method, o->cseq_method);
	}
	return 0;
}

static void compare(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "Call-ID", "From tag", "To tag", "CSeq", "method" };
	struct opinion o;

	if ((parser->msg.flags & SIP_AMBIGUOUS) || oracle_read((const char *)data, len, &o))
		return;
	for (enum field field = CALL_ID; field <= METHOD; field++)
		if (!agree(&o, field) && !difference(parser, &o, field)) {
			fprintf(stderr,
				"%s: guard '%.*s' '%.*s' '%.*s' %u, libosip2 '%s@%s' '%s' '%s' %s "
				"%s "
				"%s\n",
				names[field], parser->msg.call_id.len,
				parser->buf + parser->msg.call_id.off, parser->msg.from_tag.len,
				parser->buf + parser->msg.from_tag.off, parser->msg.to_tag.len,
				parser->buf + parser->msg.to_tag.off, parser->msg.cseq, o.call_id,
				o.call_id_host ? o.call_id_host : "", o.from_tag, o.to_tag, o.cseq,
				o.method, o.cseq_method);
			refuse("guard and libosip2 read two messages");
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sip_msg cut, whole;
	int ret;

	if (len > SIP_MAX)
		return 0;
	ret = parse(data, len, 0, '\n');
	cut = parser->msg;
	if (!ret && !slices_are_within(&cut, len))
		refuse("a slice that is not within a cut message");
	if (parse(data, len, 0, 't') != ret || (!ret && memcmp(&cut, &parser->msg, sizeof(cut))))
		refuse("what lies behind a cut message has a bearing");
	ret = parse(data, len, 1, ' ');
	whole = parser->msg;
	if (parse(data, len, 1, '=') != ret || (!ret && memcmp(&whole, &parser->msg, sizeof(cut))))
		refuse("what lies behind the message has a bearing");
	if (ret)
		return 0;
	if (!slices_are_within(&parser->msg, len))
		refuse("a slice that is not within the message");
	compare(data, len);
	return 0;
}
