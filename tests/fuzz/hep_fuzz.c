// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes the daemon's HEP side: the listener, the reader, the sieve, the order and the counts, up to what the
 * guard's program gets. The input chooses what senders send over UDP and TCP, when it comes and in what
 * pieces. hep_world.h has the clocks and sockets, hep_record.h what is sent,
 * hep_model.h what must hold.
 *
 * The first byte: 1 a key is asked for   2 tcp=off   4 each record has a byte changed (wild)   8 nobody has
 * the key. Steps follow, each of which begins with one byte, see run_step().
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>

#include "hep_world.h"
#include "sip_parser.h"

#include "hep_model.h"
#include "hep_record.h"
#include "maps/pins.h"
#include "util/host_name.h"

#define STEPS_MAX 400
#define FLOOD (CG_TIME_ORDER_ITEMS + 200)

static struct cg_hep_input *input;
static struct cg_guard_maps maps = { .instance = "fuzz", .gateways_fd = GATEWAYS_FD };

/* --- the guard's maps ------------------------------------------------------------------------- */

int cg_pin_open(const char *instance, const char *name)
{
	return PROGRAM_FD;
}

int cg_map_open(const char *instance, const char *name, size_t key_size, size_t value_size)
{
	return HOSTS_FD;
}

int cg_secret_read(const char *instance, struct cg_secret *secret)
{
	memset(secret, 0x5a, sizeof(*secret));
	return 0;
}

int cg_hep_note_write(const char *instance, const struct cg_hep_status *status)
{
	return 0;
}

void cg_hep_note_remove(const char *instance)
{
}

/* 192.0.2.11 is a host by --host, the other two by their interface. */
int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	struct cg_secret secret;
	const struct cg_prefix *prefix = key;

	if (fd == HOSTS_FD) {
		cg_secret_read("", &secret);
		if (*(const __u64 *)key != cg_host_name_hash(&secret, "192.0.2.11"))
			return -1;
		((struct cg_host_name *)value)->origin = CG_NAME_GIVEN;
		return 0;
	}
	HOLD(fd == GATEWAYS_FD);
	for (int i = 0; i < 8; i++)
		if ((i == 1 || i == 3 || i == 7) && !memcmp(prefix->addr, addresses[i], 16)) {
			*(__u32 *)value = i == 3 ? CG_ADDR_GATEWAY : CG_ADDR_HOST;
			return 0;
		}
	return -1;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void turn(struct sd_event_source *source)
{
	if (world_dispatch(source))
		check_turn(input);
}

static void turn_udp(void)
{
	for (int i = 0; i < SOURCES_MAX; i++)
		if (world.sources[i].on_io && world.sources[i].fd == UDP_FD)
			turn(&world.sources[i]);
}

/* Until nothing is ready. The timer hands out a few at a time, and is due again at once. */
static void settle(void)
{
	bool is_done = false;

	while (!is_done) {
		is_done = true;
		for (int i = 0; i < SOURCES_MAX; i++) {
			struct sd_event_source *source = &world.sources[i];

			if (source->on_time && source->due == world.boot + 1000)
				world_pass(1000);
			is_done &= !is_ready(source);
			turn(source);
		}
	}
	HOLD(!model.n_waiting ||
	     model.records[model.waiting[0]].at + CG_HEP_WINDOW_NS > world.boot);
}

static void send_datagram(const struct shape *s, int sender)
{
	static struct writer w;
	int id = note_record(s, sender, NULL);

	if (id < 0)
		return;
	write_record(&w, s, id);
	if (s->fault == CUT_SHORT)
		w.len -= w.len / 4 + 1;
	if (s->fault == BYTES_BEHIND)
		put_number(&w, 0, 4);
	world_send(sender, id, w.bytes, w.len);
}

static void write_to_stream(struct peer *peer, const struct shape *s)
{
	static struct writer w;
	int id;

	if (peer->state == PEER_DEAD || peer->ends || peer->written > PEER_BYTES - sizeof(w.bytes))
		return;
	if (peer->state == PEER_NONE) {
		peer->state = PEER_WAITS;
		peer->sender = 100 + (peer - world.peers);
	}
	id = note_record(s, peer->sender, peer);
	if (id < 0)
		return;
	write_record(&w, s, id);
	memcpy(peer->bytes + peer->written, w.bytes, w.len);
	model.records[id].end = peer->written + (s->fault == BAD_START ? 1 : w.len);
	peer->written += w.len;
}

static void deliver(struct peer *peer, size_t len)
{
	size_t left = peer->written - peer->ready;

	peer->ready += len < left ? len : left;
}

static void flood(const struct shape *s, int times)
{
	while (times--) {
		send_datagram(s, times >> 4);
		if (world.n_datagrams == CG_HEP_PER_TURN)
			turn_udp();
	}
}

static void run_sender(__u8 step, struct input *in, struct shape *last)
{
	struct peer *peer;
	__u8 n;

	switch (step) {
	case 0 ... 2:
		*last = take_shape(in);
		send_datagram(last, take(in) % 64);
		break;
	case 3:
		last->age = take(in);
		send_datagram(last, 0);
		break;
	case 4 ... 5:
		*last = take_shape(in);
		write_to_stream(&world.peers[take(in) % PEERS_MAX], last);
		break;
	case 6:
		peer = &world.peers[take(in) % PEERS_MAX];
		n = take(in);
		deliver(peer, n < 192 ? n : (n - 191) * 512);
		break;
	case 7:
		for (int i = 0; i < PEERS_MAX; i++)
			deliver(&world.peers[i], PEER_BYTES);
		break;
	}
}

static void run_step(struct input *in, struct shape *last)
{
	__u8 step = take(in) & 15, n = step < 8 || step == 10 || step == 15 ? 0 : take(in);
	struct peer *peer = &world.peers[n % PEERS_MAX];

	switch (step) {
	case 8:
		world_pass(n * 1000000);
		break;
	case 9:
		turn(&world.sources[n % SOURCES_MAX]);
		break;
	case 10:
		settle();
		break;
	case 11:
		flood(last, n == 255 ? FLOOD : n >> 4);
		break;
	case 12:
		peer->ends = peer->state == PEER_OPEN && peer->ready == peer->written;
		break;
	case 13:
		model.busy = n & 7;
		break;
	case 14:
		world.real += (n - 128) * 16000000;
		break;
	case 15:
		cg_hep_input_poll(input);
		break;
	default:
		run_sender(step, in, last);
	}
}

/* --- an input --------------------------------------------------------------------------------- */

static void start_input(__u8 settings)
{
	world_start();
	memset(&model, 0, offsetof(struct model, records));
	memset(&model.n_records, 0, sizeof(model) - offsetof(struct model, n_records));
	model.retried = -1;
	model.has_key = settings & 1;
	model.is_wild = settings & 4;
	model.nobody_has_it = model.has_key && settings & 8;
	maps.config = (struct cg_config){ .n_ports = 1,
					  .ports = { 5060 },
					  .tcp = settings & 2 ? CG_TCP_OFF : CG_TCP_OBSERVE };
	HOLD(!cg_hep_input_new(NULL, "[::]:9060", model.has_key ? WORLD_KEY : NULL, &maps, &input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, data + len };
	struct shape last = { .kind = NONSENSE };

	start_input(take(&in));
	for (int i = 0; i < STEPS_MAX && in.at < in.end; i++)
		run_step(&in, &last);
	settle();
	model.is_freeing = true;
	cg_hep_input_free(input);
	HOLD(!model.n_waiting && model.runs <= 2ULL * model.n_records);
	for (int i = 0; i < PEERS_MAX; i++)
		HOLD(world.peers[i].state != PEER_OPEN);
	return 0;
}
