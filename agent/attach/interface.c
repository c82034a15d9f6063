// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/interface.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/clsact.h"
#include "attach/instance_netns.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/netns.h"

#define LINK "link_"
#define CLSACT "clsact_"
#define PIN_SIZE (sizeof(CLSACT) + IF_NAMESIZE + 16)

static void pin_name(char out[PIN_SIZE], const char *kind, const struct cg_interface *interface)
{
	snprintf(out, PIN_SIZE, "%s%s", kind, interface->pin);
}

static int link_info(int fd, struct bpf_link_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &size) ? -errno : 0;
}

/* Whether the link still sits on its interface: the kernel says ifindex 0 once that is gone. */
static void see_link(const char *instance, bool here, struct cg_interface *interface)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_link_info info;
	char pin[PIN_SIZE], name[IF_NAMESIZE];
	int fd;

	pin_name(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	interface->hidden = fd == -EACCES || fd == -EPERM;
	interface->alive = interface->hidden;
	if (fd < 0)
		return;
	if (!link_info(fd, &info) && info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex) {
		interface->alive = true;
		interface->program_in = info.prog_id;
		interface->ifindex = info.xdp.ifindex;
	}
	close(fd);
	if (!interface->alive || !here || !if_indextoname(interface->ifindex, name))
		return;
	memcpy(interface->name, name, sizeof(name));
	interface->program_out = cg_clsact_program(interface->ifindex);
	if (!bpf_xdp_query(interface->ifindex, 0, &query))
		interface->native = query.attach_mode == XDP_ATTACHED_DRV;
}

static int from_pin(const char *instance, bool here, const char *pin,
		    struct cg_interface *interface)
{
	struct cg_interface found = {};
	char clsact[PIN_SIZE], *rest;

	pin += strlen(LINK);
	found.ifindex = strtoul(pin, &rest, 10);
	if (!found.ifindex || *rest != '_' || strlen(rest + 1) >= IF_NAMESIZE ||
	    strlen(pin) >= sizeof(found.pin))
		return -EINVAL;
	strcpy(found.pin, pin);
	strcpy(found.name, rest + 1);
	for (char *c = found.name; *c; c++)
		*c = *c == ':' ? '.' : *c;
	pin_name(clsact, CLSACT, &found);
	found.made_clsact = cg_bpffs_has_pin(instance, clsact);
	see_link(instance, here, &found);
	*interface = found;
	return 0;
}

int cg_interface_list(const char *instance, struct cg_interface **list, size_t *n)
{
	struct cg_interface *array;
	bool here = cg_instance_netns_is_current(instance);
	size_t pins, count = 0;
	char **names;
	int err;

	err = cg_bpffs_list_pins(instance, LINK, &names, &pins);
	if (err)
		return err;
	array = calloc(pins + 1, sizeof(*array));
	for (size_t i = 0; array && i < pins; i++)
		count += !from_pin(instance, here, names[i], &array[count]);
	cg_bpffs_free_pins(names, pins);
	if (!array)
		return -ENOMEM;
	*list = array;
	*n = count;
	return 0;
}

static int refused(const char *name, __u32 ifindex, enum cg_attach_mode mode, int err)
{
	struct bpf_prog_info info = {};
	__u32 id = 0, size = sizeof(info);
	int fd;

	if (err != -EBUSY && err != -EEXIST) {
		cg_fail("%s: no %s XDP here: %s; %s", name,
			mode == CG_ATTACH_SKB ? "generic" : "native", strerror(-err),
			mode == CG_ATTACH_NATIVE ? "try -m auto, or a smaller MTU"
						 : "is it up and an Ethernet device?");
		return err;
	}
	if (!bpf_xdp_query_id(ifindex, 0, &id) && id) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd >= 0) {
			bpf_obj_get_info_by_fd(fd, &info, &size);
			close(fd);
		}
	}
	cg_fail("%s: XDP program '%s' (id %u) sits there already; see `bpftool net`, remove it "
		"with `ip link set dev %s xdp off` or its own tool",
		name, info.name, id, name);
	return err;
}

static int link_create(__u32 ifindex, int prog_in, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_in, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

#define COALESCED                                                                                  \
	"attached in generic mode: datagrams that were coalesced by UDP segmentation are seen "    \
	"as one"

/* fd of a link in the wanted mode; it is said where that is not native. */
static int link_make(const char *name, __u32 ifindex, enum cg_attach_mode mode, int prog_in)
{
	int fd;

	fd = link_create(ifindex, prog_in,
			 mode == CG_ATTACH_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	if (fd < 0 && mode == CG_ATTACH_AUTO && fd != -EBUSY && fd != -EEXIST && fd != -EPERM) {
		int native = fd;

		fd = link_create(ifindex, prog_in, XDP_FLAGS_SKB_MODE);
		if (fd >= 0)
			cg_notice("%s: no native XDP (%s), " COALESCED, name, strerror(-native));
	} else if (fd >= 0 && mode == CG_ATTACH_SKB) {
		cg_notice("%s: " COALESCED, name);
	}
	return fd < 0 ? refused(name, ifindex, mode, fd) : fd;
}

static int attach_out(const char *instance, const struct cg_interface *interface, int prog_out)
{
	char pin[PIN_SIZE];
	bool made;
	int err;

	err = cg_clsact_attach(interface->ifindex, prog_out, &made);
	if (err) {
		cg_fail("%s: no tc filter on the way out: %s; see: tc filter show dev %s egress",
			interface->name, strerror(-err), interface->name);
		return err;
	}
	if (!made || interface->made_clsact)
		return 0;
	pin_name(pin, CLSACT, interface);
	err = cg_bpffs_pin(prog_out, instance, pin, CG_PIN_ROOT_ONLY);
	if (err)
		cg_clsact_detach(interface->ifindex, true);
	return err;
}

static int attach_in(const char *instance, const struct cg_interface *interface,
		     enum cg_attach_mode mode, int prog_in)
{
	char pin[PIN_SIZE];
	int err, fd;

	fd = link_make(interface->name, interface->ifindex, mode, prog_in);
	if (fd < 0)
		return fd;
	pin_name(pin, LINK, interface);
	err = cg_bpffs_pin(fd, instance, pin, CG_PIN_ROOT_ONLY);
	close(fd);
	return err;
}

/* The interface as listed, or one to be attached. 0, 1: attached already, or -errno. */
static int find(const char *instance, const char *name, struct cg_interface *interface)
{
	struct cg_interface *list, fresh = { .alive = true };
	size_t n;
	int err;

	fresh.ifindex = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	if (!fresh.ifindex) {
		cg_fail("%s: no such interface in this network namespace; see: ip link", name);
		return -ENODEV;
	}
	strcpy(fresh.name, name);
	snprintf(fresh.pin, sizeof(fresh.pin), "%u_%s", fresh.ifindex, name);
	for (char *c = fresh.pin; *c; c++)
		*c = *c == '.' ? ':' : *c;
	err = cg_interface_list(instance, &list, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		if (list[i].alive && list[i].ifindex == fresh.ifindex) {
			fresh = list[i];
			err = 1;
		}
	free(list);
	*interface = fresh;
	return err;
}

const char *cg_interface_state(const struct cg_interface *interface)
{
	return interface->hidden   ? "hidden"
	       : !interface->alive ? "gone"
	       : interface->native ? "native"
				   : "generic";
}

int cg_interface_attach(const char *instance, const char *name, enum cg_attach_mode mode,
			int prog_in, int prog_out, bool *fresh)
{
	struct cg_interface interface;
	int err, there;

	there = find(instance, name, &interface);
	if (there < 0)
		return there;
	if (there && mode != CG_ATTACH_AUTO && interface.native != (mode == CG_ATTACH_NATIVE)) {
		cg_fail("%s: attached in %s mode already; first: cseqguard detach %s", name,
			interface.native ? "native" : "generic", name);
		return -EEXIST;
	}
	if (!there) {
		err = attach_in(instance, &interface, mode, prog_in);
		if (err)
			return err;
	}
	if (!there || !interface.program_out) {
		err = attach_out(instance, &interface, prog_out);
		if (err) {
			if (!there)
				cg_interface_detach(instance, &interface);
			return err;
		}
	}
	*fresh = !there;
	return 0;
}

int cg_interface_detach(const char *instance, const struct cg_interface *interface)
{
	char pin[PIN_SIZE];
	int err = 0, fd;

	if (interface->alive) {
		err = cg_clsact_detach(interface->ifindex, interface->made_clsact);
		if (err) {
			cg_fail("%s: the tc filter stays: %s; see: tc filter show dev %s egress",
				interface->name, strerror(-err), interface->name);
			return err;
		}
	}
	pin_name(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	if (fd >= 0) {
		if (interface->alive && bpf_link_detach(fd))
			err = -errno;
		close(fd);
	}
	if (err) {
		cg_fail("%s: the XDP program stays: %s", interface->name, strerror(-err));
		return err;
	}
	err = cg_bpffs_unpin(instance, pin);
	pin_name(pin, CLSACT, interface);
	return err ? err : cg_bpffs_unpin(instance, pin);
}

int cg_interface_remove_gone(const char *instance)
{
	struct cg_interface *list;
	size_t n;
	int err;

	err = cg_interface_list(instance, &list, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		if (!list[i].alive)
			err = cg_interface_detach(instance, &list[i]);
	free(list);
	return err;
}

int cg_interface_upgrade(const char *instance, const struct cg_interface *interface, int prog_in,
			 int prog_out, int old_in)
{
	char pin[PIN_SIZE];
	int err, fd;

	pin_name(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	if (fd < 0)
		return fd;
	err = bpf_link_update(fd, prog_in, NULL) ? -errno : 0;
	if (err)
		cg_fail("%s: the XDP program was not replaced: %s", interface->name,
			strerror(-err));
	else
		err = attach_out(instance, interface, prog_out);
	if (err)
		bpf_link_update(fd, old_in, NULL);
	close(fd);
	return err;
}

static bool any_alive(const char *instance)
{
	struct cg_interface *list;
	bool alive = false;
	size_t n;

	if (cg_interface_list(instance, &list, &n))
		return true;
	for (size_t i = 0; i < n; i++)
		alive |= list[i].alive;
	free(list);
	return alive;
}

int cg_interface_check_netns(const char *instance)
{
	char name[256];

	if (cg_instance_netns_is_current(instance) || !any_alive(instance))
		return CG_DONE;
	if (!cg_netns_find_name(cg_instance_netns_cookie(instance), name, sizeof(name)))
		return cg_fail("instance %s guards network namespace %s; add: -n %s, or another "
			       "--instance",
			       instance, name, name);
	return cg_fail("instance %s guards another network namespace; run it in there (nsenter "
		       "--net=/proc/PID/ns/net), or give another --instance",
		       instance);
}
