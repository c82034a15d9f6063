// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The screen of `top`, or its content as text or JSON at each refresh. */
#include <poll.h>
#include <stdio.h>

#include "attach/open_error.h"
#include "cli/options.h"
#include "top/json.h"
#include "top/screen.h"
#include "top/text.h"
#include "util/clock.h"
#include "util/cli_output.h"

static int print_text(const struct cg_top *top)
{
	struct cg_line lines[CG_TOP_HEAD_LINES], line;
	unsigned int n = cg_top_format_head(top, CG_TOP_WIDE, lines);

	for (unsigned int i = 0; i < n; i++)
		puts(lines[i].text);
	cg_top_format_calls_head(top, CG_TOP_WIDE, &line);
	puts(line.text);
	for (unsigned int i = 0; i < top->calls->n; i++) {
		cg_top_format_call(top, &top->calls->list[i], CG_TOP_WIDE, &line);
		puts(line.text);
	}
	putchar('\n');
	return cg_stdout_flush();
}

/* Waits until the next refresh and receives events of the daemon meanwhile. */
static void wait_for_refresh(struct cg_top *top, unsigned int delay_ms)
{
	__u64 until = top->now + delay_ms * 1000000ULL, now;

	while ((now = cg_boottime()) < until) {
		struct pollfd fd = { .fd = top->daemon_fd, .events = POLLIN };

		if (poll(&fd, 1, (until - now + 999999) / 1000000) > 0)
			cg_top_poll_daemon(top);
	}
}

static int run_batch(const struct cg_options *options, struct cg_top *top)
{
	int err = 0, code = CG_DONE;

	for (unsigned int n = 1; !code; n++) {
		while (!err)
			err = cg_top_run(top);
		if (err < 0)
			return cg_fail_open(top->instance, err);
		cg_top_poll_daemon(top);
		code = options->json ? cg_stdout_write_json(cg_top_json(top)) : print_text(top);
		if (code || n == options->count)
			break;
		wait_for_refresh(top, options->delay_ms);
		err = cg_top_refresh(top);
		if (err)
			return cg_fail_open(top->instance, err);
	}
	return code;
}

int cg_cmd_top(const struct cg_options *options)
{
	struct cg_top *top;
	int code =
		cg_top_new(options->instance, options->config, options->db, options->spool, &top);

	if (!code)
		code = options->batch || options->json
			       ? run_batch(options, top)
			       : cg_top_run_screen(top, options->delay_ms, options->count);
	cg_top_free(top);
	return code;
}
