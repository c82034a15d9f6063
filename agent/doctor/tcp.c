// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* SIP over TCP: the policy, what was not read, and sockets that would not work with tcp=enforce. */
#include <stdio.h>

#include "doctor/doctor.h"
#include "doctor/listener.h"
#include "maps/counters.h"
#include "util/enum_names.h"

#define LISTENERS_MAX 64

struct count {
	size_t at; /* offset in struct cg_reason_counters */
	enum cg_severity severity;
	const char *finding, *remedy;
};

#define COUNT(word, level, text, cure)                                                             \
	{                                                                                          \
		.at = offsetof(struct cg_reason_counters, word), .severity = level,                \
		.finding = #word ": %llu " text, .remedy = cure                                    \
	}

static const struct count counts[] = {
	COUNT(tcp_forwarded, CG_WARNING,
	      "segments have no socket in this network namespace (such as those of containers), "
	      "and are not read",
	      "guard the namespace in which the proxy runs: cseqguard -n NETNS attach"),
	COUNT(tcp_opaque, CG_OK,
	      "segments are not plain SIP: a leg over TLS or WebSocket is unseen", NULL),
	COUNT(tcp_hole, CG_WARNING,
	      "segments came after a gap: messages up to the next start line were not read",
	      "attach every interface that carries SIP; if the network loses packets, only "
	      "tcp=enforce reads every message"),
	COUNT(tcp_unframed, CG_WARNING,
	      "segments with SIP that cannot be read because of line ends, lengths or IP "
	      "fragments; under tcp=enforce the connection stalls",
	      "see who sends them: cseqguard events --reason tcp_unframed"),
	COUNT(tcp_stalled, CG_WARNING, "segments of stalled connections were dropped",
	      "find the cause with: cseqguard events -f --reason tcp_unframed,tcp_unlike; if the "
	      "peer is honest: cseqguard set tcp=observe"),
};

static void check_counters(struct cg_findings *f, const struct cg_counters *counters)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		__u64 n = *(const __u64 *)((const char *)&counters->in + counts[i].at) +
			  *(const __u64 *)((const char *)&counters->out + counts[i].at);

		if (!n)
			continue;
		cg_finding_add(f, counts[i].severity, "tcp", counts[i].remedy, counts[i].finding,
			       (unsigned long long)n);
	}
}

static void check_listeners(struct cg_findings *f, const struct cg_config *config)
{
	static const char defers[] = "switch TCP_DEFER_ACCEPT off in the program";
	static const char mptcp[] = "let it listen by plain TCP, or: sysctl net.mptcp.enabled=0";
	struct cg_listener list[LISTENERS_MAX];
	__u8 n_ports = config->n_ports < CG_PORTS_MAX ? config->n_ports : CG_PORTS_MAX;
	size_t n = cg_listeners_find(config->ports, n_ports, list, LISTENERS_MAX);
	bool enforces = config->tcp == CG_TCP_ENFORCE && config->mode == CG_ENFORCE;

	for (size_t i = 0; i < n; i++) {
		if (list[i].defers_accept)
			cg_finding_add(f, enforces ? CG_FAILURE : CG_WARNING, "tcp", defers,
				       "%s (process %d) listens on port %u with TCP_DEFER_ACCEPT: "
				       "under tcp=enforce its connections open late",
				       list[i].process, list[i].pid, list[i].port);
		if (list[i].mptcp)
			cg_finding_add(f, CG_WARNING, "tcp", mptcp,
				       "%s (process %d) listens on port %u by MPTCP: data on a "
				       "second path is not read",
				       list[i].process, list[i].pid, list[i].port);
	}
}

void cg_doctor_check_tcp(struct cg_findings *f, const char *instance,
			 const struct cg_config *config)
{
	union cg_counters_sum sum;

	if (config->tcp == CG_TCP_OFF) {
		cg_finding_add(f, CG_OK, "tcp", NULL, "off: SIP over TCP is not read");
		return;
	}
	if (config->tcp == CG_TCP_ENFORCE && config->mode == CG_OBSERVE)
		cg_finding_add(f, CG_WARNING, "tcp", "cseqguard set mode=enforce",
			       "enforce: nothing is refused, because the mode is observe");
	else
		cg_finding_add(f, CG_OK, "tcp", NULL, "%s%s", cg_tcp_name(config->tcp),
			       config->tcp == CG_TCP_OBSERVE
				       ? ": SIP over TCP is read, and not refused"
				       : "");
	if (!cg_counters_read_pinned(instance, &sum))
		check_counters(f, &sum.counters);
	check_listeners(f, config);
}
