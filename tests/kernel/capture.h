/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Captures, pcap and pcapng, frame by frame. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>

#define CAPTURE_FRAME_MAX 65550 /* an IP packet behind an Ethernet header */
#define CAPTURE_INTERFACES 8

struct capture {
	FILE *file;
	int swapped; /* written in the other byte order */
	int ng;
	__u32 links[CAPTURE_INTERFACES]; /* LINKTYPE_... */
	__u32 n_links;
	__u32 number; /* of the frame, from 1 on */
	__u8 frame
		[CAPTURE_FRAME_MAX]; /* as it was captured; of links without Ethernet, behind one */
	size_t len;
};

/* 0 or -errno. Closed by capture_close() in either case. */
int capture_open(struct capture *capture, const char *path);
void capture_close(struct capture *capture);

/* The next frame: 1; 0: there are no more; or -errno. */
int capture_next(struct capture *capture);

#endif
