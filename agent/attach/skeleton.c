// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/build_pin.h"
#include "attach/instance_internal.h"
#include "attach/open_error.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/progress.h"

#define TRY_ENTRIES 64 /* map size for a trial load; the verifier needs no more */

const char *const cg_map_names[CG_MAP_NAMES] = {
	"dialogs",	  "overflow", "invites",    "pending",	      "branches",
	"joins",	  "hosts",    "host_state", "early",	      "addr_changes",
	"unexpected_uas", "gateways", "usage",	    "shares",	      "counters",
	"events",	  "alerts",   "fragments",  "fragment_bytes", "fragment_loose",
	"peers",	  "secret",   "event_seq",  "tcp_streams",    "config"
};

struct guard *cg_skeleton_open(void)
{
	struct guard *skel = guard__open();

	if (!skel)
		cg_fail("BPF programs: cannot open the object: %s", strerror(errno));
	return skel;
}

/* Fills the array by which the programs call each other. 0 or -errno. */
static int fill_array(struct guard *skel)
{
	int program = bpf_program__fd(skel->progs.cseqguard_tcp_message);
	__u32 at = CG_TCP_PROG_MESSAGE;

	return bpf_map_update_elem(bpf_map__fd(skel->maps.tcp_programs), &at, &program, BPF_ANY)
		       ? -errno
		       : 0;
}

static int report_load(int err)
{
	if (!err)
		return CG_DONE;
	if (err == -EPERM)
		return cg_fail("BPF programs: cannot load: no permission; run as root");
	if (err == -ENOMEM || err == -E2BIG)
		return cg_fail("BPF maps: cannot create: %s; try a smaller --max-dialogs or "
			       "--ring-bytes",
			       strerror(-err));
	return cg_fail("BPF programs: cannot load: %s; they need Linux 6.1 or newer, -v shows the "
		       "verifier's log",
		       strerror(-err));
}

int cg_skeleton_load(struct guard *skel)
{
	int err;

	cg_progress_show("BPF programs: the kernel's verifier checks them");
	err = guard__load(skel);
	if (!err)
		err = fill_array(skel);
	cg_progress_end();
	return report_load(err);
}

/* Of all programs cseqguard_hep alone, as its header says (bpf/reads_hep.h). */
static int load_hep(struct guard *skel)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.cseqguard_hep);
	skel->rodata->reads_hep = 1;
	cg_progress_show("BPF programs: the kernel's verifier checks the one for HEP");
	err = guard__load(skel);
	cg_progress_end();
	return report_load(err);
}

int cg_skeleton_dup_programs(const struct guard *skel, struct cg_instance *instance)
{
	for (int i = 0; i < CG_PROG_FDS; i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(skel->obj, cg_program_name(i));
		int fd = i == CG_PROG_ARRAY ? bpf_map__fd(skel->maps.tcp_programs)
					    : bpf_program__fd(program);

		instance->programs.fd[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (instance->programs.fd[i] < 0)
			return cg_fail("BPF programs: cannot duplicate an fd: %s", strerror(errno));
	}
	return CG_DONE;
}

/* Loads the programs and frees `skel`. */
static int load_programs(struct guard *skel, const char *name, struct cg_instance *instance)
{
	struct cg_instance loaded = { .name = name, .programs = cg_programs_none };
	int err = cg_skeleton_load(skel);

	if (!err)
		err = cg_skeleton_dup_programs(skel, &loaded);
	guard__destroy(skel);
	if (err)
		cg_instance_close(&loaded);
	else
		*instance = loaded;
	return err;
}

/* Compares a pinned map with the one that the programs expect; bpf_map__reuse_fd() does not. */
static int check_map(const char *name, const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	    info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map))
		return CG_DONE;
	return cg_fail("%s/%s: cannot use map %s: it is of another layout; use the version that "
		       "made it, or remove it with: cseqguard detach -a",
		       cg_pin_root(), name, bpf_map__name(map));
}

int cg_skeleton_check_pins(const char *name, struct guard *skel, bool reuse)
{
	for (size_t i = 0; i < CG_MAP_NAMES; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, cg_map_names[i]);
		int fd = cg_pin_open(name, cg_map_names[i]), err;

		if (fd == -EACCES || fd == -EPERM)
			return cg_fail_open(name, fd);
		if (fd < 0)
			return cg_fail("%s/%s: map %s is missing; to start over: cseqguard detach "
				       "-a",
				       cg_pin_root(), name, cg_map_names[i]);
		err = check_map(name, map, fd);
		if (!err && reuse && bpf_map__reuse_fd(map, fd))
			err = cg_fail("%s/%s: cannot reuse map %s: %s", cg_pin_root(), name,
				      cg_map_names[i], strerror(errno));
		close(fd);
		if (err)
			return err;
	}
	return CG_DONE;
}

int cg_instance_load_programs(const char *name, struct cg_instance *instance)
{
	struct guard *skel = cg_skeleton_open();
	int err;

	if (!skel)
		return CG_FAILED;
	err = cg_skeleton_check_pins(name, skel, true);
	if (err) {
		guard__destroy(skel);
		return err;
	}
	return load_programs(skel, name, instance);
}

int cg_instance_probe_programs(const char *name, struct cg_instance *instance)
{
	struct cg_instance found = { .name = name, .programs = cg_programs_none };
	int err, fd = cg_build_open(name);
	struct guard *skel;

	if (fd < 0)
		return cg_instance_load_programs(name, instance);
	found.programs.fd[CG_PROG_IN] = fd;
	skel = cg_skeleton_open();
	err = skel ? cg_skeleton_check_pins(name, skel, false) : CG_FAILED;
	guard__destroy(skel);
	if (err)
		cg_instance_close(&found);
	else
		*instance = found;
	return err;
}

int cg_instance_load_hep(const char *name)
{
	struct guard *skel = cg_skeleton_open();
	int err;

	if (!skel)
		return CG_FAILED;
	err = cg_skeleton_check_pins(name, skel, true);
	if (!err)
		err = load_hep(skel);
	if (!err && cg_bpffs_repin(bpf_program__fd(skel->progs.cseqguard_hep), name, CG_PIN_HEP,
				   CG_PIN_DAEMON))
		err = CG_FAILED;
	guard__destroy(skel);
	return err;
}

static void shrink_map(struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_RINGBUF:
		bpf_map__set_max_entries(map, getpagesize());
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		bpf_map__set_max_entries(map, TRY_ENTRIES);
		break;
	default:
		break;
	}
}

int cg_instance_try_load(struct cg_instance *instance)
{
	struct guard *skel = cg_skeleton_open();
	struct bpf_map *map;

	if (!skel)
		return CG_FAILED;
	bpf_object__for_each_map (map, skel->obj)
		shrink_map(map);
	return load_programs(skel, NULL, instance);
}
