/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The socket of a TCP connection, and what must hold of what it reads. A part of stream_fuzz.c,
 * included behind guard.bpf.c. It knows nothing of cg_stream but its state, and that it is in a long
 * header block.
 *
 * In enforce mode:
 * - A position of the stream passes with one content, unless the socket has it already.
 * - Nothing passes that is ahead of what has passed.
 * - Every message that passed was judged, once.
 * - No BYE that had to be refused can be read in what passed, however it was cut.
 * - Only a method's first byte, a letter or digit of CSeq, Call-ID or a tag is overwritten.
 * - An honest caller, who repeats what is lost, gets all through. A refused message that he cuts
 *   into pieces may stop him.
 * In observe mode nothing is dropped or written.
 *
 * API: receiver_start(), receiver_write(), receiver_room(), receiver_begin(), receiver_end(),
 * receiver_finish().
 */
#ifndef STREAM_RECEIVER_H
#define STREAM_RECEIVER_H

#define RECEIVER_ISN 0xfffff000U /* positions wrap soon */
#define RECEIVER_ROOM (1 << 14)

static struct {
	__u8 text[RECEIVER_ROOM]; /* what the caller has written */
	__u8 passed[RECEIVER_ROOM]; /* what passed, and */
	__u8 has_passed[RECEIVER_ROOM + 1];
	__u8 has[RECEIVER_ROOM + 1]; /* what the socket has got */
	__u32 written, sent, answered;
	__u32 first; /* bytes that the socket got before the attach */
	__u32 all_passed; /* bytes from the beginning on */
	__u32 taken; /* ... and of `has`: rcv_nxt */
	__u64 judged; /* messages, before the connection */
	int unread; /* bytes may have passed that nobody read */
	int dishonest;
	int has_odd;
	int has_body; /* and a message in it */
	int has_refused;
	int lose; /* the next segment */
	/* the segment in hand */
	__u32 at, len;
	__u8 bytes[16384];
} receiver;

static struct cg_connection *connection(void)
{
	return native_tcp.storage;
}

static const __u64 *counters_in(void)
{
	const struct cg_counters *c = bpf_map_lookup_elem(&counters, &(__u32){ 0 });

	return (const __u64 *)&c->in;
}

static int is_enforced(void)
{
	return config_get()->tcp == CG_TCP_ENFORCE;
}

static __u64 judged_messages(void)
{
	const __u64 *in = counters_in();
	__u64 sum = 0;

	for (int i = 0; i < CG_REASONS; i++)
		switch (i) {
		case CG_R_TCP:
		case CG_R_TCP_OPAQUE:
		case CG_R_TCP_FORWARDED:
		case CG_R_TCP_UNREAD:
		case CG_R_TCP_HOLE:
		case CG_R_TCP_HELD:
		case CG_R_TCP_STALLED:
		case CG_R_TCP_UNFRAMED:
		case CG_R_TCP_UNLIKE:
		case CG_R_KEEPALIVE:
			break;
		default:
			sum += in[i];
		}
	return sum;
}

static void receiver_write(const char *text, __u32 len, int is_refused, int is_odd)
{
	if (len > RECEIVER_ROOM - receiver.written)
		return;
	memcpy(receiver.text + receiver.written, text, len);
	receiver.written += len;
	receiver.has_odd |= is_odd;
	receiver.has_refused |= is_refused;
}

/* before: the socket has read some of a message before the guard was attached */
static void receiver_start(int before)
{
	static const char unread[] = "T sip:b SIP/2.0\r\nX: ";

	memset(&receiver, 0, sizeof(receiver));
	if (before) {
		receiver_write(unread, sizeof(unread) - 1, 0, 0);
		memset(receiver.has, 1, 8);
		receiver.taken = receiver.sent = receiver.all_passed = receiver.first = 8;
		receiver.unread = 1;
	}
	receiver.judged = judged_messages();
}

/*
 * What is repeated is compared with the last CG_STREAM_BYTES that passed: an honest caller is sure
 * to get through if he has no more than that under way.
 */
static __u32 receiver_room(__u32 at, __u32 len)
{
	__u32 end = receiver.taken + CG_STREAM_BYTES;

	if (!receiver.lose && at <= receiver.taken)
		return len;
	return at >= end ? 0 : len < end - at ? len : end - at;
}

/* Returns the text behind the first `what`, or NULL. */
static const char *text_behind(const char *text, const char *end, const char *what)
{
	size_t len = strlen(what);

	for (; text + len <= end; text++)
		if (!memcmp(text, what, len))
			return text + len;
	return NULL;
}

/* Returns whether these are more messages than a segment may have: no honest caller sends them. */
static int are_too_many(const __u8 *bytes, __u32 len)
{
	const char *at = (const char *)bytes, *end = at + len;
	int n = 0;

	while ((at = text_behind(at, end, "\r\n\r\n")))
		n++;
	return n > CG_TCP_ROUNDS * 32;
}

static void receiver_begin(__u32 at, const __u8 *bytes, __u32 len, int dishonest)
{
	receiver.at = at;
	receiver.len = len;
	receiver.dishonest |= dishonest || are_too_many(bytes, len);
	memcpy(receiver.bytes, bytes, len);
}

/* A byte that passes, at a position that the socket may still take. */
static void receiver_pass(__u32 pos, __u8 byte)
{
	if (is_enforced() && !receiver.unread && receiver.has_passed[pos])
		HOLD(receiver.passed[pos] == byte);
	if (!receiver.has[pos])
		receiver.passed[pos] = byte;
	receiver.has_passed[pos] = 1;
}

static void receiver_end(const __u8 *bytes, int verdict)
{
	int lose = receiver.lose;

	receiver.lose = 0;
	HOLD(verdict == TC_ACT_UNSPEC || is_enforced());
	receiver.unread |= connection()->in.state == CG_STREAM_OPAQUE;
	if (verdict == TC_ACT_SHOT)
		return;
	for (__u32 i = 0; i < receiver.len; i++)
		HOLD(bytes[i] == receiver.bytes[i] ||
		     (is_enforced() && (bytes[i] == 'X' || bytes[i] == 'Z')));
	if (is_enforced() && !receiver.unread)
		HOLD(receiver.at <= receiver.all_passed);
	for (__u32 i = 0; i < receiver.len; i++) {
		if (receiver.at + i >= receiver.taken)
			receiver_pass(receiver.at + i, bytes[i]);
		receiver.has[receiver.at + i] |= !lose;
	}
	if (receiver.at + receiver.len > receiver.sent)
		receiver.sent = receiver.at + receiver.len;
	while (receiver.has_passed[receiver.all_passed])
		receiver.all_passed++;
	while (receiver.has[receiver.taken])
		receiver.taken++;
}

/* --- what the socket reads -------------------------------------------------------------------- */

/* Returns what is behind the colon if a line has this header, in any case of letters, else NULL. */
static const char *header_value(const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);

	if ((size_t)(end - line) <= len || strncasecmp(line, name, len))
		return NULL;
	for (line += len; line < end && (*line == ' ' || *line == '\t'); line++)
		;
	return line < end && *line == ':' ? line + 1 : NULL;
}

/* Returns the length of the body, as the first Content-Length says it: two that differ stall. */
static unsigned long body_length(const char *text, const char *end)
{
	const char *line = text, *value;

	while ((line = text_behind(line, end, "\r\n"))) {
		value = header_value(line, end, "l");
		value = value ? value : header_value(line, end, "Content-Length");
		if (value)
			return strtoul(value, NULL, 10);
	}
	return 0;
}

/*
 * A whole header block of what passed. It holds no BYE of the dialog whose number is below the
 * caller's: the first line, the dialog and CSeq are as the caller writes them.
 */
static void check_message(const char *text, const char *end)
{
	static const char line[] = "BYE sip:b@198.51.100.1 SIP/2.0\r\n";
	const char *cseq = text_behind(text, end, "\r\nCSeq: ");
	unsigned long number;
	char *behind;

	HOLD(!memchr(text, '\0', end - text));
	for (const char *c = text; c < end; c++)
		HOLD(*c != '\n' || c[-1] == '\r');
	if (end - text < (long)sizeof(line) || memcmp(text, line, sizeof(line) - 1) ||
	    !text_behind(text, end, "\r\nCall-ID: call\r\n") || !cseq ||
	    !text_behind(text, end, "From: <sip:a@h>;tag=a\r\n") ||
	    !text_behind(text, end, "To: <sip:b@h>;tag=b\r\n"))
		return;
	number = strtoul(cseq, &behind, 10);
	HOLD(number > 13 || strncmp(behind, " BYE\r\n", 6));
}

/* Reads what passed as a proxy does. Returns the number of messages. */
static __u64 read_messages(void)
{
	const char *at = (const char *)receiver.passed, *end = at + receiver.all_passed, *block;
	__u64 count = 0;

	for (;;) {
		while (at < end && (*at == '\r' || *at == '\n'))
			at++;
		block = text_behind(at, end, "\r\n\r\n");
		if (!block)
			return count;
		check_message(at, block);
		count++;
		at = block + body_length(at, block);
		if (at > end)
			return count;
	}
}

static void receiver_finish(void)
{
	int state = connection()->in.state, whole = receiver.taken == receiver.written;
	__u64 read, judged = judged_messages() - receiver.judged;

	if (!is_enforced() || state == CG_STREAM_OPAQUE)
		return;
	if (!receiver.unread) {
		read = read_messages();
		/* A long header block is judged before its end. */
		HOLD(state == CG_STREAM_STALLED ? judged >= read
						: judged == read + connection()->in.rest);
	}
	HOLD(whole ||
	     state == CG_STREAM_STALLED); /* then the caller is told: the connection is reset */
	/*
	 * A stream that is not in step may be taken up at a message in a body; and what passed unread may
	 * leave a hole whose bytes nobody knows.
	 */
	if (!receiver.dishonest && !receiver.has_odd && !receiver.unread)
		HOLD(whole || receiver.has_refused);
}

#endif
