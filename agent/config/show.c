// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon's options, shown: as help, as a file, and what a reload changed. */
#include <stdio.h>
#include <string.h>

#include "config/options_internal.h"
#include "postgres/conninfo.h"
#include "util/clock.h"
#include "util/log.h"

#define VALUE_MAX 400

/* In the largest unit that leaves two at least, or a whole hour. */
static void duration_text(__u64 ns, char *text, size_t size)
{
	const __u64 minute = 60 * CG_SECOND, hour = 60 * minute;

	if (!(ns % hour))
		snprintf(text, size, "%lluh", (unsigned long long)(ns / hour));
	else if (!(ns % minute) && ns > minute)
		snprintf(text, size, "%llum", (unsigned long long)(ns / minute));
	else if (!(ns % CG_SECOND))
		snprintf(text, size, "%llus", (unsigned long long)(ns / CG_SECOND));
	else
		snprintf(text, size, "%.15gms", ns / 1e6);
}

static void choice_text(const char *words, __u64 number, char *text, size_t size)
{
	while (number--)
		words += strcspn(words, "|") + 1;
	snprintf(text, size, "%.*s", (int)strcspn(words, "|"), words);
}

/* A value as a file has it, but for what is secret; "": none. */
static void value_text(const struct cg_daemon_options *options, size_t i, char *text, size_t size)
{
	const struct daemon_option *row = &cg_daemon_table[i];
	const void *at = (const char *)options + row->at;
	const char *string = cg_daemon_option_is_text(row->kind) ? *(char *const *)at : NULL;

	*text = '\0';
	switch (row->kind) {
	case TEXT:
	case ADDRESS:
	case LISTENER:
		if (string && !strcmp(row->name, "db"))
			cg_conninfo_redact(string, text, size);
		else if (string)
			snprintf(text, size, "%s", string);
		break;
	case DURATION:
		duration_text(*(const __u64 *)at, text, size);
		break;
	case FLAG:
		snprintf(text, size, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case CHOICE:
		choice_text(row->argument, *(const __u64 *)at, text, size);
		break;
	case PERCENT:
	case NUMBER:
	case ID:
		if (row->kind == PERCENT && !*(const __u64 *)at)
			snprintf(text, size, "off");
		else
			snprintf(text, size, "%llu", *(const unsigned long long *)at);
		break;
	}
}

void cg_daemon_options_print(const struct cg_daemon_options *options)
{
	char text[VALUE_MAX];

	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		if (!cg_daemon_table[i].in_file)
			continue;
		value_text(options, i, text, sizeof(text));
		printf("%s =%s%s\n", cg_daemon_table[i].name, *text ? " " : "", text);
	}
}

static size_t size_of(enum kind kind)
{
	return kind == FLAG ? sizeof(bool) : cg_daemon_option_is_text(kind) ? sizeof(char *) : 8;
}

static bool same(const struct cg_daemon_options *a, const struct cg_daemon_options *b, size_t i)
{
	const struct daemon_option *row = &cg_daemon_table[i];
	const void *one = (const char *)a + row->at, *other = (const char *)b + row->at;
	const char *texts[2];

	if (!cg_daemon_option_is_text(row->kind))
		return !memcmp(one, other, size_of(row->kind));
	memcpy(&texts[0], one, sizeof(*texts));
	memcpy(&texts[1], other, sizeof(*texts));
	return !strcmp(texts[0] ? texts[0] : "", texts[1] ? texts[1] : "");
}

/* The other one keeps what was here: a text is freed with it. */
static void exchange(struct cg_daemon_options *now, struct cg_daemon_options *next, size_t i)
{
	const struct daemon_option *row = &cg_daemon_table[i];
	char *here = (char *)now + row->at, *there = (char *)next + row->at;
	char old[8];

	_Static_assert(sizeof(old) >= sizeof(char *), "a value");
	memcpy(old, here, size_of(row->kind));
	memcpy(here, there, size_of(row->kind));
	memcpy(there, old, size_of(row->kind));
}

static void tell_change(const struct cg_daemon_options *now, const struct cg_daemon_options *next,
			size_t i)
{
	const struct daemon_option *row = &cg_daemon_table[i];
	char was[VALUE_MAX], is[VALUE_MAX];

	value_text(now, i, was, sizeof(was));
	value_text(next, i, is, sizeof(is));
	if (row->in_file != RELOAD)
		cg_log_warning("reload: %s stays %s: %s needs a restart", row->name,
			       *was ? was : "unset", *is ? is : "none");
	else if (!strcmp(was, is))
		cg_log_notice("reload: %s has another password", row->name);
	else
		cg_log_notice("reload: %s was %s, is %s", row->name, *was ? was : "unset",
			      *is ? is : "unset");
}

__u64 cg_daemon_options_reload(struct cg_daemon_options *now, struct cg_daemon_options *next)
{
	__u64 changed = 0;
	bool any = false;

	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		if (!cg_daemon_table[i].in_file || same(now, next, i))
			continue;
		any = true;
		tell_change(now, next, i);
		if (cg_daemon_table[i].in_file != RELOAD)
			continue;
		exchange(now, next, i);
		changed |= 1ULL << i;
	}
	if (!any)
		cg_log_notice("reload: %s: nothing has changed",
			      next->file ? next->file : "no file");
	return changed;
}

bool cg_daemon_option_changed(__u64 changed, const char *name)
{
	return changed & 1ULL << cg_daemon_option_find(name);
}
