/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What bench.bpf.c writes into a packet, and bench.c opens dialogs by: a number in 8 bytes of text.
 * And how bench.c tells it which.
 */
#ifndef BENCH_DIGITS_H
#define BENCH_DIGITS_H

#include <linux/types.h>

#define BENCH_DIGITS 8

/* Numbers first to first + count - 1: at random, or where there is a step, one after the other. */
struct bench_range {
	__u32 first;
	__u32 count;
	__u32 step; /* prime to count */
	__u32 at; /* of the next one, less first */
};

#define BENCH_BYTE(x) (0x0101010101010101ULL * (x))

/* Of the 32 bits, low ones last, a nibble a byte: which byte comes first is of no concern. */
static inline __u64 bench_hex(__u32 number)
{
	__u64 x = number;

	x = (x << 16 | x) & 0x0000ffff0000ffffULL;
	x = (x << 8 | x) & 0x00ff00ff00ff00ffULL;
	x = (x << 4 | x) & BENCH_BYTE(0x0f);
	return x + BENCH_BYTE('0') + ((x + BENCH_BYTE(6)) >> 4 & BENCH_BYTE(1)) * ('a' - '0' - 10);
}

/* Octal, the low 24 bits: read as decimal it rises just so, and takes no division to write. */
static inline __u64 bench_octal(__u32 number)
{
	__u64 x = number & 0xffffff;

	x = (x << 20 | x) & 0x00000fff00000fffULL;
	x = (x << 10 | x) & 0x003f003f003f003fULL;
	x = (x << 5 | x) & BENCH_BYTE(0x07);
	return __builtin_bswap64(x + BENCH_BYTE('0'));
}

#endif
