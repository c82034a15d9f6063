// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/programs.h"

#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"

static const struct {
	const char *name, *pin;
	enum cg_pin_mode mode;
} table[CG_PROG_FDS] = {
	[CG_PROG_IN] = { "cseqguard_in", "prog_in", CG_PIN_ROOT_ONLY },
	[CG_PROG_OUT] = { "cseqguard_out", "prog_out", CG_PIN_ROOT_ONLY },
	[CG_PROG_TCP_IN] = { "cseqguard_tcp_in", "prog_tcp_in", CG_PIN_ROOT_ONLY },
	[CG_PROG_TCP_OUT] = { "cseqguard_tcp_out", "prog_tcp_out", CG_PIN_ROOT_ONLY },
	[CG_PROG_TCP_MORE] = { "cseqguard_tcp_more", "prog_tcp_more", CG_PIN_ROOT_ONLY },
	[CG_PROG_PEER] = { "cseqguard_peer", CG_PIN_PEER, CG_PIN_DAEMON },
	[CG_PROG_ARRAY] = { "tcp_programs", "tcp_programs", CG_PIN_ROOT_ONLY },
};

const struct cg_programs cg_programs_none = { { -1, -1, -1, -1, -1, -1, -1 } };
_Static_assert(CG_PROG_FDS == 7, "each fd is -1 in cg_programs_none");

const char *cg_program_name(enum cg_program program)
{
	return table[program].name;
}

const char *cg_program_pin(enum cg_program program)
{
	return table[program].pin;
}

enum cg_pin_mode cg_program_pin_mode(enum cg_program program)
{
	return table[program].mode;
}

bool cg_program_has_name(enum cg_program program, const char *name)
{
	return !strncmp(table[program].name, name, BPF_OBJ_NAME_LEN - 1);
}

int cg_programs_open(const char *instance, struct cg_programs *programs)
{
	struct cg_programs found = cg_programs_none;

	for (int i = 0; i < CG_PROG_FDS; i++) {
		found.fd[i] = cg_pin_open(instance, table[i].pin);
		if (found.fd[i] < 0) {
			int err = found.fd[i];

			cg_programs_close(&found);
			return err;
		}
	}
	*programs = found;
	return 0;
}

void cg_programs_close(struct cg_programs *programs)
{
	for (int i = 0; i < CG_PROG_FDS; i++)
		if (programs->fd[i] >= 0)
			close(programs->fd[i]);
	*programs = cg_programs_none;
}
