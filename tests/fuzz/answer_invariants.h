/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What holds for a frame that the ingress program has left. A part of invariants.h. */
#ifndef ANSWER_INVARIANTS_H
#define ANSWER_INVARIANTS_H

static int bytes_are_swapped(const __u8 *was, const __u8 *is, size_t bytes)
{
	return !memcmp(was, is + bytes, bytes) && !memcmp(was + bytes, is, bytes);
}

/* Returns the sum of 16-bit words, most significant byte first. */
static __u32 sum_words(const __u8 *bytes, size_t len)
{
	__u32 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

/* Headers are plain, so the payload begins where struct packet says. */
static void check_answered_frame(const __u8 *was, const __u8 *is, size_t len)
{
	const struct packet *p = &scratch_get()->packet;
	size_t udp = p->offset - 8, addr = (is[udp - 20] >> 4) == 4 && p->source[10] ? 4 : 16;
	__u32 sum = 17 + 8 + p->length;

	HOLD(p->offset + p->length <= len && !p->gathered);
	HOLD(bytes_are_swapped(was, is, 6) && bytes_are_swapped(was + udp, is + udp, 2));
	HOLD(bytes_are_swapped(was + udp - 2 * addr, is + udp - 2 * addr, addr));
	HOLD(!memcmp(was + 12, is + 12, udp - 2 * addr - 12)); /* all other headers */
	HOLD(!memcmp(is + p->offset, "SIP/2.0 500 ", 12));
	sum += sum_words(is + udp - 2 * addr, 2 * addr) + sum_words(is + udp, 8 + p->length);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	HOLD(sum == 0xffff);
}

/* was: as the frame came in. Call it before invariants_after(). */
static void invariants_frame(int answered, const __u8 *was, const __u8 *is, size_t len)
{
	before.answered = answered;
	if (answered)
		check_answered_frame(was, is, len);
	else
		HOLD(!memcmp(was, is, len));
}

#endif
