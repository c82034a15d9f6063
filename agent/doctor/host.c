// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The kernel, and the rights of this process. */
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

static void check_kernel(struct cg_findings *f)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		cg_finding_add(f, CG_WARNING, "kernel", "Linux 6.1 or newer is needed",
			       "cannot read the version");
	else if (major < MAJOR || (major == MAJOR && minor < MINOR))
		cg_finding_add(f, CG_FAILURE, "kernel",
			       "install Linux 6.1 or newer, as Debian 12 has",
			       "%s is too old for the programs", name.release);
	else
		cg_finding_add(f, CG_OK, "kernel", NULL, "Linux %s", name.release);
}

static void check_btf(struct cg_findings *f)
{
	if (!access(BTF, R_OK))
		cg_finding_add(f, CG_OK, "btf", NULL, BTF);
	else
		cg_finding_add(
			f, CG_WARNING, "btf",
			"install a kernel with CONFIG_DEBUG_INFO_BTF, such as a distribution's",
			BTF ": %s: the guard works, but bpftool shows less", strerror(errno));
}

static void check_jit(struct cg_findings *f)
{
	FILE *file = fopen("/proc/sys/net/core/bpf_jit_enable", "r");
	int on = 1;

	if (file && fscanf(file, "%d", &on) == 1 && !on)
		cg_finding_add(f, CG_WARNING, "jit", "sysctl -w net.core.bpf_jit_enable=1",
			       "programs are interpreted, which costs many times more per packet");
	if (file)
		fclose(file);
}

static void check_bpffs(struct cg_findings *f)
{
	const char *root = cg_pin_root();
	bool is_default = !strcmp(root, CG_PIN_ROOT);
	const char *where = is_default ? "/sys/fs/bpf" : root;
	struct statfs fs;

	if (statfs(where, &fs))
		cg_finding_add(
			f, CG_FAILURE, "bpffs",
			is_default
				? "mount sysfs, then: mount -t bpf bpf /sys/fs/bpf"
				: "set CSEQGUARD_PIN_ROOT to the folder of the pins, or unset it",
			"%s: %s", where, strerror(errno));
	else if (fs.f_type == BPF_FS_MAGIC)
		cg_finding_add(f, CG_OK, "bpffs", NULL, "mounted on %s", where);
	else if (cg_mounts_are_private())
		cg_finding_add(
			f, CG_FAILURE, "bpffs",
			"run it outside, with: cseqguard -n NETNS (`ip netns exec` hides bpffs)",
			"%s: no bpffs is visible in this mount namespace", where);
	else
		cg_finding_add(f, CG_WARNING, "bpffs",
			       "attach mounts it; to mount it at boot, add it to /etc/fstab",
			       "%s: bpffs is not mounted", where);
}

static unsigned long long read_capabilities(void)
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

/* RLIMIT_MEMLOCK is not checked: since Linux 5.11, map memory is charged to the cgroup. */
static void check_rights(struct cg_findings *f)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = { { CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		       { CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
		       { CAP_BPF, "CAP_BPF" },
		       { CAP_PERFMON, "CAP_PERFMON" } };
	unsigned long long set = read_capabilities();
	char missing[128] = "";

	if (set >> CAP_SYS_ADMIN & 1) /* which includes the two newer ones */
		set |= 1ULL << CAP_BPF | 1ULL << CAP_PERFMON;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!(set >> needed[i].number & 1))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 "%s%s", *missing ? ", " : "", needed[i].name);
	if (*missing)
		cg_finding_add(f, CG_WARNING, "rights",
			       "run as root to attach, and for all findings", "uid %u lacks %s",
			       geteuid(), missing);
	else
		cg_finding_add(f, CG_OK, "rights", NULL, "may load and attach programs");
}

void cg_doctor_check_host(struct cg_findings *f)
{
	check_kernel(f);
	check_btf(f);
	check_jit(f);
	check_bpffs(f);
	check_rights(f);
}
