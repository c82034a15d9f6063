// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/build_pin.h"

#include <stdio.h>
#include <string.h>

#include "attach/bpffs.h"
#include "guard.skel.h"
#include "maps/pins.h"
#include "util/hash.h"

#define PREFIX "build_"

static void format_name(char *out, size_t size)
{
	const void *object;
	size_t len;

	object = guard__elf_bytes(&len);
	snprintf(out, size, PREFIX "%016llx", cg_hash_add(CG_HASH_START, object, len));
}

static int remove_others(const char *instance, const char *kept)
{
	char **names;
	size_t n;
	int err;

	err = cg_bpffs_list_pins(instance, PREFIX, &names, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		if (strcmp(names[i], kept))
			err = cg_bpffs_unpin(instance, names[i]);
	cg_bpffs_free_pins(names, n);
	return err;
}

int cg_build_pin(const char *instance, int prog_in)
{
	char name[sizeof(PREFIX) + 16];
	int err;

	format_name(name, sizeof(name));
	err = cg_bpffs_repin(prog_in, instance, name, CG_PIN_ROOT_ONLY);
	return err ? err : remove_others(instance, name);
}

int cg_build_open(const char *instance)
{
	char name[sizeof(PREFIX) + 16];

	format_name(name, sizeof(name));
	return cg_pin_open(instance, name);
}
