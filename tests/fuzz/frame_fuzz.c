// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes the native build of both programs. An input is a sequence of frames, each run as ingress
 * or egress, with the checks of invariants.h before and after. Frames end at a guard page. The
 * first byte sets the policies. Steps follow, each of which begins with one byte:
 *	xxxxxx00	a SIP message composed of the next four or five bytes, see compose()
 *	llllll01 ll	a datagram with the following bytes; 14 bits of length
 *	llllll10 ll	a frame with the following bytes; the next byte is its linear part
 *	tttttt11	2^t ns pass (t up to 41); from 42 on: the next datagram comes in two
 *			fragments, cut at 8 * (t - 41) bytes, the second first if its length is
 *			odd; all bits set: toggles whether the rings are full;
 *			all but the lowest of t: the next dialog is another call's when it is locked
 */
#define NATIVE_ENTRIES 8 /* so that maps are full, and evict */
#define CG_FRAGMENT_BUCKETS 2 /* of four sets each, so that each has its bytes */
#include "engine/native_tcp.h"

#include "guard.bpf.c"

#include "frame_input.h"
#include "invariants.h"

#define FRAME_ROOM 9216
#define STEPS_MAX 64

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	frames_map(FRAME_ROOM);
	native.submitted = invariants_record;
	return 0;
}

/* --- running a frame -------------------------------------------------------------------------- */

/*
 * Returns the enum cg_reason. linear: bytes up to data_end. The program must load the rest with a
 * helper. own_socket: what goes
 * out leaves from a socket of the host, and is not routed through it.
 */
static int run(int in, const __u8 *bytes, size_t len, size_t linear, int own_socket)
{
	__u8 *frame = frames_end - len;
	int dropped = 0;

	memcpy(frame, bytes, len);
	native.frame = frame;
	native.frame_len = len;
	native.now += 1000;
	invariants_before();
	if (in) {
		struct xdp_md ctx = { .data = (__u32)(uintptr_t)frame,
				      .data_end = (__u32)(uintptr_t)(frame + linear),
				      .ingress_ifindex = 2 };
		int verdict = cseqguard_in(&ctx);

		HOLD(verdict == XDP_PASS || verdict == XDP_DROP || verdict == XDP_TX);
		dropped = verdict != XDP_PASS;
		invariants_frame(verdict == XDP_TX, bytes, frame, len);
	} else {
		struct __sk_buff skb = { .data = (__u32)(uintptr_t)frame,
					 .data_end = (__u32)(uintptr_t)(frame + linear),
					 .len = len,
					 .ifindex = 3 };

		if (own_socket)
			skb.sk = (void *)frame; /* compared with NULL */

		HOLD(cseqguard_out(&skb) == TC_ACT_UNSPEC);
	}
	return invariants_after(in, dropped);
}

/* --- frames from words ------------------------------------------------------------------------ */

enum peer { CALLER, GATEWAY, CALLEE, STRANGER, HOST, PEERS };
static const __u8 addresses[PEERS][4] = { { 192, 0, 2, 1 },
					  { 198, 51, 100, 1 },
					  { 203, 0, 113, 7 },
					  { 203, 0, 113, 66 },
					  { 192, 0, 2, 10 } };
static const char *const names[PEERS] = { "192.0.2.1", "198.51.100.1", "203.0.113.7",
					  "203.0.113.66", "192.0.2.10" };

struct datagram {
	int in;
	enum peer peer;
	__u16 port; /* of the peer */
	int own_socket;
};

static struct {
	size_t at; /* the next datagram is cut there; 0: not */
	__u16 id;
} cut;

/* One piece of an IP packet: [from, to) of `len` bytes. Returns the enum cg_reason. */
static int run_piece(const struct datagram *d, struct iphdr ip, const __u8 *bytes, size_t len,
		     size_t from, size_t to)
{
	static __u8 frame[FRAME_ROOM];
	struct ethhdr eth = { .h_proto = bpf_htons(ETH_P_IP) };

	ip.tot_len = bpf_htons(sizeof(ip) + to - from);
	ip.frag_off = bpf_htons(from / 8 | (to < len ? 0x2000 : 0));
	memcpy(frame, &eth, 14);
	memcpy(frame + 14, &ip, 20);
	memcpy(frame + 34, bytes + from, to - from);
	return run(d->in, frame, 34 + to - from, 34 + to - from, d->own_socket);
}

/* The second piece is judged: as the whole, unless there is no room to gather. */
static void run_pieces(const struct datagram *d, const struct iphdr *ip, const __u8 *bytes,
		       size_t len)
{
	size_t at = cut.at;
	int second_first = len & 1, reason;

	cut.at = 0;
	if (!at || at >= len) {
		run_piece(d, *ip, bytes, len, 0, len);
		return;
	}
	reason = run_piece(d, *ip, bytes, len, second_first ? at : 0, second_first ? len : at);
	HOLD(reason == CG_R_FRAGMENT || reason == CG_R_FRAGMENTED);
	if (reason == CG_R_FRAGMENTED)
		return;
	reason = run_piece(d, *ip, bytes, len, second_first ? 0 : at, second_first ? at : len);
	HOLD(reason != CG_R_FRAGMENT && reason != CG_R_FRAGMENT_UNLIKE);
}

static void run_datagram(const struct datagram *d, const void *text, size_t len)
{
	static __u8 bytes[FRAME_ROOM];
	const __u8 *host = addresses[HOST], *far = addresses[d->peer];
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .id = ++cut.id
	};
	struct udphdr udp = { .source = bpf_htons(d->in ? d->port : 5060),
			      .dest = bpf_htons(d->in ? 5060 : d->port),
			      .len = bpf_htons(8 + len) };

	memcpy(&ip.saddr, d->in ? far : host, 4);
	memcpy(&ip.daddr, d->in ? host : far, 4);
	memcpy(bytes, &udp, 8);
	memcpy(bytes + 8, text, len);
	run_pieces(d, &ip, bytes, 8 + len);
}

/* The host that first put a branch on top of a request wrote its sent-by; 0: none yet. */
static struct {
	__u8 sender; /* enum peer, plus one */
} branches_seen[16];

static const char *sent_by(int branch)
{
	__u8 sender = branches_seen[branch & 15].sender;

	return sender ? names[sender - 1] : "192.0.2.77";
}

/* The fifth byte of a composed message */
#define WITH_RECORD_ROUTE 0x01 /* of the host */
#define WITH_FAR_RECORD_ROUTE 0x02
#define WITH_ROUTE 0x04 /* of the host */
#define WITH_FAR_ROUTE 0x08
#define WITH_RECEIVED 0x10 /* in the last Via */
#define WITH_OWN_SOCKET 0x20
#define WITH_NAME 0x40 /* the host's sent-by is a name */
#define WITH_OWN_CONTACT 0x80

static int put_vias(char *text, size_t room, int branch, int below, __u8 with)
{
	const char *received = with & WITH_RECEIVED ? ";received=203.0.113.66" : "";
	const char *top = with & WITH_NAME ? "sip.example" : sent_by(branch);
	int len = snprintf(text, room, "Via: SIP/2.0/UDP %s;branch=z9hG4bK%d%s\r\n", top, branch,
			   below ? "" : received);

	if (below)
		len += snprintf(text + len, room - len,
				"Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%d%s\r\n", sent_by(below),
				below, received);
	return len;
}

static int put_routes(char *text, size_t room, __u8 with)
{
	return snprintf(text, room, "%s%s%s%s",
			with & WITH_RECORD_ROUTE ? "Record-Route: <sip:192.0.2.10;lr>\r\n" : "",
			with & WITH_FAR_RECORD_ROUTE ? "Record-Route: <sip:198.51.100.9;lr>\r\n"
						     : "",
			with & WITH_ROUTE ? "Route: <sip:192.0.2.10;lr>\r\n" : "",
			with & WITH_FAR_ROUTE ? "Route: <sip:198.51.100.9;lr>\r\n" : "");
}

/*
 * Composes a message from the step's byte (direction 1 bit, peer 2, response 1, port 1, a fifth
 * byte follows 1) and the next four: method 3 bits, status 3, Call-ID 1, truncated 1; CSeq; From
 * tag 2, To tag 2, Request-URI 2, Contact 2; branch 4, branch below it 4 (0: none).
 */
static void compose(struct input *in, __u8 step)
{
	static const char *const methods[] = { "INVITE", "ACK",	   "BYE",  "CANCEL",
					       "PRACK",	 "UPDATE", "INFO", "OPTIONS" };
	static const int statuses[] = { 100, 180, 200, 202, 401, 481, 500, 603 };
	static const char *const tags[] = { "", ";tag=a", ";tag=b", ";tag=A" };
	static const char *const numbers[] = { "2147483647", "2147483648", "4294967310", "x" };
	static const char *const uris[] = { "sip:b@198.51.100.1", "sip:a@192.0.2.1:5070",
					    "sip:z@203.0.113.66", "sip:b@198.51.100.1:5070;x" };
	__u8 what = take(in), number = take(in), tag = take(in), branch = take(in);
	__u8 with = step & 0x80 ? take(in) : 0;
	struct datagram d = { .in = !(step & 0x04),
			      .peer = step >> 3 & 3,
			      .port = step & 0x40 ? 5070 : 5060,
			      .own_socket = with & WITH_OWN_SOCKET };
	const char *method = methods[what & 7];
	char text[1024], cseq[16];
	int len;

	snprintf(cseq, sizeof(cseq), "%d", number);
	if (!(step & 0x20) && !branches_seen[branch & 15].sender)
		branches_seen[branch & 15].sender = 1 + (d.in ? d.peer : HOST);
	if (step & 0x20)
		len = snprintf(text, sizeof(text), "SIP/2.0 %d x\r\n", statuses[what >> 3 & 7]);
	else
		len = snprintf(text, sizeof(text), "%s %s SIP/2.0\r\n", method, uris[tag >> 4 & 3]);
	len += put_vias(text + len, sizeof(text) - len, branch & 15, branch >> 4, with);
	len += put_routes(text + len, sizeof(text) - len, with);
	len += snprintf(text + len, sizeof(text) - len,
			"From: <sip:a@h>%s\r\nTo: <sip:b@h>%s\r\nCall-ID: c%d\r\nContact: <%s>\r\n",
			tags[tag & 3], tags[tag >> 2 & 3], what >> 6 & 1,
			with & WITH_OWN_CONTACT ? "sip:b@192.0.2.10" : uris[tag >> 6]);
	len += snprintf(text + len, sizeof(text) - len, "CSeq: %s %s\r\n\r\n",
			number < 252 ? cseq : numbers[number - 252], method);
	if (what >> 7)
		len -= 2 + number % 64; /* cut */
	run_datagram(&d, text, len);
}

static size_t take_length(struct input *in, __u8 step, size_t most)
{
	size_t len = (step >> 2) | take(in) << 6, left = in->end - in->at;

	len = len < left ? len : left;
	return len < most ? len : most;
}

static void run_step(struct input *in)
{
	__u8 step = take(in), where;
	size_t len, linear;

	switch (step & 3) {
	case 0:
		compose(in, step);
		break;
	case 1:
		where = take(in);
		len = take_length(in, step, FRAME_ROOM - 42);
		run_datagram(&(struct datagram){ .in = where & 1,
						 .peer = where >> 1 & 3,
						 .port = 5060,
						 .own_socket = where & 8 },
			     in->at, len);
		in->at += len;
		break;
	case 2:
		where = take(in);
		linear = take(in) * 8;
		len = take_length(in, step, FRAME_ROOM);
		run(where & 1, in->at, len, where & 2 && linear < len ? linear : len, where & 8);
		in->at += len;
		break;
	case 3:
		if (step == 0xff)
			native.ring_full = !native.ring_full;
		else if (step == 0xfb)
			native.before_lock = invariants_reuse;
		else if (step >> 2 < 42)
			native.now += 1ULL << (step >> 2);
		else
			cut.at = 8 * ((step >> 2) - 41);
		break;
	}
}

static void start(__u8 policies)
{
	const struct cg_secret key = { { 0x0123456789abcdef, 0xfedcba9876543210 } };
	struct cg_config settings = {
		.layout = CG_LAYOUT,
		.mode = policies & 1 ? CG_OBSERVE : CG_ENFORCE,
		.equal = policies & 2 ? CG_EQUAL_PASS : CG_EQUAL_DROP,
		.source = policies & 4 ? CG_SOURCE_STRICT : CG_SOURCE_OBSERVE,
		.fragments = policies & 8 ? CG_FRAGMENTS_PASS : CG_FRAGMENTS_STRICT,
		.strict_interface = policies >> 4 & 1,
		.has_gateways = !(policies & 32),
		.has_prefixes = 1,
		.tcp = policies % (CG_TCP_ENFORCE + 1),
		.hides = policies & 64 ? CG_HIDES_OFF : CG_HIDES_AUTO,
		.refuse = policies & 64 ? CG_REFUSE_DROP : CG_REFUSE_ANSWER,
		.unseen = policies & 128 ? CG_UNSEEN_BELIEVE : CG_UNSEEN_SUSPECT,
		.max_dialogs =
			1024, /* beyond what the native maps hold: nobody has a share of them */
		.n_ports = 1,
		.ports = { 5060 },
		.port_bits = cg_port_bits((const __u16[]){ 5060 }, 1),
	};

	native.now = 1000000000;
	native.ring_full = 0;
	native.before_lock = NULL;
	cut.at = 0;
	cut.id = 0;
	memset(branches_seen, 0, sizeof(branches_seen));
	for (struct native_map *m = native.maps; m->map; m++)
		if (m->map != &fragment_bytes) /* they have no meaning by themselves */
			native_map_clear(m);
	memcpy(bpf_map_lookup_elem(&config, &(__u32){ 0 }), &settings, sizeof(settings));
	memcpy(bpf_map_lookup_elem(&secret, &(__u32){ 0 }), &key, sizeof(key));
	add_prefix(128, addresses[HOST], CG_ADDR_HOST);
	if (settings.has_gateways)
		add_prefix(120, addresses[GATEWAY], CG_ADDR_GATEWAY);
	if (policies & 128)
		add_prefix(128, addresses[STRANGER], CG_ADDR_RELAY);
	add_name(names[HOST]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, data + len };

	start(take(&in));
	invariants_start();
	for (int i = 0; i < STEPS_MAX && in.at < in.end; i++)
		run_step(&in);
	return 0;
}
