// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEATURES_MAX 512 /* the kernel has fewer than a hundred */

static int run_ioctl(const char *interface, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", interface);
	err = ioctl(fd, request, ifr) ? -errno : 0;
	close(fd);
	return err;
}

static int run_ethtool(const char *interface, void *command)
{
	struct ifreq ifr = { .ifr_data = command };

	return run_ioctl(interface, SIOCETHTOOL, &ifr);
}

int cg_ethtool_read_driver(const char *interface, char *driver, size_t size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int err = run_ethtool(interface, &info);

	if (!err)
		snprintf(driver, size, "%.*s", (int)sizeof(info.driver), info.driver);
	return err;
}

int cg_ethtool_read_queues(const char *interface, unsigned int *rx, unsigned int *rx_max)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int err = run_ethtool(interface, &channels);

	if (err)
		return err;
	*rx = channels.rx_count + channels.combined_count;
	*rx_max = channels.max_combined ? channels.max_combined : channels.max_rx;
	return 0;
}

static unsigned int count_features(const char *interface)
{
	union {
		struct ethtool_sset_info info;
		char bytes[sizeof(struct ethtool_sset_info) + sizeof(__u32)]; /* with data[0] */
	} request = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };

	if (run_ethtool(interface, &request) || !request.info.sset_mask ||
	    request.info.data[0] > FEATURES_MAX)
		return 0;
	return request.info.data[0];
}

static void match_features(const struct ethtool_gstrings *strings,
			   const struct ethtool_gfeatures *states, const char *const *names,
			   bool *on, size_t n)
{
	for (unsigned int i = 0; i < strings->len; i++)
		for (size_t k = 0; k < n; k++)
			if (!strncmp((const char *)strings->data + i * ETH_GSTRING_LEN, names[k],
				     ETH_GSTRING_LEN))
				on[k] = states->features[i / 32].active >> i % 32 & 1;
}

int cg_ethtool_read_features(const char *interface, const char *const *names, bool *on, size_t n)
{
	unsigned int count = count_features(interface), words = (count + 31) / 32;
	struct ethtool_gstrings *strings;
	struct ethtool_gfeatures *states;
	int err;

	memset(on, 0, n * sizeof(*on));
	if (!count)
		return -EOPNOTSUPP;
	strings = calloc(1, sizeof(*strings) + count * ETH_GSTRING_LEN);
	states = calloc(1, sizeof(*states) + words * sizeof(states->features[0]));
	if (!strings || !states) {
		err = -ENOMEM;
	} else {
		strings->cmd = ETHTOOL_GSTRINGS;
		strings->string_set = ETH_SS_FEATURES;
		strings->len = count;
		states->cmd = ETHTOOL_GFEATURES;
		states->size = words;
		err = run_ethtool(interface, strings);
		if (!err)
			err = run_ethtool(interface, states);
		if (!err)
			match_features(strings, states, names, on, n);
	}
	free(strings);
	free(states);
	return err;
}

int cg_ethtool_read_mtu(const char *interface, unsigned int *mtu)
{
	struct ifreq ifr = {};
	int err = run_ioctl(interface, SIOCGIFMTU, &ifr);

	if (!err)
		*mtu = ifr.ifr_mtu;
	return err;
}

bool cg_ethtool_is_up(const char *interface)
{
	struct ifreq ifr = {};

	return !run_ioctl(interface, SIOCGIFFLAGS, &ifr) && ifr.ifr_flags & IFF_UP &&
	       !(ifr.ifr_flags & IFF_LOOPBACK);
}
