/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What must come of the records that the daemon's HEP side has read: which of them the guard's program gets,
 * when, and in what order. The program is here, too.
 *
 * Invariants:
 * - The program gets a record once, with the addresses, the time and the text that were sent.
 * - It gets none without the right key, none that the guard reads itself, and none of wrong addresses.
 * - An initial INVITE does not wait. Each other record waits until its time is CG_HEP_WINDOW_NS ago, then
 *   the timer is due. They come in the order of their times; those of one time as they arrived.
 * - At most CG_TIME_ORDER_ITEMS wait. Beyond that the oldest goes early, and none is lost.
 * - Of connections the one that was silent for the longest time gives way. A wrong key or bad bytes close one.
 * - Each record is counted once, by its fate.
 */
#ifndef HEP_MODEL_H
#define HEP_MODEL_H

#include "hep_world.h"

#define RECORDS_MAX 12288
#define MARKS_MAX 1024
#define WORLD_KEY "k3y-right"
enum { PROGRAM_FD = 1000, HOSTS_FD, GATEWAYS_FD };

enum text_kind { INVITE, REINVITE, BYE, ANSWER, NONSENSE, LONG_BYE, NO_PAYLOAD, EMPTY };

struct record { /* what was sent; the fuzzer knows it from writing it, not from reading it */
	enum cg_hep_fate fate; /* JUDGED: the program gets it */
	enum text_kind kind;
	bool bad_start; /* its first byte is wrong: over TCP that alone ends the connection */
	__u8 source[16], dest[16], direction;
	__u16 source_port, dest_port;
	__u64 wall; /* ns; 0: not given */
	struct peer *peer; /* NULL: UDP */
	size_t end; /* in the peer's bytes, when it is known */
	int sender;
	__u64 at; /* since its arrival: the time that counts, CLOCK_BOOTTIME */
	bool clock_off;
};

static struct model {
	bool is_wild; /* bytes were changed at random: only what holds anyhow is checked */
	bool has_key, nobody_has_it, is_freeing;
	struct record records[RECORDS_MAX];
	int n_records;
	int waiting[CG_TIME_ORDER_ITEMS + 1]; /* a heap by time and arrival */
	unsigned int arrival[RECORDS_MAX], n_waiting, arrivals;
	int arrived[RECORDS_MAX], first, end; /* in this turn, not seen to be handled yet */
	bool must_end[PEERS_MAX];
	__u64 fates[CG_HEP_FATES], clock_off, runs;
	int busy, retried; /* runs that fail; the record that is tried again */
} model;

/* --- texts ------------------------------------------------------------------------------------ */

static size_t write_text(char text[8192], enum text_kind kind, int id)
{
	static const char *const forms[] = {
		[INVITE] = "INVITE sip:%08d SIP/2.0\r\nTo: <sip:b>\r\nCSeq: 1 INVITE\r\n\r\n",
		[REINVITE] = "INVITE sip:%08d SIP/2.0\r\nTo: <sip:b>;tag=b\r\n\r\n",
		[BYE] = "BYE sip:%08d SIP/2.0\r\nTo: <sip:b>;tag=b\r\nCSeq: 2 BYE\r\n\r\n",
		[ANSWER] = "SIP/2.0 200 OK\r\nCall-ID: %08d\r\nCSeq: 1 INVITE\r\n\r\n",
		[NONSENSE] = "x%08d",
		[LONG_BYE] = "BYE sip:%08d SIP/2.0\r\nTo: <sip:b>;tag=b\r\nX: %04990d\r\n\r\n",
		[NO_PAYLOAD] = "",
		[EMPTY] = "",
	};

	return snprintf(text, 8192, forms[kind], id, 0);
}

/* Returns the number that write_text() has put into it: its first eight digits in a row. */
static int read_id(const __u8 *text, size_t len)
{
	int digits = 0, id = 0;

	for (size_t i = 0; i < len && digits < 8; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		id = is_digit ? id * 10 + text[i] - '0' : 0;
		digits = is_digit ? digits + 1 : 0;
	}
	HOLD(digits == 8 && id < model.n_records);
	return id;
}

/* --- what waits ------------------------------------------------------------------------------- */

static bool comes_before(int a, int b)
{
	const struct record *first = &model.records[a], *second = &model.records[b];

	return first->at < second->at ||
	       (first->at == second->at && model.arrival[a] < model.arrival[b]);
}

static void swap_waiting(unsigned int i, unsigned int j)
{
	int id = model.waiting[i];

	model.waiting[i] = model.waiting[j];
	model.waiting[j] = id;
}

static void add_waiting(int id)
{
	unsigned int i = model.n_waiting++;

	HOLD(i <= CG_TIME_ORDER_ITEMS);
	model.waiting[i] = id;
	for (; i && comes_before(model.waiting[i], model.waiting[(i - 1) / 2]); i = (i - 1) / 2)
		swap_waiting(i, (i - 1) / 2);
}

static void remove_oldest(void)
{
	unsigned int i = 0, least = 0;

	model.waiting[0] = model.waiting[--model.n_waiting];
	do {
		swap_waiting(i, least);
		i = least;
		for (unsigned int child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < model.n_waiting &&
			    comes_before(model.waiting[child], model.waiting[least]))
				least = child;
	} while (least != i);
}

/* --- arrivals --------------------------------------------------------------------------------- */

static void set_time(struct record *r)
{
	__s64 ahead = r->wall - world.real;

	r->clock_off = !r->wall || llabs(ahead) > 1000000000;
	r->at = r->clock_off || ahead > 0 ? world.boot : world.boot + ahead;
}

static void end_connection(const struct peer *peer)
{
	model.must_end[peer - world.peers] = true;
	model.first = model.end;
}

/* The daemon has handled the next record that has arrived, and it was not given to the program. */
static void note_handled(void)
{
	int id = model.arrived[model.first++];
	struct record *r = &model.records[id];
	bool is_bad = r->fate == CG_HEP_DAMAGED || r->fate == CG_HEP_BAD_KEY;

	if (r->fate == CG_HEP_JUDGED) {
		HOLD(r->kind != INVITE);
		model.arrival[id] = model.arrivals++;
		add_waiting(id);
	} else if (!r->peer || !r->bad_start) {
		model.fates[r->fate]++;
	}
	if (r->peer && is_bad)
		end_connection(r->peer);
	else if (r->peer)
		r->peer->heard_at = world.boot;
}

static void note_all_handled(void)
{
	while (model.first < model.end)
		note_handled();
	model.first = model.end = 0;
}

static void add_arrived(int id)
{
	set_time(&model.records[id]);
	model.arrived[model.end++] = id;
}

static void arrived_datagram(int id)
{
	if (model.is_wild)
		return;
	note_all_handled();
	add_arrived(id);
}

static void arrived_bytes(struct peer *peer)
{
	for (int id = 0; id < model.n_records && !model.is_wild; id++) {
		struct record *r = &model.records[id];

		if (r->peer != peer || !r->end || r->end > peer->read)
			continue;
		r->end = 0;
		add_arrived(id);
	}
}

static void connection_ended(struct peer *peer)
{
	unsigned int open = 0;

	if (model.is_wild || model.is_freeing)
		return;
	note_all_handled();
	if (model.must_end[peer - world.peers] || (peer->ends && peer->read == peer->ready))
		return;
	for (int i = 0; i < PEERS_MAX; i++) {
		open += world.peers[i].state == PEER_OPEN;
		HOLD(world.peers[i].state != PEER_OPEN ||
		     world.peers[i].heard_at >= peer->heard_at);
	}
	HOLD(open == CG_HEP_CONNECTIONS_MAX);
}

/* --- the program ------------------------------------------------------------------------------ */

static void check_report(const struct record *r, const struct cg_hep_report *report, int id,
			 const __u8 *sent, size_t len)
{
	char text[8192];
	size_t whole = write_text(text, r->kind, id);

	HOLD(r->fate == CG_HEP_JUDGED);
	HOLD(len == (whole < SIP_MAX ? whole : SIP_MAX) && !memcmp(sent, text, len));
	HOLD(report->cut == (whole > SIP_MAX) && report->at == r->at);
	HOLD(!memcmp(report->source, r->source, 16) && !memcmp(report->dest, r->dest, 16));
	HOLD(report->source_port == r->source_port && report->dest_port == r->dest_port);
	HOLD(report->direction == r->direction && !report->pad[0] && !report->pad[1]);
}

/* The daemon gives this record to the program: is it its turn? */
static void note_run(int id)
{
	const struct record *r = &model.records[id];

	if (r->kind == INVITE) {
		while (model.first < model.end && model.arrived[model.first] != id)
			note_handled();
		HOLD(model.first < model.end);
		model.first++;
		if (r->peer)
			r->peer->heard_at = world.boot;
		return;
	}
	while (model.first < model.end && model.n_waiting <= CG_TIME_ORDER_ITEMS)
		note_handled();
	HOLD(model.n_waiting && model.waiting[0] == id);
	HOLD(model.n_waiting > CG_TIME_ORDER_ITEMS || model.is_freeing ||
	     r->at + CG_HEP_WINDOW_NS <= world.boot);
	remove_oldest();
}

/* Returns what the program answers. A record that it has not read comes once more. */
static __u32 answer_run(int id)
{
	bool fails = model.busy && model.busy--, is_last = model.retried == id;

	model.retried = fails && !is_last ? id : -1;
	if (fails && !is_last)
		return 0; /* XDP_ABORTED */
	model.fates[fails ? CG_HEP_FAILED : CG_HEP_JUDGED]++;
	model.clock_off += model.records[id].clock_off;
	return fails ? 0 : 2; /* XDP_PASS */
}

int bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts)
{
	struct cg_hep_report report;
	const __u8 *text = (const __u8 *)opts->data_in + sizeof(report);
	size_t len = opts->data_size_in - sizeof(report);
	int id;

	HOLD(fd == PROGRAM_FD && opts->data_size_in > sizeof(report) && len <= SIP_MAX);
	memcpy(&report, opts->data_in, sizeof(report));
	HOLD(report.at <= world.boot && world.boot < report.at + 1000000000000);
	HOLD(!model.nobody_has_it);
	opts->retval = 2;
	model.runs++;
	if (model.is_wild)
		return 0;
	id = read_id(text, len);
	check_report(&model.records[id], &report, id, text, len);
	if (model.retried != id)
		note_run(id);
	opts->retval = answer_run(id);
	return 0;
}

/* --- after each turn -------------------------------------------------------------------------- */

static void check_timer(void)
{
	__u64 due, least = world.boot + 1000;

	for (int i = 0; i < SOURCES_MAX && model.n_waiting; i++) {
		if (!world.sources[i].on_time)
			continue;
		due = model.records[model.waiting[0]].at + CG_HEP_WINDOW_NS;
		HOLD(world.sources[i].due && world.sources[i].due <= (due > least ? due : least));
	}
}

static void check_senders(const struct cg_hep_counts *counts)
{
	for (int fate = 0; fate < CG_HEP_FATES; fate++) {
		__u64 sum = 0;

		for (int i = 0; i < CG_HEP_SENDERS_MAX; i++)
			sum += counts->senders[i].fates[fate];
		HOLD(sum <= counts->fates[fate]);
	}
}

static void check_status(const struct cg_hep_input *input)
{
	struct cg_hep_status status;
	unsigned int open = 0;

	cg_hep_input_get_status(input, &status);
	for (int i = 0; i < PEERS_MAX; i++) {
		open += world.peers[i].state == PEER_OPEN;
		HOLD(!model.must_end[i] || world.peers[i].state == PEER_DEAD);
	}
	HOLD(status.connections == open && open <= CG_HEP_CONNECTIONS_MAX);
	HOLD(status.waiting <= CG_TIME_ORDER_ITEMS);
	check_senders(&status.counts);
	if (model.is_wild)
		return;
	HOLD(status.waiting == model.n_waiting);
	HOLD(!memcmp(status.counts.fates, model.fates, sizeof(model.fates)));
	HOLD(status.counts.clock_off == model.clock_off && status.counts.lost <= world.lost);
}

static void check_turn(const struct cg_hep_input *input)
{
	note_all_handled();
	check_timer();
	check_status(input);
	HOLD(model.retried < 0);
}

#endif
