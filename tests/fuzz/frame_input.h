/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the fuzzers of the programs have in common: the bytes of an input, memory for frames, and
 * HOLD(). Include it behind native_bpf.h.
 *
 * API: HOLD(), take(), frames_map(), frames_end.
 */
#ifndef FRAME_INPUT_H
#define FRAME_INPUT_H

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOLD(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			native_refuse("does not hold: " #condition);                               \
	} while (0)

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

static __u8 *frames_end; /* start of the guard page: a frame ends there */

/* Returns the next byte of an input; 0: there is none. */
static inline __u8 take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Maps `room` bytes before frames_end. struct xdp_md and struct __sk_buff have 32 bits for an address. */
static inline void frames_map(size_t room)
{
	size_t page = sysconf(_SC_PAGESIZE), whole = (room + page - 1) / page * page;
	__u8 *base = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (base == MAP_FAILED || mprotect(base + whole, page, PROT_NONE))
		native_refuse("no memory below 4 GiB");
	frames_end = base + whole;
}

#endif
