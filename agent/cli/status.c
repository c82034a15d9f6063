// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An instance as it is: settings, interfaces, maps, and what an operator should look into. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "maps/map_usage.h"
#include "maps/pins.h"
#include "maps/status_hints.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

struct ring {
	const char *map;
	__u32 bytes;
};

static json_t *gateways(const char *instance)
{
	int fd = cg_map_open(instance, "gateways", sizeof(struct cg_prefix), sizeof(__u32));
	struct cg_prefix key, *last = NULL;
	json_t *list = json_array();
	char text[CG_PREFIX_TEXT];

	for (int i = 0; fd >= 0 && i < CG_GATEWAYS_MAX; i++, last = &key) {
		if (bpf_map_get_next_key(fd, last, &key))
			break;
		cg_prefix_format(&key, text);
		json_array_append_new(list, json_string(text));
	}
	if (fd >= 0)
		close(fd);
	return list;
}

static json_t *settings(const char *instance, const struct cg_config *config)
{
	json_t *ports = json_array();

	for (int i = 0; i < config->n_ports && i < CG_PORTS_MAX; i++)
		json_array_append_new(ports, json_integer(config->ports[i]));
	return json_pack("{ss so so ss ss ss sb}", "mode", cg_mode_name(config->mode), "ports",
			 ports, "gateways", gateways(instance), "equal",
			 cg_equal_name(config->equal), "source", cg_source_name(config->source),
			 "fragments", cg_fragments_name(config->fragments), "strict_interface",
			 config->strict_interface);
}

static json_t *interfaces(const struct cg_interface *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			array, json_pack("{ss si ss si si sb}", "name", list[i].name, "ifindex",
					 list[i].ifindex, "in", cg_interface_state(&list[i]),
					 "program_in", list[i].program_in, "program_out",
					 list[i].program_out, "own_clsact", list[i].made_clsact));
	return array;
}

static json_t *ring_sizes(const struct ring *rings, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(object, rings[i].map, json_integer(rings[i].bytes));
	return object;
}

static json_t *uas_json(const struct cg_status_hints *advice, const struct cg_config *config)
{
	json_t *array = json_array();
	char address[INET6_ADDRSTRLEN], last[CG_TIME_TEXT];

	for (unsigned int i = 0; i < advice->n_uas; i++) {
		const struct cg_status_uas *answerer = &advice->uas[i];

		cg_addr_format(answerer->addr, address);
		cg_time_format(config, config->clock, answerer->last, last);
		json_array_append_new(array, json_pack("{ss sI ss}", "address", address, "count",
						       (json_int_t)answerer->count, "last", last));
	}
	return array;
}

static json_t *would_drop(const struct cg_status_hints *advice)
{
	return json_pack("{sI sI sI}", "packets", (json_int_t)advice->would_drop.packets, "refused",
			 (json_int_t)advice->would_drop.refused, "accepted",
			 (json_int_t)advice->would_drop.accepted);
}

/* Null while BYEs are dropped. */
static json_t *breaker(const struct cg_status_hints *advice, const struct cg_config *config)
{
	return config->mode == CG_OBSERVE && *advice->breaker ? json_string(advice->breaker)
							      : json_null();
}

static void show_advice(const json_t *status, const struct cg_status_hints *advice)
{
	const char *between = "";
	json_t *answerer;
	size_t i;

	if (json_string_length(json_object_get(status, "breaker")))
		printf("%-17s%s: fell back to observe mode; back with: cseqguard set "
		       "mode=enforce\n",
		       "BREAKER", advice->breaker);
	if (advice->would_drop.packets)
		printf("%-17swould have dropped %llu %s: %llu refused by the far end, "
		       "%llu accepted%s\n",
		       "observe", advice->would_drop.packets,
		       advice->would_drop.all_byes ? "BYEs" : "packets, of the BYEs",
		       advice->would_drop.refused, advice->would_drop.accepted,
		       advice->would_drop.accepted ? ", wrongly dropped if enforced" : "");
	if (!advice->n_uas)
		return;
	printf("%-17s", "answered for");
	json_array_foreach (json_object_get(status, "answerers"), i, answerer) {
		printf("%s%s (%lld, last %s)", between,
		       json_string_value(json_object_get(answerer, "address")),
		       (long long)json_integer_value(json_object_get(answerer, "count")),
		       json_string_value(json_object_get(answerer, "last")));
		between = ",\n                 ";
	}
	puts("\n                 they answered for another, and are not believed: if they are "
	     "your gateways, add\n                 them to the list of: cseqguard set gateway=");
}

static void show_setting(const char *key, json_t *value)
{
	const char *between = "";
	json_t *item;
	size_t i;

	printf("%-17s", key);
	if (json_is_array(value) && !json_array_size(value))
		fputs("none", stdout);
	json_array_foreach (value, i, item) {
		fputs(between, stdout);
		if (json_is_string(item))
			fputs(json_string_value(item), stdout);
		else
			printf("%lld", (long long)json_integer_value(item));
		between = ", ";
	}
	if (json_is_string(value))
		fputs(json_string_value(value), stdout);
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", stdout);
	putchar('\n');
}

static int show(json_t *status, const struct cg_interface *list, size_t n,
		const struct cg_map_usage *maps, size_t n_maps,
		const struct cg_status_hints *advice)
{
	const char *key;
	json_t *value;

	printf("%-17s%s\n", "instance", json_string_value(json_object_get(status, "instance")));
	json_object_foreach (json_object_get(status, "settings"), key, value)
		show_setting(key, value);
	for (size_t i = 0; i < n; i++) {
		if (list[i].hidden) {
			printf("%-17s%s: attached; only root sees how\n", "interface",
			       list[i].name);
			continue;
		}
		printf("%-17s%s: in %s (program %u), out ", "interface", list[i].name,
		       cg_interface_state(&list[i]), list[i].program_in);
		if (list[i].program_out)
			printf("tc (program %u)\n", list[i].program_out);
		else
			puts("NONE: the filter was removed; attach it again");
		if (list[i].alive && !list[i].native)
			puts("                 generic mode sees datagrams coalesced by UDP "
			     "segmentation as one; native is the secure one");
	}
	cg_map_usage_print(maps, n_maps);
	json_object_foreach (json_object_get(status, "rings"), key, value)
		printf("%-17s%s: %lld bytes\n", "ring", key, (long long)json_integer_value(value));
	show_advice(status, advice);
	json_decref(status);
	return cg_stdout_flush();
}

static int not_attached(const struct cg_options *options)
{
	int err;

	if (cg_bpffs_is_hidden())
		return cg_fail_open(options->instance, -ENOENT);
	if (options->json) {
		err = cg_stdout_write_json(
			json_pack("{ss sb}", "instance", options->instance, "attached", 0));
		return err ? err : CG_NOT_ATTACHED;
	}
	printf("%-17s%s: not attached\n", "instance", options->instance);
	err = cg_stdout_flush();
	return err ? err : CG_NOT_ATTACHED;
}

int cg_cmd_status(const struct cg_options *options)
{
	struct cg_map_usage maps[CG_USAGE_MAPS];
	struct ring rings[] = { { "events", 0 }, { "alerts", 0 } };
	const size_t n_rings = sizeof(rings) / sizeof(*rings);
	struct cg_status_hints advice;
	struct cg_interface *list;
	struct cg_config config;
	bool attached = false;
	json_t *status;
	int err, fd;
	size_t n;

	fd = cg_config_open(options->instance, &config);
	if (fd == -ENOENT)
		return not_attached(options);
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	memcpy(maps, cg_map_usages, sizeof(maps));
	for (size_t i = 0; i < CG_USAGE_MAPS; i++) {
		err = cg_map_usage_read(options->instance, &maps[i]);
		if (err)
			return cg_fail_open(options->instance, err);
	}
	for (size_t i = 0; i < n_rings; i++) {
		err = cg_ring_read_size(options->instance, rings[i].map, &rings[i].bytes);
		if (err)
			return cg_fail_open(options->instance, err);
	}
	err = cg_status_hints_read(options->instance, &advice);
	if (err)
		return cg_fail_open(options->instance, err);
	cg_instance_netns_enter(options->instance);
	if (cg_interface_list(options->instance, &list, &n))
		return CG_FAILED;
	for (size_t i = 0; i < n; i++)
		attached |= list[i].alive;
	status = json_pack(
		"{ss sb si so so so so so so so so}", "instance", options->instance, "attached",
		attached, "layout", config.layout, "settings", settings(options->instance, &config),
		"interfaces", interfaces(list, n), "maps", cg_map_usage_json(maps, CG_USAGE_MAPS),
		"filling", cg_map_usage_alarms_json(maps, CG_USAGE_MAPS), "rings",
		ring_sizes(rings, n_rings), "would_drop", would_drop(&advice), "answerers",
		uas_json(&advice, &config), "breaker", breaker(&advice, &config));
	err = options->json ? cg_stdout_write_json(status)
			    : show(status, list, n, maps, CG_USAGE_MAPS, &advice);
	free(list);
	if (!attached && !options->json)
		cg_notice(
			"instance %s guards no interface; its maps stay until: cseqguard detach -a",
			options->instance);
	return err ? err : attached ? CG_DONE : CG_NOT_ATTACHED;
}
