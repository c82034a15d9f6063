// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/ring_reader.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct cg_ring_reader {
	__u64 *consumer; /* a page: the position up to which records are free */
	char *shared; /* a page with the producer's position, then the ring, twice in a row */
	const char *records;
	__u64 size; /* of the ring */
	__u64 position;
	bool observes;
	bool missed;
};

static size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static __u64 load_position(const void *at)
{
	return __atomic_load_n((const __u64 *)at, __ATOMIC_ACQUIRE);
}

static int map_pages(struct cg_ring_reader *reader, int fd)
{
	int write = reader->observes ? 0 : PROT_WRITE;

	reader->consumer = mmap(NULL, page_size(), PROT_READ | write, MAP_SHARED, fd, 0);
	if (reader->consumer == MAP_FAILED)
		return -errno;
	reader->shared =
		mmap(NULL, page_size() + 2 * reader->size, PROT_READ, MAP_SHARED, fd, page_size());
	if (reader->shared == MAP_FAILED)
		return -errno;
	reader->records = reader->shared + page_size();
	reader->position = load_position(reader->consumer);
	return 0;
}

int cg_ring_reader_open(int fd, bool observes, struct cg_ring_reader **out)
{
	struct cg_ring_reader *reader = calloc(1, sizeof(*reader));
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int err;

	if (!reader)
		return -ENOMEM;
	reader->consumer = MAP_FAILED;
	reader->shared = MAP_FAILED;
	reader->observes = observes;
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	reader->size = info.max_entries;
	if (!err)
		err = info.type == BPF_MAP_TYPE_RINGBUF ? map_pages(reader, fd) : -EPROTO;
	if (err)
		cg_ring_reader_close(reader);
	else
		*out = reader;
	return err;
}

void cg_ring_reader_close(struct cg_ring_reader *reader)
{
	if (!reader)
		return;
	if (reader->consumer != MAP_FAILED)
		munmap(reader->consumer, page_size());
	if (reader->shared != MAP_FAILED)
		munmap(reader->shared, page_size() + 2 * reader->size);
	free(reader);
}

/*
 * The kernel writes the header of a record before it moves its own position. It leaves 8 bytes of
 * the ring free, so that header is not in a record that this test finds whole.
 */
static bool is_overwritten(const struct cg_ring_reader *reader)
{
	return load_position(reader->shared) - reader->position > reader->size - BPF_RINGBUF_HDR_SZ;
}

ssize_t cg_ring_reader_next(struct cg_ring_reader *reader, void *record, size_t size)
{
	while (reader->position < load_position(reader->shared)) {
		const char *header = reader->records + (reader->position & (reader->size - 1));
		__u32 word = __atomic_load_n((const __u32 *)header, __ATOMIC_ACQUIRE);
		__u64 length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		size_t copied = length < size ? length : size;

		if (copied > reader->size)
			copied = reader->size;
		memcpy(record, header + BPF_RINGBUF_HDR_SZ, copied);
		if (reader->observes && is_overwritten(reader)) {
			reader->position = load_position(reader->consumer);
			reader->missed = true;
			continue;
		}
		if (word & BPF_RINGBUF_BUSY_BIT)
			return 0;
		reader->position += (BPF_RINGBUF_HDR_SZ + length + 7) / 8 * 8;
		if (!(word & BPF_RINGBUF_DISCARD_BIT))
			return length;
	}
	return 0;
}

bool cg_ring_reader_has_records(const struct cg_ring_reader *reader)
{
	return reader->position < load_position(reader->shared);
}

__u64 cg_ring_reader_position(const struct cg_ring_reader *reader)
{
	return reader->position;
}

void cg_ring_reader_skip(struct cg_ring_reader *reader, __u64 position)
{
	if (position > reader->position && position <= load_position(reader->shared))
		reader->position = position;
}

void cg_ring_reader_release(struct cg_ring_reader *reader, __u64 position)
{
	__atomic_store_n(reader->consumer, position, __ATOMIC_RELEASE);
}

bool cg_ring_reader_is_full(const struct cg_ring_reader *reader, size_t length)
{
	__u64 used = load_position(reader->shared) - load_position(reader->consumer);

	return used + BPF_RINGBUF_HDR_SZ + length >= reader->size;
}

bool cg_ring_reader_has_missed(struct cg_ring_reader *reader)
{
	bool missed = reader->missed;

	reader->missed = false;
	return missed;
}

bool cg_event_check(struct cg_event *event, size_t size)
{
	if (size < sizeof(*event) || event->layout != CG_LAYOUT || event->size != sizeof(*event))
		return false;
	event->call_id[CG_CALL_ID_MAX - 1] = '\0';
	event->from_tag[CG_TAG_MAX - 1] = '\0';
	event->to_tag[CG_TAG_MAX - 1] = '\0';
	return true;
}
