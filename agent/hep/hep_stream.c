// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_stream.h"

#include <errno.h>
#include <string.h>

#include "hep/hep_read.h"

void *cg_hep_stream_room(struct cg_hep_stream *stream, size_t *room)
{
	memmove(stream->bytes, stream->bytes + stream->first, stream->end - stream->first);
	stream->end -= stream->first;
	stream->first = 0;
	*room = sizeof(stream->bytes) - stream->end;
	return stream->bytes + stream->end;
}

void cg_hep_stream_add(struct cg_hep_stream *stream, size_t n)
{
	stream->end += n;
}

int cg_hep_stream_next(struct cg_hep_stream *stream, const __u8 **record)
{
	const __u8 *at = stream->bytes + stream->first;
	size_t have = stream->end - stream->first, total;

	if (memcmp(at, CG_HEP_MAGIC, have < 4 ? have : 4))
		return -EINVAL;
	if (have < CG_HEP_HEADER)
		return 0;
	total = cg_hep_record_length(at);
	if (!total)
		return -EINVAL;
	if (have < total)
		return 0;
	*record = at;
	stream->first += total;
	return total;
}
