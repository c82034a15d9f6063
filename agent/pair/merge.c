// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Gives the records of other hosts to the guard, which merges them under a dialog's lock. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

#define LATE_S 3600 /* older than max_call and this: not taken */
#define AHEAD_US 1000000 /* by a clock that is not known yet */
#define STALE_NS (30 * CG_SECOND) /* a dialog that ended so long ago is not inserted any more */

/* A record on its way into the map. */
struct merge {
	struct cg_pair *pair;
	const struct cg_record *record;
	__u16 sender; /* index in map `peers`; 0: this host */
	__u16 owner;
	bool from_stream;
	bool found; /* `before` is the dialog in the map */
	struct cg_dialog before;
	struct cg_peer_update update;
};

void cg_merge_open_program(struct cg_pair *pair)
{
	int fd = cg_pin_open(pair->guard->instance, CG_PIN_PEER);

	if (pair->program_fd >= 0)
		close(pair->program_fd);
	pair->program_fd = fd;
	if (fd < 0 && !pair->no_program_said)
		cg_log_err("pair %s: cannot open program %s of instance %s: %s; run: cseqguard "
			   "upgrade",
			   pair->options.name, CG_PIN_PEER, pair->guard->instance, strerror(-fd));
	pair->no_program_said = fd < 0;
}

static int run_program(struct cg_pair *pair, struct cg_peer_update *update)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = update, .data_size_in = sizeof(*update));

	if (pair->program_fd < 0)
		return pair->program_fd;
	if (bpf_prog_test_run_opts(pair->program_fd, &opts))
		return -errno;
	return opts.retval;
}

static bool read_dialog(const struct cg_pair *pair, const struct cg_dialog_key *key,
			struct cg_dialog *dialog)
{
	return !bpf_map_lookup_elem_flags(pair->guard->dialogs_fd, key, dialog, BPF_F_LOCK);
}

/* --- what the other hosts know now ------------------------------------------------------------ */

/* A record has its sender's version of what does not only rise. */
static bool has_head(const struct cg_record *record)
{
	return record->type == CG_RECORD_WHOLE || record->type == CG_RECORD_HEAD;
}

/*
 * Notes what this record says. `is_changed`: the dialog had changed here before it came, and that is
 * still to be published. `after`: the dialog as it is now.
 */
static void note_version(const struct merge *merge, struct cg_version *version, bool is_changed,
			 const struct cg_dialog *after)
{
	const struct cg_dialog *sent = &merge->update.dialog;

	cg_version_raise(version, sent, has_head(merge->record) ? sent->epoch : 0);
	if (merge->record->type == CG_RECORD_WHOLE)
		version->is_stored = true;
	if (!is_changed)
		version->hash = cg_version_hash(after);
}

/* This host's own record, as Redis has it: this daemon is new. */
static void note_own(const struct merge *merge)
{
	struct cg_version *version =
		cg_versions_add(&merge->pair->versions, &merge->record->key, merge->owner);

	if (!version)
		return;
	note_version(merge, version, !has_head(merge->record), &merge->update.dialog);
	if (merge->record->dialog.blocked_byes > version->blocked)
		version->blocked = merge->record->dialog.blocked_byes;
}

/* --- dialogs ---------------------------------------------------------------------------------- */

static void make_update(struct merge *merge)
{
	const struct cg_config *config = &merge->pair->guard->config;
	__u8 clock = (merge->found ? merge->before.clock : config->clock) % CG_CLOCKS;

	merge->update = (struct cg_peer_update){ .type = (__u8)merge->record->type,
						 .key = merge->record->key };
	cg_record_get_dialog(merge->record, clock, config->clock_offset[clock],
			     &merge->update.dialog);
	merge->update.dialog.peer = merge->owner;
	merge->update.dialog.blocked_byes = 0;
}

/* Returns the sum of the BYEs that the other hosts have refused. */
static __u32 sum_blocked(const struct merge *merge, struct cg_version *version)
{
	__u32 count = merge->record->dialog.blocked_byes;

	return version ? cg_version_set_blocked(version, merge->sender, count) : count;
}

static bool is_stale(const struct merge *merge)
{
	const struct cg_dialog *dialog = &merge->update.dialog;
	__s64 age = cg_boottime() - dialog->end;

	return dialog->state == CG_S_ENDED && age > (__s64)STALE_NS;
}

static void handle_result(struct merge *merge, int result)
{
	struct cg_pair_follower *follower = &merge->pair->follower;
	const struct cg_dialog_key *key = &merge->record->key;

	if (result == CG_PEER_NO_ROOM)
		follower->no_room++;
	else if (result == CG_PEER_UNKNOWN && merge->from_stream)
		cg_snapshot_fill(merge->pair, key);
	else if (result < 0 || result == CG_PEER_INVALID)
		follower->refused++;
	if (result == CG_PEER_CHANGED || result == CG_PEER_INSERTED)
		merge->pair->callbacks.merged(merge->pair->callbacks.ctx, key);
}

/*
 * Handles a dialog that is not in the map. Returns whether the record inserts it. A call of this host
 * that was in the present maps has been deleted from them: the other hosts are told.
 */
static bool may_insert(struct merge *merge)
{
	if (!merge->owner && merge->pair->follower.same_maps) {
		cg_publish_gone(merge->pair, &merge->record->key);
		return false;
	}
	if (merge->record->type != CG_RECORD_WHOLE)
		handle_result(merge, CG_PEER_UNKNOWN);
	return merge->record->type == CG_RECORD_WHOLE && !is_stale(merge);
}

static void merge_dialog(struct merge *merge)
{
	struct cg_pair *pair = merge->pair;
	const struct cg_dialog_key *key = &merge->record->key;
	struct cg_version *version = cg_versions_find(&pair->versions, key);
	bool is_changed = merge->found && version && !version->leaving &&
			  cg_version_compare(version, &merge->before) != CG_VERSION_SAME;
	struct cg_dialog after;
	int result;

	if (!merge->found && !may_insert(merge))
		return;
	if (!version)
		version = cg_versions_add(&pair->versions, key, merge->owner);
	merge->update.dialog.blocked_elsewhere = sum_blocked(merge, version);
	result = run_program(pair, &merge->update);
	if (version && (result == CG_PEER_UNCHANGED || result == CG_PEER_CHANGED ||
			result == CG_PEER_INSERTED))
		note_version(merge, version, is_changed,
			     read_dialog(pair, key, &after) ? &after : &merge->update.dialog);
	else if (version && !merge->found && !version->gone && !version->leaving)
		cg_versions_remove(&pair->versions, version);
	handle_result(merge, result);
}

/* Of this host itself: its daemon or the host was started again, and Redis has kept what it had. */
static void handle_own(struct merge *merge)
{
	if (merge->from_stream)
		return;
	if (merge->found)
		note_own(merge);
	else
		merge_dialog(merge);
}

static void handle_gone(const struct merge *merge)
{
	struct cg_versions *versions = &merge->pair->versions;
	const struct cg_pair_callbacks *callbacks = &merge->pair->callbacks;
	const struct cg_dialog_key *key = &merge->record->key;
	struct cg_version *version;

	if (!merge->sender)
		return;
	if (merge->found)
		callbacks->gone(callbacks->ctx, key);
	version = cg_versions_find(versions, key);
	if (version && !merge->found && !version->gone)
		cg_versions_remove(versions, version);
	else if (version)
		version->is_stored =
			false; /* Redis has deleted it: the next change is sent whole */
}

static void handle_dialog(struct merge *merge)
{
	merge->found = read_dialog(merge->pair, &merge->record->key, &merge->before);
	make_update(merge);
	if (merge->record->type == CG_RECORD_GONE)
		handle_gone(merge);
	else if (!merge->sender)
		handle_own(merge);
	else
		merge_dialog(merge);
}

/* --- any record ------------------------------------------------------------------------------- */

/* True if the sender's clock is right, as far as that is known. */
static bool is_trusted(const struct merge *merge)
{
	const struct cg_pair_peer *peer = &merge->pair->peers[merge->sender];
	const struct cg_record *record = merge->record;
	__s64 now = cg_now_us();
	__s64 oldest = now - (__s64)(merge->pair->options.max_call / 1000) - LATE_S * 1000000LL;

	if (!merge->sender)
		return true;
	if (record->sent_us < oldest)
		return false;
	if (!peer->has_skew)
		return record->sent_us < now + AHEAD_US;
	return peer->trouble == CG_TROUBLE_NONE;
}

static int prepare(struct merge *merge, struct cg_record *record, const void *bytes, size_t len)
{
	int err = cg_record_decode(&merge->pair->key, bytes, len, record), sender, owner;

	if (err)
		return err;
	sender = cg_peers_find(merge->pair, record->sender, true);
	owner = sender < 0 ? sender : cg_peers_find(merge->pair, record->owner, true);
	if (owner < 0)
		return owner;
	merge->sender = sender;
	merge->owner = owner;
	return record->type != CG_RECORD_ALIVE && is_trusted(merge) ? 0 : -EPERM;
}

void cg_merge_record(struct cg_pair *pair, const void *bytes, size_t len, bool from_stream)
{
	static struct cg_record record;
	static struct merge merge;
	struct cg_pair_peer *peer;

	merge = (struct merge){ .pair = pair, .record = &record, .from_stream = from_stream };
	if (prepare(&merge, &record, bytes, len)) {
		pair->follower.refused++;
		return;
	}
	peer = &pair->peers[merge.sender];
	if (merge.sender) {
		pair->follower.received++;
		peer->records++;
		if (from_stream)
			cg_peers_add_lag(peer, record.sent_us);
	}
	if (record.type != CG_RECORD_NOTE && record.type != CG_RECORD_BRANCH)
		handle_dialog(&merge);
	else if (merge.sender && from_stream)
		cg_notes_insert(pair, &record);
}
