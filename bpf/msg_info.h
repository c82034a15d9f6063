/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a parsed message to struct msg_info: identity, branches, targets.
 *
 * API: msg_info_init(), msg_info_set_key(), msg_info_parse_routing().
 */
#ifndef CG_MSG_INFO_H
#define CG_MSG_INFO_H

#include "addr.h"
#include "hash.h"
#include "packet.h"
#include "sip_parser.h"
#include "uri.h"

struct msg_info {
	__u64 now;
	struct cg_dialog_key key;
	__u64 from_hash; /* folded tags' hashes */
	__u64 to_hash;
	__u64 from_case_mask;
	__u64 to_case_mask;
	__u64 branch_hash; /* of the top Via; 0: none */
	__u64 branch2_hash; /* of the Via below it */
	__u32 contact_hash; /* targets: hashes of a URI up to its parameters; 0: none */
	__u32 request_uri_hash;
	__u32 cseq;
	__u16 status; /* 0: a request */
	__u16 request_port; /* that the Request-URI names */
	__u8 cseq_valid;
	__u8 method;
	__u8 direction;
	__u8 remote_is_gateway; /* the far end of this packet is under --gateway */
	__u16 remote_port;
	__u8 relayed; /* there is a Via below the top one */
	__u8 ifindex_hash; /* in short, where a leg is bound to its own; else 0 */
	__u8 remote[16]; /* source of what comes in, destination of what goes out */
};

bpf_inline void msg_info_init(struct msg_info *info, const struct packet *packet,
			      const struct sip_msg *msg, const struct cg_config *config)
{
	__builtin_memset(info, 0, sizeof(*info));
	info->cseq = msg->cseq;
	info->cseq_valid = !(msg->flags & SIP_BAD_CSEQ);
	info->status = msg->status;
	info->method = msg->method;
	info->direction = packet->direction;
	if (config->strict_interface)
		info->ifindex_hash = cg_ifindex_hash8(packet->ifindex);
	if (packet->direction == CG_IN) {
		__builtin_memcpy(info->remote, packet->source, 16);
		info->remote_port = packet->source_port;
	} else {
		__builtin_memcpy(info->remote, packet->dest, 16);
		info->remote_port = packet->dest_port;
	}
}

/* Whose message it is: enough for what is refused at once. */
bpf_inline void msg_info_set_key(struct msg_info *info, struct sip_parser *p,
				 const struct cg_config *config)
{
	info->key.call = hash_slice(config, p, &p->msg.call_id);
	info->from_hash = hash_tag(config, p, &p->msg.from_tag, &info->from_case_mask);
	info->to_hash = hash_tag(config, p, &p->msg.to_tag, &info->to_case_mask);
	info->key.tags = info->from_hash + info->to_hash;
	if (p->msg.flags & SIP_LAX_MATCH)
		info->from_case_mask = ~0ULL; /* a 481 to it is no evidence, rule 3 */
}

/* What all else needs: the time, where it goes, and who stands at the far end. */
bpf_inline void msg_info_parse_routing(struct msg_info *info, struct sip_parser *p,
				       const struct cg_config *config)
{
	info->now = bpf_ktime_get_boot_ns();
	info->remote_is_gateway = addr_is_gateway(config, info->remote);
	sip_parse_routing(p);
	info->relayed = p->vias > 1;
	if (info->method == CG_M_INVITE || info->method == CG_M_BYE || info->method == CG_M_UPDATE)
		info->branch_hash = hash_slice(config, p, &p->msg.branch);
	if (info->branch_hash && info->relayed) /* even an empty one: RFC 2543 knew none */
		info->branch2_hash = hash_slice(config, p, &p->msg.branch2);
	if (info->method == CG_M_INVITE || info->method == CG_M_UPDATE)
		info->contact_hash = uri_target_hash32(p, config, &p->msg.contact);
	if (info->method == CG_M_BYE && !info->status && info->direction == CG_OUT) {
		info->request_uri_hash = uri_target_hash32(p, config, &p->msg.request_uri);
		info->request_port = request_uri_port(p);
	}
}

#endif
