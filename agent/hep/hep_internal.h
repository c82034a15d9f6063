/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The chunks of a HEPv3 record, as hep.c writes them and hep_read.c reads them. */
#ifndef CG_HEP_INTERNAL_H
#define CG_HEP_INTERNAL_H

#define HEP_HEADER 6 /* "HEP3" and the total length, or the head of a chunk; network order */

enum hep_chunk { /* vendor 0 */
		 HEP_FAMILY = 0x0001,
		 HEP_PROTOCOL = 0x0002,
		 HEP_SOURCE4 = 0x0003,
		 HEP_DESTINATION4 = 0x0004,
		 HEP_SOURCE6 = 0x0005,
		 HEP_DESTINATION6 = 0x0006,
		 HEP_SOURCE_PORT = 0x0007,
		 HEP_DESTINATION_PORT = 0x0008,
		 HEP_SECONDS = 0x0009,
		 HEP_MICROSECONDS = 0x000a,
		 HEP_TYPE = 0x000b,
		 HEP_AGENT = 0x000c,
		 HEP_KEY = 0x000e,
		 HEP_PAYLOAD = 0x000f,
		 HEP_CORRELATION = 0x0011,
};

#endif
