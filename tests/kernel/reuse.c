// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * `dialogs` is preallocated: a deleted element is given out again at once, on the same CPU. One CPU sends
 * packets of a dialog without a pause. The other deletes it, and the 2xx of another call takes its place.
 */
#define _GNU_SOURCE /* CPU_SET */
#include "reuse.h"

#include <bpf/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "guard.skel.h"
#include "send.h"

#define CALL_ID "reuse@caller.example"
#define NEXT_CALL_ID "next@caller.example"
#define FAR_CSEQ 2147483000 /* of the packets: no call may have it as its counter */
#define BURST 1000 /* runs of a packet without a pause */

struct flood {
	struct harness *harness;
	struct packet_to_send packet;
	bool stop;
	int err;
};

static int pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void *flood(void *arg)
{
	struct flood *f = arg;
	__u32 verdict;

	f->err = pin_to_cpu(1);
	while (!f->err && !__atomic_load_n(&f->stop, __ATOMIC_RELAXED))
		f->err = harness_run(f->harness, f->packet.in, f->packet.frame.bytes,
				     f->packet.frame.len, BURST, &verdict, NULL);
	return NULL;
}

/* The dead call, whose packets come, and the one that takes its place. */
struct places {
	struct harness *harness;
	int dialogs, pending;
	struct cg_dialog_key dead, next;
	struct cg_dialog dialog; /* the dead one's */
	struct cg_txn_key note_key;
	struct cg_invite note; /* of the next one's INVITE, before its 2xx */
	struct packet_to_send answer; /* the 2xx */
};

static int places_init(struct harness *harness, struct places *p)
{
	int err = harness_reset(harness, NULL);

	p->harness = harness;
	p->dialogs = bpf_map__fd(harness->skel->maps.dialogs);
	p->pending = bpf_map__fd(harness->skel->maps.pending);
	err = err ? err : send_ringing(harness, NEXT_CALL_ID);
	err = err ? err : bpf_map_get_next_key(p->pending, NULL, &p->note_key);
	err = err ? err : bpf_map_lookup_elem(p->pending, &p->note_key, &p->note);
	err = err ? err
		  : send_make(&p->answer, "gateway>host", "200 INVITE 13 a>b via=p1,c1",
			      NEXT_CALL_ID);
	err = err ? err : send_answered(harness, NEXT_CALL_ID);
	err = err ? err : bpf_map_get_next_key(p->dialogs, NULL, &p->next);
	err = err ? err : bpf_map_delete_elem(p->dialogs, &p->next);
	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : bpf_map_get_next_key(p->dialogs, NULL, &p->dead);
	return err ? err : bpf_map_lookup_elem_flags(p->dialogs, &p->dead, &p->dialog, BPF_F_LOCK);
}

/* Returns 1 if a packet of the dead call has written into the next one, 0, or -errno. */
static int reuse_once(struct places *p)
{
	struct cg_dialog after;
	__u32 verdict;
	int err = bpf_map_update_elem(p->pending, &p->note_key, &p->note, BPF_EXIST);

	err = err ? err : bpf_map_delete_elem(p->dialogs, &p->dead);
	err = err ? err
		  : harness_run(p->harness, p->answer.in, p->answer.frame.bytes,
				p->answer.frame.len, 1, &verdict, NULL);
	err = err ? err : bpf_map_lookup_elem_flags(p->dialogs, &p->next, &after, BPF_F_LOCK);
	err = err ? err : bpf_map_delete_elem(p->dialogs, &p->next);
	err = err ? err : bpf_map_update_elem(p->dialogs, &p->dead, &p->dialog, BPF_NOEXIST);
	return err ? err : after.caller.cseq == FAR_CSEQ || after.caller_passed == FAR_CSEQ;
}

static int reuse_for(struct places *p, long seconds, long long *tries, long long *written)
{
	struct timespec start, now;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		n = reuse_once(p);
		if (n < 0)
			return n;
		*written += n;
		++*tries;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < seconds);
	return 0;
}

static bool reuse(struct harness *harness)
{
	static struct flood f;
	static struct places places;
	const char *seconds = getenv("REUSE_SECONDS");
	long long tries = 0, written = 0;
	cpu_set_t before;
	pthread_t thread;
	int err = places_init(harness, &places);

	f = (struct flood){ .harness = harness };
	err = err ? err
		  : send_make(&f.packet, "caller>host", "INFO 2147483000 a>b via=c3", CALL_ID);
	sched_getaffinity(0, sizeof(before), &before);
	err = err ? err : pin_to_cpu(0);
	err = err ? err : -pthread_create(&thread, NULL, flood, &f);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	err = reuse_for(&places, seconds ? atol(seconds) : 2, &tries, &written);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	sched_setaffinity(0, sizeof(before), &before);
	if (err || f.err)
		return wrong("it cannot be run: %s", strerror(err ? -err : -f.err));
	printf("# %lld elements were given to another call\n", tries);
	return !written || wrong("%lld calls have the counter of another one", written);
}

void reuse_run(struct harness *harness,
	       void (*result)(bool good, const char *suite, const char *name))
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	result(reuse(harness), "reuse",
	       "two CPUs: a packet of a deleted dialog writes into no call that took its place");
	harness_reset(harness, NULL);
}
