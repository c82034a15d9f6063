// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/instance_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/colour.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

static json_t *make_prefixes(const struct cg_prefix *prefixes, __u32 n)
{
	json_t *list = json_array();
	char text[CG_PREFIX_TEXT];

	for (__u32 i = 0; i < n; i++) {
		cg_prefix_format(&prefixes[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *make_hosts(const struct cg_settings *settings)
{
	json_t *list = json_array();

	for (__u32 i = 0; i < settings->n_hosts; i++)
		json_array_append_new(list, json_string(settings->hosts[i]));
	return list;
}

static json_t *make_ports(const struct cg_config *config)
{
	json_t *ports = json_array();

	for (int i = 0; i < config->n_ports && i < CG_PORTS_MAX; i++)
		json_array_append_new(ports, json_integer(config->ports[i]));
	return ports;
}

/* clang-format off */
json_t *cg_settings_json(const struct cg_settings *settings, const struct cg_config *config)
{
	return json_pack("{ss so so so so ss ss ss ss ss sb ss ss ss si}",
			 "mode", cg_mode_name(config->mode),
			 "ports", make_ports(config),
			 "gateways", make_prefixes(settings->gateways, settings->n_gateways),
			 "relays", make_prefixes(settings->relays, settings->n_relays),
			 "hosts", make_hosts(settings),
			 "equal", cg_equal_name(config->equal),
			 "refuse", cg_refuse_name(config->refuse),
			 "source", cg_source_name(config->source),
			 "fragments", cg_fragments_name(config->fragments),
			 "tcp", cg_tcp_name(config->tcp),
			 "strict_interface", config->strict_interface,
			 "hides", cg_hides_name(config->hides),
			 "masks_call_id", config->masks_call_id ? "on" : "off",
			 "unseen", cg_unseen_name(config->unseen),
			 "share", config->share);
}

static json_t *make_interface(const struct cg_interface *interface)
{
	return json_pack("{ss si ss si si si si sb}",
			 "name", interface->name,
			 "ifindex", interface->ifindex,
			 "in", cg_interface_state(interface),
			 "program_in", interface->program_in,
			 "program_out", interface->tc.out,
			 "program_tcp_in", interface->tc.tcp_in,
			 "program_tcp_out", interface->tc.tcp_out,
			 "own_clsact", interface->made_clsact);
}
/* clang-format on */

json_t *cg_interfaces_json(const struct cg_interface *interfaces, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, make_interface(&interfaces[i]));
	return array;
}

static void print_value(FILE *out, json_t *value)
{
	if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		fputs(json_string_value(value), out);
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", out);
}

static void print_setting(const char *key, json_t *value)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	json_t *item;

	if (!out)
		return;
	if (json_is_array(value) && !json_array_size(value))
		fputs("none", out);
	json_array_foreach (value, i, item) {
		fputs(i ? ", " : "", out);
		print_value(out, item);
	}
	print_value(out, value);
	fclose(out);
	printf("%-17s", key);
	cg_stdout_print_wrapped(cg_stdout_columns(), 17, text);
	free(text);
}

void cg_settings_print(json_t *settings)
{
	const char *key;
	json_t *value;

	json_object_foreach (settings, key, value)
		print_setting(key, value);
}
