/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The file with the secret of a pair: 32 hexadecimal digits. Hosts with the same secret have the same keys of
 * calls. These functions report errors and return enum cg_exit.
 */
#ifndef CG_ATTACH_SECRET_FILE_H
#define CG_ATTACH_SECRET_FILE_H

#include "cseqguard.h"

/* Reads a file that belongs to root, and that nobody else may read. */
int cg_secret_file_read(const char *path, struct cg_secret *secret);

/* Fails if the instance has another secret than this one, which was read from `path`. */
int cg_secret_file_check(const char *instance, const char *path, const struct cg_secret *secret);

#endif
