// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/tcp_stream.h"

#include <stdlib.h>
#include <string.h>

#include "capture/splitter.h"
#include "util/hash.h"

#define BUCKETS 4096 /* a power of two */
#define FLAG_FIN 0x01
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_ACK 0x10
#define PIECE_BYTES(len) (sizeof(struct piece) + 32 + (len)) /* with the allocator's own */
#define JUMP (1 << 20) /* a sequence number that is further ahead is another connection's */

struct piece { /* bytes behind a hole, in order of seq */
	struct piece *next;
	uint32_t seq;
	uint32_t len;
	uint8_t bytes[];
};

struct stream {
	struct stream *next; /* in its bucket */
	struct stream *older, *newer;
	struct cg_flow flow;
	uint32_t seq; /* of the next byte */
	struct cg_splitter splitter; /* bytes in order */
	struct piece *ahead;
	size_t ahead_bytes;
};

struct cg_tcp {
	cg_tcp_message handle;
	void *ctx;
	struct cg_tcp_counters counters;
	struct stream *buckets[BUCKETS];
	struct stream *oldest, *newest;
	unsigned int count;
	size_t bytes;
};

struct segment {
	uint32_t seq, ack;
	uint8_t flags;
	const uint8_t *data;
	size_t len;
};

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* Returns how far a is ahead of b. */
static int32_t distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

struct cg_tcp *cg_tcp_new(cg_tcp_message handle, void *ctx)
{
	struct cg_tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp) {
		tcp->handle = handle;
		tcp->ctx = ctx;
	}
	return tcp;
}

/* --- streams ---------------------------------------------------------------------------------- */

static unsigned int get_bucket(const struct cg_flow *flow)
{
	uint64_t hash = cg_hash_add(CG_HASH_START, flow, sizeof(*flow));

	return (hash ^ hash >> 32) & (BUCKETS - 1);
}

static struct stream *find_stream(const struct cg_tcp *tcp, const struct cg_flow *flow)
{
	struct stream *s = tcp->buckets[get_bucket(flow)];

	while (s && memcmp(&s->flow, flow, sizeof(*flow)))
		s = s->next;
	return s;
}

static void unlink_age(struct cg_tcp *tcp, struct stream *s)
{
	*(s->older ? &s->older->newer : &tcp->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &tcp->newest) = s->older;
}

static void link_newest(struct cg_tcp *tcp, struct stream *s)
{
	s->older = tcp->newest;
	s->newer = NULL;
	*(s->older ? &s->older->newer : &tcp->oldest) = s;
	tcp->newest = s;
}

static void drop_piece(struct cg_tcp *tcp, struct stream *s)
{
	struct piece *piece = s->ahead;

	s->ahead = piece->next;
	s->ahead_bytes -= PIECE_BYTES(piece->len);
	tcp->bytes -= PIECE_BYTES(piece->len);
	free(piece);
}

/* Forgets the bytes of a stream. */
static void clear_stream(struct cg_tcp *tcp, struct stream *s)
{
	while (s->ahead)
		drop_piece(tcp, s);
	tcp->bytes -= s->splitter.room;
	cg_splitter_clear(&s->splitter);
}

static void remove_stream(struct cg_tcp *tcp, struct stream *s)
{
	struct stream **at = &tcp->buckets[get_bucket(&s->flow)];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	unlink_age(tcp, s);
	clear_stream(tcp, s);
	tcp->count--;
	free(s);
}

static void make_room(struct cg_tcp *tcp, const struct stream *keep)
{
	while (tcp->oldest && tcp->oldest != keep &&
	       (tcp->count > CG_TCP_STREAMS_MAX || tcp->bytes > CG_TCP_BYTES_MAX)) {
		tcp->counters.forgotten++;
		remove_stream(tcp, tcp->oldest);
	}
}

static struct stream *add_stream(struct cg_tcp *tcp, const struct cg_flow *flow)
{
	struct stream *s = calloc(1, sizeof(*s)), **bucket = &tcp->buckets[get_bucket(flow)];

	if (!s)
		return NULL;
	s->flow = *flow;
	s->next = *bucket;
	*bucket = s;
	link_newest(tcp, s);
	tcp->count++;
	make_room(tcp, s);
	return s;
}

void cg_tcp_free(struct cg_tcp *tcp)
{
	if (!tcp)
		return;
	while (tcp->oldest)
		remove_stream(tcp, tcp->oldest);
	free(tcp);
}

/* --- order ------------------------------------------------------------------------------------ */

/* The context of take_message(). */
struct taker {
	struct cg_tcp *tcp;
	const struct cg_flow *flow;
};

static void take_message(void *ctx, const uint8_t *text, size_t len)
{
	const struct taker *taker = ctx;

	taker->tcp->counters.messages++;
	taker->tcp->handle(taker->tcp->ctx, taker->flow, text, len);
}

static void append(struct cg_tcp *tcp, struct stream *s, const uint8_t *data, size_t len)
{
	struct taker taker = { tcp, &s->flow };
	size_t room = s->splitter.room;

	if (!cg_splitter_append(&s->splitter, data, len, take_message, &taker))
		tcp->counters.gaps++;
	tcp->bytes += s->splitter.room - room;
	make_room(tcp, s);
}

/* Keeps a segment behind a hole. */
static void keep_ahead(struct cg_tcp *tcp, struct stream *s, uint32_t seq, const uint8_t *data,
		       size_t len)
{
	struct piece **at = &s->ahead, *piece;

	while (*at && distance(seq, (*at)->seq) >= 0)
		at = &(*at)->next;
	piece = malloc(sizeof(*piece) + len);
	if (!piece)
		return;
	*piece = (struct piece){ .next = *at, .seq = seq, .len = len };
	memcpy(piece->bytes, data, len);
	*at = piece;
	s->ahead_bytes += PIECE_BYTES(len);
	tcp->bytes += PIECE_BYTES(len);
	make_room(tcp, s);
}

/* Appends the bytes from s->seq on. */
static void take_data(struct cg_tcp *tcp, struct stream *s, uint32_t seq, const uint8_t *data,
		      size_t len)
{
	int32_t behind = distance(s->seq, seq);

	if (behind < 0 || (size_t)behind >= len)
		return;
	s->seq = seq + len;
	append(tcp, s, data + behind, len - behind);
}

/* Takes what follows without a hole. */
static void take_ahead(struct cg_tcp *tcp, struct stream *s)
{
	while (s->ahead && distance(s->ahead->seq, s->seq) <= 0) {
		take_data(tcp, s, s->ahead->seq, s->ahead->bytes, s->ahead->len);
		drop_piece(tcp, s);
	}
}

/* The bytes up to the first piece are not in the capture. */
static void skip_hole(struct cg_tcp *tcp, struct stream *s)
{
	tcp->counters.gaps++;
	cg_splitter_lose(&s->splitter);
	s->seq = s->ahead->seq;
	take_ahead(tcp, s);
}

/* Returns the stream of the other direction, or NULL. */
static struct stream *find_other(const struct cg_tcp *tcp, const struct cg_flow *flow)
{
	struct cg_flow other = { .source_port = flow->dest_port, .dest_port = flow->source_port };

	memcpy(other.source, flow->dest, 16);
	memcpy(other.dest, flow->source, 16);
	return find_stream(tcp, &other);
}

bool cg_tcp_knows(const struct cg_tcp *tcp, const struct cg_flow *flow)
{
	return find_stream(tcp, flow) || find_other(tcp, flow);
}

/* The receiver has got what the capture lacks: it will not come again. */
static void handle_ack(struct cg_tcp *tcp, const struct cg_flow *flow, uint32_t ack)
{
	struct stream *s = find_other(tcp, flow);

	while (s && s->ahead && distance(ack, s->ahead->seq) > 0)
		skip_hole(tcp, s);
}

static void restart_stream(struct cg_tcp *tcp, struct stream *s, uint32_t seq)
{
	clear_stream(tcp, s);
	s->seq = seq;
}

static void handle_data(struct cg_tcp *tcp, struct stream *s, const struct segment *segment)
{
	int32_t gap = distance(segment->seq, s->seq);

	if (gap > JUMP || gap < -JUMP) {
		tcp->counters.gaps++;
		restart_stream(tcp, s, segment->seq);
		gap = 0;
	}
	if (gap > 0)
		keep_ahead(tcp, s, segment->seq, segment->data, segment->len);
	else
		take_data(tcp, s, segment->seq, segment->data, segment->len);
	take_ahead(tcp, s);
	while (s->ahead_bytes > CG_TCP_AHEAD_MAX)
		skip_hole(tcp, s);
}

static void handle_segment(struct cg_tcp *tcp, const struct cg_flow *flow,
			   const struct segment *segment)
{
	bool syn = segment->flags & FLAG_SYN;
	struct stream *s;

	if (segment->flags & FLAG_ACK)
		handle_ack(tcp, flow, segment->ack);
	s = find_stream(tcp, flow);
	if (!s && (syn || segment->len)) {
		s = add_stream(tcp, flow);
		if (s)
			s->seq = segment->seq + syn;
	} else if (s && syn && s->seq != segment->seq + 1) {
		restart_stream(tcp, s, segment->seq + 1);
	}
	if (!s)
		return;
	unlink_age(tcp, s);
	link_newest(tcp, s);
	if (segment->len && !syn)
		handle_data(tcp, s, segment);
	if (segment->flags & (FLAG_RST | FLAG_FIN) && !s->ahead)
		clear_stream(tcp, s); /* it still knows late copies by their numbers */
}

const uint8_t *cg_tcp_data(const struct cg_ip_packet *packet, size_t *len)
{
	size_t n = packet->payload_len >= 20 ? (packet->payload[12] >> 4) * 4 : 0;

	if (n < 20 || n > packet->payload_len)
		return NULL;
	*len = packet->payload_len - n;
	return packet->payload + n;
}

void cg_tcp_handle(struct cg_tcp *tcp, const struct cg_ip_packet *packet)
{
	const uint8_t *header = packet->payload;
	struct segment segment;

	segment.data = cg_tcp_data(packet, &segment.len);
	if (!segment.data)
		return;
	segment.seq = read32(header + 4);
	segment.ack = read32(header + 8);
	segment.flags = header[13];
	handle_segment(tcp, &packet->flow, &segment);
}

void cg_tcp_flush(struct cg_tcp *tcp)
{
	for (struct stream *s = tcp->oldest; s; s = s->newer)
		while (s->ahead)
			skip_hole(tcp, s);
}

const struct cg_tcp_counters *cg_tcp_get_counters(const struct cg_tcp *tcp)
{
	return &tcp->counters;
}
