// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Prints the daemon's options as a configuration file, and applies and logs what a reload changes.
 */
#include <stdio.h>
#include <string.h>

#include "config/options_internal.h"
#include "postgres/conninfo.h"
#include "util/clock.h"
#include "util/log.h"

#define VALUE_MAX 400

/* Formats in the largest unit that gives at least two of it, or whole hours. */
static void format_duration(__u64 ns, char *text, size_t size)
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

static void format_age(__u64 ns, char *text, size_t size)
{
	const __u64 day = 24 * 3600 * CG_SECOND;

	if (!ns)
		snprintf(text, size, "off");
	else if (!(ns % day))
		snprintf(text, size, "%llud", (unsigned long long)(ns / day));
	else
		format_duration(ns, text, size);
}

/* Copies word `number` of WORD|WORD... */
static void format_choice(const char *words, __u64 number, char *text, size_t size)
{
	while (number--)
		words += strcspn(words, "|") + 1;
	snprintf(text, size, "%.*s", (int)strcspn(words, "|"), words);
}

/* Formats a value as a file has it, with passwords as ***; "": unset. */
static void format_value(const struct cg_daemon_options *options, size_t i, char *text, size_t size)
{
	const struct daemon_option *option = &cg_daemon_table[i];
	const void *at = (const char *)options + option->offset;
	const char *string = cg_daemon_option_is_text(option->kind) ? *(char *const *)at : NULL;

	*text = '\0';
	switch (option->kind) {
	case TEXT:
	case ADDRESS:
	case REDIS:
	case NAME:
	case LISTENER:
		if (string && !strcmp(option->name, "db"))
			cg_conninfo_redact(string, text, size);
		else if (string && !strcmp(option->name, "hep-key"))
			snprintf(text, size, "***");
		else if (string)
			snprintf(text, size, "%s", string);
		break;
	case DURATION:
		format_duration(*(const __u64 *)at, text, size);
		break;
	case AGE:
		format_age(*(const __u64 *)at, text, size);
		break;
	case FLAG:
		snprintf(text, size, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case CHOICE:
		format_choice(option->arg, *(const __u64 *)at, text, size);
		break;
	case PERCENT:
	case NUMBER:
	case ID:
		if (option->kind == PERCENT && !*(const __u64 *)at)
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
		if (!cg_daemon_table[i].place)
			continue;
		format_value(options, i, text, sizeof(text));
		printf("%s =%s%s\n", cg_daemon_table[i].name, *text ? " " : "", text);
	}
}

static size_t get_value_size(enum kind kind)
{
	return kind == FLAG ? sizeof(bool) : cg_daemon_option_is_text(kind) ? sizeof(char *) : 8;
}

static bool values_are_equal(const struct cg_daemon_options *a, const struct cg_daemon_options *b,
			     size_t i)
{
	const struct daemon_option *option = &cg_daemon_table[i];
	const void *one = (const char *)a + option->offset,
		   *other = (const char *)b + option->offset;
	const char *texts[2];

	if (!cg_daemon_option_is_text(option->kind))
		return !memcmp(one, other, get_value_size(option->kind));
	memcpy(&texts[0], one, sizeof(*texts));
	memcpy(&texts[1], other, sizeof(*texts));
	return !strcmp(texts[0] ? texts[0] : "", texts[1] ? texts[1] : "");
}

/* The other options get the old value, so that a string is freed with them. */
static void swap_values(struct cg_daemon_options *now, struct cg_daemon_options *next, size_t i)
{
	const struct daemon_option *option = &cg_daemon_table[i];
	char *here = (char *)now + option->offset, *there = (char *)next + option->offset;
	char old[8];

	_Static_assert(sizeof(old) >= sizeof(char *), "a value");
	memcpy(old, here, get_value_size(option->kind));
	memcpy(here, there, get_value_size(option->kind));
	memcpy(there, old, get_value_size(option->kind));
}

static void log_change(const struct cg_daemon_options *now, const struct cg_daemon_options *next,
		       size_t i)
{
	const struct daemon_option *option = &cg_daemon_table[i];
	char was[VALUE_MAX], is[VALUE_MAX];

	format_value(now, i, was, sizeof(was));
	format_value(next, i, is, sizeof(is));
	if (option->place != RELOAD)
		cg_log_warning("reload: %s stays %s; restart the daemon to change it to %s",
			       option->name, *was ? was : "unset", *is ? is : "unset");
	else if (!strcmp(was, is))
		cg_log_notice("reload: %s: password changed", option->name);
	else
		cg_log_notice("reload: %s changed from %s to %s", option->name,
			      *was ? was : "unset", *is ? is : "unset");
}

__u64 cg_daemon_options_reload(struct cg_daemon_options *now, struct cg_daemon_options *next)
{
	__u64 changed = 0;
	bool any = false;

	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		if (!cg_daemon_table[i].place || values_are_equal(now, next, i))
			continue;
		any = true;
		log_change(now, next, i);
		if (cg_daemon_table[i].place != RELOAD)
			continue;
		swap_values(now, next, i);
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
