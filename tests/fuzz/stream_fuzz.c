// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes the programs for TCP with one connection of a caller to the host. The input chooses what
 * the caller writes, how it is cut into segments, and what becomes of them: out of order, repeated,
 * overlapping, unlike, lost behind the guard. stream_receiver.h is the socket, and what must hold.
 *
 * The first byte sets the policies. Steps follow, each of which begins with one byte:     mmmmm000
 * the caller writes a message, see write_message(); the next byte is its number   nnnnn001
 * ... that message again, n times         lllll010 ll     a segment of that length continues what
 * was sent        lllll011 ll bb  ... repeats: it begins b bytes before what is sent next
 * lllll100 ll aa  ... is ahead, by a bytes        lllll101 ll bb ii xx    ... repeats, unlike: byte
 * i is changed by x     nnnnn110        the next segment is lost behind the guard; n = 31: the
 * policy changes   lllll111        the host sends so many bytes of an answer
 */
#define NATIVE_ENTRIES 8
#define CG_FRAGMENT_BUCKETS 2
#include "engine/native_tcp.h"

#include "guard.bpf.c"

#include "frame_input.h"
#include "stream_receiver.h"

#define FRAME_ROOM 12288
#define STEPS_MAX 200
#define SEGMENT_MAX 8191

static void drop_record(const void *ring, const void *record)
{
	(void)ring, (void)record;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	frames_map(FRAME_ROOM);
	native.submitted = drop_record;
	native_tcp.storage = calloc(1, sizeof(struct cg_connection));
	if (!native_tcp.storage)
		native_refuse("out of memory");
	return 0;
}

/* --- frames ----------------------------------------------------------------------------------- */

static const __u8 caller[4] = { 192, 0, 2, 1 }, host[4] = { 192, 0, 2, 10 },
		  gateway[4] = { 198, 51, 100, 1 };

static __u8 *put_ip(const __u8 *from, const __u8 *to, __u8 protocol, size_t len)
{
	size_t whole = 34 + len;
	__u8 *frame = frames_end - whole;
	struct ethhdr eth = { .h_proto = bpf_htons(ETH_P_IP) };
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .protocol = protocol,
			    .tot_len = bpf_htons(20 + len) };

	memcpy(&ip.saddr, from, 4);
	memcpy(&ip.daddr, to, 4);
	memcpy(frame, &eth, 14);
	memcpy(frame + 14, &ip, 20);
	native.frame = frame;
	native.frame_len = whole;
	native.now += 1000;
	return frame + 34;
}

static void run_datagram(int in, const __u8 *peer, const char *text)
{
	size_t len = strlen(text);
	__u8 *at = put_ip(in ? peer : host, in ? host : peer, IPPROTO_UDP, 8 + len);
	struct udphdr udp = { .source = bpf_htons(5060),
			      .dest = bpf_htons(5060),
			      .len = bpf_htons(8 + len) };
	struct xdp_md xdp = { .data = (__u32)(uintptr_t)native.frame,
			      .data_end = (__u32)(uintptr_t)frames_end,
			      .ingress_ifindex = 2 };
	struct __sk_buff skb = {
		.data = xdp.data, .data_end = xdp.data_end, .len = native.frame_len, .ifindex = 2
	};

	memcpy(at, &udp, 8);
	memcpy(at + 8, text, len);
	if (in)
		cseqguard_in(&xdp);
	else
		cseqguard_out(&skb);
}

static __u16 pseudo_sum(const __u8 *tcp, size_t len)
{
	const __u8 *ip = tcp - 20;
	__u32 sum = IPPROTO_TCP + len;

	for (size_t i = 12; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	return native_fold(sum);
}

/* The checksum over a TCP header and what is behind it: 0 if that in the header is right. */
static __u16 tcp_sum(const __u8 *tcp, size_t len)
{
	__u32 sum = pseudo_sum(tcp, len);

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? tcp[i] : tcp[i] << 8;
	return ~native_fold(sum);
}

/* What is left of a segment that became an RST. */
static void check_reset(const __u8 *at, int sum_counts)
{
	struct tcphdr tcp;

	memcpy(&tcp, at, sizeof(tcp));
	HOLD(is_enforced() && tcp.rst && !tcp.fin && bpf_ntohl(tcp.seq) == native_tcp.tcp.rcv_nxt);
	HOLD(!sum_counts || !tcp_sum(at, sizeof(tcp)));
}

/* Runs the programs over a segment that is at the end of the frames. Returns its bytes. */
static __u8 *run_segment(int in, __u32 seq, const __u8 *bytes, size_t len, int *verdict)
{
	__u8 *at = put_ip(in ? caller : host, in ? host : caller, IPPROTO_TCP, 20 + len);
	struct tcphdr tcp = { .source = bpf_htons(in ? 4000 : 5060),
			      .dest = bpf_htons(in ? 5060 : 4000),
			      .seq = bpf_htonl(seq),
			      .doff = 5,
			      .ack = 1 };
	struct __sk_buff skb = { .data = (__u32)(uintptr_t)native.frame,
				 .data_end = (__u32)(uintptr_t)frames_end,
				 .len = native.frame_len,
				 .ifindex = 2,
				 .sk = native_tcp.sock };
	__u32 whole = skb.len;
	int sum_counts;

	memcpy(at, &tcp, 20);
	memcpy(at + 20, bytes, len);
	tcp.check = bpf_htons(tcp_sum(at, 20 + len));
	/* A sum that happens to be that of the pseudo-header is not known to be whole. */
	sum_counts = bpf_ntohs(tcp.check) != pseudo_sum(at, 20 + len);
	memcpy(at, &tcp, 20);
	*verdict = native_segment(&skb, in ? cseqguard_tcp_in : cseqguard_tcp_out,
				  cseqguard_tcp_message, cseqguard_tcp_more, CG_TCP_ROUNDS);
	HOLD(*verdict == TC_ACT_UNSPEC || *verdict == TC_ACT_SHOT);
	if (*verdict == TC_ACT_UNSPEC && skb.len < whole) {
		check_reset(at, sum_counts);
		*verdict = TC_ACT_SHOT;
	}
	HOLD(*verdict == TC_ACT_SHOT || !tcp_sum(at, 20 + len));
	HOLD(!connection()->in.claim && !connection()->out.claim);
	return at + 20;
}

/* --- what the caller writes ------------------------------------------------------------------- */

#define TO_DIALOG(via)                                                                             \
	"Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK" via                                            \
	"\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=b\r\n"                                     \
	"Call-ID: call\r\n"
#define REQUEST(method, cseq, more)                                                                \
	method " sip:b@198.51.100.1 SIP/2.0\r\n" TO_DIALOG("c7") "CSeq: " cseq " " method          \
								 "\r\n" more

static const char body_bye[] = "\r\n\r\n" REQUEST("BYE", "14", "\r\n");

struct message {
	const char *text;
	int body; /* bytes of body_bye, repeated */
	int is_refused;
	int is_odd; /* the connection stalls */
};

static const struct message messages[] = {
	{ REQUEST("INFO", "14", "\r\n"), 0, 0, 0 },
	{ REQUEST("OPTIONS", "15", "l: 0\r\n\r\n"), 0, 0, 0 },
	{ REQUEST("BYE", "10", "\r\n"), 0, 1, 0 },
	{ REQUEST("BYE", "9", "Content-Length: 10\r\n\r\n"), 10, 1, 0 },
	{ REQUEST("INFO", "16", "Content-Length: 300\r\n\r\n"), 300, 0, 0 },
	{ REQUEST("INFO", "16", "l: 3000\r\n\r\n"), 3000, 0, 0 },
	{ "\r\n\r\n", 0, 0, 0 },
	{ "SIP/2.0 200 OK\r\n" TO_DIALOG("g1") "CSeq: 1 OPTIONS\r\n\r\n", 0, 0, 0 },
	{ "OPTIONS sip:h SIP/2.0\r\nCall-ID: x\r\n\r\n", 0, 0, 0 },
	{ "OPTIONS sip:h SIP/2.0\r\n\r\n", 0, 0, 0 },
	{ "no SIP\r\n\r\n", 0, 0, 0 },
	{ "BYE sip:b@198.51.100.1 SIP/2.0\r\nCall-ID: other\r\n" TO_DIALOG(
		  "c7") "CSeq: 8 BYE\r\n\r\n",
	  0, 1, 0 },
	{ REQUEST("BYE", "8", "\n"), 0, 1, 1 },
	{ REQUEST("INFO", "8", "l: +1\r\n\r\n"), 0, 0, 1 },
	{ "\x16\x03\x01", 0, 0, 1 }, /* may be TLS */
	{ NULL, 0, 0, 0 }, /* see write_long() */
};

/* A header block of about 4,000 bytes, or more: the number decides, and whether it is a BYE's. */
static int write_long(char *text, size_t room, __u8 number)
{
	int is_bye = number & 16, len, lines = 34 + (number >> 4) * 2;

	len = snprintf(text, room, "%s",
		       is_bye ? REQUEST("BYE", "17", "") : REQUEST("INFO", "17", ""));
	for (int i = 0; i < lines; i++)
		len += snprintf(text + len, room - len, "X: %0*d\r\n", 97 + (i & 7), 0);
	len += snprintf(text + len, room - len, "%s\r\n", number & 32 ? "l: 10\r\n" : "");
	return len;
}

static void write_message(__u8 number)
{
	const struct message *m = &messages[number & 15];
	static char text[8192];
	int len, is_long, bytes = m->text ? m->body : number & 32 ? 10 : 0;

	if (m->text)
		len = snprintf(text, sizeof(text), "%s", m->text);
	else
		len = write_long(text, sizeof(text), number);
	is_long = len > CG_STREAM_BYTES;
	for (int body = 0; body < bytes; body++)
		text[len++] = body_bye[body % (sizeof(body_bye) - 1)];
	receiver.has_body |= bytes > 0;
	receiver_write(text, len, m->is_refused || (!m->text && number & 16),
		       m->is_odd || (is_long && number & 16));
}

/* --- segments --------------------------------------------------------------------------------- */

/* [at, at + len) of what was written. changed: a byte of it, 0: none, is changed by `by`. */
static void send_bytes(__u32 at, __u32 len, __u32 changed, __u8 by)
{
	static __u8 bytes[SEGMENT_MAX + 1];
	int verdict;

	if (at > receiver.written || !len || len > SEGMENT_MAX)
		return;
	if (len > receiver.written - at)
		len = receiver.written - at;
	len = receiver_room(at, len);
	if (!len)
		return;
	memcpy(bytes, receiver.text + at, len);
	if (by)
		bytes[changed % len] ^= by;
	receiver_begin(at, bytes, len, by != 0);
	native_tcp.tcp.rcv_nxt = RECEIVER_ISN + receiver.taken;
	native_tcp.tcp.bytes_received = receiver.taken;
	receiver_end(run_segment(1, RECEIVER_ISN + at, bytes, len, &verdict), verdict);
}

static __u32 take_length(struct input *in, __u8 step)
{
	return ((step >> 3) << 8 | take(in)) & SEGMENT_MAX;
}

static void host_sends(__u8 step)
{
	static const char answer[] = "SIP/2.0 200 OK\r\n" TO_DIALOG("g1") "CSeq: 1 OPTIONS\r\n\r\n";
	static __u8 was[sizeof(answer)];
	__u32 at = receiver.answered % (sizeof(answer) - 1), len = 1 + (step >> 3) * 8;
	__u8 *now;
	int verdict;

	if (len > sizeof(answer) - 1 - at)
		len = sizeof(answer) - 1 - at;
	memcpy(was, answer + at, len);
	native_tcp.tcp.bytes_acked = receiver.answered;
	now = run_segment(0, receiver.answered, was, len, &verdict);
	HOLD(verdict == TC_ACT_UNSPEC && !memcmp(now, was, len));
	receiver.answered += len;
}

static void change_policy(void)
{
	struct cg_config *now = (void *)config_get();

	now->tcp = (now->tcp + 1) % (CG_TCP_ENFORCE + 1);
	receiver.unread = 1;
}

static void run_step(struct input *in)
{
	__u8 step = take(in);
	__u32 len, where;
	__u8 number;

	switch (step & 7) {
	case 0:
		write_message(step >> 3);
		break;
	case 1:
		number = take(in);
		for (int i = 0; i < step >> 3; i++)
			write_message(number);
		break;
	case 2:
		len = take_length(in, step);
		send_bytes(receiver.sent, len, 0, 0);
		break;
	case 3:
		len = take_length(in, step);
		where = take(in) << 4;
		send_bytes(receiver.sent - (where < receiver.sent ? where : receiver.sent), len, 0,
			   0);
		break;
	case 4:
		len = take_length(in, step);
		send_bytes(receiver.sent + take(in), len, 0, 0);
		break;
	case 5:
		len = take_length(in, step);
		where = take(in) << 4;
		number = take(in);
		send_bytes(receiver.sent - (where < receiver.sent ? where : receiver.sent), len,
			   number << 3, take(in));
		break;
	case 6:
		if (step >> 3 == 31)
			change_policy();
		else
			receiver.lose = 1;
		break;
	case 7:
		host_sends(step);
		break;
	}
}

/* --- an input --------------------------------------------------------------------------------- */

static void open_dialog(void)
{
#define OPENING(to, vias)                                                                          \
	vias "From: <sip:a@h>;tag=a\r\nTo: <sip:b@h>" to                                           \
	     "\r\nCall-ID: call\r\nCSeq: 13 INVITE\r\n"                                            \
	     "Contact: <sip:b@198.51.100.1>\r\n\r\n"
#define VIA(host, branch) "Via: SIP/2.0/UDP " host ";branch=z9hG4bK" branch "\r\n"
	const char *invite = "INVITE sip:b@h SIP/2.0\r\n" OPENING("", VIA("192.0.2.1", "c1"));

	run_datagram(1, caller, invite);
	run_datagram(0, gateway,
		     "INVITE sip:b@h SIP/2.0\r\n" OPENING("", VIA("192.0.2.10", "p1")
								      VIA("192.0.2.1", "c1")));
	run_datagram(1, gateway,
		     "SIP/2.0 200 OK\r\n" OPENING(";tag=b",
						  VIA("192.0.2.10", "p1") VIA("192.0.2.1", "c1")));
	HOLD(counters_in()[CG_R_OPENED] == 1);
}

static void start(__u8 policies)
{
	const struct cg_secret key = { { 0x0123456789abcdef, 0xfedcba9876543210 } };
	static struct bpf_sock sock = { .state = BPF_TCP_ESTABLISHED };
	struct cg_config settings = {
		.layout = CG_LAYOUT,
		.mode = CG_ENFORCE,
		.equal = CG_EQUAL_DROP,
		.has_gateways = 1,
		.has_prefixes = 1,
		.tcp = policies & 1 ? CG_TCP_OBSERVE : CG_TCP_ENFORCE,
		.max_dialogs = 1024,
		.n_ports = 1,
		.ports = { 5060 },
		.port_bits = cg_port_bits((const __u16[]){ 5060 }, 1),
	};

	native.now = 1000000000;
	native.ring_full = 0;
	for (struct native_map *m = native.maps; m->map; m++)
		if (m->map != &fragment_bytes && m->map != &scratch && m->map != &tcp_scratch)
			native_map_clear(m);
	memcpy((void *)config_get(), &settings, sizeof(settings));
	memcpy(bpf_map_lookup_elem(&secret, &(__u32){ 0 }), &key, sizeof(key));
	add_prefix(128, host, CG_ADDR_HOST);
	add_prefix(128, gateway, CG_ADDR_GATEWAY);
	add_name("192.0.2.10");
	native_tcp.sock = &sock;
	memset(native_tcp.storage, 0, sizeof(struct cg_connection));
	open_dialog();
	receiver_start(policies & 2);
}

/* The caller repeats what the socket has not, as long as that helps. */
static void finish(void)
{
	for (int tries = 0; receiver.taken < receiver.written && tries < CG_STREAM_TRIES; tries++) {
		__u32 taken = receiver.taken;

		receiver.lose = 0;
		send_bytes(taken, 1400, 0, 0);
		if (receiver.taken != taken)
			tries = -1;
	}
	receiver_finish();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, data + len };

	start(take(&in));
	for (int i = 0; i < STEPS_MAX && in.at < in.end; i++)
		run_step(&in);
	finish();
	return 0;
}
