// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/maps/pins_lock.c agent/maps/pins.c agent/util/text.c -lbpf
/* The lock over the pins: who waits for it does so for a bounded time, and learns who holds it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maps/pins.h"
#include "tap.h"
#include "util/clock.h"

static char root[] = "/tmp/cseqguard-lock-XXXXXX";

/* Starts a process that holds the lock until it is killed. */
static pid_t hold_lock(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		byte = cg_pins_lock(0) < 0;
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 || byte)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void test_held(pid_t holder)
{
	char text[CG_LOCK_HOLDER], expected[32];
	__u64 start = cg_boottime(), waited;

	ok(cg_pins_lock(0) == -EWOULDBLOCK && cg_boottime() - start < CG_SECOND / 10,
	   "lock: without a wait the answer is there at once");
	start = cg_boottime();
	ok(cg_pins_lock(300) == -EWOULDBLOCK, "lock: it is busy while another process holds it");
	waited = cg_boottime() - start;
	ok(waited >= 300000000 && waited < 2 * CG_SECOND, "lock: the wait is bounded");
	snprintf(expected, sizeof(expected), "PID %d (", holder);
	cg_pins_lock_holder(text);
	ok(!strncmp(text, expected, strlen(expected)) && strstr(text, "pins_lock_test"),
	   "lock: its holder is named: %s", text);
}

static void test_root(void)
{
	char instance[sizeof(root) + 8];

	snprintf(instance, sizeof(instance), "%s/a", root);
	mkdir(instance, 0700);
	cg_pins_remove_root();
	ok(!access(instance, F_OK), "root: the directory stays while an instance is in it");
	rmdir(instance);
	cg_pins_remove_root();
	ok(access(root, F_OK) && errno == ENOENT,
	   "root: the directory is removed after the last instance");
}

int main(void)
{
	char text[CG_LOCK_HOLDER];
	pid_t holder;
	int fd;

	if (!mkdtemp(root) || setenv("CSEQGUARD_PIN_ROOT", root, 1))
		return 1;
	holder = hold_lock();
	if (!ok(holder > 0, "lock: a process takes it"))
		return 1;
	test_held(holder);
	kill(holder, SIGKILL);
	fd = cg_pins_lock(2000);
	ok(fd >= 0, "lock: it is free when its holder has ended");
	waitpid(holder, NULL, 0);
	close(fd);
	cg_pins_lock_holder(text);
	ok(!strcmp(text, "another process"), "lock: nobody is named while nobody holds it");
	test_root();
	ok(cg_pins_lock(1000) == -ENOENT, "lock: without pins it does not exist");
	return tap_done();
}
