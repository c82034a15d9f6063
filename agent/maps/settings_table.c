// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/settings_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/enum_names.h"
#include "util/text.h"

#define PRINT_WORD(name)                                                                           \
	static void print_##name(const struct cg_settings *settings, FILE *out)                    \
	{                                                                                          \
		fputs(cg_##name##_name(settings->name), out);                                      \
	}
PRINT_WORD(mode)
PRINT_WORD(equal)
PRINT_WORD(source)
PRINT_WORD(fragments)
PRINT_WORD(hides)
PRINT_WORD(unseen)
PRINT_WORD(tcp)
PRINT_WORD(refuse)

static void print_strict_interface(const struct cg_settings *settings, FILE *out)
{
	fputs(settings->strict_interface ? "yes" : "no", out);
}

static void print_masks_call_id(const struct cg_settings *settings, FILE *out)
{
	fputs(settings->masks_call_id ? "on" : "off", out);
}

static void print_share(const struct cg_settings *settings, FILE *out)
{
	fprintf(out, "%u", settings->share);
}

static void print_ports(const struct cg_settings *settings, FILE *out)
{
	for (int i = 0; i < settings->n_ports && i < CG_PORTS_MAX; i++)
		fprintf(out, "%s%u", i ? "," : "", settings->ports[i]);
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct cg_prefix *one = a, *other = b;
	int order = memcmp(one->addr, other->addr, sizeof(one->addr));

	return order ? order : (int)one->bits - (int)other->bits;
}

/* An address that is listed twice is printed once. */
static void print_prefixes(const struct cg_prefix *prefixes, __u32 n, FILE *out)
{
	struct cg_prefix sorted[CG_GATEWAYS_MAX];
	char text[CG_PREFIX_TEXT];

	memcpy(sorted, prefixes, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_prefixes);
	for (__u32 i = 0; i < n; i++) {
		if (i && !compare_prefixes(&sorted[i], &sorted[i - 1]))
			continue;
		cg_prefix_format(&sorted[i], text);
		fprintf(out, "%s%s", i ? "," : "", text);
	}
	if (!n)
		fputs("none", out);
}

static void print_gateways(const struct cg_settings *settings, FILE *out)
{
	print_prefixes(settings->gateways, settings->n_gateways, out);
}

static void print_relays(const struct cg_settings *settings, FILE *out)
{
	print_prefixes(settings->relays, settings->n_relays, out);
}

static int compare_hosts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void print_hosts(const struct cg_settings *settings, FILE *out)
{
	char sorted[CG_SETTINGS_HOSTS_MAX][CG_SETTINGS_HOST_MAX];

	memcpy(sorted, settings->hosts, sizeof(sorted));
	qsort(sorted, settings->n_hosts, sizeof(*sorted), compare_hosts);
	for (__u32 i = 0; i < settings->n_hosts; i++)
		fprintf(out, "%s%s", i ? "," : "", sorted[i]);
	if (!settings->n_hosts)
		fputs("none", out);
}

#define AT(field) offsetof(struct cg_settings, field)
/* The fields from `first` to `last`. */
#define SPAN(first, last)                                                                          \
	.at = AT(first), .bytes = AT(last) + sizeof(((struct cg_settings *)0)->last) - AT(first)

#define SETTING(word, field, BIT, first, last)                                                     \
	{                                                                                          \
		.key = word, .bit = CG_SET_##BIT, .parse = cg_settings_parse_##field,              \
		.print = print_##field, SPAN(first, last)                                          \
	}

const struct cg_setting cg_setting_table[] = {
	SETTING("mode", mode, MODE, mode, mode),
	SETTING("ports", ports, PORTS, n_ports, ports),
	SETTING("gateway", gateways, GATEWAYS, n_gateways, gateways),
	SETTING("relay", relays, RELAYS, n_relays, relays),
	SETTING("host", hosts, HOSTS, n_hosts, hosts),
	SETTING("hides", hides, HIDES, hides, hides),
	SETTING("masks-call-id", masks_call_id, MASKS_CALL_ID, masks_call_id, masks_call_id),
	SETTING("share", share, SHARE, share, share),
	SETTING("unseen", unseen, UNSEEN, unseen, unseen),
	SETTING("equal", equal, EQUAL, equal, equal),
	SETTING("refuse", refuse, REFUSE, refuse, refuse),
	SETTING("source", source, SOURCE, source, source),
	SETTING("fragments", fragments, FRAGMENTS, fragments, fragments),
	SETTING("tcp", tcp, TCP, tcp, tcp),
	SETTING("strict-interface", strict_interface, STRICT_INTERFACE, strict_interface,
		strict_interface),
};
const size_t cg_setting_count = sizeof(cg_setting_table) / sizeof(*cg_setting_table);

void cg_settings_merge(struct cg_settings *into, const struct cg_settings *from)
{
	for (size_t i = 0; i < cg_setting_count; i++) {
		const struct cg_setting *setting = &cg_setting_table[i];

		if (from->given & setting->bit)
			memcpy((char *)into + setting->at, (const char *)from + setting->at,
			       setting->bytes);
		into->given |= from->given & setting->bit;
	}
}

char *cg_setting_format(const struct cg_setting *setting, const struct cg_settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	setting->print(settings, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
