// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

enum link { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101, LINK_SLL = 113, LINK_IPV4 = 228 };

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 6 /* enhanced */
#define BLOCK_MAX 70000

static __u32 number32(const struct capture *c, const __u8 *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return c->swapped ? __builtin_bswap32(value) : value;
}

static __u16 number16(const struct capture *c, const __u8 *at)
{
	__u16 value;

	memcpy(&value, at, sizeof(value));
	return c->swapped ? __builtin_bswap16(value) : value;
}

int capture_open(struct capture *c, const char *path)
{
	__u8 header[24];
	__u32 magic;

	memset(c, 0, offsetof(struct capture, frame));
	c->file = fopen(path, "rb");
	if (!c->file)
		return -errno;
	if (fread(header, 1, 4, c->file) != 4)
		return -EINVAL;
	memcpy(&magic, header, sizeof(magic));
	if (magic == BLOCK_SECTION) {
		c->ng = 1;
		rewind(c->file);
		return 0;
	}
	c->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (!c->swapped && magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
		return -EINVAL;
	if (fread(header + 4, 1, 20, c->file) != 20)
		return -EINVAL;
	c->links[c->n_links++] = number32(c, header + 20);
	return 0;
}

void capture_close(struct capture *c)
{
	if (c->file)
		fclose(c->file);
}

/* Some link types have no Ethernet header: adds one before the IP packet. */
static int take_frame(struct capture *c, __u32 link, const __u8 *bytes, size_t len)
{
	size_t skip = 0, header = 14;

	if (link == LINK_ETHERNET)
		header = 0;
	else if (link == LINK_SLL)
		skip = 16;
	else if (link == LINK_NULL)
		skip = 4;
	else if (link != LINK_RAW && link != LINK_IPV4)
		return -EPROTONOSUPPORT;
	c->number++;
	if (len <= skip || len - skip > sizeof(c->frame) - header)
		return -EMSGSIZE;
	memset(c->frame, 0, header);
	if (header) {
		c->frame[12] = bytes[skip] >> 4 == 6 ? ETH_P_IPV6 >> 8 : ETH_P_IP >> 8;
		c->frame[13] = bytes[skip] >> 4 == 6 ? ETH_P_IPV6 & 0xff : ETH_P_IP & 0xff;
	}
	memcpy(c->frame + header, bytes + skip, len - skip);
	c->len = header + len - skip;
	return 1;
}

static int next_record(struct capture *c)
{
	static __u8 bytes[BLOCK_MAX];
	__u8 header[16];
	__u32 len;

	if (fread(header, 1, sizeof(header), c->file) != sizeof(header))
		return feof(c->file) ? 0 : -EIO;
	len = number32(c, header + 8);
	if (len > sizeof(bytes) || fread(bytes, 1, len, c->file) != len)
		return -EINVAL;
	return take_frame(c, c->links[0] & 0xffff, bytes, len);
}

/* Reads one block. Returns -EAGAIN if it is not a packet. */
static int next_block(struct capture *c)
{
	static __u8 block[BLOCK_MAX];
	__u32 type, len, interface, captured;

	if (fread(block, 1, 12, c->file) != 12)
		return feof(c->file) ? 0 : -EIO;
	type = number32(c, block);
	if (type == BLOCK_SECTION) {
		__u32 order;

		memcpy(&order, block + 8, sizeof(order));
		c->swapped = order == 0x4d3c2b1a;
		c->n_links = 0;
	}
	len = number32(c, block + 4);
	if (len < 12 || len > sizeof(block) || fread(block + 12, 1, len - 12, c->file) != len - 12)
		return -EINVAL;
	if (type == BLOCK_INTERFACE && c->n_links < CAPTURE_INTERFACES)
		c->links[c->n_links++] = number16(c, block + 8);
	if (type != BLOCK_PACKET)
		return -EAGAIN;
	if (len < 32)
		return -EINVAL;
	interface = number32(c, block + 8);
	captured = number32(c, block + 20);
	if (interface >= c->n_links || captured > len - 32)
		return -EINVAL;
	return take_frame(c, c->links[interface], block + 28, captured);
}

int capture_next(struct capture *c)
{
	int got;

	if (!c->ng)
		return next_record(c);
	do {
		got = next_block(c);
	} while (got == -EAGAIN);
	return got;
}
