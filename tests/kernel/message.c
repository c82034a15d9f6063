// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "message.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parsed short form. */
struct form {
	char line[1024];
	const char *method, *cseq, *from, *to;
	const char *via, *uri, *contact, *without, *first;
	const char *route, *record_route, *received, *sent_by;
	const char *more; /* header lines */
	int pad;
	bool compact, lower, upper, spaced, folded, lf;
};

static void put(struct message *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	m->len += vsnprintf(m->text + m->len, sizeof(m->text) - m->len, format, args);
	va_end(args);
	if (m->len >= sizeof(m->text)) {
		fprintf(stderr, "message: longer than %zu bytes\n", sizeof(m->text));
		abort();
	}
}

static const char *eol(const struct form *form)
{
	return form->lf ? "\n" : "\r\n";
}

/* Appends one header line in the form that the words ask for. */
static void header(struct message *m, const struct form *form, const char *name, const char *brief,
		   const char *format, ...)
{
	char value[MESSAGE_MAX], shown[32];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	snprintf(shown, sizeof(shown), "%s", form->compact ? brief : name);
	for (char *c = shown; *c; c++)
		*c = form->lower ? tolower(*c) : form->upper ? toupper(*c) : *c;
	put(m, "%s%s:%s%s%s", shown, form->spaced ? " \t" : "", form->folded ? eol(form) : "",
	    form->spaced ? " \t " : " ", value);
	put(m, "%s%s", form->spaced ? "  " : "", eol(form));
}

static bool has(const struct form *form, const char *name)
{
	return !form->without || !strstr(form->without, name);
}

#define ELSEWHERE "192.0.2.77:5060" /* sent-by of a branch whose sender was not seen */

static struct {
	char branch[32];
	char sent_by[64];
} senders[64];
static size_t n_senders;

void message_forget(void)
{
	n_senders = 0;
}

static const char *sent_by_of(const char *branch)
{
	for (size_t i = 0; i < n_senders; i++)
		if (!strcmp(senders[i].branch, branch))
			return senders[i].sent_by;
	return ELSEWHERE;
}

/* The host that sends a request puts the branch on top. */
static void remember(const char *branch, const char *sent_by)
{
	if (!sent_by || !strcmp(branch, "-") || strcmp(sent_by_of(branch), ELSEWHERE) ||
	    n_senders == sizeof(senders) / sizeof(*senders))
		return;
	snprintf(senders[n_senders].branch, sizeof(senders->branch), "%s", branch);
	snprintf(senders[n_senders++].sent_by, sizeof(senders->sent_by), "%s", sent_by);
}

static void vias(struct message *m, const struct form *form)
{
	char list[256], *rest = list, *branch;
	int pad = form->pad, n = 0;

	snprintf(list, sizeof(list), "%s", form->via ? form->via : "x");
	while (has(form, "via") && (branch = strsep(&rest, ","))) {
		char filler[MESSAGE_MAX] = "", received[80] = "";

		if (!n && !m->status)
			remember(branch, form->sent_by);
		if (pad)
			snprintf(filler, sizeof(filler), ";x=%0*d", pad, 0);
		if (form->received && (n == 1 || (!n && !rest)))
			snprintf(received, sizeof(received), ";received=%s", form->received);
		header(m, form, "Via", "v", "SIP/2.0/UDP %s%s%s%s%s", sent_by_of(branch), filler,
		       strcmp(branch, "-") ? ";branch=z9hG4bK" : "",
		       strcmp(branch, "-") ? branch : "", received);
		pad = 0;
		n++;
	}
}

static void routes(struct message *m, const struct form *form, const char *name, const char *list)
{
	char copy[512], *rest = copy, *uri;

	snprintf(copy, sizeof(copy), "%s", list ? list : "");
	while (*copy && (uri = strsep(&rest, ",")))
		header(m, form, name, name, strchr(uri, ':') ? "<%s>" : "<sip:%s;lr>", uri);
}

static void party(struct message *m, const struct form *form, const char *name, const char *brief,
		  const char *tag)
{
	if (*tag)
		header(m, form, name, brief, "<sip:%s@%s.example>;tag=%s", tag, tag, tag);
	else
		header(m, form, name, brief, "<sip:0049@proxy.example>");
}

static void more(struct message *m, const struct form *form)
{
	for (const char *c = form->more; c && *c; c++)
		if (*c == '\n')
			put(m, "%s", eol(form));
		else if (!strncmp(c, "$ID", 3))
			put(m, "%s", m->call_id), c += 2;
		else
			put(m, "%c", *c);
	if (form->more)
		put(m, "%s", eol(form));
}

static void build(struct message *m, const struct form *form)
{
	const char *sender = m->status ? form->to : form->from;
	const char *receiver = *form->to ? form->to : "0049";

	put(m, "%s", form->first ? form->first : "");
	if (m->status)
		put(m, "SIP/2.0 %d Answer%s", m->status, eol(form));
	else if (form->uri)
		put(m, "%s %s SIP/2.0%s", form->method, form->uri, eol(form));
	else
		put(m, "%s sip:%s@%s.example SIP/2.0%s", form->method, receiver,
		    *form->to ? receiver : "proxy", eol(form));
	more(m, form);
	vias(m, form);
	put(m, "Max-Forwards: 70%s", eol(form));
	if (has(form, "from"))
		party(m, form, "From", "f", form->from);
	if (has(form, "to"))
		party(m, form, "To", "t", form->to);
	if (has(form, "callid"))
		header(m, form, "Call-ID", "i", "%s", m->call_id);
	if (has(form, "cseq"))
		header(m, form, "CSeq", "CSeq", "%s %s", form->cseq, form->method);
	routes(m, form, "Route", form->route);
	routes(m, form, "Record-Route", form->record_route);
	if (form->contact && !strcmp(form->contact, "own") && form->sent_by)
		header(m, form, "Contact", "m", "<sip:%s@%s>", sender, form->sent_by);
	else if (form->contact && strcmp(form->contact, "none"))
		header(m, form, "Contact", "m", "<%s>", form->contact);
	else if (!form->contact && *sender)
		header(m, form, "Contact", "m", "<sip:%s@%s.example>", sender, sender);
	put(m, "%s: 0%s%s", form->compact ? "l" : "Content-Length", eol(form), eol(form));
}

static int word(struct message *m, struct form *form, char *text)
{
	char *value = strchr(text, '=');
	bool *flags[] = { &form->compact, &form->lower,	 &form->upper,
			  &form->spaced,  &form->folded, &form->lf };
	static const char *const names[] = {
		"compact", "lower", "upper", "spaced", "folded", "lf"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i])) {
			*flags[i] = true;
			return 0;
		}
	if (*text == '@') {
		snprintf(m->label, sizeof(m->label), "%s", text + 1);
		return 0;
	}
	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(text, "via"))
		form->via = value;
	else if (!strcmp(text, "cid"))
		snprintf(m->call_id, sizeof(m->call_id), "%s", value);
	else if (!strcmp(text, "uri"))
		form->uri = value;
	else if (!strcmp(text, "contact"))
		form->contact = value;
	else if (!strcmp(text, "route"))
		form->route = value;
	else if (!strcmp(text, "rr"))
		form->record_route = value;
	else if (!strcmp(text, "received"))
		form->received = value;
	else if (!strcmp(text, "no"))
		form->without = value;
	else if (!strcmp(text, "first"))
		form->first = value;
	else if (!strcmp(text, "pad"))
		form->pad = atoi(value);
	else
		return -EINVAL;
	return 0;
}

/* Parses STATUS or METHOD, CSeq, tags, and the words. Changes form->line. */
static int parse(struct message *m, struct form *form)
{
	char *rest = form->line, *text, *arrow;
	int err = 0;

	form->method = strsep(&rest, " ");
	if (isdigit(*form->method)) {
		m->status = atoi(form->method);
		form->method = strsep(&rest, " ");
	}
	form->cseq = strsep(&rest, " ");
	form->from = strsep(&rest, " ");
	if (!form->method || !form->cseq || !form->from || !(arrow = strchr(form->from, '>')))
		return -EINVAL;
	*arrow = '\0';
	form->to = arrow + 1;
	snprintf(m->method, sizeof(m->method), "%s", form->method);
	while (!err && (text = strsep(&rest, " ")))
		if (*text)
			err = word(m, form, text);
	return err;
}

static size_t unescape(char *text, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int byte;

		if (text[i] == '%' && sscanf(text + i + 1, "%2x", &byte) == 1) {
			text[at++] = byte;
			i += 2;
		} else {
			text[at++] = text[i];
		}
	}
	text[at] = '\0';
	return at;
}

static void verbatim(struct message *m, const char *text)
{
	const char *id;

	while ((id = strstr(text, "$ID"))) {
		put(m, "%.*s%s", (int)(id - text), text, m->call_id);
		text = id + strlen("$ID");
	}
	put(m, "%s", text);
}

int message_make(struct message *m, const char *text, const char *call_id, const char *sent_by)
{
	struct form form = { .sent_by = sent_by, .more = strchr(text, '\n') };
	int err = 0;

	*m = (struct message){ 0 };
	snprintf(m->call_id, sizeof(m->call_id), "%s", call_id);
	if (*text == '=') {
		verbatim(m, text + 1);
		goto out;
	}
	snprintf(form.line, sizeof(form.line), "%.*s",
		 (int)(form.more ? form.more - text : (long)strlen(text)), text);
	form.more += !!form.more;
	err = parse(m, &form);
	if (!err)
		build(m, &form);
out:
	m->len = unescape(m->text, m->len);
	unescape(m->call_id, strlen(m->call_id));
	return err;
}
