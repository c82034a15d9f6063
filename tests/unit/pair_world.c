// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair_world.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maps/pins.h"
#include "pair/record.h"
#include "util/log.h"
#include "util/text.h"

/* File descriptors of the stand-ins: FD_BASE + 10 * host + map. */
#define FD_BASE 100000
enum { DIALOGS, PENDING, BRANCHES, USAGE, PEERS, PROGRAM };

static struct world_host hosts[8];
static int n_hosts;
static sd_event *loop;
static char dir[] = "/tmp/cg-pair-XXXXXX", socket_path[64], address[80];
static pid_t redis;
char world_log[65536];
static const char *password_file;
static char password[32];

/* --- the maps --------------------------------------------------------------------------------- */

static int make_fd(const struct world_host *host, int map)
{
	return FD_BASE + 10 * (int)(host - hosts) + map;
}

static struct world_host *host_of(int fd)
{
	return &hosts[(fd - FD_BASE) / 10];
}

struct cg_dialog *world_find(struct world_host *host, const struct cg_dialog_key *key)
{
	for (int i = 0; i < host->n; i++)
		if (!memcmp(&host->keys[i], key, sizeof(*key)))
			return &host->dialogs[i];
	return NULL;
}

struct cg_dialog *world_put(struct world_host *host, const struct cg_dialog_key *key,
			    const struct cg_dialog *dialog)
{
	if (host->n == WORLD_DIALOGS)
		abort();
	host->keys[host->n] = *key;
	host->dialogs[host->n] = *dialog;
	return &host->dialogs[host->n++];
}

void world_delete(struct world_host *host, const struct cg_dialog_key *key)
{
	struct cg_dialog *dialog = world_find(host, key);
	int i = dialog ? dialog - host->dialogs : -1;

	if (i < 0)
		return;
	host->n--;
	host->dialogs[i] = host->dialogs[host->n];
	host->keys[i] = host->keys[host->n];
}

int bpf_map_lookup_elem_flags(int fd, const void *key, void *value, __u64 flags)
{
	struct cg_dialog *dialog = world_find(host_of(fd), key);

	(void)flags;
	if (dialog)
		*(struct cg_dialog *)value = *dialog;
	errno = ENOENT;
	return dialog ? 0 : -ENOENT;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	if (fd % 10 == PEERS)
		*(struct cg_peer *)value = host_of(fd)->peers[*(const __u32 *)key];
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	struct world_host *host = host_of(fd);

	(void)flags;
	if (fd % 10 == PEERS) {
		host->peers[*(const __u32 *)key] = *(const struct cg_peer *)value;
	} else if (fd % 10 == PENDING && !host->n_pending) {
		host->pending_keys[host->n_pending] = *(const struct cg_txn_key *)key;
		host->pending[host->n_pending++] = *(const struct cg_invite *)value;
	} else if (fd % 10 == BRANCHES && !host->n_branches) {
		host->branch_keys[host->n_branches] = *(const struct cg_txn_key *)key;
		host->branches[host->n_branches++] = *(const struct cg_branch *)value;
	}
	return 0;
}

int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	const struct world_host *host = host_of(fd);
	bool is_pending = fd % 10 == PENDING;

	(void)in, (void)out, (void)opts;
	*count = is_pending ? host->n_pending : host->n_branches;
	memcpy(keys, is_pending ? host->pending_keys : host->branch_keys,
	       *count * sizeof(struct cg_txn_key));
	if (is_pending)
		memcpy(values, host->pending, *count * sizeof(*host->pending));
	else
		memcpy(values, host->branches, *count * sizeof(*host->branches));
	errno = ENOENT;
	return -ENOENT;
}

/* --- cseqguard_peer, as far as these tests need it -------------------------------------------- */

static bool raise_counter(__u32 *counter, __u32 to)
{
	bool higher = to > *counter;

	if (higher)
		*counter = to;
	return higher;
}

static int merge(struct cg_dialog *mine, const struct cg_peer_update *update)
{
	const struct cg_dialog *theirs = &update->dialog;
	bool changed = raise_counter(&mine->caller.cseq, theirs->caller.cseq);

	changed |= raise_counter(&mine->callee.cseq, theirs->callee.cseq);
	changed |= raise_counter(&mine->blocked_elsewhere, theirs->blocked_elsewhere);
	if (update->type == CG_PEER_COUNTERS || theirs->epoch <= mine->epoch)
		return changed ? CG_PEER_CHANGED : CG_PEER_UNCHANGED;
	mine->epoch = theirs->epoch;
	mine->state = theirs->state;
	mine->end = theirs->end;
	mine->end_reason = theirs->end_reason;
	return CG_PEER_CHANGED;
}

int bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts)
{
	const struct cg_peer_update *update = opts->data_in;
	struct world_host *host = host_of(fd);
	struct cg_dialog *dialog = world_find(host, &update->key);

	opts->retval = CG_PEER_UNKNOWN;
	if (dialog)
		opts->retval = merge(dialog, update);
	else if (update->type == CG_PEER_WHOLE && world_put(host, &update->key, &update->dialog))
		opts->retval = CG_PEER_INSERTED;
	return 0;
}

/* --- what else a pair needs ------------------------------------------------------------------- */

static struct world_host *host_by_name(const char *name)
{
	for (int i = 0; i < n_hosts; i++)
		if (!strcmp(hosts[i].name, name))
			return &hosts[i];
	abort();
}

int cg_pin_open(const char *instance, const char *name)
{
	(void)name;
	return make_fd(host_by_name(instance), PROGRAM);
}

int cg_map_open_writable(const char *instance, const char *name, size_t key_size, size_t value_size)
{
	(void)name, (void)key_size, (void)value_size;
	return make_fd(host_by_name(instance), PEERS);
}

int cg_secret_read(const char *instance, struct cg_secret *secret)
{
	*secret = (struct cg_secret){ { host_by_name(instance)->secret, 2 } };
	return 0;
}

#define STAND_IN(function)                                                                         \
	void function(const char *format, ...)                                                     \
	{                                                                                          \
		size_t used = strlen(world_log);                                                   \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		vsnprintf(world_log + used, sizeof(world_log) - used, format, args);               \
		va_end(args);                                                                      \
		if (getenv("WORLD_VERBOSE"))                                                       \
			fprintf(stderr, "# %s\n", world_log + used);                               \
	}
STAND_IN(cg_log_err)
STAND_IN(cg_log_warning)
STAND_IN(cg_log_notice)
STAND_IN(cg_log_info)

/* --- hosts ------------------------------------------------------------------------------------ */

static void handle_merged(void *ctx, const struct cg_dialog_key *key)
{
	struct world_host *host = ctx;

	host->merged++;
	cg_pair_publish(host->pair, key, world_find(host, key)); /* as the tracker does */
}

static void handle_gone(void *ctx, const struct cg_dialog_key *key)
{
	struct world_host *host = ctx;

	host->gone = key->call;
}

struct world_host *world_host(const char *name, __u64 secret)
{
	struct world_host *host = &hosts[n_hosts++];
	__u8 clock = n_hosts; /* each has another */

	*host = (struct world_host){ .secret = secret,
				     .guard = { .instance = host->name,
						.dialogs_fd = make_fd(host, DIALOGS),
						.pending_fd = make_fd(host, PENDING),
						.branches_fd = make_fd(host, BRANCHES),
						.usage_fd = make_fd(host, USAGE) } };
	snprintf(host->name, sizeof(host->name), "%s", name);
	host->node = host->name;
	host->guard.config =
		(struct cg_config){ .max_dialogs = 1000, .clock = clock, .id = { n_hosts } };
	for (int i = 0; i < CG_CLOCKS; i++)
		host->guard.config.clock_offset[i] =
			cg_now_us() * 1000 - cg_boottime() + 1000 * clock + i;
	return host;
}

void world_join(struct world_host *host)
{
	const struct cg_pair_options options = { .name = "edge",
						 .node = host->node,
						 .redis = address,
						 .password_file = password_file,
						 .max_call = 3600 * CG_SECOND };
	const struct cg_pair_callbacks callbacks = { handle_merged, handle_gone, host };

	if (cg_pair_new(loop, &options, &host->guard, &callbacks, &host->pair))
		abort();
}

void world_leave(struct world_host *host)
{
	cg_pair_free(host->pair);
	host->pair = NULL;
}

void world_forget(struct world_host *host)
{
	host->n = 0;
	host->guard.config.id[0] += 100;
	memset(host->peers, 0, sizeof(host->peers));
}

__u64 world_wall(const struct world_host *host, __u8 clock, __u64 time)
{
	return time + host->guard.config.clock_offset[clock];
}

static void run_once(void)
{
	static __u64 beat_at;
	__u64 now = cg_boottime();

	if (cg_loop_run(loop, 10) < 0)
		abort();
	if (now - beat_at < CG_SECOND / 10)
		return;
	beat_at = now;
	for (int i = 0; i < n_hosts; i++)
		cg_pair_beat(hosts[i].pair, cg_boottime());
}

void world_run(int ms)
{
	__u64 until = cg_boottime() + ms * 1000000ULL;

	while (cg_boottime() < until)
		run_once();
}

bool world_wait(bool (*condition)(int arg), int arg)
{
	__u64 until = cg_boottime() + WORLD_PATIENCE_NS;

	while (!condition(arg) && cg_boottime() < until)
		run_once();
	return condition(arg);
}

/* --- Redis ------------------------------------------------------------------------------------ */

static redisReply *ask(const char *format, ...)
{
	redisContext *context = redisConnectUnix(socket_path);
	redisReply *reply = NULL;
	va_list args;

	if (context && !context->err && *password)
		freeReplyObject(redisCommand(context, "AUTH %s", password));
	va_start(args, format);
	if (context && !context->err)
		reply = redisvCommand(context, format, args);
	va_end(args);
	if (context)
		redisFree(context);
	return reply;
}

long long world_number(const char *command)
{
	redisReply *reply = ask(command);
	long long number = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;

	if (reply)
		freeReplyObject(reply);
	return number;
}

void world_huge_entry(size_t bytes)
{
	char *text = calloc(1, bytes);

	freeReplyObject(ask("XADD cg:edge:log * r %b", text, bytes));
	free(text);
}

void world_alive(const char *node, __s64 skew_us)
{
	static struct cg_record record = { .type = CG_RECORD_ALIVE };
	const struct cg_secret secret = { { 1, 2 } };
	struct cg_record_key key;
	__u8 bytes[CG_RECORD_MAX];
	size_t len;

	cg_record_make_key(&key, &secret, "edge");
	snprintf(record.sender, sizeof(record.sender), "%s", node);
	record.sent_us = cg_now_us();
	record.alive = (struct cg_record_alive){ .offset_us = skew_us, .error_us = 100 };
	len = cg_record_encode(&key, &record, bytes);
	freeReplyObject(ask("SADD cg:edge:nodes %s", node));
	freeReplyObject(ask("SET cg:edge:alive:%s %b", node, bytes, len));
}

void world_redis_start(void)
{
	redis = fork();
	if (!redis) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path,
		       "--save", "", "--appendonly", "no", "--dir", dir, "--logfile", "redis.log",
		       NULL);
		_exit(127);
	}
	for (int i = 0; i < 6000 && world_number("EXISTS x") < 0; i++)
		poll(NULL, 0, 10);
}

void world_redis_lock(const char *text)
{
	freeReplyObject(ask("CONFIG SET requirepass %s", text));
	snprintf(password, sizeof(password), "%s", text);
}

void world_give_password(const char *text, mode_t mode)
{
	static char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/password", dir);
	password_file = path;
	unlink(path);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) || chmod(path, mode))
		abort();
}

void world_redis_kill(void)
{
	kill(redis, SIGKILL);
	waitpid(redis, NULL, 0);
}

void world_redis_stop(void)
{
	kill(redis, SIGSTOP);
}

void world_redis_continue(void)
{
	kill(redis, SIGCONT);
}

int world_start(void)
{
	if (system("command -v redis-server >/dev/null"))
		return -ENOENT;
	if (!mkdtemp(dir) || sd_event_new(&loop) < 0)
		abort();
	snprintf(socket_path, sizeof(socket_path), "%s/redis.sock", dir);
	snprintf(address, sizeof(address), "unix:%s", socket_path);
	world_redis_start();
	return 0;
}

void world_end(void)
{
	char path[80];

	for (int i = 0; i < n_hosts; i++)
		world_leave(&hosts[i]);
	world_redis_kill();
	sd_event_unref(loop);
	snprintf(path, sizeof(path), "%s/redis.log", dir);
	unlink(path);
	if (password_file)
		unlink(password_file);
	unlink(socket_path);
	rmdir(dir);
}
