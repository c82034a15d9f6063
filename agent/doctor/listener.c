// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "doctor/listener.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES 64
#define MPTCP 262 /* IPPROTO_MPTCP of Linux 5.6; netinet/in.h may be older */

struct search {
	const __u16 *ports;
	size_t n_ports;
	struct cg_listener *list;
	unsigned long *inodes; /* of the list; those without a process yet have pid 0 */
	size_t n, max;
};

static bool has_port(const struct search *s, unsigned int port)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (s->ports[i] == port)
			return true;
	return false;
}

/* Adds the listening sockets of /proc/net/tcp or tcp6. */
static void read_table(struct search *s, const char *path)
{
	FILE *in = fopen(path, "re");
	unsigned int port, state;
	unsigned long inode;
	char line[512];

	while (in && s->n < s->max && fgets(line, sizeof(line), in))
		if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %lu",
			   &port, &state, &inode) == 3 &&
		    state == TCP_LISTEN && has_port(s, port)) {
			s->inodes[s->n] = inode;
			s->list[s->n++] = (struct cg_listener){ .port = port };
		}
	if (in)
		fclose(in);
}

/* Reads the options of a socket of another process, by a descriptor of our own. */
static void read_options(int pid, int fd, struct cg_listener *listener)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0), copy = -1, value = 0;
	socklen_t size = sizeof(value);

	if (pidfd >= 0)
		copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy >= 0 && !getsockopt(copy, IPPROTO_TCP, TCP_DEFER_ACCEPT, &value, &size))
		listener->defers_accept = value;
	size = sizeof(value);
	if (copy >= 0 && !getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &value, &size))
		listener->mptcp = value == MPTCP;
	if (copy >= 0)
		close(copy);
	if (pidfd >= 0)
		close(pidfd);
}

static void read_name(int pid, struct cg_listener *listener)
{
	char path[PATH_BYTES];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	in = fopen(path, "re");
	if (in && fgets(listener->process, sizeof(listener->process), in))
		listener->process[strcspn(listener->process, "\n")] = '\0';
	if (in)
		fclose(in);
}

static void check_fd(struct search *s, int pid, const char *dir, const char *name)
{
	char path[PATH_BYTES + 256], target[64];
	unsigned long inode;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return;
	target[len] = '\0';
	if (sscanf(target, "socket:[%lu]", &inode) != 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->inodes[i] == inode && !s->list[i].pid) {
			s->list[i].pid = pid;
			read_name(pid, &s->list[i]);
			read_options(pid, atoi(name), &s->list[i]);
		}
}

static void check_process(struct search *s, int pid)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			check_fd(s, pid, path, entry->d_name);
	if (dir)
		closedir(dir);
}

size_t cg_listeners_find(const __u16 *ports, size_t n_ports, struct cg_listener *list, size_t max)
{
	struct search s = { .ports = ports, .n_ports = n_ports, .list = list, .max = max };
	struct dirent *entry;
	size_t found = 0;
	DIR *proc;

	s.inodes = calloc(max, sizeof(*s.inodes));
	if (!s.inodes)
		return 0;
	read_table(&s, "/proc/thread-self/net/tcp");
	read_table(&s, "/proc/thread-self/net/tcp6");
	proc = s.n ? opendir("/proc") : NULL;
	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			check_process(&s, atoi(entry->d_name));
	if (proc)
		closedir(proc);
	for (size_t i = 0; i < s.n; i++)
		if (list[i].pid)
			list[found++] = list[i];
	free(s.inodes);
	return found;
}
