// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/dialog_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cg_dialog_table_init(struct cg_dialog_table *table, __u32 max)
{
	size_t slots = 1024;

	while (slots < 2ULL * max)
		slots *= 2;
	*table = (struct cg_dialog_table){
		.mask = slots - 1,
		.slots =
			calloc(slots, sizeof(*table->slots)), /* pages are allocated on first use */
	};
	return table->slots ? 0 : -ENOMEM;
}

void cg_dialog_table_free(struct cg_dialog_table *table)
{
	free(table->slots);
}

/* Returns the preferred slot of a key. Keys are hashes already. */
static unsigned int get_home_slot(const struct cg_dialog_table *table,
				  const struct cg_dialog_key *key)
{
	return (key->call ^ key->tags) & table->mask;
}

/* Returns the slot of a dialog, or the free one where it belongs. */
static struct cg_dialog_entry *find_slot(const struct cg_dialog_table *table,
					 const struct cg_dialog_key *key)
{
	unsigned int i = get_home_slot(table, key);

	while (table->slots[i].used && memcmp(&table->slots[i].key, key, sizeof(*key)))
		i = (i + 1) & table->mask;
	return &table->slots[i];
}

struct cg_dialog_entry *cg_dialog_table_find(const struct cg_dialog_table *table,
					     const struct cg_dialog_key *key)
{
	struct cg_dialog_entry *entry = find_slot(table, key);

	return entry->used ? entry : NULL;
}

struct cg_dialog_entry *cg_dialog_table_get(struct cg_dialog_table *table,
					    const struct cg_dialog_key *key)
{
	struct cg_dialog_entry *entry = find_slot(table, key);

	if (entry->used)
		return entry;
	if (table->count > table->mask / 2)
		return NULL; /* more than the map holds: something else deletes and inserts dialogs */
	*entry = (struct cg_dialog_entry){ .key = *key, .used = true };
	table->count++;
	return entry;
}

void cg_dialog_table_remove(struct cg_dialog_table *table, struct cg_dialog_entry *entry)
{
	unsigned int gap = entry - table->slots;

	table->n_foreign -= entry->is_foreign;
	/* closes the gap, so that all others are still found from their home slot */
	for (unsigned int i = (gap + 1) & table->mask; table->slots[i].used;
	     i = (i + 1) & table->mask) {
		unsigned int from_home =
			(i - get_home_slot(table, &table->slots[i].key)) & table->mask;

		if (from_home < ((i - gap) & table->mask))
			continue;
		table->slots[gap] = table->slots[i];
		gap = i;
	}
	table->slots[gap].used = false;
	table->count--;
}

void cg_dialog_table_set_foreign(struct cg_dialog_table *table, struct cg_dialog_entry *entry,
				 bool is_foreign)
{
	table->n_foreign += is_foreign - entry->is_foreign;
	entry->is_foreign = is_foreign;
}
