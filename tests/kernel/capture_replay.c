// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Replays captures: every frame is run as an ingress packet. An INVITE and a BYE is then run as an
 * egress packet as well, because a 2xx opens a dialog only for an INVITE that the host forwarded,
 * and a BYE closes one only if it was forwarded. All other messages are seen on ingress only, as on
 * a host whose egress is on another interface.
 *
 * Dialogs within TCP or a tunnel are not expected: the guard reads the outermost UDP.
 */
#define _GNU_SOURCE
#include "capture_replay.h"

#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "check.h"

#define FOLDER "../shared/sip-vectors/"
#define ROWS_MAX 64
#define SETTINGS "gateways=none ports=5060,5061,5062,5068,33489"

enum column {
	CAPTURE,
	CALL_ID,
	FROM_TAG,
	TO_TAG,
	TRANSPORT,
	ENCAPSULATION = 6,
	INVITE_CSEQ = 10,
	BYE_CSEQ = 14,
	BYE_DIRECTION,
	EXTRA_BYES = 18,
	COLUMNS = 21
};

/* Returns whether the frame can be run. Captures of loopback contain coalesced TCP. */
#define LONGEST_IN 9014
#define LONGEST_OUT 3500

/* Dialogs that the oracle does not count. */
static const struct {
	const char *capture;
	int dialogs;
	const char *why;
} more[] = {
	{ "suricata-verify-sip-sdp.pcap", 1,
	  "a 2xx without To tag opens a dialog, whose tag is empty (RFC 3261 12.1.1)" },
};

struct row {
	char line[1024];
	const char *columns[COLUMNS];
};

struct replay {
	struct cg_event started[HARNESS_EVENTS_MAX];
	int n_started;
	struct cg_event left[HARNESS_EVENTS_MAX]; /* BYE and END */
	int n_left;
	int failed;
};

static struct row rows[ROWS_MAX];

/* Returns the number of rows, or -errno. */
static int read_oracle(void)
{
	FILE *file = fopen(FOLDER "pcaps-oracle.tsv", "r");
	int count = 0;

	if (!file)
		return -errno;
	while (count < ROWS_MAX && fgets(rows[count].line, sizeof(rows[count].line), file)) {
		char *rest = rows[count].line;
		int columns = 0;

		rest[strcspn(rest, "\r\n")] = '\0';
		while (rest && columns < COLUMNS)
			rows[count].columns[columns++] = strsep(&rest, "\t");
		count += columns == COLUMNS;
	}
	fclose(file);
	return count;
}

static void keep_events(struct harness *harness, struct replay *r)
{
	for (size_t i = 0; i < harness->n_got; i++) {
		const struct cg_event *e = &harness->got[i];

		if (e->type == CG_EV_START && r->n_started < HARNESS_EVENTS_MAX)
			r->started[r->n_started++] = *e;
		if ((e->type == CG_EV_BYE || e->type == CG_EV_END) && !e->status &&
		    r->n_left < HARNESS_EVENTS_MAX)
			r->left[r->n_left++] = *e;
	}
}

static int run_frame(struct harness *harness, struct replay *r, int in, const struct capture *c)
{
	size_t most = in ? LONGEST_IN : LONGEST_OUT, len = c->len < most ? c->len : most;
	__u32 retval;
	int err;

	if (len < 14)
		return 0;
	err = harness_run(harness, in, c->frame, len, 1, &retval, NULL);
	err = err ? err : harness_events(harness);
	if (!err)
		keep_events(harness, r);
	return err;
}

static int replay(struct harness *harness, struct capture *c, struct replay *r)
{
	int got, err = 0;

	while (!err && (got = capture_next(c)) > 0) {
		err = run_frame(harness, r, 1, c);
		if (!err &&
		    (memmem(c->frame, c->len, "INVITE ", 7) || memmem(c->frame, c->len, "BYE ", 4)))
			err = run_frame(harness, r, 0, c);
	}
	return err ? err : got;
}

/* --- against the oracle ----------------------------------------------------------------------- */

static bool same_text(const char *held, size_t size, const char *text)
{
	return !strncmp(held, text, size - 1);
}

static const struct cg_event *event_of(const struct cg_event *events, int count,
				       const struct cg_dialog *d)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(events[i].call_id, d->call.call_id) &&
		    (!strcmp(events[i].from_tag, d->call.from_tag) ||
		     !strcmp(events[i].to_tag, d->call.from_tag)))
			return &events[i];
	return NULL;
}

static bool check_bye(const struct row *row, const struct replay *r, const struct cg_dialog *d)
{
	const struct cg_event *e = event_of(r->left, r->n_left, d);
	bool caller = !strncmp(row->columns[BYE_DIRECTION], "caller", 6);
	const struct cg_leg *leg = caller ? &d->caller : &d->callee;
	__u8 flags = caller ? d->caller_flags : d->callee_flags;
	__u32 cseq = strtoul(row->columns[BYE_CSEQ], NULL, 10);

	if (!strcmp(row->columns[BYE_CSEQ], "-"))
		return !e || wrong("%s: a BYE where there is none", d->call.call_id);
	if (!e || e->leg != (caller ? CG_LEG_CALLER : CG_LEG_CALLEE))
		return wrong("%s: no BYE of that leg", d->call.call_id);
	if (!(flags & CG_LEG_BYE_CSEQ_VALID) || leg->bye_cseq != cseq || e->cseq != cseq)
		return wrong("%s: BYE %u, must be %u", d->call.call_id, leg->bye_cseq, cseq);
	return true;
}

static bool check_row(const struct row *row, const struct replay *r,
		      const struct cg_dialog *dialogs, int count)
{
	for (int i = 0; i < count; i++) {
		const struct cg_dialog *d = &dialogs[i];
		const struct cg_event *e = event_of(r->started, r->n_started, d);

		if (!same_text(d->call.call_id, sizeof(d->call.call_id), row->columns[CALL_ID]) ||
		    !same_text(d->call.from_tag, CG_TAG_MAX, row->columns[FROM_TAG]) ||
		    !same_text(d->to_tag, sizeof(d->to_tag), row->columns[TO_TAG]))
			continue;
		if (!e || e->cseq != strtoul(row->columns[INVITE_CSEQ], NULL, 10))
			return wrong("%s: opened by CSeq %u", d->call.call_id, e ? e->cseq : 0);
		return check_bye(row, r, d);
	}
	return wrong("%s: no such dialog", row->columns[CALL_ID]);
}

static int byes_of(const struct row *row)
{
	const char *extra = row->columns[EXTRA_BYES];
	int count = strcmp(row->columns[BYE_CSEQ], "-") != 0;

	if (!strcmp(extra, "-"))
		return count;
	for (count++; (extra = strchr(extra, ',')); extra++)
		count++;
	return count;
}

static bool check_capture(struct harness *harness, const char *name, int n_rows,
			  const struct replay *r)
{
	static struct cg_dialog dialogs[HARNESS_DIALOGS_MAX];
	struct harness_counters counters;
	int count = harness_dialogs(harness, dialogs), expected = 0, byes = 0;
	bool good = !harness_counters(harness, &counters);

	for (int i = 0; i < n_rows; i++) {
		const struct row *row = &rows[i];

		if (strcmp(row->columns[CAPTURE], name) || strcmp(row->columns[TRANSPORT], "UDP") ||
		    strcmp(row->columns[ENCAPSULATION], "-"))
			continue;
		expected++;
		byes += byes_of(row);
		good &= check_row(row, r, dialogs, count);
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (!strcmp(more[i].capture, name))
			expected += more[i].dialogs;
	if (count != expected)
		good = wrong("%d dialogs, must be %d", count, expected);
	if (counters.in[CG_R_BYE] + counters.in[CG_R_BYE_REPEAT] != (__u64)byes)
		good = wrong("%llu BYEs in order and %llu repeats, must be %d in all",
			     (unsigned long long)counters.in[CG_R_BYE],
			     (unsigned long long)counters.in[CG_R_BYE_REPEAT], byes);
	if (counters.dropped)
		good = wrong("%llu frames were dropped", (unsigned long long)counters.dropped);
	return good;
}

/* harness_reset() keeps the counters; this resets them as well. */
static int start(struct harness *harness)
{
	int err = harness_reset(harness, SETTINGS);

	return err ? err : harness_zero_counters(harness);
}

static bool run_capture(struct harness *harness, const char *name, int n_rows)
{
	static struct capture capture;
	static struct replay r;
	char path[512];
	int err = start(harness);

	memset(&r, 0, sizeof(r));
	snprintf(path, sizeof(path), FOLDER "pcaps/%s", name);
	err = err ? err : capture_open(&capture, path);
	err = err ? err : replay(harness, &capture, &r);
	capture_close(&capture);
	if (err)
		return wrong("frame %u: %s", capture.number, strerror(-err));
	return check_capture(harness, name, n_rows, &r);
}

static int is_capture(const struct dirent *entry)
{
	return strstr(entry->d_name, ".pcap") != NULL;
}

void capture_replay_run(struct harness *harness,
			void (*result)(bool good, const char *suite, const char *name))
{
	struct dirent **entries;
	int count = scandir(FOLDER "pcaps", &entries, is_capture, alphasort);
	int n_rows = count > 0 ? read_oracle() : 0;

	if (count <= 0) {
		printf("# captures: none replayed, no " FOLDER "pcaps\n");
		return;
	}
	result(n_rows > 0, "captures", "the oracle can be read");
	for (int i = 0; i < count; i++) {
		result(run_capture(harness, entries[i]->d_name, n_rows), "captures",
		       entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}
