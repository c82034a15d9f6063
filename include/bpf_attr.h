/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How a function is compiled for BPF, and why. Natively (unit tests, fuzzers) each of these is an
 * ordinary static function.
 *
 *   bpf_inline   The default. The function becomes a part of its caller, so that the verifier
 *                keeps what it knows of the arguments, and no call frame is used (of eight).
 *   BPF_SUBPROG  A BPF-to-BPF call with a stack frame of its own, which is released on return. For
 *                functions whose locals would overflow the 512 bytes that all frames share.
 *   BPF_GLOBAL   A global function. The verifier walks it once, not once for each call, and knows
 *                nothing of its arguments: it must check its pointers for NULL.
 */
#ifndef BPF_ATTR_H
#define BPF_ATTR_H

#ifdef __bpf__
#define bpf_inline static inline __attribute__((always_inline))
#define BPF_SUBPROG static __attribute__((noinline))
#define BPF_GLOBAL __attribute__((noinline))
#else
#define bpf_inline static inline
#define BPF_SUBPROG static __attribute__((unused))
#define BPF_GLOBAL static __attribute__((unused))
#endif

#endif
