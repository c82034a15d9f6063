/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A HEP record as an input describes it: its bytes, and what must become of it.
 *
 * API: struct input, take(), struct shape, take_shape(), note_record(), write_record(). The includer defines `maps`.
 */
#ifndef HEP_RECORD_H
#define HEP_RECORD_H

#include "hep/hep_internal.h"
#include "hep_model.h"

static struct cg_guard_maps maps;

#define V4(...)                                                                                    \
	{                                                                                          \
		[10] = 0xff, 0xff, __VA_ARGS__                                                     \
	}
#define V6(last)                                                                                   \
	{                                                                                          \
		0x20, 1, 0xd, 0xb8, [15] = last                                                    \
	}
#define HAS_ZERO 4 /* this one and the next */

static const __u8 addresses[8][16] = { V4(192, 0, 2, 1),
				       V4(192, 0, 2, 10),
				       V4(192, 0, 2, 11),
				       V4(198, 51, 100, 1),
				       V4(0),
				       {},
				       V6(1),
				       V6(2) };
static const bool is_own[8] = { [1] = true, [2] = true, [7] = true };
static const bool is_four[8] = { true, true, true, true, true };

/* --- the bytes of an input -------------------------------------------------------------------- */

struct input {
	const uint8_t *at, *end;
};

static __u8 take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* --- a record --------------------------------------------------------------------------------- */

enum fault {
	VENDOR_CHUNK = 8,
	BOTH_FAMILIES,
	BAD_START, /* of the record */
	SHORT_CHUNK,
	LONG_CHUNK, /* by a byte */
	WRONG_SIZE,
	CUT_SHORT, /* UDP */
	BYTES_BEHIND, /* UDP */
};

struct shape {
	enum { KEY_RIGHT, KEY_NONE, KEY_WRONG, KEY_PART } key;
	__u8 fault, source, dest, protocol, type, ports, age;
	enum text_kind kind;
	__u8 changed, by;
};

static const __u8 protocols[4] = { 22, IPPROTO_UDP, IPPROTO_TCP, 0 };
static const __u16 ports[4][2] = {
	{ 40000, 5061 }, { 40000, 5060 }, { 5060, 40000 }, { 5061, 40000 }
};

static struct shape take_shape(struct input *in)
{
	__u8 a = take(in), b = take(in), c = take(in);
	struct shape s = { .key = a & 3, .fault = a >> 2 & 15, .type = a >> 6 };

	s.source = b & 7;
	s.dest = b >> 3 & 7;
	s.protocol = b >> 6;
	s.kind = c & 7;
	s.ports = c >> 3 & 3;
	s.age = take(in);
	if (model.is_wild) {
		s.changed = take(in);
		s.by = take(in);
	}
	if (model.nobody_has_it && s.key == KEY_RIGHT)
		s.key = KEY_NONE;
	return s;
}

/* Returns ns since 1970; 0: not given. Most are up to half a second off, some about one or more. */
static __u64 find_wall(__u8 age)
{
	static const __s64 odd[] = { 1000000, 1000001, -1000000, -1000001, 10000000 }; /* us */

	if (age == 255)
		return 0;
	return world.real - (age >= 250 ? odd[age - 250] : (age - 125) * 4000) * 1000;
}

static enum cg_hep_fate find_fate(const struct shape *s, bool over_tcp)
{
	const __u8 protocol = protocols[s->protocol];
	const bool has_sip_port = ports[s->ports][0] == 5060 || ports[s->ports][1] == 5060;

	if ((s->fault >= BAD_START && s->fault <= WRONG_SIZE) ||
	    (s->fault == CUT_SHORT && !over_tcp))
		return CG_HEP_DAMAGED;
	if (model.has_key && s->key != KEY_RIGHT)
		return CG_HEP_BAD_KEY;
	if (s->type == 3)
		return CG_HEP_NOT_SIP;
	if (s->kind >= NO_PAYLOAD)
		return CG_HEP_DAMAGED;
	if (s->source / 2 == HAS_ZERO / 2 || s->dest / 2 == HAS_ZERO / 2)
		return CG_HEP_NO_ADDRESS;
	if (is_four[s->source] != is_four[s->dest])
		return CG_HEP_MIXED_FAMILIES;
	if (s->source == s->dest)
		return CG_HEP_SAME_ADDRESS;
	if (has_sip_port &&
	    (protocol == IPPROTO_UDP || (protocol == IPPROTO_TCP && maps.config.tcp != CG_TCP_OFF)))
		return CG_HEP_ON_WIRE;
	if (is_own[s->source] == is_own[s->dest])
		return is_own[s->source] ? CG_HEP_HOST_ONLY : CG_HEP_NO_HOST;
	return CG_HEP_JUDGED;
}

/* Returns its number; -1: there are too many. */
static int note_record(const struct shape *s, int sender, struct peer *peer)
{
	struct record *r = &model.records[model.n_records];

	if (model.n_records == RECORDS_MAX)
		return -1;
	*r = (struct record){ .fate = find_fate(s, peer),
			      .kind = s->kind,
			      .bad_start = s->fault == BAD_START,
			      .direction = is_own[s->source] ? CG_OUT : CG_IN,
			      .source_port = ports[s->ports][0],
			      .dest_port = ports[s->ports][1],
			      .wall = find_wall(s->age),
			      .peer = peer,
			      .sender = sender };
	memcpy(r->source, addresses[s->source], 16);
	memcpy(r->dest, addresses[s->dest], 16);
	return model.n_records++;
}

/* --- its bytes -------------------------------------------------------------------------------- */

struct writer {
	__u8 bytes[16384];
	size_t len;
};

static void put_number(struct writer *w, __u32 number, int bytes)
{
	while (bytes--)
		w->bytes[w->len++] = number >> 8 * bytes;
}

static void put_chunk(struct writer *w, enum hep_chunk type, const void *value, size_t len)
{
	put_number(w, type, 4);
	put_number(w, HEP_HEADER + len, 2);
	memcpy(w->bytes + w->len, value, len);
	w->len += len;
}

static void put_value(struct writer *w, enum hep_chunk type, __u32 value, int bytes)
{
	put_number(w, type, 4);
	put_number(w, HEP_HEADER + bytes, 2);
	put_number(w, value, bytes);
}

static void put_address(struct writer *w, enum hep_chunk four, enum hep_chunk six, int address,
			bool both)
{
	const __u8 *value = addresses[address];

	if (both)
		put_chunk(w, is_four[address] ? six : four, addresses[is_four[address] ? 7 : 3],
			  is_four[address] ? 16 : 4);
	if (is_four[address])
		put_chunk(w, four, value + 12, 4);
	else
		put_chunk(w, six, value, 16);
}

static void put_key(struct writer *w, const struct shape *s)
{
	static const char *const keys[] = { WORLD_KEY, "", "k3y-wrong", "k3y" };

	if (s->key != KEY_NONE)
		put_chunk(w, HEP_KEY, keys[s->key], strlen(keys[s->key]));
}

static void put_fault(struct writer *w, const struct shape *s)
{
	static const struct {
		__u32 vendor_type;
		__u16 len;
	} chunks[] = { [VENDOR_CHUNK] = { 0x1230003, 7 },
		       [SHORT_CHUNK] = { 0x20, 5 },
		       [LONG_CHUNK] = { 0x20, 8 },
		       [WRONG_SIZE] = { HEP_SOURCE_PORT, 7 } };

	if (s->fault >= sizeof(chunks) / sizeof(*chunks) || !chunks[s->fault].len)
		return;
	put_number(w, chunks[s->fault].vendor_type, 4);
	put_number(w, chunks[s->fault].len, 2);
	put_number(w, 'x', 1);
}

static void write_record(struct writer *w, const struct shape *s, int id)
{
	const struct record *r = &model.records[id];
	const bool both = s->fault == BOTH_FAMILIES;
	char text[8192];
	size_t len = write_text(text, s->kind, id);

	w->len = HEP_HEADER;
	put_value(w, HEP_PROTOCOL, protocols[s->protocol], 1);
	put_address(w, HEP_SOURCE4, HEP_SOURCE6, s->source, both);
	put_address(w, HEP_DESTINATION4, HEP_DESTINATION6, s->dest, both);
	put_value(w, HEP_SOURCE_PORT, r->source_port, 2);
	put_value(w, HEP_DESTINATION_PORT, r->dest_port, 2);
	if (r->wall) {
		put_value(w, HEP_SECONDS, r->wall / 1000000000, 4);
		put_value(w, HEP_MICROSECONDS, r->wall / 1000 % 1000000, 4);
	}
	put_value(w, HEP_TYPE, s->type == 3 ? 5 : CG_HEP_SIP, 1);
	put_key(w, s);
	if (s->kind != NO_PAYLOAD)
		put_chunk(w, HEP_PAYLOAD, text, len);
	put_fault(w, s);
	memcpy(w->bytes, s->fault == BAD_START ? "XEP3" : "HEP3", 4);
	w->bytes[4] = w->len >> 8;
	w->bytes[5] = w->len;
	if (model.is_wild)
		w->bytes[s->changed % w->len] ^= s->by;
}

#endif
