// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/violation_fold.h"

#include <stdlib.h>
#include <string.h>

#include "calls/violation_row.h"

#define SLOTS 2048 /* a power of two. Each pair has a row: they fill less than half of them. */
_Static_assert(CG_FOLD_ROWS < SLOTS / 2, "a search ends at an empty slot");

struct pair {
	char source[INET6_ADDRSTRLEN];
	char reason[CG_WORD_MAX];
	unsigned int rows; /* of this minute; 0: the slot is empty */
};

struct sum {
	struct cg_violation_row row;
	__s64 stored; /* the count that is stored */
};

struct cg_fold {
	__u64 minute; /* its begin */
	unsigned int rows; /* of this minute */
	unsigned int n_sums;
	struct pair pairs[SLOTS];
	struct sum sums[CG_FOLD_SUMS];
};

struct cg_fold *cg_fold_new(void)
{
	return calloc(1, sizeof(struct cg_fold));
}

void cg_fold_free(struct cg_fold *fold)
{
	free(fold);
}

static unsigned int hash_text(unsigned int hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* Returns the slot of the row's source and reason; an empty one if they had no row yet. */
static struct pair *find_pair(struct cg_fold *fold, const struct cg_violation_row *row)
{
	unsigned int i = hash_text(hash_text(2166136261u, row->source), row->reason);

	for (;; i++) {
		struct pair *pair = &fold->pairs[i % SLOTS];

		if (!pair->rows ||
		    (!strcmp(pair->source, row->source) && !strcmp(pair->reason, row->reason)))
			return pair;
	}
}

/* Returns the sum of the row's reason and action, a new one if needed; NULL: there are too many. */
static struct sum *get_sum(struct cg_fold *fold, const struct cg_violation_row *row)
{
	struct sum *sum = fold->sums;

	for (; sum < fold->sums + fold->n_sums; sum++)
		if (!strcmp(sum->row.reason, row->reason) && !strcmp(sum->row.action, row->action))
			return sum;
	if (fold->n_sums == CG_FOLD_SUMS)
		return NULL;
	fold->n_sums++;
	sum->stored = 0;
	cg_violation_fill_sum(row, &sum->row);
	return sum;
}

bool cg_fold_admit(struct cg_fold *fold, const struct cg_violation_row *row)
{
	struct pair *pair = find_pair(fold, row);
	struct sum *sum = NULL;

	if (fold->rows == CG_FOLD_ROWS || pair->rows == CG_FOLD_ROWS_OF_SOURCE)
		sum = get_sum(fold, row);
	if (sum) {
		sum->row.count += row->count;
		return false;
	}
	if (fold->rows < CG_FOLD_ROWS) {
		memcpy(pair->source, row->source, sizeof(pair->source));
		memcpy(pair->reason, row->reason, sizeof(pair->reason));
		pair->rows++;
		fold->rows++;
	}
	return true;
}

void cg_fold_flush(struct cg_fold *fold, __u64 now, cg_fold_put put, void *ctx)
{
	bool stored = true;

	for (struct sum *sum = fold->sums; sum < fold->sums + fold->n_sums; sum++) {
		if (sum->stored != sum->row.count && put(ctx, &sum->row))
			sum->stored = sum->row.count;
		stored &= sum->stored == sum->row.count;
	}
	if (!stored || now - fold->minute < CG_FOLD_MINUTE_NS)
		return;
	fold->minute = now;
	fold->rows = fold->n_sums = 0;
	memset(fold->pairs, 0, sizeof(fold->pairs));
}
