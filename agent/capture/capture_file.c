// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/capture_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER (1 << 20)
#define HEADER 24 /* of a pcap file, and 16 of each packet: for the position */
#define PACKET_HEADER 16

struct cg_capture {
	pcap_t *pcap;
	enum cg_link link;
	uint64_t size, position;
	char fault[PCAP_ERRBUF_SIZE];
	char *buffer; /* of the file */
};

static enum cg_link find_link(int type)
{
	switch (type) {
	case DLT_EN10MB:
		return CG_LINK_ETHERNET;
	case DLT_LINUX_SLL:
		return CG_LINK_SLL;
	case DLT_LINUX_SLL2:
		return CG_LINK_SLL2;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return CG_LINK_IP;
	case DLT_NULL:
	case DLT_LOOP:
		return CG_LINK_NULL;
	default:
		return CG_LINK_OTHER;
	}
}

static FILE *open_file(const char *path, struct cg_capture *c)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rbe") : stdin;
	struct stat status = {};

	if (!file)
		return NULL;
	if (!fstat(fileno(file), &status) && S_ISDIR(status.st_mode)) {
		fclose(file);
		errno = EISDIR;
		return NULL;
	}
	if (S_ISREG(status.st_mode))
		c->size = status.st_size;
	c->buffer = malloc(BUFFER);
	if (c->buffer)
		setvbuf(file, c->buffer, _IOFBF, BUFFER);
	return file;
}

int cg_capture_open(const char *path, struct cg_capture **capture, char *why, size_t size)
{
	struct cg_capture *c = calloc(1, sizeof(*c));
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file;
	int err;

	if (!c) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	file = open_file(path, c);
	if (!file) {
		err = -errno;
		snprintf(why, size, "%s", strerror(-err));
		free(c);
		return err;
	}
	c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!c->pcap) {
		snprintf(why, size, "%s", error);
		if (file != stdin)
			fclose(file);
		free(c->buffer);
		free(c);
		return -EBADMSG;
	}
	c->link = find_link(pcap_datalink(c->pcap));
	c->position = HEADER;
	*capture = c;
	return 0;
}

void cg_capture_close(struct cg_capture *capture)
{
	if (!capture)
		return;
	pcap_close(capture->pcap);
	free(capture->buffer);
	free(capture);
}

int cg_capture_next(struct cg_capture *capture, struct cg_capture_packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = pcap_next_ex(capture->pcap, &header, &bytes);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1) {
		snprintf(capture->fault, sizeof(capture->fault), "%s", pcap_geterr(capture->pcap));
		return -1;
	}
	capture->position += PACKET_HEADER + header->caplen;
	*packet = (struct cg_capture_packet){
		/* a nanosecond capture has nanoseconds in tv_usec */
		.at = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
		.link = capture->link,
		.bytes = bytes,
		.len = header->caplen,
		.missing = header->len > header->caplen ? header->len - header->caplen : 0,
	};
	return 1;
}

const char *cg_capture_fault(struct cg_capture *capture)
{
	return capture->fault;
}

bool cg_capture_link_is_read(const struct cg_capture *capture)
{
	return capture->link != CG_LINK_OTHER;
}

const char *cg_capture_link_name(const struct cg_capture *capture)
{
	const char *name = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));

	return name ? name : "unknown";
}

uint64_t cg_capture_size(const struct cg_capture *capture)
{
	return capture->size;
}

uint64_t cg_capture_position(const struct cg_capture *capture)
{
	return capture->position;
}
