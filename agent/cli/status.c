// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The state of an instance: settings, interfaces, maps, and what needs the operator's attention. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "format/colour.h"
#include "format/instance_json.h"
#include "hep/hep_note.h"
#include "maps/map_usage.h"
#include "maps/pins.h"
#include "maps/status_hints.h"
#include "pair/pair_note.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

#define INDENT "                 " /* the width of the first column */

static const char *const ring_names[] = { "events", "alerts" };
#define RINGS (sizeof(ring_names) / sizeof(*ring_names))

struct status {
	const char *instance;
	struct cg_config config;
	struct cg_settings settings;
	struct cg_map_usage maps[CG_USAGE_MAPS];
	__u32 ring_bytes[RINGS];
	struct cg_status_hints hints;
	struct cg_interface *interfaces; /* to be freed */
	size_t n_interfaces;
	bool attached; /* to at least one interface that exists */
};

/* clang-format off */
static json_t *make_would_drop(const struct cg_status_hints *hints)
{
	return json_pack("{sI sI sI}",
			 "packets", (json_int_t)hints->would_drop.packets,
			 "refused", (json_int_t)hints->would_drop.refused,
			 "accepted", (json_int_t)hints->would_drop.accepted);
}
/* clang-format on */

static json_t *make_rings(const struct status *s)
{
	json_t *object = json_object();

	for (size_t i = 0; i < RINGS; i++)
		json_object_set_new(object, ring_names[i], json_integer(s->ring_bytes[i]));
	return object;
}

static json_t *make_answerers(const struct status *s)
{
	json_t *array = json_array();
	char address[INET6_ADDRSTRLEN], last[CG_TIME_TEXT];

	for (unsigned int i = 0; i < s->hints.n_uas; i++) {
		const struct cg_status_uas *uas = &s->hints.uas[i];

		cg_addr_format(uas->addr, address);
		cg_time_format(&s->config, s->config.clock, uas->last, last);
		json_array_append_new(array, json_pack("{ss sI ss}", "address", address, "count",
						       (json_int_t)uas->count, "last", last));
	}
	return array;
}

/* The reason of the fallback, null in enforce mode. */
static json_t *make_breaker(const struct status *s)
{
	bool fell_back = s->config.mode == CG_OBSERVE && *s->hints.breaker;

	return fell_back ? json_string(s->hints.breaker) : json_null();
}

/* clang-format off */
static json_t *make_json(const struct status *s)
{
	return json_pack("{ss sb si so so so so so so so so so so so}",
			 "instance", s->instance,
			 "attached", s->attached,
			 "layout", s->config.layout,
			 "settings", cg_settings_json(&s->settings, &s->config),
			 "interfaces", cg_interfaces_json(s->interfaces, s->n_interfaces),
			 "maps", cg_map_usage_json(s->maps, CG_USAGE_MAPS),
			 "filling", cg_map_usage_alarms_json(s->maps, CG_USAGE_MAPS),
			 "largest_share", cg_share_most_json(&s->hints.most, s->config.max_dialogs),
			 "rings", make_rings(s),
			 "would_drop", make_would_drop(&s->hints),
			 "answerers", make_answerers(s),
			 "breaker", make_breaker(s),
			 "hep", cg_hep_note_json(s->instance),
			 "pair", cg_pair_note_json(s->instance));
}
/* clang-format on */

static void __attribute__((format(printf, 2, 3)))
print_wrapped(const char *label, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%-17s", label);
	cg_stdout_print_wrapped(cg_stdout_columns(), 17, text);
}

static void print_answerers(const json_t *answerers)
{
	const char *separator = "";
	json_t *answerer;
	size_t i;

	printf("%-17s", "answered for");
	json_array_foreach (answerers, i, answerer) {
		printf("%s%s (%lld, last %s)", separator,
		       json_string_value(json_object_get(answerer, "address")),
		       (long long)json_integer_value(json_object_get(answerer, "count")),
		       json_string_value(json_object_get(answerer, "last")));
		separator = ",\n" INDENT;
	}
	putchar('\n');
	print_wrapped("",
		      "These hosts answered for another host, and the guard ignores them. If they "
		      "are your gateways, add them to the list of: cseqguard set gateway=");
}

static void print_share(const struct status *s)
{
	const struct cg_share_most *most = &s->hints.most;
	char address[CG_SHARE_ADDR_TEXT];

	if (!most->dialogs)
		return;
	cg_share_most_format_addr(most, address);
	printf("%-17s%s: %u calls without a gateway, %u %% of map dialogs\n", "most", address,
	       most->dialogs, cg_used_percent(most->dialogs, s->config.max_dialogs));
}

static void print_hints(const struct status *s, const json_t *status)
{
	const struct cg_status_hints *hints = &s->hints;

	if (json_string_length(json_object_get(status, "breaker")))
		print_wrapped("BREAKER",
			      "%s: fell back to observe mode; to enforce again: cseqguard set "
			      "mode=enforce",
			      hints->breaker);
	if (hints->would_drop.packets)
		print_wrapped("observe",
			      "would have dropped %llu %s: %llu refused by the far end, "
			      "%llu accepted%s",
			      hints->would_drop.packets,
			      hints->would_drop.all_byes ? "BYEs" : "packets, of the BYEs",
			      hints->would_drop.refused, hints->would_drop.accepted,
			      hints->would_drop.accepted ? ", which enforce mode drops wrongly"
							 : "");
	if (hints->n_uas)
		print_answerers(json_object_get(status, "answerers"));
}

static void print_interface(const struct cg_interface *interface)
{
	char out[64] = "NONE: the filter was removed; attach the interface again";
	const struct cg_tc_programs *tc = &interface->tc;

	if (interface->hidden) {
		print_wrapped("interface", "%s: attached; only root can read its programs",
			      interface->name);
		return;
	}
	if (tc->out)
		snprintf(out, sizeof(out), "tc (program %u)", tc->out);
	print_wrapped("interface", "%s: in %s (program %u), out %s", interface->name,
		      cg_interface_state(interface), interface->program_in, out);
	if (tc->out && cg_interface_lacks_filter(interface))
		print_wrapped("",
			      "TCP %s NOT READ: a filter was removed, or another runs before "
			      "it; attach the interface again",
			      tc->tcp_out  ? "in"
			      : tc->tcp_in ? "out"
					   : "in and out");
	else if (tc->out)
		print_wrapped("", "TCP in tc (program %u), out tc (program %u)", tc->tcp_in,
			      tc->tcp_out);
	if (interface->alive && !interface->native)
		print_wrapped("",
			      "generic mode sees datagrams coalesced by UDP segmentation as one; "
			      "native is the secure one");
}

static void print_hep(const char *instance)
{
	struct cg_hep_note note;
	char text[256];

	if (cg_hep_note_read(instance, &note))
		return;
	cg_hep_note_format(&note, text, sizeof(text));
	print_wrapped("hep", "%s: %s", note.address, text);
	if (!note.has_program)
		print_wrapped("", "NOT JUDGED: the guard has no program for them; run: cseqguard "
				  "attach --hep IFACE");
}

static void print_pair(const char *instance)
{
	struct cg_pair_note note;
	const struct cg_pair_status *s = &note.status;
	char text[256];

	if (cg_pair_note_read(instance, &note))
		return;
	print_wrapped("pair",
		      "%s: this is %s, redis %s %s; %u dialogs of other hosts; would be "
		      "lost with this host now: changes of %u dialogs",
		      s->name, s->node, s->redis, s->connected ? "connected" : "NOT CONNECTED",
		      s->foreign, s->unpublished);
	if (!s->connected && *s->error)
		print_wrapped("", "%s", s->error);
	for (unsigned int i = 0; i < s->n_peers; i++) {
		cg_pair_note_format_peer(&s->peers[i], text, sizeof(text));
		print_wrapped("", "%s", text);
	}
	if (!s->n_peers)
		print_wrapped("", "ALONE: no other host has been seen");
}

static int print_text(const struct status *s, json_t *status)
{
	printf("%-17s%s\n", "instance", s->instance);
	cg_settings_print(json_object_get(status, "settings"));
	for (size_t i = 0; i < s->n_interfaces; i++)
		print_interface(&s->interfaces[i]);
	cg_map_usage_print(s->maps, CG_USAGE_MAPS, cg_stdout_columns());
	print_share(s);
	for (size_t i = 0; i < RINGS; i++)
		printf("%-17s%s: %u bytes\n", "ring", ring_names[i], s->ring_bytes[i]);
	print_hep(s->instance);
	print_pair(s->instance);
	print_hints(s, status);
	json_decref(status);
	return cg_stdout_flush();
}

static int print_not_attached(const struct cg_options *options)
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

/* Reads all of the status that comes from maps. Returns 0 or -errno. */
static int read_maps(struct status *s)
{
	int err = cg_settings_read(s->instance, &s->settings);

	memcpy(s->maps, cg_map_usages, sizeof(s->maps));
	for (size_t i = 0; i < CG_USAGE_MAPS && !err; i++)
		err = cg_map_usage_read(s->instance, &s->maps[i]);
	for (size_t i = 0; i < RINGS && !err; i++)
		err = cg_ring_read_size(s->instance, ring_names[i], &s->ring_bytes[i]);
	return err ? err : cg_status_hints_read(s->instance, &s->hints);
}

int cg_cmd_status(const struct cg_options *options)
{
	struct status s = { .instance = options->instance };
	json_t *status;
	int err, fd;

	fd = cg_config_open(s.instance, &s.config);
	if (fd == -ENOENT)
		return print_not_attached(options);
	if (fd < 0)
		return cg_fail_open(s.instance, fd);
	close(fd);
	err = read_maps(&s);
	if (err)
		return cg_fail_open(s.instance, err);
	cg_instance_netns_enter(s.instance);
	if (cg_interface_list(s.instance, &s.interfaces, &s.n_interfaces))
		return CG_FAILED;
	for (size_t i = 0; i < s.n_interfaces; i++)
		s.attached |= s.interfaces[i].alive;
	status = make_json(&s);
	err = options->json ? cg_stdout_write_json(status) : print_text(&s, status);
	free(s.interfaces);
	if (!s.attached && !options->json)
		cg_notice("instance %s guards no interface; `cseqguard detach -a` removes its maps",
			  s.instance);
	if (err)
		return err;
	return s.attached ? CG_DONE : CG_NOT_ATTACHED;
}
