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
#include "attach/xdp_link.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/netns.h"

#define LINK "link_"
#define CLSACT "clsact_"
#define PIN_SIZE (sizeof(CLSACT) + IF_NAMESIZE + 16)

static void format_pin(char out[PIN_SIZE], const char *kind, const struct cg_interface *interface)
{
	snprintf(out, PIN_SIZE, "%s%s", kind, interface->pin);
}

/* Reads the state of the link. The kernel reports ifindex 0 after the interface was removed. */
static void read_link(const char *instance, bool here, struct cg_interface *interface)
{
	struct cg_xdp_state state;
	__u32 ifindex, program = 0;
	char pin[PIN_SIZE], name[IF_NAMESIZE];
	int fd;

	format_pin(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	interface->hidden = fd == -EACCES || fd == -EPERM;
	interface->alive = interface->hidden;
	if (fd < 0)
		return;
	ifindex = cg_xdp_link_ifindex(fd, &program);
	if (ifindex) {
		interface->alive = true;
		interface->program_in = program;
		interface->ifindex = ifindex;
	}
	close(fd);
	if (!interface->alive || !here || !if_indextoname(interface->ifindex, name))
		return;
	memcpy(interface->name, name, sizeof(name));
	cg_clsact_find(interface->ifindex, &interface->tc);
	if (!cg_xdp_query(interface->ifindex, &state))
		interface->native = state.attached == XDP_ATTACHED_DRV;
}

static int read_pin(const char *instance, bool here, const char *pin,
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
	format_pin(clsact, CLSACT, &found);
	found.made_clsact = cg_bpffs_has_pin(instance, clsact);
	read_link(instance, here, &found);
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
		count += !read_pin(instance, here, names[i], &array[count]);
	cg_bpffs_free_pins(names, pins);
	if (!array)
		return -ENOMEM;
	*list = array;
	*n = count;
	return 0;
}

static int attach_filters(const char *instance, const struct cg_interface *interface,
			  const struct cg_programs *programs)
{
	char pin[PIN_SIZE], why[CG_NETLINK_WHY];
	enum cg_hook hook;
	bool made;
	int err;

	err = cg_clsact_attach(interface->ifindex, programs, &made, &hook, why);
	if (err) {
		cg_fail("%s: cannot attach the tc %s filter: %s; see: tc filter show dev %s %s",
			interface->name, cg_hook_name(hook), why, interface->name,
			cg_hook_name(hook));
		return err;
	}
	if (!made || interface->made_clsact)
		return 0;
	format_pin(pin, CLSACT, interface);
	err = cg_bpffs_pin(programs->fd[CG_PROG_OUT], instance, pin, CG_PIN_ROOT_ONLY);
	if (err)
		cg_clsact_detach(interface->ifindex, true, &hook, why);
	return err;
}

static int attach_xdp(const char *instance, const struct cg_interface *interface,
		      enum cg_attach_mode mode, int prog_in)
{
	char pin[PIN_SIZE];
	int err, fd;

	fd = cg_xdp_link_create(interface->name, interface->ifindex, mode, prog_in);
	if (fd < 0)
		return fd;
	format_pin(pin, LINK, interface);
	err = cg_bpffs_pin(fd, instance, pin, CG_PIN_ROOT_ONLY);
	close(fd);
	return err;
}

/* Returns the index, or -ENODEV after it has reported that there is none. */
static int find_index(const char *name)
{
	int ifindex = strlen(name) < IF_NAMESIZE ? (int)if_nametoindex(name) : 0;

	if (ifindex)
		return ifindex;
	cg_fail("%s: no such interface in this network namespace; see: ip link", name);
	return -ENODEV;
}

int cg_interface_check(const char *name)
{
	struct cg_xdp_state state;
	int err, ifindex = find_index(name);

	if (ifindex < 0)
		return ifindex;
	err = cg_xdp_query(ifindex, &state);
	if (err || cg_xdp_is_ethernet(&state))
		return 0; /* what does not answer is reported when it is attached */
	cg_fail("%s: cannot attach: its packets have no Ethernet header (link type %u, as of tun, "
		"WireGuard and PPP devices), and would not be read; let SIP come in on an Ethernet "
		"interface, for example a tap device or a bridge",
		name, state.link_type);
	return -EOPNOTSUPP;
}

/*
 * Stores the interface as the instance has it, or as a new one. Returns 1 if it is attached, 0 if
 * not, or -errno after it has reported the error.
 */
static int find_interface(const char *instance, const char *name, struct cg_interface *interface)
{
	struct cg_interface *list, fresh = { .alive = true };
	size_t n;
	int err = find_index(name);

	if (err < 0)
		return err;
	fresh.ifindex = err;
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
			const struct cg_programs *programs, bool *fresh)
{
	struct cg_interface interface;
	int err, there;

	there = find_interface(instance, name, &interface);
	if (there < 0)
		return there;
	if (there && mode != CG_ATTACH_AUTO && interface.native != (mode == CG_ATTACH_NATIVE)) {
		cg_fail("%s: attached in %s mode already; to change it, first: cseqguard detach %s",
			name, interface.native ? "native" : "generic", name);
		return -EEXIST;
	}
	if (!there) {
		err = attach_xdp(instance, &interface, mode, programs->fd[CG_PROG_IN]);
		if (err)
			return err;
	}
	if (!there || cg_interface_lacks_filter(&interface)) {
		err = attach_filters(instance, &interface, programs);
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
	char pin[PIN_SIZE], why[CG_NETLINK_WHY];
	enum cg_hook hook;
	int err = 0, fd;

	if (interface->alive) {
		err = cg_clsact_detach(interface->ifindex, interface->made_clsact, &hook, why);
		if (err) {
			cg_fail("%s: cannot remove the tc %s filter: %s; see: tc filter show dev "
				"%s %s",
				interface->name, cg_hook_name(hook), why, interface->name,
				cg_hook_name(hook));
			return err;
		}
	}
	format_pin(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	if (fd >= 0) {
		if (interface->alive && bpf_link_detach(fd))
			err = -errno;
		close(fd);
	}
	if (err) {
		cg_fail("%s: cannot detach the XDP program: %s", interface->name, strerror(-err));
		return err;
	}
	err = cg_bpffs_unpin(instance, pin);
	format_pin(pin, CLSACT, interface);
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

int cg_interface_upgrade(const char *instance, const struct cg_interface *interface,
			 const struct cg_programs *programs, const struct cg_programs *old)
{
	char pin[PIN_SIZE];
	int err, fd;

	format_pin(pin, LINK, interface);
	fd = cg_pin_open(instance, pin);
	if (fd < 0)
		return fd;
	err = bpf_link_update(fd, programs->fd[CG_PROG_IN], NULL) ? -errno : 0;
	if (err)
		cg_fail("%s: cannot replace the XDP program: %s", interface->name, strerror(-err));
	else
		err = attach_filters(instance, interface, programs);
	if (err) {
		bpf_link_update(fd, old->fd[CG_PROG_IN], NULL);
		attach_filters(instance, interface, old);
	}
	close(fd);
	return err;
}

static bool any_is_alive(const char *instance)
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

	if (cg_instance_netns_is_current(instance) || !any_is_alive(instance))
		return CG_DONE;
	if (!cg_netns_find_name(cg_instance_netns_cookie(instance), name, sizeof(name)))
		return cg_fail("instance %s guards network namespace %s; add -n %s, or choose "
			       "another --instance",
			       instance, name, name);
	return cg_fail("instance %s guards another network namespace; run cseqguard in that one "
		       "(nsenter --net=/proc/PID/ns/net), or choose another --instance",
		       instance);
}
