// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Encodes a violation as a record for Homer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/event_json.h"
#include "hep/hep.h"
#include "hep/homer.h"
#include "util/text.h"

/* An event has no destination address: use the unspecified address of the source's family. */
static void set_unspecified(const __u8 source[16], __u8 destination[16])
{
	memset(destination, 0, 16);
	if (cg_addr_is_ipv4(source))
		memset(destination + 10, 0xff, 2);
}

static int encode_violation(struct cg_homer *homer, const struct cg_config *config,
			    const struct cg_event *event, const char *payload, __u8 out[CG_HEP_MAX])
{
	const __u64 offset = config->clock_offset[event->clock % CG_CLOCKS];
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];
	struct cg_hep hep = {
		.source_port = event->source_port,
		.at = (__s64)(event->at + offset) / 1000,
		.type = CG_HEP_LOG,
		.agent = cg_homer_capture_id(homer),
		.correlation = call_id,
		.payload = payload,
	};

	cg_text_escape(call_id, sizeof(call_id), event->call_id, CG_CALL_ID_MAX);
	memcpy(hep.source, event->source, sizeof(hep.source));
	set_unspecified(event->source, hep.destination);
	return cg_hep_encode(&hep, out, CG_HEP_MAX);
}

void cg_homer_send_violation(struct cg_homer *homer, const struct cg_config *config,
			     const struct cg_event *event, const char *ifname)
{
	json_t *json = cg_event_json(config, event, ifname);
	char *payload = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	__u8 record[CG_HEP_MAX];
	int len = payload ? encode_violation(homer, config, event, payload, record) : -ENOMEM;

	if (len > 0)
		cg_homer_queue_record(homer, record, len);
	else
		cg_homer_count_loss(homer, strerror(-len));
	free(payload);
	json_decref(json);
}
