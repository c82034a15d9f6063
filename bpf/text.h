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

/* Text of a slice, cut to `size` less one and NUL-ended; -1: it was cut, or a NUL cuts it. */
bpf_inline int text_copy(char *out, __u32 size, const struct sip_parser *p,
			 const struct sip_slice *slice)
{
	const void *from = p->buf + (slice->off & (SIP_MAX - 1));
	__u64 len = slice->len;

	barrier_var(len); /* 64 bits wide, or 6.1's verifier loses its lower bound */
	if (len >= size)
		len = size - 1;
	__builtin_memset(out, 0, size);
	return bpf_probe_read_kernel_str(out, len + 1, from) == slice->len + 1 ? 0 : -1;
}

#endif
