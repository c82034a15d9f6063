// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/settings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/enum_names.h"
#include "util/text.h"

#define MAX_DIALOGS (1 << 24)
#define MAX_RING_BYTES (1UL << 30)

#define PARSE_WORD(name, NAME)                                                                     \
	int cg_settings_parse_##name(struct cg_settings *settings, const char *value)              \
	{                                                                                          \
		int word = cg_##name##_from_name(value);                                           \
                                                                                                   \
		if (word < 0)                                                                      \
			return -EINVAL;                                                            \
		settings->name = word;                                                             \
		settings->given |= CG_SET_##NAME;                                                  \
		return 0;                                                                          \
	}
PARSE_WORD(mode, MODE)
PARSE_WORD(equal, EQUAL)
PARSE_WORD(source, SOURCE)
PARSE_WORD(fragments, FRAGMENTS)
PARSE_WORD(hides, HIDES)
PARSE_WORD(unseen, UNSEEN)
PARSE_WORD(tcp, TCP)
PARSE_WORD(refuse, REFUSE)

/* value: NULL means on. */
static int parse_switch(const char *value, __u8 *on)
{
	bool is_on = !value || !strcmp(value, "on") || !strcmp(value, "yes");

	if (!is_on && strcmp(value, "off") && strcmp(value, "no"))
		return -EINVAL;
	*on = is_on;
	return 0;
}

int cg_settings_parse_strict_interface(struct cg_settings *settings, const char *value)
{
	if (parse_switch(value, &settings->strict_interface))
		return -EINVAL;
	settings->given |= CG_SET_STRICT_INTERFACE;
	return 0;
}

int cg_settings_parse_masks_call_id(struct cg_settings *settings, const char *value)
{
	if (parse_switch(value, &settings->masks_call_id))
		return -EINVAL;
	settings->given |= CG_SET_MASKS_CALL_ID;
	return 0;
}

int cg_settings_parse_share(struct cg_settings *settings, const char *value)
{
	__u64 number;

	if (cg_number_parse(value, 0, UINT16_MAX, &number))
		return -EINVAL;
	settings->share = number;
	settings->given |= CG_SET_SHARE;
	return 0;
}

int cg_settings_parse_max_dialogs(struct cg_settings *settings, const char *value)
{
	__u64 number;

	if (cg_number_parse(value, 1, MAX_DIALOGS, &number))
		return -EINVAL;
	settings->max_dialogs = number;
	settings->given |= CG_SET_MAX_DIALOGS;
	return 0;
}

/* Accepts only the sizes that a ring can have: powers of two. libbpf would round others up. */
int cg_settings_parse_ring_bytes(struct cg_settings *settings, const char *value)
{
	__u64 number;

	if (cg_number_parse(value, sysconf(_SC_PAGESIZE), MAX_RING_BYTES, &number) ||
	    number & (number - 1))
		return -EINVAL;
	settings->ring_bytes = number;
	settings->given |= CG_SET_RING_BYTES;
	return 0;
}

/* Cuts the next element of a comma-separated list out of *rest. Returns NULL at the end. */
static char *next_element(char **rest)
{
	return *rest ? strsep(rest, ",") : NULL;
}

int cg_settings_parse_ports(struct cg_settings *settings, const char *value)
{
	char *copy = strdup(value), *rest = copy, *text;
	__u16 ports[CG_PORTS_MAX] = {};
	__u64 port;
	__u8 n = 0;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = next_element(&rest))) {
		if (n == CG_PORTS_MAX)
			err = -E2BIG;
		else if (cg_number_parse(text, 1, 65535, &port))
			err = -EINVAL;
		else
			ports[n++] = port;
	}
	free(copy);
	if (err)
		return err;
	memcpy(settings->ports, ports, sizeof(ports));
	settings->n_ports = n;
	settings->given |= CG_SET_PORTS;
	return 0;
}

int cg_prefix_parse(const char *text, struct cg_prefix *prefix)
{
	struct cg_prefix p = { .addr = { [10] = 0xff, [11] = 0xff } };
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	__u64 bits, width = 32;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, p.addr + 12) != 1) {
		width = 128;
		if (inet_pton(AF_INET6, address, p.addr) != 1)
			return -EINVAL;
	}
	bits = width;
	if (slash && cg_number_parse(slash + 1, 0, width, &bits))
		return -EINVAL;
	p.bits = 128 - width + bits;
	for (unsigned int bit = p.bits; bit < 128; bit++)
		if (p.addr[bit / 8] & (0x80 >> bit % 8))
			return -EINVAL;
	*prefix = p;
	return 0;
}

/* Appends the prefixes of a comma-separated list to `prefixes`. *n is their number. */
static int parse_prefixes(const char *value, struct cg_prefix *prefixes, __u32 *n)
{
	bool none = !*value || !strcmp(value, "none");
	char *copy = strdup(value), *rest = none ? NULL : copy, *text;
	int err = copy ? 0 : -ENOMEM;
	__u32 count = *n;

	while (!err && (text = next_element(&rest))) {
		if (count == CG_GATEWAYS_MAX)
			err = -E2BIG;
		else
			err = cg_prefix_parse(text, &prefixes[count]);
		count += !err;
	}
	free(copy);
	if (!err)
		*n = count;
	return err;
}

int cg_settings_parse_gateways(struct cg_settings *settings, const char *value)
{
	int err = parse_prefixes(value, settings->gateways, &settings->n_gateways);

	if (!err)
		settings->given |= CG_SET_GATEWAYS;
	return err;
}

int cg_settings_parse_relays(struct cg_settings *settings, const char *value)
{
	int err = parse_prefixes(value, settings->relays, &settings->n_relays);

	if (!err)
		settings->given |= CG_SET_RELAYS;
	return err;
}

/* Addresses are written in one way. */
static int copy_host(const char *text, char out[CG_SETTINGS_HOST_MAX])
{
	struct cg_prefix prefix;
	char address[INET6_ADDRSTRLEN];
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]))
			return -EINVAL;
	if (!len || len >= CG_SETTINGS_HOST_MAX)
		return -EINVAL;
	if (!cg_prefix_parse(text, &prefix) && prefix.bits == 128) {
		cg_addr_format(prefix.addr, address);
		text = address;
	}
	strcpy(out, text);
	return 0;
}

int cg_settings_parse_hosts(struct cg_settings *settings, const char *value)
{
	bool none = !*value || !strcmp(value, "none");
	char *copy = strdup(value), *rest = none ? NULL : copy, *text;
	__u32 n = settings->n_hosts;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = next_element(&rest))) {
		if (n == CG_SETTINGS_HOSTS_MAX)
			err = -E2BIG;
		else
			err = copy_host(text, settings->hosts[n]);
		n += !err;
	}
	free(copy);
	if (err)
		return err;
	settings->n_hosts = n;
	settings->given |= CG_SET_HOSTS;
	return 0;
}

void cg_prefix_format(const struct cg_prefix *prefix, char out[CG_PREFIX_TEXT])
{
	__u32 bits = prefix->bits > 128 ? 128 : prefix->bits;
	char address[INET6_ADDRSTRLEN];

	cg_addr_format(prefix->addr, address);
	if (bits >= 96 && !strchr(address, ':'))
		bits -= 96;
	snprintf(out, CG_PREFIX_TEXT, "%s/%u", address, bits);
}
