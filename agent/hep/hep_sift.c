// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_sift.h"

#include <netinet/in.h>
#include <string.h>

#include "sip_parser.h"
#include "util/text.h"

#define WORD(NAME, word, text) #word,
#define TEXT(NAME, word, text) text,

const char *cg_hep_fate_word(enum cg_hep_fate fate)
{
	static const char *const words[] = { CG_HEP_FATE_LIST(WORD) };

	return words[fate];
}

const char *cg_hep_fate_text(enum cg_hep_fate fate)
{
	static const char *const texts[] = { CG_HEP_FATE_LIST(TEXT) };

	return texts[fate];
}

/* How long it takes depends on the length of what was sent, not on its bytes. */
static bool key_is_right(const struct cg_hep_record *record, const char *key)
{
	size_t len = strlen(key);
	volatile __u8 differ = record->key_len != len;

	for (size_t i = 0; i < record->key_len; i++)
		differ |= record->key[i] ^ (__u8)key[len ? i % len : 0];
	return !differ;
}

/* Neither :: nor 0.0.0.0. */
static bool is_address(const __u8 addr[16])
{
	static const __u8 zero[16];

	return memcmp(addr, zero, 16) && !(cg_addr_is_ipv4(addr) && !memcmp(addr + 12, zero, 4));
}

static enum cg_hep_fate check_addresses(const struct cg_hep_record *r)
{
	if (!is_address(r->source) || !is_address(r->destination))
		return CG_HEP_NO_ADDRESS;
	if (cg_addr_is_ipv4(r->source) != cg_addr_is_ipv4(r->destination))
		return CG_HEP_MIXED_FAMILIES;
	return memcmp(r->source, r->destination, 16) ? CG_HEP_JUDGED : CG_HEP_SAME_ADDRESS;
}

/* The guard reads a packet if one of its ports is a SIP port. */
static bool is_on_wire(const struct cg_config *config, const struct cg_hep_record *r)
{
	if (r->protocol != IPPROTO_UDP && (r->protocol != IPPROTO_TCP || config->tcp == CG_TCP_OFF))
		return false;
	return cg_port_is_sip(config, r->source_port) ||
	       cg_port_is_sip(config, r->destination_port);
}

static enum cg_hep_fate find_direction(const struct cg_hep_sieve *sieve,
				       const struct cg_hep_record *r, __u8 *direction)
{
	bool from = sieve->is_host(sieve->ctx, r->source);
	bool to = sieve->is_host(sieve->ctx, r->destination);

	if (from == to)
		return from ? CG_HEP_HOST_ONLY : CG_HEP_NO_HOST;
	*direction = from ? CG_OUT : CG_IN;
	return CG_HEP_JUDGED;
}

/*
 * The proxy's clock, as CLOCK_BOOTTIME. It is believed if it is near: a call must not end tomorrow.
 */
static __u64 find_time(const struct cg_hep_record *r, const struct cg_hep_clocks *clocks,
		       bool *clock_off)
{
	__u64 age = clocks->real - r->at;

	*clock_off = false;
	if (r->at <= clocks->real && age <= CG_HEP_CLOCK_OFF_NS && age <= clocks->boot)
		return clocks->boot - age;
	*clock_off = !r->at || r->at <= clocks->real || -age > CG_HEP_CLOCK_OFF_NS;
	return clocks->boot;
}

static bool is_initial_invite(const __u8 *text, size_t len, bool complete)
{
	static struct sip_parser parser;

	memcpy(parser.buf, text, len);
	memset(parser.buf + len, 0, SIP_SLACK);
	return !sip_parse(&parser, len, complete) && !parser.msg.status &&
	       parser.msg.method == CG_M_INVITE && !parser.msg.to_tag.len;
}

enum cg_hep_fate cg_hep_sift(const struct cg_hep_sieve *sieve, const struct cg_hep_record *r,
			     const struct cg_hep_clocks *clocks, struct cg_hep_sifted *sifted)
{
	struct cg_hep_sifted s = { .len = r->len < SIP_MAX ? r->len : SIP_MAX };
	enum cg_hep_fate fate;

	if (sieve->key && !key_is_right(r, sieve->key))
		return CG_HEP_BAD_KEY;
	if (r->type != CG_HEP_SIP)
		return CG_HEP_NOT_SIP;
	if (!r->len)
		return CG_HEP_DAMAGED;
	fate = check_addresses(r);
	if (fate == CG_HEP_JUDGED && is_on_wire(sieve->config, r))
		fate = CG_HEP_ON_WIRE;
	if (fate == CG_HEP_JUDGED)
		fate = find_direction(sieve, r, &s.report.direction);
	if (fate != CG_HEP_JUDGED)
		return fate;
	memcpy(s.report.source, r->source, 16);
	memcpy(s.report.dest, r->destination, 16);
	s.report.source_port = r->source_port;
	s.report.dest_port = r->destination_port;
	s.report.cut = s.len < r->len;
	s.report.at = find_time(r, clocks, &s.clock_off);
	s.is_early = is_initial_invite(r->payload, s.len, !s.report.cut);
	*sifted = s;
	return CG_HEP_JUDGED;
}
