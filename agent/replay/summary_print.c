// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The summary as text. */
#include <stdarg.h>
#include <stdio.h>

#include "format/colour.h"
#include "replay/report.h"
#include "util/text.h"

#define LABEL 20 /* columns */

#define U(number) ((unsigned long long)(number))

__attribute__((format(printf, 2, 3))) static void print_line(const char *label, const char *format,
							     ...)
{
	va_list args;

	printf("%s%-*s%s", cg_colour_escape(CG_BOLD), LABEL, label, cg_colour_escape(CG_PLAIN));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *plural(__u64 n)
{
	return n == 1 ? "" : "s";
}

static void print_hosts(const struct cg_replay_summary *s)
{
	char text[CG_REPLAY_HOSTS_MAX * (INET6_ADDRSTRLEN + 1)] = "none", addr[INET6_ADDRSTRLEN];
	size_t used = 0;

	for (unsigned int i = 0; i < s->hosts.n; i++) {
		cg_addr_format(s->hosts.addr[i], addr);
		used += snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", addr);
	}
	print_line("Guarded host", "%s%s", text,
		   s->hosts_are_given ? "" : " (worked out; --host names it)");
}

static void print_time(const struct cg_replay_summary *s)
{
	char first[CG_TIME_TEXT], last[CG_TIME_TEXT];

	if (!s->first_at)
		return;
	cg_utc_format(s->first_at / 1000, first);
	cg_utc_format(s->last_at / 1000, last);
	print_line("Capture", "%.19s to %.19s, %llu packets", first, last, U(s->reader.packets));
}

static void print_refusals(const struct cg_replay_summary *s)
{
	__u64 known = s->right + s->wrong + s->silent;
	__u64 unknown = s->bye_refusals > known ? s->bye_refusals - known : 0;

	if (s->mode == CG_ENFORCE) {
		print_line("BYEs refused", "%llu, with all that followed from them",
			   U(s->bye_refusals));
	} else {
		print_line("Would be refused",
			   "%llu BYE%s: %llu right (the far end refused), "
			   "%s%llu wrong (the far end accepted)%s",
			   U(s->bye_refusals), plural(s->bye_refusals), U(s->right),
			   cg_colour_escape(s->wrong ? CG_RED : CG_PLAIN), U(s->wrong),
			   cg_colour_escape(CG_PLAIN));
		if (s->silent || unknown)
			print_line("",
				   "%llu not answered, %llu whose answer the capture does not show",
				   U(s->silent), U(unknown));
	}
	if (s->other_refusals)
		print_line("", "%llu packet%s that %s no BYE", U(s->other_refusals),
			   plural(s->other_refusals), s->other_refusals == 1 ? "is" : "are");
}

static void print_top(const char *label, const struct cg_offenders *all, const char *unit)
{
	struct cg_offender top[CG_SUMMARY_TOP];
	unsigned int n = cg_offenders_top(all, top, CG_SUMMARY_TOP);
	char addr[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < n; i++) {
		cg_addr_format(top[i].addr, addr);
		print_line(i ? "" : label, "%s (%llu %s%s)", addr, U(top[i].count), unit,
			   plural(top[i].count));
	}
}

static void print_not_read(const struct cg_replay_summary *s)
{
	if (s->judge.of_no_host)
		print_line("Not judged",
			   "%llu packet%s between other hosts, %llu initial INVITE%s "
			   "among them",
			   U(s->judge.of_no_host), plural(s->judge.of_no_host),
			   U(s->judge.invites_of_no_host), plural(s->judge.invites_of_no_host));
	if (s->reader.other_ports)
		print_line("Not read", "%llu SIP message%s on other ports, such as %u; see --ports",
			   U(s->reader.other_ports), plural(s->reader.other_ports),
			   s->reader.other_port);
	if (s->reader.cut)
		print_line("Not read", "%llu packet%s cut by the snap length of the capture",
			   U(s->reader.cut), plural(s->reader.cut));
	if (s->tcp.gaps)
		print_line("Not read", "%llu gap%s in TCP streams: the capture lacks segments",
			   U(s->tcp.gaps), plural(s->tcp.gaps));
	if (s->reader.hep_damaged)
		print_line("Not read", "%llu damaged HEP record%s", U(s->reader.hep_damaged),
			   plural(s->reader.hep_damaged));
	if (s->doubles)
		print_line("Left out", "%llu message%s that came as a packet and by HEP",
			   U(s->doubles), plural(s->doubles));
	if (s->reader.packets && s->reader.not_ip == s->reader.packets)
		print_line("Not read", "any packet: none is IP in a link layer that is known");
}

void cg_summary_print(const struct cg_replay_summary *s)
{
	putchar('\n');
	print_time(s);
	print_hosts(s);
	print_line("Calls", "%llu, %llu of them open at the end, %llu suspect", U(s->calls),
		   U(s->open), U(s->suspect));
	print_line("BYEs judged", "%llu, and %llu of calls that began before the capture",
		   U(s->byes), U(s->byes_unknown));
	print_refusals(s);
	print_line("First-BYE bill",
		   "loses %.3f seconds of %llu call%s (by more than a second each)",
		   s->lost_us / 1e6, U(s->calls_short), plural(s->calls_short));
	print_top("Sources to look at", &s->sources, "refusal");
	if (!s->has_gateways)
		print_top("Gateways to name", &s->callees, "call");
	print_top(s->has_gateways ? "Gateways to name" : "Unexpected answers", &s->unexpected,
		  "answer");
	print_not_read(s);
}
