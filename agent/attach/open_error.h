/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Why the maps of an instance could not be opened, with the remedy. */
#ifndef CG_ATTACH_OPEN_ERROR_H
#define CG_ATTACH_OPEN_ERROR_H

/*
 * Reports `err`, an -errno of cg_pin_open() or cg_config_open() for this instance. Returns
 * CG_FAILED.
 */
int cg_fail_open(const char *instance, int err);

#endif
