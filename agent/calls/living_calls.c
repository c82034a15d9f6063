// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/living_calls.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

struct cg_living_calls *cg_living_calls_new(__u32 max)
{
	struct cg_living_calls *living = calloc(1, sizeof(*living));
	size_t slots = 64;

	if (!living)
		return NULL;
	while (slots < 2ULL * max)
		slots *= 2;
	pthread_mutex_init(&living->lock, NULL);
	living->mask = slots - 1;
	living->slots = calloc(slots, sizeof(*living->slots));
	if (living->slots)
		return living;
	free(living);
	return NULL;
}

void cg_living_calls_free(struct cg_living_calls *living)
{
	if (!living)
		return;
	free(living->slots);
	free(living);
}

/* The UUID is a SHA-1 hash that a caller can choose, but not so that it equals another one. */
static __u64 hash_call(const char *call_uid, __s64 setup_time)
{
	__u64 hash = cg_hash_add(CG_HASH_START ^ (__u64)setup_time, call_uid, strlen(call_uid));

	return hash ? hash : 1;
}

/* Returns the slot of a hash, or the free one where it belongs. */
static __u64 *find_slot(const struct cg_living_calls *living, __u64 hash)
{
	__u32 i = (hash ^ hash >> 32) & living->mask;

	while (living->slots[i] && living->slots[i] != hash)
		i = (i + 1) & living->mask;
	return &living->slots[i];
}

static bool is_overfull(const struct cg_living_calls *living)
{
	return living->count > living->mask / 2;
}

void cg_living_calls_add(struct cg_living_calls *living, const char *call_uid, __s64 setup_time)
{
	__u64 hash = hash_call(call_uid, setup_time), *slot;

	pthread_mutex_lock(&living->lock);
	slot = find_slot(living, hash);
	if (!*slot && !is_overfull(living)) {
		*slot = hash;
		living->count++;
	}
	pthread_mutex_unlock(&living->lock);
}

bool cg_living_calls_has(struct cg_living_calls *living, const char *call_uid, __s64 setup_time)
{
	__u64 hash = hash_call(call_uid, setup_time);
	bool has;

	pthread_mutex_lock(&living->lock);
	has = is_overfull(living) || *find_slot(living, hash);
	pthread_mutex_unlock(&living->lock);
	return has;
}

void cg_living_calls_add_dialog(struct cg_living_calls *living, const struct cg_dialog *dialog,
				const struct cg_origin *origin)
{
	char call_uid[CG_UUID_TEXT];
	__s64 setup_time;

	cg_cdr_identify(dialog, origin, call_uid, &setup_time);
	cg_living_calls_add(living, call_uid, setup_time);
}
