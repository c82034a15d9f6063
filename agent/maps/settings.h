/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a user may set of an instance: parsed first, all of it, then written to its maps. */
#ifndef CG_MAPS_SETTINGS_H
#define CG_MAPS_SETTINGS_H

#include "cseqguard.h"

/* given */
#define CG_SET_MODE 0x01
#define CG_SET_EQUAL 0x02
#define CG_SET_SOURCE 0x04
#define CG_SET_FRAGMENTS 0x08
#define CG_SET_STRICT_INTERFACE 0x10
#define CG_SET_PORTS 0x20
#define CG_SET_GATEWAYS 0x40
#define CG_SET_MAX_DIALOGS 0x80
#define CG_SET_RING_BYTES 0x100

struct cg_settings {
	__u32 given; /* which of the fields below */
	__u32 max_dialogs; /* only when the maps are made */
	__u32 ring_bytes; /* ... of each ring */
	__u8 mode;
	__u8 equal;
	__u8 source;
	__u8 fragments;
	__u8 strict_interface;
	__u8 n_ports;
	__u16 ports[CG_PORTS_MAX];
	__u32 n_gateways;
	struct cg_prefix gateways[CG_GATEWAYS_MAX];
};

/*
 * Values as users write them; each returns 0, or -EINVAL, -E2BIG (too many) with settings
 * untouched. Lists are comma-separated. Gateways add to those given before; an empty list means
 * none.
 */
int cg_settings_parse_mode(struct cg_settings *settings, const char *value);
int cg_settings_parse_equal(struct cg_settings *settings, const char *value);
int cg_settings_parse_source(struct cg_settings *settings, const char *value);
int cg_settings_parse_fragments(struct cg_settings *settings, const char *value);
int cg_settings_parse_strict_interface(struct cg_settings *settings,
				       const char *value); /* NULL: yes */
int cg_settings_parse_ports(struct cg_settings *settings, const char *value);
int cg_settings_parse_gateways(struct cg_settings *settings, const char *value);
int cg_settings_parse_max_dialogs(struct cg_settings *settings, const char *value);
int cg_settings_parse_ring_bytes(struct cg_settings *settings, const char *value);

/* ADDRESS or ADDRESS/BITS, no bit set behind BITS. 0 or -EINVAL, prefix untouched. */
int cg_prefix_parse(const char *text, struct cg_prefix *prefix);

/* "10.0.0.0/8" of a prefix; bits out of range are cut. */
#define CG_PREFIX_TEXT 52
void cg_prefix_format(const struct cg_prefix *prefix, char out[CG_PREFIX_TEXT]);

/* A new instance's: enforce, port 5060, secret drawn, clock 0 set. 0 or -errno. */
int cg_settings_init_config(struct cg_config *config);

/* Lays what is given over config (in memory). */
void cg_settings_apply(const struct cg_settings *settings, struct cg_config *config);

/* Writes what is given to the maps of these fds, `config` as it is now. 0 or -errno. */
int cg_settings_write(const struct cg_settings *settings, int config_fd, int gateways_fd);

#endif
