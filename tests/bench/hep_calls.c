// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A proxy that reports calls in TLS by HEP, at a steady rate: a customer calls a carrier, who answers, and hangs
 * up. Each call has 12 messages, and many calls run at a time.
 *
 *         hep_calls udp|tcp ADDRESS:PORT RATE SECONDS SERIES
 *
 * RATE: messages a second. SERIES: one letter, behind the number in each Call-ID. Prints calls, messages, seconds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "endpoints.h"
#include "hep/hep.h"
#include "hep/hep_read.h"
#include "message.h"
#include "util/endpoint.h"

#define TLS_PORT 5061
#define NUMBER "00000000"

/* The round in which each message of a call is sent. A round sends one message of each kind, of as many calls. */
static const struct {
	unsigned int round;
	const char *path, *form;
} steps[] = {
	{ 0, "caller>host", "INVITE 13 a> via=c1" },
	{ 1, "host>gateway", "INVITE 13 a> via=p1,c1" },
	{ 20, "gateway>host", "180 INVITE 13 a>b via=p1,c1" },
	{ 21, "host>caller", "180 INVITE 13 a>b via=c1" },
	{ 100, "gateway>host", "200 INVITE 13 a>b via=p1,c1" },
	{ 101, "host>caller", "200 INVITE 13 a>b via=c1" },
	{ 103, "caller>host", "ACK 13 a>b via=c2" },
	{ 104, "host>gateway", "ACK 13 a>b via=p2,c2" },
	{ 900, "caller>host", "BYE 14 a>b via=c9" },
	{ 901, "host>gateway", "BYE 14 a>b via=p9,c9" },
	{ 903, "gateway>host", "200 BYE 14 a>b via=p9,c9" },
	{ 904, "host>caller", "200 BYE 14 a>b via=c9" },
};
#define STEPS (sizeof(steps) / sizeof(*steps))

struct template
{
	struct cg_hep hep;
	struct message message;
	char *number; /* in its text */
};

static struct template templates[STEPS];

static int make_template(size_t i, const char *series)
{
	struct template *t = &templates[i];
	struct endpoint from, to;
	char sent_by[HOST_SENT_BY], call_id[64];
	int in, err = endpoint_path(steps[i].path, &from, &to, &in);

	if (err)
		return err;
	from.port = to.port = TLS_PORT;
	host_sent_by(&from, sent_by);
	snprintf(call_id, sizeof(call_id), NUMBER "-%s@bench.example", series);
	err = message_make(&t->message, steps[i].form, call_id, sent_by);
	if (err)
		return err;
	t->number = strstr(t->message.text, NUMBER);
	t->hep = (struct cg_hep){ .source_port = TLS_PORT,
				  .destination_port = TLS_PORT,
				  .type = CG_HEP_SIP,
				  .correlation = "",
				  .payload = t->message.text };
	memcpy(t->hep.source, from.addr, 16);
	memcpy(t->hep.destination, to.addr, 16);
	return t->number ? 0 : -EINVAL;
}

/* Returns a connected socket, or -errno. */
static int connect_to(const char *transport, const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, err = cg_endpoint_parse(text, &address, &len);

	if (err)
		return err;
	fd = socket(address.ss_family, strcmp(transport, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, len))
		return -errno;
	return fd;
}

/* Reports message `step` of a call, with the time of now. */
static int report(int fd, size_t step, unsigned int call)
{
	struct template *t = &templates[step];
	char record[CG_HEP_MAX], number[sizeof(NUMBER)];
	struct timespec now;
	int len;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(number, sizeof(number), "%08u", call);
	memcpy(t->number, number, sizeof(NUMBER) - 1);
	t->hep.at = now.tv_sec * 1000000LL + now.tv_nsec / 1000;
	len = cg_hep_encode(&t->hep, record, sizeof(record));
	if (len < 0)
		return len;
	return send(fd, record, len, MSG_NOSIGNAL) == len ? 0 : -errno;
}

static void wait_until(struct timespec start, double seconds)
{
	__u64 ns = start.tv_nsec + seconds * 1e9;
	struct timespec at = { start.tv_sec + ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* Sends the messages of a round. Returns their number, or -errno. */
static int run_round(int fd, unsigned int round, unsigned int calls)
{
	int err, sent = 0;

	for (size_t i = 0; i < STEPS; i++) {
		unsigned int call = round - steps[i].round;

		if (round < steps[i].round || call >= calls)
			continue;
		err = report(fd, i, call);
		if (err)
			return err;
		sent++;
	}
	return sent;
}

static int run(int fd, double rate, unsigned int calls)
{
	const unsigned int rounds = calls + steps[STEPS - 1].round;
	unsigned long messages = 0;
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned int round = 0; round < rounds; round++) {
		int sent;

		wait_until(start, round * STEPS / rate);
		sent = run_round(fd, round, calls);
		if (sent < 0)
			return sent;
		messages += sent;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%u %lu %.3f\n", calls, messages,
	       end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9);
	return 0;
}

int main(int argc, char **argv)
{
	int fd, err = 0;
	double rate;

	if (argc != 6 || atof(argv[3]) <= 0) {
		fprintf(stderr, "usage: hep_calls udp|tcp ADDRESS:PORT RATE SECONDS SERIES\n");
		return 2;
	}
	rate = atof(argv[3]);
	for (size_t i = 0; !err && i < STEPS; i++)
		err = make_template(i, argv[5]);
	fd = err ? err : connect_to(argv[1], argv[2]);
	err = fd < 0 ? fd : run(fd, rate, rate * atof(argv[4]) / STEPS);
	if (err)
		fprintf(stderr, "hep_calls: %s: %s\n", argv[2], strerror(-err));
	return !!err;
}
