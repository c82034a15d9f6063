// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * flood ADDRESS PORT SECONDS [RATE] <MESSAGE: sends MESSAGE over UDP, RATE a second or as fast as
 * one core can. Each ######## in it is a number that grows; each @@@@@@@@ too, but every number
 * twice: to an LRU map, what is looked up again is in use. Prints how many were sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 2048
#define BATCH 64
#define MARK_LEN 8
#define MARKS_MAX 16
#define PAUSE_MIN 1e-3

struct mark {
	size_t at;
	uint32_t times; /* how often each number is sent */
};

struct batch {
	char text[BATCH][MESSAGE_MAX];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	struct mark marks[MARKS_MAX];
	size_t n_marks;
};

/* MESSAGE from stdin into every slot, and where its marks are. 0 or -errno. */
static int prepare(struct batch *batch)
{
	char *first = batch->text[0];
	uint32_t times;
	size_t len = fread(first, 1, MESSAGE_MAX - 1, stdin);

	if (!len || ferror(stdin) || !feof(stdin))
		return -EMSGSIZE;
	first[len] = '\0';
	for (size_t at = 0; at < len; at++) {
		times = !strncmp(first + at, "########", MARK_LEN)   ? 1
			: !strncmp(first + at, "@@@@@@@@", MARK_LEN) ? 2
								     : 0;
		if (!times)
			continue;
		if (batch->n_marks == MARKS_MAX)
			return -E2BIG;
		batch->marks[batch->n_marks++] = (struct mark){ at, times };
		at += MARK_LEN - 1;
	}
	for (int i = 0; i < BATCH; i++) {
		if (i)
			memcpy(batch->text[i], first, len);
		batch->parts[i] = (struct iovec){ batch->text[i], len };
		batch->messages[i].msg_hdr.msg_iov = &batch->parts[i];
		batch->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static void number(struct batch *batch, uint32_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < BATCH; i++, n++)
		for (size_t m = 0; m < batch->n_marks; m++)
			for (int digit = 0; digit < MARK_LEN; digit++)
				batch->text[i][batch->marks[m].at + digit] =
					hex[n / batch->marks[m].times >> (28 - 4 * digit) & 15];
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void wait_for(double seconds)
{
	struct timespec t = { .tv_sec = seconds };

	t.tv_nsec = (seconds - t.tv_sec) * 1e9;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* rate 0: as fast as it goes. What a late wake-up missed is made up for. */
static int flood(int fd, struct batch *batch, double seconds, double rate, unsigned long *sent)
{
	double start = now(), due = BATCH;
	int n;

	for (double t = start; t < start + seconds; t = now()) {
		if (rate > 0)
			due = (t - start) * rate - *sent;
		if (due < 1) {
			wait_for((1 - due) / rate > PAUSE_MIN ? (1 - due) / rate : PAUSE_MIN);
			continue;
		}
		number(batch, *sent);
		n = sendmmsg(fd, batch->messages, due < BATCH ? due : BATCH, 0);
		if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			return -errno;
		if (n > 0)
			*sent += n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static struct batch batch;
	unsigned long sent = 0;
	int fd, err;

	if (argc < 4 || argc > 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: flood ADDRESS PORT SECONDS [RATE] <MESSAGE\n");
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	err = fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -errno : prepare(&batch);
	if (!err)
		err = flood(fd, &batch, atof(argv[3]), argc > 4 ? atof(argv[4]) : 0, &sent);
	if (err) {
		fprintf(stderr, "flood %s:%s: %s\n", argv[1], argv[2], strerror(-err));
		return 1;
	}
	printf("%lu\n", sent);
	close(fd);
	return 0;
}
