// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Settings in the maps of an instance: `config`, `gateways` and `hosts`. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "maps/host_names.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "maps/settings.h"

static void close_maps(const struct cg_settings_fds *fds)
{
	const int optional[] = { fds->gateways, fds->hosts, fds->secret };

	close(fds->config);
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (optional[i] >= 0)
			close(optional[i]);
}

/* Opens the pinned maps, which the caller closes, and reads `config`. Returns 0 or -errno. */
static int open_maps(const char *instance, bool writable, struct cg_settings_fds *fds,
		     struct cg_config *config)
{
	const size_t prefix = sizeof(struct cg_prefix), name = sizeof(struct cg_host_name);
	int (*open_map)(const char *, const char *, size_t, size_t) =
		writable ? cg_map_open_writable : cg_map_open;
	struct cg_settings_fds open = { .secret = -1 };
	int err;

	open.config = writable ? cg_config_open_writable(instance, config)
			       : cg_config_open(instance, config);
	if (open.config < 0)
		return open.config;
	open.gateways = open_map(instance, "gateways", prefix, sizeof(__u32));
	open.hosts = open_map(instance, "hosts", sizeof(__u64), name);
	err = open.gateways < 0 ? open.gateways : open.hosts < 0 ? open.hosts : 0;
	if (!err && writable) {
		open.secret =
			cg_map_open(instance, "secret", sizeof(__u32), sizeof(struct cg_secret));
		err = open.secret < 0 ? open.secret : 0;
	}
	if (err) {
		close_maps(&open);
		return err;
	}
	*fds = open;
	return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The prefixes of one class in map `gateways`. */
struct class_list {
	const struct cg_prefix *prefixes;
	__u32 n;
	__u32 class; /* enum cg_addr_class */
};

static bool prefix_is_listed(const struct class_list *list, const struct cg_prefix *prefix)
{
	for (__u32 i = 0; i < list->n; i++)
		if (!memcmp(&list->prefixes[i], prefix, sizeof(*prefix)))
			return true;
	return false;
}

/*
 * Deletes the prefixes of this class that are not in the list. The map holds at most
 * CG_GATEWAYS_MAX.
 */
static int remove_stale_prefixes(const struct class_list *list, int fd)
{
	struct cg_prefix stale[CG_GATEWAYS_MAX], key, *last = NULL;
	__u32 n = 0, class;

	for (int i = 0; i < CG_GATEWAYS_MAX && !bpf_map_get_next_key(fd, last, &key); i++) {
		if (!bpf_map_lookup_elem(fd, &key, &class) && class == list->class &&
		    !prefix_is_listed(list, &key))
			stale[n++] = key;
		last = &key;
	}
	while (n--)
		if (bpf_map_delete_elem(fd, &stale[n]) && errno != ENOENT)
			return -errno;
	return 0;
}

static int write_prefixes(const struct class_list *list, int fd)
{
	int err = remove_stale_prefixes(list, fd);

	for (__u32 i = 0; i < list->n && !err; i++)
		if (bpf_map_update_elem(fd, &list->prefixes[i], &list->class, BPF_ANY))
			err = -errno;
	return err;
}

static int apply_settings(void *ctx, struct cg_config *config)
{
	cg_settings_apply(ctx, config);
	return 0;
}

static int read_secret(const struct cg_settings_fds *fds, struct cg_secret *secret)
{
	return bpf_map_lookup_elem(fds->secret, &(__u32){ 0 }, secret) ? -errno : 0;
}

int cg_settings_write(const struct cg_settings *settings, const struct cg_settings_fds *fds)
{
	const struct class_list gateways = { settings->gateways, settings->n_gateways,
					     CG_ADDR_GATEWAY };
	const struct class_list relays = { settings->relays, settings->n_relays, CG_ADDR_RELAY };
	struct cg_secret secret;
	const struct cg_host_names_maps hosts = { &secret, fds->hosts, fds->gateways };
	int err = 0;

	if (settings->given & CG_SET_GATEWAYS)
		err = write_prefixes(&gateways, fds->gateways);
	if (!err && settings->given & CG_SET_RELAYS)
		err = write_prefixes(&relays, fds->gateways);
	if (!err)
		err = cg_config_update(fds->config, apply_settings, (void *)settings, NULL);
	if (err || !(settings->given & CG_SET_HOSTS))
		return err;
	err = read_secret(fds, &secret);
	return err ? err : cg_host_names_set_given(&hosts, settings);
}

int cg_settings_change(const char *instance, const struct cg_settings *settings)
{
	struct cg_settings_fds fds;
	struct cg_config config;
	int err = open_maps(instance, true, &fds, &config);

	if (err)
		return err;
	err = cg_settings_write(settings, &fds);
	if (!err && settings->given & CG_SET_MODE)
		cg_runtime_note_remove(instance, CG_RUNTIME_BREAKER);
	close_maps(&fds);
	return err;
}

/* A `detach -a` that failed has set it. */
static int clear_was_detached(void *ctx, struct cg_config *config)
{
	(void)ctx;
	config->was_detached = 0;
	return 0;
}

int cg_settings_update_addresses(const char *instance)
{
	struct cg_settings_fds fds;
	struct cg_config config;
	struct cg_secret secret;
	struct cg_host_names_maps hosts = { .secret = &secret };
	int err = open_maps(instance, true, &fds, &config);

	if (err)
		return err;
	hosts.hosts_fd = fds.hosts;
	hosts.gateways_fd = fds.gateways;
	err = cg_config_update(fds.config, clear_was_detached, NULL, NULL);
	if (!err)
		err = read_secret(&fds, &secret);
	if (!err)
		err = cg_host_names_update_addresses(&hosts);
	close_maps(&fds);
	return err;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void read_config(const struct cg_config *config, struct cg_settings *settings)
{
	settings->mode = config->mode;
	settings->equal = config->equal;
	settings->source = config->source;
	settings->fragments = config->fragments;
	settings->strict_interface = config->strict_interface;
	settings->hides = config->hides;
	settings->unseen = config->unseen;
	settings->tcp = config->tcp;
	settings->share = config->share;
	settings->masks_call_id = config->masks_call_id;
	settings->refuse = config->refuse;
	settings->max_dialogs = config->max_dialogs;
	settings->n_ports = config->n_ports > CG_PORTS_MAX ? CG_PORTS_MAX : config->n_ports;
	memcpy(settings->ports, config->ports, sizeof(settings->ports));
	settings->given |= CG_SET_MODE | CG_SET_EQUAL | CG_SET_SOURCE | CG_SET_FRAGMENTS |
			   CG_SET_STRICT_INTERFACE | CG_SET_HIDES | CG_SET_UNSEEN |
			   CG_SET_MAX_DIALOGS | CG_SET_PORTS | CG_SET_SHARE | CG_SET_MASKS_CALL_ID |
			   CG_SET_REFUSE | CG_SET_TCP;
}

/* Addresses of the host are in the same map. */
static void read_prefixes(int fd, struct cg_settings *settings)
{
	struct cg_prefix key, *last = NULL;
	__u32 class;

	for (int i = 0; i < CG_GATEWAYS_MAX && !bpf_map_get_next_key(fd, last, &key); i++) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &class))
			continue;
		if (class == CG_ADDR_GATEWAY)
			settings->gateways[settings->n_gateways++] = key;
		else if (class == CG_ADDR_RELAY)
			settings->relays[settings->n_relays++] = key;
	}
	settings->given |= CG_SET_GATEWAYS | CG_SET_RELAYS;
}

int cg_settings_read(const char *instance, struct cg_settings *settings)
{
	struct cg_settings_fds fds;
	struct cg_config config;
	int err = open_maps(instance, false, &fds, &config);

	if (err)
		return err;
	memset(settings, 0, sizeof(*settings));
	read_config(&config, settings);
	read_prefixes(fds.gateways, settings);
	settings->n_hosts = cg_host_names_read(fds.hosts, CG_NAME_GIVEN, settings->hosts,
					       CG_SETTINGS_HOSTS_MAX);
	settings->given |= CG_SET_HOSTS;
	close_maps(&fds);
	return 0;
}
