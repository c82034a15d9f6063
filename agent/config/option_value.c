// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The values of the daemon's options: what each kind may be, and how it is parsed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/options_internal.h"
#include "maps/pins.h"
#include "util/clock.h"
#include "util/endpoint.h"
#include "util/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Sets a string. An empty value unsets it, and its default applies. */
static int set_text(const struct daemon_option *option, void *field, const char *value)
{
	char *text = *value ? strdup(value) : NULL;

	(void)option;
	if (*value && !text)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = text;
	return 0;
}

/* Parses 1.5, 1.5s, 200ms, 5m, 12h or 400d to ns; seconds if there is no unit. 0 or -EINVAL. */
static int set_duration(const struct daemon_option *option, void *field, const char *value)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 },    { "ms", 1e6 },
		      { "m", 6e10 }, { "h", 3.6e12 }, { "d", 8.64e13 } };
	char *end;
	double number = strtod(value, &end);

	(void)option;
	if (end == value || !isfinite(number) || number <= 0)
		return -EINVAL;
	for (size_t i = 0; i < COUNT(units); i++) {
		double ns = number * units[i].ns;

		if (!strcmp(end, units[i].unit) && ns >= 1e6 && ns < 1e18) {
			*(__u64 *)field = ns;
			return 0;
		}
	}
	return -EINVAL;
}

/* A day at least: `keep = 400`, which is seconds, must not delete the calls of the hour before. */
static int set_age(const struct daemon_option *option, void *field, const char *value)
{
	__u64 age = 0;

	if (strcmp(value, "off") && (set_duration(option, &age, value) || age < 86400 * CG_SECOND))
		return -EINVAL;
	*(__u64 *)field = age;
	return 0;
}

static int set_flag(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	if (value && strcmp(value, "yes") && strcmp(value, "no"))
		return -EINVAL;
	*(bool *)field = !value || !strcmp(value, "yes");
	return 0;
}

static int set_percent(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	if (strcmp(value, "off"))
		return cg_number_parse(value, 1, 100, field);
	*(__u64 *)field = 0;
	return 0;
}

static int set_number(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	return cg_number_parse(value, 1, 1000000, field);
}

static int set_id(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	return cg_number_parse(value, 0, UINT32_MAX, field);
}

/* Sets the index of the value among the words of the option's WORD|WORD... */
static int set_choice(const struct daemon_option *option, void *field, const char *value)
{
	const char *words = option->arg;
	size_t len = strlen(value), word;

	for (__u64 n = 0; len; words += word + 1, n++) {
		word = strcspn(words, "|");
		if (word == len && !memcmp(words, value, len)) {
			*(__u64 *)field = n;
			return 0;
		}
		if (!words[word])
			break;
	}
	return -EINVAL;
}

static int set_endpoint(const struct daemon_option *option, void *field, const char *value,
			int (*parse)(const char *text, struct sockaddr_storage *out,
				     socklen_t *len))
{
	struct sockaddr_storage address;
	socklen_t len;

	return *value && parse(value, &address, &len) ? -EINVAL : set_text(option, field, value);
}

static int set_address(const struct daemon_option *option, void *field, const char *value)
{
	return set_endpoint(option, field, value, cg_endpoint_parse);
}

static int set_listener(const struct daemon_option *option, void *field, const char *value)
{
	return set_endpoint(option, field, value, cg_endpoint_parse_listener);
}

static int set_redis(const struct daemon_option *option, void *field, const char *value)
{
	return set_endpoint(option, field, value, cg_endpoint_parse_redis);
}

static int set_name(const struct daemon_option *option, void *field, const char *value)
{
	if (*value && cg_instance_check_name(value))
		return -EINVAL;
	return set_text(option, field, value);
}

/* Parser and description of the values of each kind. set() returns as cg_daemon_option_set(). */
static const struct {
	int (*set)(const struct daemon_option *option, void *field, const char *value);
	const char *expected;
} kinds[] = {
	[TEXT] = { set_text, "text" },
	[DURATION] = { set_duration, "a time such as 500ms, 32s or 12h" },
	[AGE] = { set_age, "a time of at least 1d, such as 400d, or off" },
	[FLAG] = { set_flag, "yes or no" },
	[PERCENT] = { set_percent, "a number from 1 to 100, or off" },
	[NUMBER] = { set_number, "a number from 1 to 1000000" },
	[ID] = { set_id, "a number from 0 to 4294967295" },
	[CHOICE] = { set_choice, NULL }, /* the option's words */
	[ADDRESS] = { set_address, "an address and a port, as 192.0.2.1:9060 or "
				   "[2001:db8::1]:9060" },
	[LISTENER] = { set_listener, "a port, as 9470, or an address and a port, as 127.0.0.1:9470 "
				     "or [::1]:9470" },
	[REDIS] = { set_redis,
		    "unix:/run/redis/redis.sock, or an address with or without a port, as "
		    "192.0.2.1:6379 or [2001:db8::1]; names are not looked up" },
	[NAME] = { set_name, "letters, digits, '_' and '-'" },
};

const char *cg_daemon_option_expected(size_t i)
{
	const struct daemon_option *option = &cg_daemon_table[i];

	return option->kind == CHOICE ? option->arg : kinds[option->kind].expected;
}

int cg_daemon_option_set(struct cg_daemon_options *options, size_t i, const char *value)
{
	const struct daemon_option *option = &cg_daemon_table[i];

	return kinds[option->kind].set(option, (char *)options + option->offset, value);
}
