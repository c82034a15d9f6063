/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Text of a message, copied into maps and events.
 *
 * API: text_copy().
 */
#ifndef CG_TEXT_H
#define CG_TEXT_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf_attr.h"
#include "sip_types.h"

/*
 * Copies a slice of the message to out[size], NUL-terminated and padded with NULs. Returns 0, or -1
 * if the text was cut to size - 1 bytes or at a NUL within.
 */
bpf_inline int text_copy(char *out, __u32 size, const struct sip_parser *p,
			 const struct sip_slice *slice)
{
	const void *from = p->buf + (slice->off & (SIP_MAX - 1));
	__u64 len = slice->len;

	/* Kept as a 64-bit scalar: of a 16-bit length the 6.1 verifier loses the lower bound. */
	barrier_var(len);
	if (len >= size)
		len = size - 1;
	__builtin_memset(out, 0, size);
	return bpf_probe_read_kernel_str(out, len + 1, from) == slice->len + 1 ? 0 : -1;
}

#endif
