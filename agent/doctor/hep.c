// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* HEP: the program that judges what proxies report, who may send, and who sends nonsense. */
#include <string.h>

#include "doctor/doctor.h"
#include "hep/hep_note.h"

static const struct {
	enum cg_hep_fate fate;
	const char *remedy;
} faults[] = {
	{ CG_HEP_DAMAGED, "let it send HEP version 3 (Kamailio: hep_version 3)" },
	{ CG_HEP_BAD_KEY,
	  "give it the key of hep-key (Asterisk: capture_password); if it is no proxy of "
	  "yours, keep it from this port" },
	{ CG_HEP_NO_ADDRESS, "let the proxy listen on addresses, not on 0.0.0.0" },
	{ CG_HEP_SAME_ADDRESS, "let the proxy report messages as they come and go; FreeSWITCH and "
			       "PJSIP name themselves twice behind 0.0.0.0" },
	{ CG_HEP_MIXED_FAMILIES, "let the proxy listen on an address of each family" },
	{ CG_HEP_NO_HOST,
	  "cseqguard set host= adds the proxy's address, if it is this host's behind a NAT; "
	  "a proxy elsewhere reports to its own host" },
};

static void check_senders(struct cg_findings *f, const struct cg_hep_note *note)
{
	char addr[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		__u64 count = cg_hep_note_find_most(note, faults[i].fate, addr);

		if (count)
			cg_finding_add(f, CG_WARNING, "hep", faults[i].remedy,
				       "%s has sent %llu records %s: left out", addr,
				       (unsigned long long)count, cg_hep_fate_text(faults[i].fate));
	}
}

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strncmp(address, "[::1]", 5);
}

static void check_access(struct cg_findings *f, const struct cg_hep_note *note)
{
	if (!note->has_key && !is_loopback(note->address))
		cg_finding_add(f, CG_WARNING, "hep",
			       "listen on 127.0.0.1, or set hep-key and let a firewall admit the "
			       "proxies alone",
			       "%s asks for no key: who can send to it can forge calls",
			       note->address);
	else
		cg_finding_add(f, CG_OK, "hep", NULL, "%s %s", note->address,
			       note->has_key ? "asks for a key"
					     : "is reached from this host alone");
}

void cg_doctor_check_hep(struct cg_findings *f, const char *instance)
{
	struct cg_hep_note note;
	char text[256];

	if (cg_hep_note_read(instance, &note))
		return;
	check_access(f, &note);
	cg_hep_note_format(&note, text, sizeof(text));
	if (!note.has_program)
		cg_finding_add(f, CG_FAILURE, "hep", "cseqguard attach --hep IFACE",
			       "%s: the guard has no program to judge them", text);
	else
		cg_finding_add(f, CG_OK, "hep", NULL, "%s", text);
	if (note.lost)
		cg_finding_add(
			f, CG_WARNING, "hep",
			"raise net.core.rmem_max to 8388608, or let the proxies send over TCP",
			"%llu records came too fast, and are lost", (unsigned long long)note.lost);
	if (note.clock_off)
		cg_finding_add(f, CG_WARNING, "hep",
			       "synchronise the clocks of this host and the "
			       "proxies",
			       "%llu records have a time that is more than 1 s off: calls have the "
			       "time of their arrival",
			       (unsigned long long)note.clock_off);
	check_senders(f, &note);
}
