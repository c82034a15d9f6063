// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/hosts.h"

#include <stdlib.h>
#include <string.h>

#define NOTES 8192 /* INVITEs; a new one replaces the oldest */
#define ADDRESSES 512 /* further ones are no candidates */
#define PAIRS 4096 /* further ones are not known */

struct note {
	__u64 branch, call_id, from_tag;
	__u16 receiver; /* index of its address, plus one; 0: free */
};

struct address {
	__u8 addr[16];
	unsigned int received, sent_on;
};

struct pair { /* two addresses that are not one host: one sends to the other, or both receive a call */
	__u16 sender, receiver;
};

struct cg_host_finder {
	unsigned int invites;
	unsigned int next_note, n_addresses, n_pairs;
	struct note notes[NOTES];
	struct address addresses[ADDRESSES];
	struct pair pairs[PAIRS];
};

bool cg_replay_hosts_has(const struct cg_replay_hosts *hosts, const __u8 addr[16])
{
	for (unsigned int i = 0; i < hosts->n; i++)
		if (!memcmp(hosts->addr[i], addr, 16))
			return true;
	return false;
}

void cg_replay_hosts_add(struct cg_replay_hosts *hosts, const __u8 addr[16])
{
	if (hosts->n < CG_REPLAY_HOSTS_MAX && !cg_replay_hosts_has(hosts, addr))
		memcpy(hosts->addr[hosts->n++], addr, 16);
}

struct cg_host_finder *cg_host_finder_new(void)
{
	return calloc(1, sizeof(struct cg_host_finder));
}

void cg_host_finder_free(struct cg_host_finder *finder)
{
	free(finder);
}

/* Returns its index plus one; 0: there is no room. */
static unsigned int get_address(struct cg_host_finder *f, const __u8 addr[16])
{
	for (unsigned int i = 0; i < f->n_addresses; i++)
		if (!memcmp(f->addresses[i].addr, addr, 16))
			return i + 1;
	if (f->n_addresses == ADDRESSES)
		return 0;
	memcpy(f->addresses[f->n_addresses].addr, addr, 16);
	return ++f->n_addresses;
}

static bool has_pair(const struct cg_host_finder *f, unsigned int sender, unsigned int receiver)
{
	for (unsigned int i = 0; i < f->n_pairs; i++)
		if (f->pairs[i].sender == sender && f->pairs[i].receiver == receiver)
			return true;
	return false;
}

static void add_pair(struct cg_host_finder *f, unsigned int sender, unsigned int receiver)
{
	if (f->n_pairs < PAIRS && !has_pair(f, sender, receiver))
		f->pairs[f->n_pairs++] = (struct pair){ sender, receiver };
}

/*
 * Returns who received the INVITE that this sender sends on; 0: it is not one of those noted. Two
 * addresses that receive the same INVITE are not one host. *is_copy: the INVITE itself was noted,
 * as it is sent again, or the capture has it twice.
 */
static unsigned int find_receiver(struct cg_host_finder *f, unsigned int sender,
				  unsigned int receiver, const struct cg_sip_facts *facts,
				  bool *is_copy)
{
	unsigned int found = 0;

	*is_copy = false;
	for (unsigned int i = 0; i < NOTES && f->notes[i].receiver; i++) {
		const struct note *note = &f->notes[i];
		bool by_via = facts->branch2 && note->branch == facts->branch2;
		bool by_call = note->call_id == facts->call_id && note->from_tag == facts->from_tag;

		if (!found && (by_via || (by_call && note->receiver == sender)))
			found = note->receiver;
		if (by_call && note->receiver == receiver && note->branch == facts->branch)
			*is_copy = true;
		if (by_call && note->receiver != receiver)
			add_pair(f, note->receiver, receiver);
	}
	return found;
}

void cg_host_finder_note(struct cg_host_finder *finder, const struct cg_flow *flow,
			 const struct cg_sip_facts *facts)
{
	unsigned int sender, receiver, first;
	bool is_copy;

	if (facts->method != CG_M_INVITE || facts->status || facts->has_to_tag)
		return;
	finder->invites++;
	sender = get_address(finder, flow->source);
	receiver = get_address(finder, flow->dest);
	if (!sender || !receiver)
		return;
	first = find_receiver(finder, sender, receiver, facts, &is_copy);
	if (is_copy)
		return;
	if (first) {
		finder->addresses[first - 1].sent_on++;
		if (first != sender)
			finder->addresses[sender - 1].sent_on++;
	}
	if (sender != receiver)
		add_pair(finder, sender, receiver);
	finder->addresses[receiver - 1].received++;
	finder->notes[finder->next_note++ % NOTES] = (struct note){
		.branch = facts->branch,
		.call_id = facts->call_id,
		.from_tag = facts->from_tag,
		.receiver = receiver,
	};
}

unsigned int cg_host_finder_invites(const struct cg_host_finder *finder)
{
	return finder->invites;
}

static unsigned int get_score(const struct address *address, bool any_sent_on)
{
	return any_sent_on ? address->sent_on : address->received;
}

/* Gateways leave the list, for who speaks with them. */
static void count_gateways(struct cg_host_finder *f, cg_host_is_gateway is_gateway)
{
	for (unsigned int i = 0; i < f->n_pairs; i++) {
		struct address *sender = &f->addresses[f->pairs[i].sender - 1];
		struct address *receiver = &f->addresses[f->pairs[i].receiver - 1];

		if (is_gateway(receiver->addr))
			sender->sent_on++;
		if (is_gateway(sender->addr))
			receiver->sent_on++;
	}
	for (unsigned int i = 0; i < f->n_addresses; i++)
		if (is_gateway(f->addresses[i].addr))
			f->addresses[i].sent_on = f->addresses[i].received = 0;
}

static bool excludes_chosen(const struct cg_host_finder *f, unsigned int index, const bool *chosen)
{
	for (unsigned int i = 0; i < f->n_addresses; i++)
		if (chosen[i] && (has_pair(f, index + 1, i + 1) || has_pair(f, i + 1, index + 1)))
			return true;
	return false;
}

/*
 * Returns the index of the address with the highest score that is not done; ADDRESSES: none is
 * left.
 */
static unsigned int find_best(const struct cg_host_finder *f, const bool *done, bool any_sent_on)
{
	unsigned int best = ADDRESSES, most = 0;

	for (unsigned int i = 0; i < f->n_addresses; i++) {
		unsigned int score = get_score(&f->addresses[i], any_sent_on);

		if (done[i] || score <= most)
			continue;
		best = i;
		most = score;
	}
	return best;
}

void cg_host_finder_choose(struct cg_host_finder *finder, cg_host_is_gateway is_gateway,
			   struct cg_replay_hosts *hosts)
{
	bool done[ADDRESSES] = {}, chosen[ADDRESSES] = {}, any_sent_on = false;
	unsigned int best;

	count_gateways(finder, is_gateway);
	for (unsigned int i = 0; i < finder->n_addresses; i++)
		any_sent_on |= finder->addresses[i].sent_on > 0;
	while ((best = find_best(finder, done, any_sent_on)) != ADDRESSES) {
		done[best] = true;
		if (excludes_chosen(finder, best, chosen))
			continue;
		chosen[best] = true;
		cg_replay_hosts_add(hosts, finder->addresses[best].addr);
	}
}
