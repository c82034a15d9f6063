/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A second pin of cseqguard_in, whose name has the hash of the object that the program is from. It
 * says which build of the programs an instance runs.
 */
#ifndef CG_ATTACH_BUILD_PIN_H
#define CG_ATTACH_BUILD_PIN_H

/* Pins cseqguard_in, which this version has loaded, and removes the pins of other builds. 0 or -errno, reported. */
int cg_build_pin(const char *instance, int prog_in);

/* Opens cseqguard_in if this build has loaded it. An fd or -errno, not reported. */
int cg_build_open(const char *instance);

#endif
