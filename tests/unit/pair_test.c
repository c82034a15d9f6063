// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/pair/alive.c agent/pair/follow.c agent/pair/merge.c agent/pair/notes.c agent/pair/pair.c agent/pair/peers.c agent/pair/publish.c agent/pair/record.c agent/pair/record_times.c agent/pair/redis_link.c agent/pair/redis_login.c agent/pair/redis_output.c agent/pair/redis_reader.c agent/pair/snapshot.c agent/pair/versions.c agent/util/endpoint.c agent/util/loop.c agent/util/text.c tests/unit/pair_world.c -lhiredis -lsodium -lsystemd
/* Hosts of a pair and a real Redis, which fails in each way that it can. The maps are stand-ins. */
#include <string.h>

#include "pair_world.h"
#include "tap.h"

#define MS 1000000ULL

static struct world_host *a, *b;

static struct cg_dialog_key key_of(int n)
{
	return (struct cg_dialog_key){ 0x1000 + n, 0x2000 + n };
}

/* A call that was answered on this host. */
static struct cg_dialog *open_call(struct world_host *host, int n)
{
	struct cg_dialog dialog = { .who = n,
				    .state = CG_S_CONFIRMED,
				    .clock = 1,
				    .caller_flags = CG_LEG_CSEQ_VALID,
				    .caller = { .cseq = 13 },
				    .caller_passed = 13,
				    .setup = cg_boottime() - 3000 * MS,
				    .answer = cg_boottime() - 2000 * MS };
	struct cg_dialog_key key = key_of(n);

	snprintf(dialog.call.call_id, sizeof(dialog.call.call_id), "%d@lab", n);
	strcpy(dialog.call.from_tag, "from");
	strcpy(dialog.to_tag, "to");
	return world_put(host, &key, &dialog);
}

static struct cg_dialog *find(struct world_host *host, int n)
{
	struct cg_dialog_key key = key_of(n);

	return world_find(host, &key);
}

static void publish(struct world_host *host, int n)
{
	struct cg_dialog_key key = key_of(n);

	cg_pair_publish(host->pair, &key, find(host, n));
}

static void remove_call(struct world_host *host, int n)
{
	struct cg_dialog_key key = key_of(n);

	world_delete(host, &key);
	cg_pair_publish_gone(host->pair, &key);
}

static struct cg_pair_status status_of(struct world_host *host)
{
	struct cg_pair_status status;

	cg_pair_get_status(host->pair, &status);
	return status;
}

/* --- conditions to wait for ------------------------------------------------------------------- */

static bool are_together(int n)
{
	struct cg_pair_status x = status_of(a), y = status_of(b);

	(void)n;
	return x.n_peers && x.peers[0].alive && y.n_peers && y.peers[0].alive;
}

static bool b_has(int n)
{
	return find(b, n);
}

static bool a_has(int n)
{
	return find(a, n);
}

static bool b_has_cseq(int cseq)
{
	return find(b, 1)->caller.cseq == (__u32)cseq;
}

static bool a_has_ended(int n)
{
	return find(a, n)->state == CG_S_ENDED;
}

static bool b_is_asked_to_delete(int n)
{
	return b->gone == n;
}

static bool all_is_published(int n)
{
	(void)n;
	return !status_of(a).unpublished && world_number("XLEN cg:edge:log") > 0;
}

static bool is_disconnected(int n)
{
	(void)n;
	return !status_of(a).connected && !status_of(b).connected;
}

static bool a_is_refused(int n)
{
	(void)n;
	return strstr(status_of(a).error, "refuses records") != NULL;
}

static bool b_has_refused(int n)
{
	return status_of(b).refused >= (__u64)n;
}

/* --- what travels ----------------------------------------------------------------------------- */

static void test_opening(void)
{
	struct cg_dialog *there;

	open_call(a, 1);
	publish(a, 1);
	ok(world_wait(b_has, 1),
	   "pair: a call that is answered at one host is in the map of the other");
	there = find(b, 1);
	ok(there && there->peer && !strcmp(cg_pair_node(b->pair, there->peer), "a") &&
		   !strcmp(there->call.call_id, "1@lab"),
	   "pair: ... with its owner's name and its texts");
	ok(there &&
		   world_wall(b, there->clock, there->setup) == world_wall(a, 1, find(a, 1)->setup),
	   "pair: ... its INVITE came at the same nanosecond by the wall clock");
	ok(b->merged == 1, "pair: ... and the daemon there is notified");
}

static void test_counters(void)
{
	__u64 before = status_of(a).sent_bytes;

	find(a, 1)->caller.cseq = 14;
	publish(a, 1);
	ok(world_wait(b_has_cseq, 14),
	   "pair: a counter that is raised is raised at the other host");
	ok(status_of(a).sent_bytes - before < 2000,
	   "pair: ... by a few bytes: %llu with signs of life",
	   (unsigned long long)(status_of(a).sent_bytes - before));
}

static void test_no_echo(void)
{
	__u64 sent = status_of(b).sent;

	for (int i = 0; i < 20; i++) {
		publish(b, 1);
		world_run(10);
	}
	ok(status_of(b).sent == sent && !sent, "pair: what came in is not published again");
}

static void test_end_elsewhere(void)
{
	struct cg_dialog *dialog = find(b, 1);

	dialog->state = CG_S_ENDED;
	dialog->end_reason = CG_E_BYE;
	dialog->end = cg_boottime();
	dialog->epoch++;
	dialog->blocked_byes = 3;
	publish(b, 1);
	ok(world_wait(a_has_ended, 1), "pair: a call that ends at another host ends at its owner");
	ok(!find(a, 1)->peer && find(a, 1)->blocked_elsewhere == 3,
	   "pair: ... it is still its own, and it knows what the other has refused");
	ok(world_wall(a, 1, find(a, 1)->end) == world_wall(b, dialog->clock, dialog->end),
	   "pair: ... it ended at the same nanosecond by the wall clock");
}

static void test_gone(void)
{
	remove_call(a, 1);
	ok(world_wait(b_is_asked_to_delete, 0x1001),
	   "pair: a call that its owner removes is removed");
	ok(world_number("EXISTS cg:edge:d:00000000000010010000000000002001") == 0,
	   "pair: ... from Redis as well");
	world_delete(b, &(struct cg_dialog_key){ 0x1001, 0x2001 });
}

static bool b_rings(int n)
{
	return b->n_pending == n && b->n_branches == n;
}

static void test_ringing(void)
{
	__u64 sent = status_of(b).sent;

	a->pending[0] = (struct cg_invite){ .setup = 5, .renewed = 6, .clock = 1 };
	a->pending_keys[0] = (struct cg_txn_key){ 1, 2, 3 };
	a->branches[0] = (struct cg_branch){ .note = 3, .renewed = 6 };
	a->branch_keys[0] = (struct cg_txn_key){ 1, 2, 4 };
	a->n_pending = a->n_branches = 1;
	ok(world_wait(b_rings, 1) && b->pending_keys[0].branch == 3 &&
		   b->branch_keys[0].branch == 4 &&
		   world_wall(b, b->pending[0].clock, b->pending[0].setup) == world_wall(a, 1, 5),
	   "pair: a call that rings at one host is known at the other");
	world_run(600);
	ok(status_of(b).sent == sent && b->n_pending == 1,
	   "pair: ... once, and it does not come back");
}

/* --- Redis fails ------------------------------------------------------------------------------ */

static void test_killed(void)
{
	world_redis_kill();
	open_call(a, 2);
	publish(a, 2);
	ok(world_wait(is_disconnected, 0) && !find(b, 2),
	   "pair: Redis is killed, and both know it");
	ok(status_of(a).unpublished == 1, "pair: ... one call would be lost with its host");
	remove_call(a, 2);
	open_call(a, 3);
	publish(a, 3);
	world_redis_start(); /* it is empty */
	ok(world_wait(b_has, 3),
	   "pair: it is started empty: a call that was answered meanwhile is shared");
	ok(!find(b, 2), "pair: ... one that has also ended meanwhile is not");
	find(a, 3)->caller.cseq = 14;
	publish(a, 3);
	ok(world_wait(all_is_published, 0), "pair: ... nothing waits to be published");
}

static void test_flushed(void)
{
	world_number("FLUSHALL");
	ok(world_wait(all_is_published, 0) &&
		   world_number("EXISTS cg:edge:d:00000000000010030000000000002003") == 1,
	   "pair: Redis loses its data: all calls are published again");
}

static void test_stalled(void)
{
	__u64 longest;

	world_redis_stop();
	cg_loop_longest();
	open_call(a, 4);
	publish(a, 4);
	ok(world_wait(is_disconnected, 0), "pair: Redis is stopped, and both know it");
	longest = cg_loop_longest();
	ok(longest < CG_SECOND, "pair: ... nothing waits for it: %llu ms in one turn of the loop",
	   longest / MS);
	world_redis_continue();
	ok(world_wait(b_has, 4), "pair: it goes on: what changed meanwhile is shared");
}

static void test_full(void)
{
	world_number("CONFIG SET maxmemory 1");
	open_call(a, 5);
	publish(a, 5);
	ok(world_wait(a_is_refused, 0), "pair: Redis is full, and that is said");
	ok(status_of(a).unpublished && status_of(a).connected, "pair: ... the call waits: %u",
	   status_of(a).unpublished);
	world_number("CONFIG SET maxmemory 0");
	ok(world_wait(b_has, 5), "pair: there is room again: it is shared");
}

static bool log_has_wrong_type(int n)
{
	(void)n;
	return strstr(world_log, "WRONGTYPE") != NULL;
}

static void test_garbage(void)
{
	__u64 refused = status_of(b).refused;

	world_number("XADD cg:edge:log * r garbage");
	world_number("XADD cg:edge:log * x y z 1");
	world_number("HSET cg:edge:d:xyz w:a garbage q 1");
	world_number("SADD cg:edge:nodes \xff");
	ok(world_wait(b_has_refused, refused + 2),
	   "pair: garbage in the stream is refused and counted");
	open_call(a, 6);
	publish(a, 6);
	ok(world_wait(b_has, 6), "pair: ... and what follows is taken");
	find(b, 6)->epoch++; /* both share it */
	publish(b, 6);
	world_number("DEL cg:edge:log");
	world_number("SET cg:edge:log text");
	open_call(a, 7);
	publish(a, 7);
	ok(world_wait(log_has_wrong_type, 0), "pair: no stream where it should be is said");
	world_number("DEL cg:edge:log");
	ok(world_wait(b_has, 7), "pair: ... and once it is gone, all goes on");
}

static bool log_has_too_long(int n)
{
	(void)n;
	return strstr(world_log, "too long") != NULL;
}

static bool both_are_well(int n)
{
	(void)n;
	return !*status_of(a).error && !*status_of(b).error;
}

static void test_huge_entry(void)
{
	world_huge_entry(5 << 20);
	ok(world_wait(log_has_too_long, 0), "pair: an entry of 5 MB is not read");
	open_call(a, 8);
	publish(a, 8);
	ok(world_wait(b_has, 8) && world_wait(both_are_well, 0),
	   "pair: ... and does not keep the hosts from what follows");
	world_number("DEL cg:edge:log");
}

/* --- hosts come and go ------------------------------------------------------------------------ */

static void test_restart(void)
{
	struct cg_dialog_key key = key_of(6);
	__u64 sent;

	world_leave(a);
	a->n_pending = a->n_branches = 0;
	world_delete(a, &key); /* it ended while no daemon ran */
	find(a, 7)->callee.cseq = 9;
	world_join(a);
	for (int n = 3; n <= 8; n++)
		if (n != 6)
			publish(a, n);
	ok(world_wait(b_is_asked_to_delete, 0x1006),
	   "pair: a daemon is started again: what left its map meanwhile is removed");
	ok(world_wait(all_is_published, 0), "pair: ... what changed is published");
	sent = status_of(a).sent;
	ok(sent <= 3 && find(b, 7)->callee.cseq == 9, "pair: ... and nothing else: %llu records",
	   (unsigned long long)sent);
}

static void test_reboot(void)
{
	world_leave(a);
	world_forget(a);
	world_join(a);
	ok(world_wait(a_has, 7) && !find(a, 7)->peer,
	   "pair: a host that was started again gets its calls back, as its own");
}

static bool a_is_gone(int n)
{
	(void)n;
	return cg_pair_peer_is_gone(b->pair, find(b, 7)->peer, cg_boottime());
}

static bool a_is_not_gone(int n)
{
	return !a_is_gone(n);
}

static void test_peer_gone(void)
{
	ok(world_wait(a_is_not_gone, 0), "pair: a host that shows signs of life is not gone");
	world_leave(a);
	ok(world_wait(a_is_gone, 0), "pair: without any for 5 s it is");
	world_redis_kill();
	world_redis_start();
	world_join(a);
	ok(world_wait(a_is_not_gone, 0), "pair: Redis and it come back: it is not gone");
}

/* --- hosts that do not agree ------------------------------------------------------------------ */

static bool log_has_remedy(int n)
{
	(void)n;
	return strstr(world_log, "--secret-file") != NULL;
}

static void test_secret(void)
{
	struct world_host *c = world_host("c", 77);
	__u64 refused = status_of(b).refused;

	world_join(c);
	open_call(c, 9);
	publish(c, 9);
	ok(world_wait(log_has_remedy, 0),
	   "pair: a host with another secret is named with the remedy");
	ok(world_wait(b_has_refused, refused + 1) && !find(b, 9),
	   "pair: ... its calls are not taken");
	world_leave(c);
}

static bool log_has_clock(int n)
{
	(void)n;
	return strstr(world_log, "clock of host d") != NULL;
}

static enum cg_peer_trouble trouble_of(const char *node)
{
	struct cg_pair_status status = status_of(b);

	for (unsigned int i = 0; i < status.n_peers; i++)
		if (!strcmp(status.peers[i].node, node))
			return status.peers[i].trouble;
	return CG_PEER_TROUBLES;
}

static bool d_is_heard(int n)
{
	return trouble_of("d") == CG_TROUBLE_NONE && log_has_clock(n);
}

static bool d_is_refused(int n)
{
	(void)n;
	return trouble_of("d") == CG_TROUBLE_CLOCK;
}

static void test_clocks(void)
{
	*world_log = '\0';
	world_alive("d", 200000);
	ok(world_wait(d_is_heard, 0),
	   "pair: a clock that is 200 ms off is said, and its host is heard");
	*world_log = '\0';
	world_alive("d", 5000000);
	ok(world_wait(d_is_refused, 0) && log_has_clock(0),
	   "pair: a clock that is 5 s off is said, and its host is not heard");
	world_alive("d", -5000000);
	world_alive("d", 0);
}

static void test_leave(void)
{
	int gone = b->gone;

	open_call(a, 12);
	publish(a, 12);
	ok(world_wait(b_has, 12), "pair: before the maps are removed");
	cg_pair_leave(a->pair);
	remove_call(a, 12);
	ok(world_wait(a_is_gone, 0) && b->gone == gone &&
		   world_number("EXISTS cg:edge:d:000000000000100c000000000000200c") == 1,
	   "pair: a host whose maps are removed is gone, and its calls stay");
	world_leave(a);
}

static const char *wanted;

static bool log_has_wanted(int n)
{
	(void)n;
	return strstr(world_log, wanted) != NULL;
}

static void joins(const char *name, const char *text)
{
	wanted = text;
	*world_log = '\0';
	world_join(a);
	ok(world_wait(log_has_wanted, 0), "pair: %s", name);
	world_leave(a);
}

static void test_login(void)
{
	world_redis_lock("secret");
	joins("a Redis that asks for a password is reported with the option",
	      "redis-password-file");
	world_give_password("wrong", 0644);
	joins("a file that others may read is not used, and what to do is said", "chmod 600");
	world_give_password("wrong", 0600);
	joins("a wrong password is reported", "WRONGPASS");
	world_give_password("secret", 0600);
	joins("the right one connects", "connected to redis");
}

static bool log_has_node(int n)
{
	(void)n;
	return strstr(world_log, "another host calls itself b") != NULL;
}

static void test_same_node(void)
{
	struct world_host *twin = world_host("twin", 1);

	twin->node = "b";
	world_join(twin);
	ok(world_wait(log_has_node, 0), "pair: two hosts with one name are told");
	world_leave(twin);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (world_start())
		return printf("ok 1 - unit/pair # SKIP redis-server is missing\n1..1\n") < 0;
	a = world_host("a", 1);
	b = world_host("b", 1);
	world_join(a);
	world_join(b);
	ok(world_wait(are_together, 0), "pair: two hosts find each other");
	test_opening();
	test_counters();
	test_no_echo();
	test_end_elsewhere();
	test_gone();
	test_ringing();
	test_killed();
	test_flushed();
	test_stalled();
	test_full();
	test_garbage();
	test_huge_entry();
	test_restart();
	test_reboot();
	test_peer_gone();
	test_secret();
	test_clocks();
	test_same_node();
	test_leave();
	test_login();
	world_end();
	return tap_done();
}
