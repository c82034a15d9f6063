// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/event_text.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "format/colour.h"
#include "format/columns.h"
#include "format/event_json.h"
#include "util/enum_names.h"
#include "util/text.h"

struct texts {
	char at[CG_TIME_TEXT];
	char source[INET6_ADDRSTRLEN];
	char interface[IF_NAMESIZE];
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];
	char from_tag[CG_ESCAPED_SIZE(CG_TAG_MAX)];
	char to_tag[CG_ESCAPED_SIZE(CG_TAG_MAX)];
};

static void print_json(const struct cg_config *config, const struct cg_event *e,
		       const struct texts *t)
{
	json_t *line = cg_event_json(config, e, t->interface);

	if (!line)
		return;
	json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(line);
}

static bool was_refused(const struct cg_event *e)
{
	return e->action == CG_DROP || e->action == CG_ANSWERED;
}

/* Red: refused. Yellow: should be looked into. */
static enum cg_colour event_colour(const struct cg_event *e)
{
	if (e->type == CG_EV_VIOLATION)
		return was_refused(e) ? CG_RED : CG_YELLOW;
	if (e->type == CG_EV_RESUME || e->type == CG_EV_ALIVE)
		return CG_YELLOW;
	return e->type == CG_EV_START ? CG_GREEN : e->type == CG_EV_END ? CG_CYAN : CG_PLAIN;
}

/* The marks of a ladder: X means refused. */
static char event_mark(const struct cg_event *e)
{
	if (e->type != CG_EV_VIOLATION)
		return ' ';
	return was_refused(e) ? 'X' : '!';
}

#define LONG 150 /* columns; most long lines fit into them */
#define SHORT_MAX 1024
#define USED 15 /* columns of time and mark */

/* Prints time, reason or event, message, source, and as much of the Call-ID as fits. */
static void print_short(const struct cg_event *e, const struct texts *t, unsigned int width)
{
	bool violation = e->type == CG_EV_VIOLATION;
	const char *what = violation ? cg_reason_name(e->reason) : cg_event_name(e->type);
	char rest[SHORT_MAX] = "", line[SHORT_MAX], cseq[16] = "", status[8] = "";

	if (e->cseq_valid)
		snprintf(cseq, sizeof(cseq), " %u", e->cseq);
	if (e->status)
		snprintf(status, sizeof(status), "%u ", e->status);
	snprintf(line, sizeof(line), "%-15s %s%s%s %s %s", what, status, cg_method_name(e->method),
		 cseq, t->source, t->call_id);
	cg_columns_append(rest, sizeof(rest), line, width > USED ? width - USED : 0, false);
	printf("%-12.12s %s%c %s%s\n", strlen(t->at) > 11 ? t->at + 11 : "",
	       cg_colour_escape(event_colour(e)), event_mark(e), rest, cg_colour_escape(CG_PLAIN));
}

static void print_long(const struct cg_event *e, const struct texts *t)
{
	printf("%s %s%s", t->at, cg_colour_escape(event_colour(e)), cg_event_name(e->type));
	if (e->reason < CG_REASONS)
		printf(" %s %s", cg_reason_name(e->reason), cg_action_name(e->action));
	printf("%s", cg_colour_escape(CG_PLAIN));
	if (e->status)
		printf(" %u to", e->status);
	printf(" %s of %s", cg_method_name(e->method), cg_leg_name(e->leg));
	if (e->cseq_valid)
		printf(" cseq %u", e->cseq);
	if (e->type == CG_EV_VIOLATION && e->expected_cseq)
		printf(" expected %u", e->expected_cseq);
	printf(" from %s:%u %s %s call-id %s%s%s\n", t->source, e->source_port,
	       e->direction == CG_OUT ? "out of" : "into", t->interface, cg_colour_escape(CG_BOLD),
	       t->call_id, cg_colour_escape(CG_PLAIN));
}

void cg_event_print(const struct cg_config *config, const struct cg_event *event, bool json)
{
	unsigned int width = cg_stdout_columns();
	struct texts t;

	cg_time_format(config, event->clock, event->at, t.at);
	cg_addr_format(event->source, t.source);
	if (!if_indextoname(event->ifindex, t.interface))
		snprintf(t.interface, sizeof(t.interface), "%u", event->ifindex);
	cg_text_escape(t.call_id, sizeof(t.call_id), event->call_id, CG_CALL_ID_MAX);
	cg_text_escape(t.from_tag, sizeof(t.from_tag), event->from_tag, CG_TAG_MAX);
	cg_text_escape(t.to_tag, sizeof(t.to_tag), event->to_tag, CG_TAG_MAX);
	if (json)
		print_json(config, event, &t);
	else if (width && width < LONG)
		print_short(event, &t, width);
	else
		print_long(event, &t);
}
