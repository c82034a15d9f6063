// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/instance_netns.h"
#include "attach/open_error.h"
#include "maps/counters.h"
#include "maps/pins.h"
#include "spool/spool.h"
#include "util/cli_output.h"
#include "util/clock.h"

#define BATCHES_PER_RUN 8 /* 3 ms */
#define EVENTS_PER_POLL 4096

static const enum cg_map_usage_idx maps[CG_TOP_MAPS] = {
	[CG_TOP_DIALOGS] = CG_USAGE_DIALOGS,
	[CG_TOP_PENDING] = CG_USAGE_PENDING,
	[CG_TOP_INVITES] = CG_USAGE_INVITES,
	[CG_TOP_EARLY] = CG_USAGE_EARLY,
};

void cg_top_free(struct cg_top *top)
{
	if (!top)
		return;
	if (top->daemon_fd >= 0)
		close(top->daemon_fd);
	cg_map_iter_close(top->iter);
	free(top->interfaces);
	free(top->calls);
	free(top->building);
	cg_store_free(&top->store);
	free(top);
}

/* Another id means that the instance was attached again: earlier data is discarded. */
static int read_config(struct cg_top *top)
{
	struct cg_config config;
	int fd = cg_config_open(top->instance, &config);

	if (fd < 0)
		return fd;
	close(fd);
	if (memcmp(config.id, top->config.id, sizeof(config.id))) {
		cg_map_iter_close(top->iter);
		top->iter = NULL;
		top->map = CG_TOP_MAPS;
		top->has_balance = false;
		top->offenders = (struct cg_offenders){};
		top->starts = top->ends = top->passed = top->dropped = top->rewritten =
			top->would_drop = (struct cg_rate){ .per_second = CG_RATE_UNKNOWN };
	}
	top->config = config;
	*top->breaker = '\0';
	if (config.mode == CG_OBSERVE)
		cg_runtime_note_read(top->instance, CG_RUNTIME_BREAKER, top->breaker);
	return 0;
}

int cg_top_new(const char *instance, const char *config, const char *db, const char *spool,
	       struct cg_top **out)
{
	struct cg_top *top = calloc(1, sizeof(*top));
	int err;

	*out = top;
	if (!top)
		return cg_fail("top: out of memory");
	top->daemon_fd = -1;
	top->map = CG_TOP_MAPS;
	top->ends.per_second = CG_RATE_UNKNOWN;
	top->instance = instance;
	top->calls = calloc(1, sizeof(*top->calls));
	top->building = calloc(1, sizeof(*top->building));
	if (!top->calls || !top->building)
		return cg_fail("top: out of memory");
	err = cg_store_select(instance, config, db, spool, &top->store);
	if (err)
		return err;
	for (int i = 0; i < CG_TOP_MAPS; i++)
		top->usages[i] = cg_map_usages[maps[i]];
	err = read_config(top); /* first: what it may not read is one error, not several */
	if (!err) {
		cg_instance_netns_enter(top->instance); /* for the names of interfaces */
		err = cg_top_refresh(top);
	}
	return err ? cg_fail_open(top->instance, err) : CG_DONE;
}

static int read_sum(const struct cg_top *top, struct cg_counters *counters)
{
	union cg_counters_sum sum;
	int err = cg_counters_read_pinned(top->instance, &sum);

	if (!err)
		*counters = sum.counters;
	return err;
}

static int read_counters(struct cg_top *top)
{
	const struct cg_counters *c = &top->counters;
	int err = read_sum(top, &top->counters);

	if (err)
		return err;
	cg_rate_update(&top->starts, cg_counters_opened(c), top->now);
	cg_rate_update(&top->passed, c->in.bye + c->in.bye_repeat, top->now);
	cg_rate_update(&top->dropped, c->dropped, top->now);
	cg_rate_update(&top->rewritten, c->rewritten, top->now);
	cg_rate_update(&top->would_drop, c->would_drop, top->now);
	return 0;
}

static int read_interfaces(struct cg_top *top)
{
	struct cg_interface *list;
	size_t n;
	int err = cg_interface_list(top->instance, &list, &n);

	if (err)
		return err;
	free(top->interfaces);
	top->interfaces = list;
	top->n_interfaces = n;
	return 0;
}

static void read_spool(struct cg_top *top)
{
	struct cg_spool *spool = NULL;

	top->spool_rows = -1;
	if (!cg_spool_open(top->store.spool, 0, &spool))
		top->spool_rows = cg_spool_count_rows(spool, CG_TOP_SPOOL_MAX);
	if (top->spool_rows < 0)
		top->spool_rows = -1;
	cg_spool_close(spool);
}

int cg_top_refresh(struct cg_top *top)
{
	int err;

	top->now = cg_boottime();
	err = read_config(top);
	if (!err)
		err = read_counters(top);
	if (!err)
		err = read_interfaces(top);
	if (err)
		return err;
	cg_share_most_read(top->instance, &top->most); /* else as it was */
	read_spool(top);
	if (top->daemon_fd < 0)
		top->daemon_fd = cg_runtime_connect(top->instance);
	if (top->map == CG_TOP_MAPS) {
		top->map = 0;
		cg_call_list_init(top->building, top->order, top->reverse);
	}
	return 0;
}

static void publish_calls(struct cg_top *top)
{
	struct cg_call_list *done = top->building;

	cg_call_list_sort(done);
	top->building = top->calls;
	top->calls = done;
}

/* Computes how many calls ended, from counters and calls that are read close together. */
static void update_ends(struct cg_top *top)
{
	struct cg_counters counters;
	__u64 began_now, ended;

	if (read_sum(top, &counters))
		return;
	began_now = cg_counters_opened(&counters);
	ended = cg_rate_ended(top->live_before, began_now - top->began_before, top->calls->live);
	if (top->has_balance)
		cg_rate_update(&top->ends, top->ends.total + ended, cg_boottime());
	else
		top->ends = (struct cg_rate){ .at = cg_boottime(), .per_second = CG_RATE_UNKNOWN };
	top->live_before = top->calls->live;
	top->began_before = began_now;
	top->has_balance = true;
}

static void handle_call(void *ctx, const void *key, const void *value)
{
	(void)key;
	cg_call_list_add(ctx, value);
}

static void finish_map(struct cg_top *top)
{
	struct cg_map_usage *fill = &top->usages[top->map];

	fill->used = cg_map_iter_count(top->iter);
	fill->max = cg_map_iter_max_entries(top->iter);
	cg_map_iter_close(top->iter);
	top->iter = NULL;
	if (top->map++ == CG_TOP_DIALOGS) {
		publish_calls(top);
		update_ends(top);
	}
}

int cg_top_run(struct cg_top *top)
{
	bool dialogs = top->map == CG_TOP_DIALOGS;
	const struct cg_map_usage *fill;
	int end = 0;

	if (top->map == CG_TOP_MAPS)
		return 1;
	fill = &top->usages[top->map];
	if (!top->iter)
		end = cg_map_iter_open(top->instance, fill->map, fill->key_size, fill->value_size,
				       dialogs, &top->iter);
	if (!end)
		end = cg_map_iter_run(top->iter, BATCHES_PER_RUN, dialogs ? handle_call : NULL,
				      top->building);
	if (end > 0)
		finish_map(top);
	return end < 0 ? end : top->map == CG_TOP_MAPS;
}

static void handle_event(struct cg_top *top, const struct cg_event *event)
{
	if (event->layout == CG_LAYOUT && event->size == sizeof(*event) &&
	    event->type == CG_EV_VIOLATION && event->method == CG_M_BYE && event->action != CG_PASS)
		cg_offenders_add(&top->offenders, event->source, event->reason, event->at);
}

void cg_top_poll_daemon(struct cg_top *top)
{
	struct cg_event event;
	ssize_t size = 0;

	for (int i = 0; i < EVENTS_PER_POLL && top->daemon_fd >= 0; i++) {
		size = recv(top->daemon_fd, &event, sizeof(event), MSG_DONTWAIT);
		if (size == sizeof(event))
			handle_event(top, &event);
		else if (size <= 0)
			break;
	}
	if (top->daemon_fd < 0 || size > 0 || (size < 0 && errno == EAGAIN))
		return;
	close(top->daemon_fd);
	top->daemon_fd = -1;
}

void cg_top_set_order(struct cg_top *top, enum cg_order order, bool reverse)
{
	struct cg_call_list *sorted = top->building;
	__u32 live = top->calls->live, ended = top->calls->ended;

	top->order = order;
	top->reverse = reverse;
	cg_call_list_init(sorted, order, reverse);
	for (unsigned int i = 0; i < top->calls->n; i++)
		cg_call_list_add(sorted, &top->calls->list[i]);
	publish_calls(top);
	top->calls->live = live;
	top->calls->ended = ended;
	if (top->map == CG_TOP_DIALOGS) { /* its calls so far are in the other order */
		cg_map_iter_close(top->iter);
		top->iter = NULL;
		cg_call_list_init(top->building, order, reverse);
	}
}
