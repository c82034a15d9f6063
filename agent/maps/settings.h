/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Settings of an instance. All of them are parsed before any is written to the maps. */
#ifndef CG_MAPS_SETTINGS_H
#define CG_MAPS_SETTINGS_H

#include "cseqguard.h"

/* Bits of cg_settings.given */
#define CG_SET_MODE 0x01
#define CG_SET_EQUAL 0x02
#define CG_SET_SOURCE 0x04
#define CG_SET_FRAGMENTS 0x08
#define CG_SET_STRICT_INTERFACE 0x10
#define CG_SET_PORTS 0x20
#define CG_SET_GATEWAYS 0x40
#define CG_SET_MAX_DIALOGS 0x80
#define CG_SET_RING_BYTES 0x100
#define CG_SET_RELAYS 0x200
#define CG_SET_HOSTS 0x400
#define CG_SET_HIDES 0x800
#define CG_SET_UNSEEN 0x1000
#define CG_SET_SHARE 0x2000
#define CG_SET_MASKS_CALL_ID 0x4000
#define CG_SET_TCP 0x8000
#define CG_SET_REFUSE 0x10000

#define CG_SETTINGS_HOSTS_MAX 16
#define CG_SETTINGS_HOST_MAX 63 /* bytes of a name with its NUL, as in struct cg_host_name */

struct cg_settings {
	__u32 given; /* bitmask of the fields below that are set */
	__u32 max_dialogs; /* fixed when the maps are created */
	__u32 ring_bytes; /* size of each ring; fixed when the maps are created */
	__u8 mode;
	__u8 equal;
	__u8 source;
	__u8 fragments;
	__u8 strict_interface;
	__u8 n_ports;
	__u16 ports[CG_PORTS_MAX];
	__u32 n_gateways;
	struct cg_prefix gateways[CG_GATEWAYS_MAX];
	__u8 hides; /* enum cg_policy_hides */
	__u8 unseen; /* enum cg_policy_unseen */
	__u8 masks_call_id;
	__u8 tcp; /* enum cg_policy_tcp */
	__u8 refuse; /* enum cg_policy_refuse */
	__u16 share; /* 0: no limit */
	__u32 n_relays;
	struct cg_prefix relays[CG_GATEWAYS_MAX];
	__u32 n_hosts;
	char hosts[CG_SETTINGS_HOSTS_MAX][CG_SETTINGS_HOST_MAX];
};

/*
 * Parse a value that a user has given. Each returns 0, or -EINVAL, -E2BIG (too many elements) or
 * -ENOMEM. Lists are comma-separated. Gateways, relays and hosts are added to those given before;
 * an empty list, or the word none, adds nothing.
 */
int cg_settings_parse_mode(struct cg_settings *settings, const char *value);
int cg_settings_parse_equal(struct cg_settings *settings, const char *value);
int cg_settings_parse_source(struct cg_settings *settings, const char *value);
int cg_settings_parse_fragments(struct cg_settings *settings, const char *value);
int cg_settings_parse_strict_interface(struct cg_settings *settings,
				       const char *value); /* NULL: yes */
int cg_settings_parse_ports(struct cg_settings *settings, const char *value);
int cg_settings_parse_gateways(struct cg_settings *settings, const char *value);
int cg_settings_parse_relays(struct cg_settings *settings, const char *value);
int cg_settings_parse_hosts(struct cg_settings *settings, const char *value);
int cg_settings_parse_hides(struct cg_settings *settings, const char *value);
int cg_settings_parse_unseen(struct cg_settings *settings, const char *value);
int cg_settings_parse_tcp(struct cg_settings *settings, const char *value);
int cg_settings_parse_refuse(struct cg_settings *settings, const char *value);
int cg_settings_parse_masks_call_id(struct cg_settings *settings, const char *value); /* NULL: on */
int cg_settings_parse_share(struct cg_settings *settings, const char *value);
int cg_settings_parse_max_dialogs(struct cg_settings *settings, const char *value);
int cg_settings_parse_ring_bytes(struct cg_settings *settings, const char *value);

/*
 * Parses ADDRESS or ADDRESS/BITS. No bit of the address may be set after the first BITS. Returns 0,
 * or -EINVAL with *prefix untouched.
 */
int cg_prefix_parse(const char *text, struct cg_prefix *prefix);

#define CG_PREFIX_TEXT 52
/* Formats a prefix as 10.0.0.0/8. A length over 128 bits is printed as 128. */
void cg_prefix_format(const struct cg_prefix *prefix, char out[CG_PREFIX_TEXT]);

/* Stores the defaults of a new instance, a random id and clock 0. Returns 0 or -errno. */
int cg_settings_init_config(struct cg_config *config);

/* Draws the key of a new instance's hashes. Returns 0, or -EIO with *secret untouched. */
int cg_secret_draw(struct cg_secret *secret);

/*
 * Writes the addresses of this network namespace to the maps of an instance, which is not being
 * detached then. The caller holds cg_pins_lock(). Returns as cg_settings_change().
 */
int cg_settings_update_addresses(const char *instance);

/*
 * Stores the settings that a living instance has: all but the sizes of the rings. Returns 0, or
 * -errno of cg_config_open() or cg_map_open(), not reported, with *settings untouched.
 */
int cg_settings_read(const char *instance, struct cg_settings *settings);

/* Copies the given settings into *config. */
void cg_settings_apply(const struct cg_settings *settings, struct cg_config *config);

struct cg_settings_fds { /* of the maps that hold settings */
	int config, gateways, hosts, secret;
};

/*
 * Writes the given settings to the maps. The caller holds cg_pins_lock(), or has not pinned the
 * maps yet. Returns 0 or -errno.
 */
int cg_settings_write(const struct cg_settings *settings, const struct cg_settings_fds *fds);

/*
 * Writes the given settings to the maps of an instance. A new mode removes the note of the breaker.
 * The caller holds cg_pins_lock(). Returns 0, or -errno of cg_config_open() or cg_map_open(), not
 * reported.
 */
int cg_settings_change(const char *instance, const struct cg_settings *settings);

#endif
