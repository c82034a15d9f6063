// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_guard.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/host_name.h"
#include "util/text.h"

int cg_hep_guard_open(struct cg_hep_guard *guard, const struct cg_guard_maps *maps)
{
	int err = cg_secret_read(maps->instance, &guard->secret);

	guard->maps = maps;
	guard->program_fd = -ENOENT;
	guard->hosts_fd = err ? err
			      : cg_map_open(maps->instance, "hosts", sizeof(__u64),
					    sizeof(struct cg_host_name));
	if (guard->hosts_fd < 0)
		return guard->hosts_fd;
	cg_hep_guard_open_program(guard);
	return 0;
}

void cg_hep_guard_close(struct cg_hep_guard *guard)
{
	if (guard->hosts_fd >= 0)
		close(guard->hosts_fd);
	if (guard->program_fd >= 0)
		close(guard->program_fd);
	guard->hosts_fd = guard->program_fd = -ENOENT;
}

int cg_hep_guard_open_program(struct cg_hep_guard *guard)
{
	int fd = cg_pin_open(guard->maps->instance, CG_PIN_HEP);

	if (guard->program_fd >= 0)
		close(guard->program_fd);
	guard->program_fd = fd;
	return fd < 0 ? fd : 0;
}

/* --host may name an address that no interface has: a public one behind a NAT. */
static bool is_named(const struct cg_hep_guard *guard, const __u8 addr[16])
{
	char text[INET6_ADDRSTRLEN], name[INET6_ADDRSTRLEN + 2];
	struct cg_host_name value;
	__u64 hash;

	cg_addr_format(addr, text);
	snprintf(name, sizeof(name), strchr(text, ':') ? "[%s]" : "%s", text);
	hash = cg_host_name_hash(&guard->secret, name);
	return !bpf_map_lookup_elem(guard->hosts_fd, &hash, &value) &&
	       value.origin & (CG_NAME_GIVEN | CG_NAME_ADDRESS);
}

bool cg_hep_guard_is_host(void *ctx, const __u8 addr[16])
{
	const struct cg_hep_guard *guard = ctx;
	struct cg_prefix prefix = { .bits = 128 };
	__u32 class;

	memcpy(prefix.addr, addr, 16);
	if (!bpf_map_lookup_elem(guard->maps->gateways_fd, &prefix, &class))
		return class == CG_ADDR_HOST;
	return is_named(guard, addr);
}

static int run(struct cg_hep_guard *guard)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = guard->input, .data_size_in = guard->len);

	if (bpf_prog_test_run_opts(guard->program_fd, &opts))
		return -errno;
	return opts.retval == XDP_PASS ? 0 : -EBUSY;
}

int cg_hep_guard_run(struct cg_hep_guard *guard, const struct cg_hep_report *report,
		     const __u8 *text, size_t len)
{
	int err;

	if (guard->program_fd < 0)
		return guard->program_fd;
	guard->len = sizeof(*report) + len;
	if (guard->len > sizeof(guard->input))
		return -EMSGSIZE;
	memcpy(guard->input, report, sizeof(*report));
	memcpy(guard->input + sizeof(*report), text, len);
	err = run(guard);
	return err == -EBUSY ? run(guard) : err;
}
