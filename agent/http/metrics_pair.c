// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The metrics of a pair. */
#include "http/metrics_internal.h"

/* The name of a node is printable, but may have the quotes of a label. */
static void put_node(FILE *out, const char *name, const struct cg_pair_peer_status *peer)
{
	fprintf(out, "cseqguard_%s{node=\"", name);
	for (const char *c = peer->node; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

static void put_peers(FILE *out, const char *name, const char *help, const struct cg_pair_status *s,
		      double (*get)(const struct cg_pair_peer_status *peer))
{
	put_family(out, name, "gauge", help);
	for (unsigned int i = 0; i < s->n_peers; i++) {
		put_node(out, name, &s->peers[i]);
		fprintf(out, "} %.10g\n", get(&s->peers[i]));
	}
}

static double get_up(const struct cg_pair_peer_status *peer)
{
	return peer->alive;
}

static double get_taken(const struct cg_pair_peer_status *peer)
{
	return peer->trouble == CG_TROUBLE_NONE;
}

static double get_skew(const struct cg_pair_peer_status *peer)
{
	return peer->has_skew ? peer->skew_us * US : 0;
}

static double get_dialogs(const struct cg_pair_peer_status *peer)
{
	return peer->dialogs;
}

static double get_lag(const struct cg_pair_peer_status *peer)
{
	return peer->lag_median_us * US;
}

static double get_high_lag(const struct cg_pair_peer_status *peer)
{
	return peer->lag_p99_us * US;
}

static void put_records(FILE *out, const struct cg_pair_status *s)
{
	put_family(out, "pair_records_total", "counter",
		   "Records of the pair: sent, received, refused, those that found no room in map "
		   "dialogs, and ringing calls that were not published.");
	put_labelled(out, "pair_records_total", "fate", "sent", s->sent);
	put_labelled(out, "pair_records_total", "fate", "received", s->received);
	put_labelled(out, "pair_records_total", "fate", "refused", s->refused);
	put_labelled(out, "pair_records_total", "fate", "no_room", s->no_room);
	put_labelled(out, "pair_records_total", "fate", "dropped", s->dropped);
}

void cg_metrics_put_pair(FILE *out, const struct cg_pair *pair)
{
	struct cg_pair_status s;

	cg_pair_get_status(pair, &s);
	put_gauge(out, "pair_redis_up", "0 if Redis is not connected: this host guards alone.",
		  s.connected);
	put_records(out, &s);
	put_counter(out, "pair_sent_bytes_total", "Bytes sent to Redis.", s.sent_bytes);
	put_counter(out, "pair_commands_total", "Commands sent to Redis.", s.commands);
	put_counter(out, "pair_resyncs_total", "Times that everything was read from Redis.",
		    s.resyncs);
	put_gauge(out, "pair_foreign_dialogs", "Dialogs that other hosts have opened.", s.foreign);
	put_gauge(out, "pair_unpublished_dialogs",
		  "Dialogs whose last change is not in Redis: it is lost if this host fails now.",
		  s.unpublished);
	put_peers(out, "pair_peer_up", "0 if this host has shown no sign of life for 5 s.", &s,
		  get_up);
	put_peers(out, "pair_peer_taken",
		  "0 if the records of this host are not taken: clock, secret or release.", &s,
		  get_taken);
	put_peers(out, "pair_peer_clock_skew_seconds",
		  "Clock of this host, less that of the one that says so.", &s, get_skew);
	put_peers(out, "pair_peer_dialogs", "Dialogs in the map of this host.", &s, get_dialogs);
	put_peers(out, "pair_peer_lag_seconds",
		  "Age of the last records of this host when they were merged here, median.", &s,
		  get_lag);
	put_peers(out, "pair_peer_high_lag_seconds", "Age of those records, 99th percentile.", &s,
		  get_high_lag);
}
