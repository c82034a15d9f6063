/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Exit codes of both programs. */
#ifndef CG_UTIL_EXIT_H
#define CG_UTIL_EXIT_H

enum cg_exit {
	CG_DONE,
	CG_FAILED,
	CG_USAGE,
	CG_NOT_ATTACHED, /* `status` */
	CG_HONEST_REFUSED, /* `replay`: enforce mode would have refused a BYE that the far end accepted */
};

#endif
