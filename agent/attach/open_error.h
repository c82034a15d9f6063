/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Error messages for an instance whose maps cannot be opened. */
#ifndef CG_ATTACH_OPEN_ERROR_H
#define CG_ATTACH_OPEN_ERROR_H

/*
 * Reports `err`, an -errno of cg_pin_open(), cg_map_open() or cg_config_open(), with a remedy.
 * Returns CG_FAILED.
 */
int cg_fail_open(const char *instance, int err);

#endif
