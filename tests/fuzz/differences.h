/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef DIFFERENCES_H
#define DIFFERENCES_H

#include "oracle.h"
#include "sip_parser.h"

enum field { CALL_ID, FROM_TAG, TO_TAG, CSEQ, METHOD };

/* Returns why this field of this message may differ from libosip2; NULL: it must not. */
const char *difference(const struct sip_parser *p, const struct opinion *o, enum field field);

#endif
