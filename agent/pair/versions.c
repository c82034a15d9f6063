// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

#define SPARE 2 /* versions for each entry of the map: ended ones that wait for Redis */

/* --- the table -------------------------------------------------------------------------------- */

int cg_versions_init(struct cg_versions *versions, __u32 max_dialogs)
{
	__u32 n = 1024;

	while (n < max_dialogs && n < 1U << 24)
		n *= 2;
	*versions = (struct cg_versions){ .n_buckets = n, .max = SPARE * n };
	TAILQ_INIT(&versions->queued);
	TAILQ_INIT(&versions->leaving);
	versions->buckets = calloc(n, sizeof(*versions->buckets));
	return versions->buckets ? 0 : -ENOMEM;
}

static void free_version(struct cg_version *version)
{
	free(version->elsewhere);
	free(version);
}

void cg_versions_free(struct cg_versions *versions)
{
	struct cg_version *version, *next;

	for (__u32 i = 0; versions->buckets && i < versions->n_buckets; i++)
		for (version = versions->buckets[i]; version; version = next) {
			next = version->next;
			free_version(version);
		}
	free(versions->buckets);
	versions->buckets = NULL;
}

/* The words of a key are keyed hashes: nobody can choose those that share a bucket. */
static struct cg_version **get_bucket(const struct cg_versions *versions,
				      const struct cg_dialog_key *key)
{
	return &versions->buckets[(key->call ^ key->tags) & (versions->n_buckets - 1)];
}

struct cg_version *cg_versions_find(const struct cg_versions *versions,
				    const struct cg_dialog_key *key)
{
	struct cg_version *version = *get_bucket(versions, key);

	while (version && memcmp(&version->key, key, sizeof(*key)))
		version = version->next;
	return version;
}

struct cg_version *cg_versions_add(struct cg_versions *versions, const struct cg_dialog_key *key,
				   __u16 peer)
{
	struct cg_version **bucket = get_bucket(versions, key);
	struct cg_version *version = cg_versions_find(versions, key);

	if (version || versions->count >= versions->max)
		return version;
	version = calloc(1, sizeof(*version));
	if (!version)
		return NULL;
	version->key = *key;
	version->peer = peer;
	version->next = *bucket;
	*bucket = version;
	versions->count++;
	versions->foreign += peer != 0;
	return version;
}

void cg_versions_remove(struct cg_versions *versions, struct cg_version *version)
{
	struct cg_version **link = get_bucket(versions, &version->key);

	while (*link != version)
		link = &(*link)->next;
	*link = version->next;
	cg_versions_unqueue(versions, version);
	if (version->leaving)
		TAILQ_REMOVE(&versions->leaving, version, queue);
	versions->count--;
	versions->foreign -= version->peer != 0;
	free_version(version);
}

/* --- the queue -------------------------------------------------------------------------------- */

void cg_versions_queue(struct cg_versions *versions, struct cg_version *version)
{
	if (version->queued)
		return;
	if (version->leaving)
		TAILQ_REMOVE(&versions->leaving, version, queue);
	version->leaving = false;
	version->queued = true;
	TAILQ_INSERT_TAIL(&versions->queued, version, queue);
	versions->n_queued++;
}

void cg_versions_unqueue(struct cg_versions *versions, struct cg_version *version)
{
	if (!version->queued)
		return;
	version->queued = false;
	TAILQ_REMOVE(&versions->queued, version, queue);
	versions->n_queued--;
}

void cg_versions_queue_sent(struct cg_versions *versions, __u64 from)
{
	for (__u32 i = 0; i < versions->n_buckets; i++)
		for (struct cg_version *v = versions->buckets[i]; v; v = v->next)
			if (v->sent >= from) {
				v->is_stored = false;
				cg_versions_queue(versions, v);
			}
}

void cg_versions_queue_all(struct cg_versions *versions)
{
	cg_versions_queue_sent(versions, 0);
}

void cg_versions_leave(struct cg_versions *versions, struct cg_version *version, __u64 sent)
{
	cg_versions_unqueue(versions, version);
	version->sent = sent;
	version->leaving = true;
	TAILQ_INSERT_TAIL(&versions->leaving, version, queue);
}

void cg_versions_acknowledge(struct cg_versions *versions, __u64 sent)
{
	struct cg_version *version;

	while ((version = TAILQ_FIRST(&versions->leaving)) && version->sent <= sent)
		cg_versions_remove(versions, version);
}

/* --- one of them ------------------------------------------------------------------------------ */

__u64 cg_version_hash(const struct cg_dialog *dialog)
{
	struct cg_dialog head;
	__u64 hash;

	memcpy(&head, dialog, CG_DIALOG_HEAD);
	memset(&head.lock, 0, sizeof(head.lock));
	head.clock = 0;
	head.caller.cseq = head.callee.cseq = 0;
	head.caller_passed = head.callee_passed = 0;
	head.blocked_byes = head.blocked_elsewhere = 0;
	head.caller_ifindex = head.callee_ifindex = 0;
	head.flags &= ~CG_D_SPEAKS_HERE;
	head.peer = 0;
	hash = cg_hash_add(CG_HASH_START, &head, CG_DIALOG_HEAD);
	return hash ? hash : 1; /* 0: of none */
}

enum cg_version_change cg_version_compare(const struct cg_version *version,
					  const struct cg_dialog *dialog)
{
	bool raised = dialog->caller.cseq > version->caller_cseq ||
		      dialog->callee.cseq > version->callee_cseq ||
		      dialog->caller_passed > version->caller_passed ||
		      dialog->callee_passed > version->callee_passed ||
		      dialog->blocked_byes > version->blocked;

	if (!version->is_stored)
		return CG_VERSION_WHOLE;
	if (dialog->epoch > version->epoch || cg_version_hash(dialog) != version->hash)
		return CG_VERSION_HEAD;
	return raised ? CG_VERSION_COUNTERS : CG_VERSION_SAME;
}

static void raise_u32(__u32 *value, __u32 to)
{
	if (to > *value)
		*value = to;
}

void cg_version_raise(struct cg_version *version, const struct cg_dialog *counters, __u16 epoch)
{
	raise_u32(&version->caller_cseq, counters->caller.cseq);
	raise_u32(&version->callee_cseq, counters->callee.cseq);
	raise_u32(&version->caller_passed, counters->caller_passed);
	raise_u32(&version->callee_passed, counters->callee_passed);
	if (epoch > version->epoch)
		version->epoch = epoch;
}

void cg_version_set(struct cg_version *version, const struct cg_dialog *dialog)
{
	cg_version_raise(version, dialog, dialog->epoch);
	version->blocked = dialog->blocked_byes;
	version->hash = cg_version_hash(dialog);
}

__u32 cg_version_set_blocked(struct cg_version *version, __u16 sender, __u32 count)
{
	struct cg_version_blocked *more;
	__u64 sum = 0;
	int i = 0;

	while (i < version->n_blocked && version->elsewhere[i].sender != sender)
		i++;
	if (i == version->n_blocked && count && i < CG_PEERS_MAX) {
		more = reallocarray(version->elsewhere, i + 1, sizeof(*more));
		if (more) {
			version->elsewhere = more;
			more[i] = (struct cg_version_blocked){ .sender = sender };
			version->n_blocked++;
		}
	}
	if (i < version->n_blocked)
		raise_u32(&version->elsewhere[i].count, count);
	for (i = 0; i < version->n_blocked; i++)
		sum += version->elsewhere[i].count;
	return sum > 0xffffffffU ? 0xffffffffU : sum;
}
