/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the fuzzers of the programs have in common: the bytes of an input, memory for frames, what a
 * loader writes, and HOLD(). Include it behind guard.bpf.c.
 *
 * API: HOLD(), take(), frames_map(), frames_end, add_prefix(), add_name().
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

/*
 * Maps `room` bytes before frames_end. struct xdp_md and struct __sk_buff have 32 bits for an
 * address.
 */
static inline void frames_map(size_t room)
{
	size_t page = sysconf(_SC_PAGESIZE), whole = (room + page - 1) / page * page;
	__u8 *base = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (base == MAP_FAILED || mprotect(base + whole, page, PROT_NONE))
		native_refuse("no memory below 4 GiB");
	frames_end = base + whole;
}

/* addr: IPv4. */
static inline void add_prefix(__u32 bits, const __u8 addr[4], __u32 class)
{
	struct cg_prefix prefix = { .bits = bits, .addr = { [10] = 0xff, 0xff } };

	memcpy(prefix.addr + 12, addr, 4);
	bpf_map_update_elem(&gateways, &prefix, &class, BPF_ANY);
}

/* A name of the host, as --host and the loader write it. */
static inline void add_name(const char *text)
{
	struct sip_parser *p = &scratch_get()->parser;
	struct cg_host_name name = { .origin = CG_NAME_GIVEN };
	__u64 hash;

	memcpy(p->buf, text, strlen(text));
	hash = hash_folded(p, 0, strlen(text));
	snprintf(name.text, sizeof(name.text), "%s", text);
	bpf_map_update_elem(&hosts, &hash, &name, BPF_ANY);
}

#endif
