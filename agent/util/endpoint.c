// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "util/text.h"

static int parse_port(const char *text)
{
	__u64 port;

	return cg_number_parse(text, 1, 65535, &port) ? -EINVAL : (int)port;
}

int cg_endpoint_parse(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	char address[INET6_ADDRSTRLEN + 2] = "";
	size_t size = colon ? colon - text : 0;
	int port = colon ? parse_port(colon + 1) : -EINVAL;

	if (port < 0 || !size || size >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, size);
	if (*address == '[' && address[size - 1] == ']') {
		address[size - 1] = '\0';
		if (inet_pton(AF_INET6, address + 1, &six.sin6_addr) != 1)
			return -EINVAL;
		six.sin6_port = htons(port);
		memcpy(out, &six, sizeof(six));
		*len = sizeof(six);
		return 0;
	}
	if (inet_pton(AF_INET, address, &four.sin_addr) != 1)
		return -EINVAL;
	four.sin_port = htons(port);
	memcpy(out, &four, sizeof(four));
	*len = sizeof(four);
	return 0;
}

int cg_endpoint_parse_listener(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	char local[sizeof("127.0.0.1:65535")];

	if (strchr(text, ':'))
		return cg_endpoint_parse(text, out, len);
	if (parse_port(text) < 0)
		return -EINVAL;
	snprintf(local, sizeof(local), "127.0.0.1:%s", text);
	return cg_endpoint_parse(local, out, len);
}

static int parse_unix(const char *path, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	if (*path != '/' || strlen(path) >= sizeof(local.sun_path))
		return -EINVAL;
	strcpy(local.sun_path, path);
	memcpy(out, &local, sizeof(local));
	*len = sizeof(local);
	return 0;
}

int cg_endpoint_parse_redis(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	char local[sizeof("127.0.0.1:65535")], whole[INET6_ADDRSTRLEN + sizeof("[]:6379")];

	if (!strncmp(text, "unix:", 5))
		return parse_unix(text + 5, out, len);
	if (!strcmp(text, "localhost") || !strncmp(text, "localhost:", 10)) {
		if (snprintf(local, sizeof(local), "127.0.0.1%s", text + 9) >= (int)sizeof(local))
			return -EINVAL;
		text = local;
	}
	if (!cg_endpoint_parse(text, out, len))
		return 0;
	if (snprintf(whole, sizeof(whole), "%s:6379", text) >= (int)sizeof(whole))
		return -EINVAL;
	return cg_endpoint_parse(whole, out, len);
}
