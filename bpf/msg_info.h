/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * struct msg_info: a parsed message as the rules need it, and the keys for the maps. Rules run
 * under a spin lock, where no helper may be called, so everything is looked up and hashed here
 * beforehand.
 *
 * API: msg_info_init(), msg_info_set_key(), msg_info_parse_routing().
 */
#ifndef CG_MSG_INFO_H
#define CG_MSG_INFO_H

#include "addr.h"
#include "sip_hash.h"
#include "packet.h"
#include "sip_parser.h"

/*
 * Filled in three stages, so that a packet which is refused early costs little. Each field has the
 * stage after which it is valid; before that it is 0.
 *   1  msg_info_init()           every message
 *   2  msg_info_set_key()        messages that may belong to a call
 *   3  msg_info_parse_routing()  all of these but an ingress BYE that is refused or has no dialog
 */
struct msg_info {
	__u64 now; /* 3; CLOCK_BOOTTIME, ns. An event sets it as well if it is 0. */
	struct cg_dialog_key key; /* 2 */
	__u64 from_hash; /* 2; of the case-folded From tag */
	__u64 to_hash; /* 2; of the case-folded To tag */
	__u64 branch_hash; /* 3; of the top Via, 0: none. INVITE, BYE, UPDATE only. */
	__u32 cseq; /* 1; if cseq_valid */
	__u16 status; /* 1; 0: a request */
	__u16 remote_port; /* 1 */
	__u8 cseq_valid; /* 1 */
	__u8 method; /* 1; enum cg_method, of a response that of its CSeq */
	__u8 direction; /* 1; enum cg_direction */
	__u8 remote_is_gateway; /* 3; the address `remote` is under --gateway */
	__u8 remote_class; /* 3; enum cg_addr_class of it */
	__u8 relayed; /* 3; there is a Via below the top one */
	__u8 came_back; /* 3; from a gateway, and below the top there is a Via of the host */
	__u8 moved_leg; /* 5; enum cg_leg_id that has moved to this address */
	__u8 lax_match; /* 2; some peers find no dialog in this BYE */
	__u8 enforced; /* 1; if it is refused, it is kept from the host */
	__u8 pad[2];
	__u32 tag_case_hash; /* 2; keyed, of the letter case of both tags; never 0 */
	__u32 ifindex; /* 1; with --strict-interface, else 0 */
	__u32 remote_hash; /* 3; addr_hash32() of the remote address */
	__u32 pad2;
	__u8 remote[16]; /* 1; source address on ingress, destination address on egress */
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
	info->enforced = packet->enforced;
	if (config->strict_interface)
		info->ifindex = packet->ifindex;
	if (packet->direction == CG_IN) {
		__builtin_memcpy(info->remote, packet->source, 16);
		info->remote_port = packet->source_port;
	} else {
		__builtin_memcpy(info->remote, packet->dest, 16);
		info->remote_port = packet->dest_port;
	}
}

/* Returns a keyed hash of a tag's letter case, which hash_tag() has left in p->number. */
bpf_inline __u32 tag_case_hash(const struct sip_parser *p, __u64 tag_hash)
{
	__u64 mix = ((p->number ^ p->hash_key[0]) * (p->hash_key[1] | 1)) ^ tag_hash;

	return (mix ^ mix >> 29) * (p->hash_key[0] | 1) >> 32;
}

/*
 * The key of the dialog, and the leg: enough to refuse a BYE that is out of order. What is added up
 * does not depend on the leg that sends.
 */
bpf_inline void msg_info_set_key(struct msg_info *info, struct sip_parser *p)
{
	info->key.call = hash_slice(p, &p->msg.call_id);
	info->from_hash = hash_tag(p, &p->msg.from_tag);
	info->tag_case_hash = tag_case_hash(p, info->from_hash);
	info->to_hash = hash_tag(p, &p->msg.to_tag);
	info->tag_case_hash = (info->tag_case_hash + tag_case_hash(p, info->to_hash)) | 1;
	info->key.tags = info->from_hash + info->to_hash;
	/* Some peers answer 481 to this BYE although they have the call: no evidence (rule 3). */
	info->lax_match = !!(p->msg.flags & SIP_LAX_MATCH);
}

/* The time, the branches, the targets, and whether the far end is a gateway. */
bpf_inline void msg_info_parse_routing(struct msg_info *info, struct sip_parser *p,
				       const struct cg_config *config, const struct packet *packet)
{
	info->now = packet_time(packet);
	info->remote_class = addr_class(config, info->remote);
	info->remote_is_gateway = info->remote_class == CG_ADDR_GATEWAY;
	info->remote_hash = addr_hash32(p->hash_key, info->remote);
	sip_parse_routing(p);
	info->relayed = p->vias > 1;
	if (info->method == CG_M_INVITE || info->method == CG_M_BYE || info->method == CG_M_UPDATE)
		info->branch_hash = hash_slice(p, &p->msg.branch);
}

#endif
