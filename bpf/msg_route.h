/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The way of a request: who has forwarded it (Via), what it is addressed to (Request-URI and
 * Route), and what its sender gave for the requests that follow (Contact and Record-Route).
 *
 * API: msg_route_parse() for INVITE, UPDATE and BYE and for the 2xx of the first two.
 */
#ifndef CG_MSG_ROUTE_H
#define CG_MSG_ROUTE_H

#include "host_names.h"
#include "msg_info.h"
#include "scratch.h"
#include "sip_via.h"
#include "uri.h"
#include "uri_set.h"

/* --- Via -------------------------------------------------------------------------------------- */

struct via_walk {
	struct pkt_ctx *ctx;
	__u32 first_peer; /* stop at the first Via that is not the host's */
};

/* Returns the class of the address that [pos, pos + len) spells, or -1: it is not an address. */
bpf_inline int addr_class_of_text(struct pkt_ctx *ctx, const struct sip_slice *text)
{
	struct sip_parser *p = &ctx->scratch->parser;

	if (!text->len || sip_ip_parse(p, text->off, text->off + text->len))
		return -1;
	return addr_class(ctx->config, p->ip.addr);
}

/*
 * A Via is the host's own if its sent-by is a name of the host and every `received` in it is one,
 * too. A Via with another `received` was stamped by the host, so its sender is not the host.
 */
bpf_inline int via_is_own(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	const struct sip_via *via = &p->via;

	if (via->n_received > 1 || !host_name_is_own(hash_folded(p, via->host.off, via->host.len)))
		return 0;
	return !via->n_received || addr_class_of_text(ctx, &via->received) == CG_ADDR_HOST ||
	       host_name_is_own(hash_folded(p, via->received.off, via->received.len));
}

/* The address that the host stamped: `received`, else sent-by (RFC 3261 18.2.1). */
bpf_inline void via_read_stamp(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_route *route = &ctx->scratch->route;
	const struct sip_slice *text = p->via.n_received ? &p->via.received : &p->via.host;

	route->has_peer_via = 1;
	route->peer_branch = hash_exact(p, p->via.branch.off, p->via.branch.len);
	route->peer_has_cookie = (sip_word(p, p->via.branch.off) & sip_mask(7)) ==
					 SIP_LETTERS('z', '9', 'h', 'G', '4', 'b', 'K', 0) &&
				 p->via.branch.len >= 7;
	if (p->via.n_received > 1 || sip_ip_parse(p, text->off, text->off + text->len))
		return;
	route->has_stamp = 1;
	__builtin_memcpy(route->stamp, p->ip.addr, 16);
}

static long via_out_step(__u32 i, void *arg)
{
	struct via_walk *walk = arg;
	struct pkt_ctx *ctx = walk->ctx;

	(void)i;
	if (!sip_via_next(&ctx->scratch->parser))
		return 1;
	if (via_is_own(ctx)) {
		ctx->scratch->route.own_vias++;
		return 0;
	}
	via_read_stamp(ctx);
	return 1;
}

/* Below the top Via: the branch under which the host has sent the request out before. */
static long via_in_step(__u32 i, void *arg)
{
	struct via_walk *walk = arg;
	struct pkt_ctx *ctx = walk->ctx;
	struct sip_parser *p = &ctx->scratch->parser;

	if (!sip_via_next(p))
		return 1;
	if (!i || !via_is_own(ctx))
		return 0;
	ctx->scratch->route.came_back = 1;
	ctx->scratch->route.own_branch = hash_exact(p, p->via.branch.off, p->via.branch.len);
	return 1;
}

#define VIAS_MAX 32 /* values */

bpf_inline void msg_route_parse_vias(struct pkt_ctx *ctx)
{
	struct via_walk walk = { .ctx = ctx };
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_info *info = &ctx->scratch->info;
	__u64 hash;

	sip_via_first(p);
	if (info->direction == CG_IN) {
		if (info->remote_class != CG_ADDR_OTHER && p->vias > 1)
			sip_loop(VIAS_MAX, via_in_step, &walk);
		return;
	}
	if (ctx->scratch->packet.own_socket && sip_via_next(p)) {
		hash = hash_folded(p, p->via.host.off, p->via.host.len);
		if (!p->via.n_received && !host_name_is_own(hash))
			host_name_learn(p, &p->via.host, hash);
		sip_via_first(p);
	}
	sip_loop(VIAS_MAX, via_out_step, &walk);
}

/* --- URIs ------------------------------------------------------------------------------------- */

/* All URIs of the Route or the Record-Route lines. */
struct uri_list {
	struct pkt_ctx *ctx;
	__u32 lines; /* enum sip_list */
	__u32 line; /* index of the next one */
	__u32 end; /* of the current one */
	__u32 set;
	__u32 has_own; /* one of the URIs is the host's */
	__u32 done; /* all lines are read */
};

#define URI_LINES 4 /* header lines; more prove nothing */
#define URI_STEPS 64 /* URIs, quoted strings and lines */

bpf_inline long uri_list_next_line(struct uri_list *list)
{
	struct sip_parser *p = &list->ctx->scratch->parser;
	const struct sip_lines *lines = &p->lines[list->lines & (SIP_LISTS - 1)];
	__u32 i = list->line;

	if (i >= lines->n || i >= URI_LINES) {
		list->done = 1;
		return 1;
	}
	p->at = p->start = lines->line[i].off;
	p->quoted = 0;
	list->end = p->at + lines->line[i].len;
	list->line = i + 1;
	return 0;
}

/*
 * A step towards the next URI, or over it. Some carriers read a Route without angle brackets as
 * well, and send the request there: it proves nothing.
 */
static long uri_list_step(__u32 i, void *arg)
{
	struct uri_list *list = arg;
	struct pkt_ctx *ctx = list->ctx;
	struct sip_parser *p = &ctx->scratch->parser;
	struct sip_slice uri;
	__u64 hash;
	int own;

	(void)i;
	if (!sip_outside_quotes(p, list->end, '<', ':'))
		return 0;
	if (p->at >= list->end)
		return uri_list_next_line(list);
	if (sip_byte(p, p->at) == ':') {
		if (list->lines == SIP_ROUTE_LINES)
			list->set = CG_URIS_NONE;
		p->at++;
		return 0;
	}
	uri = sip_slice(p->at + 1, sip_find(p, p->at + 1, list->end, SIP_ANY('>', '>', '>')));
	p->at = uri.off + uri.len + 1;
	p->start = p->at;
	hash = uri_hash(p, uri.off, uri.len);
	own = host_name_is_own(p->uri.host_hash);
	list->has_own |= own;
	if (list->lines == SIP_ROUTE_LINES) {
		if (own && p->uri.plain)
			return 0;
		if (!uri_set_size(list->set))
			ctx->scratch->route.next_hop = p->uri.host;
	}
	list->set = uri_set_add(list->set, uri_set_of(hash));
	return 0;
}

/* Returns their set; CG_URIS_NONE if there is more than is read. */
bpf_inline __u32 uri_list_parse(struct uri_list *list)
{
	const struct sip_parser *p = &list->ctx->scratch->parser;

	if (p->lines[list->lines & (SIP_LISTS - 1)].n > URI_LINES)
		return CG_URIS_NONE;
	if (!uri_list_next_line(list))
		sip_loop(URI_STEPS, uri_list_step, list);
	return list->done ? list->set : CG_URIS_NONE;
}

bpf_inline void msg_route_parse_uris(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_route *route = &ctx->scratch->route;
	const struct msg_info *info = &ctx->scratch->info;
	struct uri_list list = { .ctx = ctx };
	struct cg_branch *branch = &ctx->scratch->branch;

	if (!info->status) {
		if (text_copy(branch->request_uri, sizeof(branch->request_uri), p,
			      &p->msg.request_uri))
			route->request_uri_cut = 1;
		route->request_uri =
			uri_set_of(uri_hash(p, p->msg.request_uri.off, p->msg.request_uri.len));
		route->request_user = p->uri.user_hash >> 32;
		route->request_name = p->uri.name_hash >> 32;
		route->request_host = route->next_hop = p->uri.host;
		route->request_port = p->uri.port;
		list.lines = SIP_ROUTE_LINES;
		route->routes = uri_list_parse(&list);
	}
	if (info->method != CG_M_BYE) {
		if (p->msg.contact.len) {
			route->contact =
				uri_set_of(uri_hash(p, p->msg.contact.off, p->msg.contact.len));
			route->contact_name =
				(ctx->scratch->info.remote_is_gateway ? p->uri.name_hash
								      : p->uri.user_hash) >>
				32;
			route->contact_is_own = host_name_is_own(p->uri.host_hash);
		}
		list = (struct uri_list){ .ctx = ctx, .lines = SIP_RECORD_ROUTE_LINES };
		route->record_routes = uri_list_parse(&list);
		route->records_own = list.has_own;
	}
}

/*
 * The literal address that the request is to be sent to next, by its topmost Route, else
 * Request-URI.
 */
bpf_inline void msg_route_parse_next_hop(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_route *route = &ctx->scratch->route;

	if (route->request_host.len &&
	    !sip_ip_parse(p, route->request_host.off,
			  route->request_host.off + route->request_host.len))
		__builtin_memcpy(route->request_addr, p->ip.addr, 16);
	if (route->next_hop.len &&
	    !sip_ip_parse(p, route->next_hop.off, route->next_hop.off + route->next_hop.len))
		__builtin_memcpy(route->next_addr, p->ip.addr, 16);
}

/*
 * Fills ctx->scratch->route, and of a request branch.request_uri: hashing a URI destroys the bytes
 * of an escaped user part.
 */
BPF_SUBPROG int msg_route_parse(struct pkt_ctx *ctx)
{
	struct msg_route *route = &ctx->scratch->route;
	const struct msg_info *info = &ctx->scratch->info;
	int has_target = info->method == CG_M_INVITE || info->method == CG_M_UPDATE ||
			 (info->method == CG_M_BYE && !info->status);

	__builtin_memset(route, 0, sizeof(*route));
	route->contact = route->request_uri = CG_URIS_NONE;
	if (!info->status)
		msg_route_parse_vias(ctx);
	if (has_target && (!info->status || (info->status >= 200 && info->status < 300))) {
		msg_route_parse_uris(ctx);
		msg_route_parse_next_hop(ctx);
	}
	return 0;
}

#endif
