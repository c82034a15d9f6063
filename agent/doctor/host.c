// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The kernel, and what this process may do with it. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "maps/pins.h"
#include "util/netns.h"

#define MAJOR 6
#define MINOR 1 /* Debian 12's */
#define BTF "/sys/kernel/btf/vmlinux"

static void kernel(struct cg_findings *f)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		cg_find(f, CG_WARNING, "kernel", "it must be 6.1 or newer",
			"which one is not told");
	else if (major < MAJOR || (major == MAJOR && minor < MINOR))
		cg_find(f, CG_FAILURE, "kernel", "install Linux 6.1 or newer, as Debian 12 has",
			"%s is too old for the programs", name.release);
	else
		cg_find(f, CG_OK, "kernel", NULL, "Linux %s", name.release);
}

static void btf(struct cg_findings *f)
{
	if (!access(BTF, R_OK))
		cg_find(f, CG_OK, "btf", NULL, BTF);
	else
		cg_find(f, CG_WARNING, "btf",
			"take a kernel with CONFIG_DEBUG_INFO_BTF, as distributions build it",
			BTF ": %s: guarding works, bpftool shows less", strerror(errno));
}

static void jit(struct cg_findings *f)
{
	FILE *file = fopen("/proc/sys/net/core/bpf_jit_enable", "r");
	int on = 1;

	if (file && fscanf(file, "%d", &on) == 1 && !on)
		cg_find(f, CG_WARNING, "jit", "sysctl -w net.core.bpf_jit_enable=1",
			"programs are interpreted: each packet costs many times more");
	if (file)
		fclose(file);
}

static void bpffs(struct cg_findings *f)
{
	const char *root = cg_pin_root();
	bool usual = !strcmp(root, CG_PIN_ROOT);
	const char *where = usual ? "/sys/fs/bpf" : root;
	struct statfs fs;

	if (statfs(where, &fs))
		cg_find(f, CG_FAILURE, "bpffs",
			usual ? "mount sysfs, then: mount -t bpf bpf /sys/fs/bpf"
			      : "set CSEQGUARD_PIN_ROOT to where the pins are, or unset it",
			"%s: %s", where, strerror(errno));
	else if (fs.f_type == BPF_FS_MAGIC)
		cg_find(f, CG_OK, "bpffs", NULL, "mounted on %s", where);
	else if (cg_mounts_are_private())
		cg_find(f, CG_FAILURE, "bpffs",
			"run outside of it, with: cseqguard -n NETNS (`ip netns exec` hides it)",
			"%s: none is to be seen in this mount namespace", where);
	else
		cg_find(f, CG_WARNING, "bpffs",
			"attach mounts it; at each boot: a line in /etc/fstab, or systemd",
			"%s: none is mounted", where);
}

static unsigned long long capabilities(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long long set = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "CapEff:", 7))
			set = strtoull(line + 7, NULL, 16);
	if (status)
		fclose(status);
	return set;
}

/* Since Linux 5.11 memory of maps is charged to the cgroup: RLIMIT_MEMLOCK does not matter. */
static void rights(struct cg_findings *f)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = { { CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		       { CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
		       { CAP_BPF, "CAP_BPF" },
		       { CAP_PERFMON, "CAP_PERFMON" } };
	unsigned long long set = capabilities();
	char lacks[128] = "";

	if (set >> CAP_SYS_ADMIN & 1) /* it has the younger ones in it */
		set |= 1ULL << CAP_BPF | 1ULL << CAP_PERFMON;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!(set >> needed[i].number & 1))
			snprintf(lacks + strlen(lacks), sizeof(lacks) - strlen(lacks), "%s%s",
				 *lacks ? ", " : "", needed[i].name);
	if (*lacks)
		cg_find(f, CG_WARNING, "rights", "run as root to attach, and to be told all",
			"uid %u lacks %s", geteuid(), lacks);
	else
		cg_find(f, CG_OK, "rights", NULL, "may load and attach programs");
}

void cg_doctor_host(struct cg_findings *f)
{
	kernel(f);
	btf(f);
	jit(f);
	bpffs(f);
	rights(f);
}
