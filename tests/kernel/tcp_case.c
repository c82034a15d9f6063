// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* memmem, sched_setaffinity */
#include "tcp_case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/enum_names.h"

#define URGENT 0x20

/* --- a step ----------------------------------------------------------------------------------- */

#define MPTCP_OPTIONS "\2\4\5\xb4\x1e\x0c\0\x81\1\2\3\4\5\6\7\x08" /* MSS, MP_CAPABLE */
#define MPTCP_CLEARED "\2\4\5\xb4\1\1\1\1\1\1\1\1\1\1\1\1"
#define STAMPS "\1\1\x08\x0a\1\2\3\4\5\6\7\x08"

static int read_word(struct tcp_form *form, const char *word, int *unlike)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "syn", &form->syn },
		{ "fin", &form->fin },
		{ "rst", &form->rst },
		{ "noack", &form->no_ack },
		{ "urgent", &form->urgent },
		{ "badsum", &form->bad_sum },
		{ "vlan", &form->vlan },
		{ "ipoptions", &form->ip_options },
		{ "extensions", &form->extensions },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(word, flags[i].name)) {
			*flags[i].flag = true;
			return 0;
		}
	if (sscanf(word, "unlike=%d", unlike) == 1)
		return 0;
	if (!strcmp(word, "stamps") || !strcmp(word, "mptcp")) {
		form->options = *word == 's' ? STAMPS : MPTCP_OPTIONS;
		form->options_len = *word == 's' ? sizeof(STAMPS) - 1 : sizeof(MPTCP_OPTIONS) - 1;
		return 0;
	}
	if (strcmp(word, "elsewhere"))
		return -EINVAL;
	form->port = 1;
	return 0;
}

/* "FROM-TO", see tcp_case.h. Returns what is behind it, or NULL. */
static const char *read_range(const struct tcp_talk *talk, const char *arg, size_t *from,
			      size_t *to)
{
	char *at;

	*from = *arg == '-' ? talk->sent : strtoul(arg, NULL, 10);
	at = strchr(arg, '-');
	if (!at++)
		return NULL;
	*to = *at == '+' ? *from : 0;
	*to += *at && *at != ' ' ? strtoul(at, &at, 10) : talk->len;
	return *from <= *to && *to <= talk->len ? at : NULL;
}

/* Runs a segment. *from: its place in the text. */
static int send_step(struct tcp_talk *talk, const char *arg, struct tcp_form *form)
{
	static char bytes[TCP_TEXT_MAX];
	char words[128], *rest = words, *word;
	size_t from, to;
	int unlike = -1, err = 0;

	arg = read_range(talk, arg, &from, &to);
	if (!arg)
		return -EINVAL;
	snprintf(words, sizeof(words), "%s", arg);
	*form = (struct tcp_form){ .at = from, .bytes = bytes, .len = to - from };
	while (!err && (word = strsep(&rest, " ")))
		err = *word ? read_word(form, word, &unlike) : 0;
	memcpy(bytes, talk->text + from, to - from);
	if (unlike >= 0)
		bytes[unlike] ^= 0x20;
	talk->sent = to;
	return err ? err : tcp_run(talk->harness, &talk->pair, form, &talk->result);
}

/* Checks that the counters of `now`, which are named in `words`, were raised, and no other. */
static bool check_counters(const char *words, const __u64 *was, const __u64 *now,
			   __u64 was_rewritten, __u64 now_rewritten)
{
	__u64 want[CG_REASONS] = { 0 }, rewritten = 0;
	char copy[128], *rest = copy, *word;
	bool good = true;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " "))) {
		char *name = strchr(word, '*');
		int times = name ? atoi(word) : 1, reason;

		name = name ? name + 1 : word;
		reason = cg_reason_from_name(name);
		if (!strcmp(name, "rewritten"))
			rewritten += times;
		else if (reason >= 0)
			want[reason] += times;
		else if (*name)
			return wrong("the table asks for '%s', which is no counter", name);
	}
	for (int i = 0; i < CG_REASONS; i++)
		if (now[i] - was[i] != want[i])
			good = wrong("counter %s moved by %lld, must by %lld", cg_reason_name(i),
				     (long long)(now[i] - was[i]), (long long)want[i]);
	if (now_rewritten - was_rewritten != rewritten)
		good = wrong("counter rewritten moved by %lld",
			     (long long)(now_rewritten - was_rewritten));
	return good;
}

static bool check_texts(const struct tcp_result *r, const char *texts)
{
	char copy[256], *rest = copy, *text;
	bool good = true;

	snprintf(copy, sizeof(copy), "%s", texts ? texts : "");
	while ((text = strsep(&rest, "|")))
		if (!memmem(r->frame + r->payload, r->len - r->payload, text, strlen(text)))
			good = wrong("the segment has no '%s'", text);
	return good;
}

/* What is no byte of the stream. */
static bool check_headers(const struct tcp_result *r, const struct tcp_form *form, bool enforced)
{
	const __u8 *tcp = r->frame + r->header;
	const char *options = form->options;
	bool good = true;

	if (enforced && form->syn && form->options_len == sizeof(MPTCP_OPTIONS) - 1)
		options = MPTCP_CLEARED;
	if (r->sum_is_right == form->bad_sum)
		good = wrong("the checksum is %s", form->bad_sum ? "mended" : "wrong");
	if (form->urgent && !(tcp[13] & URGENT) != enforced)
		good = wrong("the flag of urgent data is %s", enforced ? "there" : "gone");
	if (form->urgent && !(tcp[18] | tcp[19]) != enforced)
		good = wrong("the pointer to urgent data is %s", enforced ? "there" : "gone");
	if (form->options_len && memcmp(tcp + 20, options, form->options_len))
		good = wrong("the options are others");
	return good;
}

static bool check_reset(const struct tcp_talk *talk)
{
	const struct tcp_result *r = &talk->result;
	__u32 seq;

	memcpy(&seq, r->frame + r->header + 4, sizeof(seq));
	if (ntohl(seq) != (__u32)(talk->pair.first + talk->delivered))
		return wrong("the RST is not at the byte that the socket lacks");
	return r->sum_is_right || wrong("the checksum of the RST is wrong");
}

static bool check_step(const struct tcp_talk *talk, const struct tcp_step *step,
		       const struct tcp_form *form, bool enforced)
{
	const struct tcp_result *r = &talk->result;
	bool reset = !strncmp(step->verdict, "reset", 5);
	bool drop = reset || !strncmp(step->verdict, "drop", 4), good = true;
	int changed = 0;

	if (r->verdict != (drop ? TC_ACT_SHOT : (__u32)TC_ACT_UNSPEC))
		return wrong("returned %d, must %s", (int)r->verdict, drop ? "drop" : "pass");
	if (r->reset != reset)
		return wrong("the connection is %s", reset ? "not reset" : "reset");
	if (drop)
		return !reset || check_reset(talk);
	for (size_t i = 0; i < form->len; i++)
		changed += r->frame[r->payload + i] != ((const __u8 *)form->bytes)[i];
	if (changed != step->changed)
		good = wrong("%d bytes are overwritten, must be %d", changed, step->changed);
	return check_headers(r, form, enforced) & check_texts(r, step->holds) & good;
}

static bool run_send(struct tcp_talk *talk, const struct tcp_step *step, bool enforced)
{
	static struct harness_counters before, after;
	struct tcp_form form;
	int err = harness_counters(talk->harness, &before);
	bool good;

	err = err ? err : send_step(talk, step->arg, &form);
	err = err ? err : harness_counters(talk->harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	good = check_step(talk, step, &form, enforced);
	return check_counters(step->verdict + strcspn(step->verdict, " "), before.in, after.in,
			      before.rewritten, after.rewritten) &&
	       good;
}

/* The host sends a text, which the caller gets as it is. */
static bool run_answer(struct tcp_talk *talk, const struct tcp_step *step)
{
	static struct harness_counters before, after;
	int err = harness_counters(talk->harness, &before);

	err = err ? err : tcp_talk_answer(talk, step->arg);
	err = err ? err : harness_counters(talk->harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return check_counters(step->verdict + strlen("pass"), before.out, after.out,
			      before.rewritten, after.rewritten);
}

static int run_other(struct tcp_talk *talk, const struct tcp_step *step)
{
	size_t from, to;

	if (!strcmp(step->what, "write"))
		return tcp_talk_write(talk, step->arg);
	if (!strcmp(step->what, "text"))
		return harness_note_text(talk->harness, talk->pair.host.port);
	if (!strcmp(step->what, "settings"))
		return harness_set(talk->harness, step->arg);
	if (!strcmp(step->what, "unlisten")) {
		close(talk->pair.listener);
		talk->pair.listener = -1;
		return 0;
	}
	if (strcmp(step->what, "deliver") || !read_range(talk, step->arg, &from, &to))
		return -EINVAL;
	talk->sent = talk->delivered = to;
	return tcp_pair_deliver(&talk->pair, talk->text + from, to - from);
}

/* --- a case ----------------------------------------------------------------------------------- */

/* Returns whether the step is good. *skip: the kernel cannot run the rest. */
static bool run_step(struct tcp_talk *talk, const struct tcp_step *step, bool *enforced, bool *skip)
{
	int err;

	if (!strcmp(step->what, "send"))
		return run_send(talk, step, *enforced);
	if (!strcmp(step->what, "answer"))
		return run_answer(talk, step);
	if (!strcmp(step->what, "attach")) {
		err = tcp_talk_attach(talk);
		*skip = err == -ENOENT;
		return !err || *skip || wrong("%s", strerror(-err));
	}
	if (!strcmp(step->what, "settings"))
		*enforced = strstr(step->arg, "tcp=enforce") != NULL;
	err = run_other(talk, step);
	return !err || wrong("%s", strerror(-err));
}

static bool run_steps(struct tcp_talk *talk, const struct tcp_case *test)
{
	bool enforced = !test->settings || strstr(test->settings, "tcp=enforce"), skip = false;
	int n = 0;

	for (const struct tcp_step *step = test->steps; step->what && !skip; step++) {
		n++;
		if (!run_step(talk, step, &enforced, &skip))
			return wrong("in step %d: %s \"%.*s\"", n, step->what,
				     (int)strcspn(step->arg, "\r\n"), step->arg);
	}
	if (skip)
		printf("# no clsact here: the way out is not run\n");
	return true;
}

static bool run_case(struct harness *harness, const struct tcp_case *test)
{
	static struct tcp_talk talk;
	int err = tcp_talk_begin(&talk, harness, test->settings ? test->settings : "tcp=enforce",
				 test->path ? test->path : "caller>host");
	bool good = err ? wrong("no connection: %s", strerror(-err)) : run_steps(&talk, test);

	tcp_talk_end(&talk);
	return good;
}

/* What is left for the next program of a hook is this CPU's. */
static bool prepare(void)
{
	cpu_set_t cpus;
	int err;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	err = sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : tcp_pair_prepare();
	return !err || wrong("%s", strerror(-err));
}

extern const struct tcp_case tcp_cases[];

static const struct {
	const char *name;
	bool (*run)(struct harness *harness);
} streams[] = {
	{ "F26: a BYE that is cut at any byte is spoiled, or its connection stalls",
	  tcp_stream_cuts },
	{ "F26: a BYE of one byte a segment does not pass", tcp_stream_bytes },
	{ "F26: a BYE behind 60, and behind 250 messages in one segment", tcp_stream_many },
	{ "F26: 300 messages in one segment do not pass", tcp_stream_too_many },
	{ "F26: a BYE behind a body of 1 MB in 300 segments", tcp_stream_body },
	{ "F26: two segments for one position, on two CPUs", tcp_race },
};

void tcp_cases_run(struct harness *harness, const char *pattern, bool list,
		   void (*result)(bool good, const char *suite, const char *name))
{
	char full[256];

	if (!list && !prepare())
		result(false, "tcp", "there are addresses on loopback, and a CPU to stay on");
	for (const struct tcp_case *test = tcp_cases; test->name; test++) {
		snprintf(full, sizeof(full), "tcp: %s", test->name);
		if (list)
			puts(full);
		else if (!pattern || strstr(full, pattern))
			result(run_case(harness, test), "tcp", test->name);
	}
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		snprintf(full, sizeof(full), "tcp: %s", streams[i].name);
		if (list)
			puts(full);
		else if (!pattern || strstr(full, pattern))
			result(streams[i].run(harness), "tcp", streams[i].name);
	}
}
