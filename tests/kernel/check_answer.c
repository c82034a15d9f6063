// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What a refused BYE must have become, built from the table's step in another way than bpf/refusal.h
 * does: a new frame from the far end to the sender, around a new text.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

#define STATUS_LINE "SIP/2.0 500 Request Out of Order"
#define ETH_ADDRS 12 /* bytes of both MAC addresses */
#define ADDRS_AT_4 12 /* offset of the addresses in the IPv4 header */
#define ADDRS_AT_6 8

static void make_text(const struct message *bye, char *text)
{
	size_t line = strcspn(bye->text, "\r\n"), word = strlen(STATUS_LINE);

	memcpy(text, bye->text, bye->len);
	memset(text, ' ', line);
	memcpy(text, STATUS_LINE, word < line ? word : line);
}

static unsigned int add(unsigned int sum, const __u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

/* ip: offset of the IP header. RFC 768, RFC 8200 8.1 */
static void set_checksum(struct frame *frame, size_t ip, bool ip6, size_t udp_len)
{
	size_t udp = ip + (ip6 ? 40 : 20);
	unsigned int sum = 17 + udp_len;

	sum = add(sum, frame->bytes + ip + (ip6 ? ADDRS_AT_6 : ADDRS_AT_4), ip6 ? 32 : 8);
	sum = add(sum, frame->bytes + udp, udp_len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = sum == 0xffff ? sum : ~sum & 0xffff;
	frame->bytes[udp + 6] = sum >> 8;
	frame->bytes[udp + 7] = sum;
}

static void swap_macs(struct frame *frame)
{
	__u8 addrs[ETH_ADDRS];

	memcpy(addrs, frame->bytes, sizeof(addrs));
	memcpy(frame->bytes, addrs + ETH_ADDRS / 2, ETH_ADDRS / 2);
	memcpy(frame->bytes + ETH_ADDRS / 2, addrs, ETH_ADDRS / 2);
}

bool check_answer(const struct run *run)
{
	static char text[MESSAGE_MAX];
	static struct frame expected;
	size_t len = run->message->len;
	bool qinq = run->wrap && strstr(run->wrap, "qinq");
	bool vlan = run->wrap && strstr(run->wrap, "vlan");

	make_text(run->message, text);
	if (frame_make(&expected, &run->to, &run->from, text, len, run->wrap))
		return wrong("the answer cannot be built");
	swap_macs(&expected);
	set_checksum(&expected, 14 + (qinq ? 8 : vlan ? 4 : 0), run->from.ip6, 8 + len);
	if (run->harness->left_len != expected.len)
		return wrong("the answer has %zu bytes, must have %zu", run->harness->left_len,
			     expected.len);
	for (size_t i = 0; i < expected.len; i++)
		if (run->harness->left[i] != expected.bytes[i])
			return wrong("byte %zu of the answer is %02x, must be %02x", i,
				     run->harness->left[i], expected.bytes[i]);
	return true;
}
