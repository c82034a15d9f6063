// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The parser against libosip2, from the same bytes. Where both take a message, Call-ID, tags, CSeq
 * number and method must agree, but for what differences.c argues; whatever the bytes, the parser
 * stays within its buffer, whose end touches a page that cannot, and what lies behind the message
 * has no bearing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "differences.h"
#include "oracle.h"
#include "sip_parser.h"

#define METHOD_WORD(NAME, word) #word,
static const char *const methods[] = { CG_METHOD_LIST(METHOD_WORD) };

static struct sip_parser *parser; /* ends where its page does */

static void refuse(const char *what)
{
	fprintf(stderr, "parser_fuzz: %s\n", what);
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (sizeof(*parser) + page - 1) / page * page;
	char *base =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argc, (void)argv;
	if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE) || oracle_open())
		refuse("out of memory");
	parser = (void *)(base + room - sizeof(*parser));
	return 0;
}

static int parse(const uint8_t *data, size_t len, int complete, int behind)
{
	memcpy(parser->buf, data, len);
	memset(parser->buf + len, behind, SIP_SLACK);
	return sip_parse(parser, len, complete);
}

static void check_slices(size_t len)
{
	const struct sip_msg *m = &parser->msg;
	const struct sip_slice *all[] = { &m->request_uri, &m->call_id, &m->from_uri,
					  &m->from_tag,	   &m->to_uri,	&m->to_tag,
					  &m->contact,	   &m->branch,	&m->branch2 };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->len && (size_t)all[i]->off + all[i]->len > len)
			refuse("a slice that is not within the message");
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

	for (i = 1; i < CG_METHODS && strcasecmp(methods[i], word); i++)
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
	check_slices(ret ? SIP_MAX : len);
	cut = parser->msg;
	if (parse(data, len, 0, 't') != ret || (!ret && memcmp(&cut, &parser->msg, sizeof(cut))))
		refuse("what lies behind a cut message has a bearing");
	ret = parse(data, len, 1, ' ');
	whole = parser->msg;
	if (parse(data, len, 1, '=') != ret || (!ret && memcmp(&whole, &parser->msg, sizeof(cut))))
		refuse("what lies behind the message has a bearing");
	if (ret)
		return 0;
	check_slices(len);
	compare(data, len);
	return 0;
}
