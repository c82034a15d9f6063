/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon is told: command line over configuration file over environment over defaults. */
#ifndef CG_CONFIG_OPTIONS_H
#define CG_CONFIG_OPTIONS_H

#include <linux/types.h>
#include <stdbool.h>

#include "calls/cdr.h"
#include "stats/breaker.h"

#define CG_CONFIG "/etc/cseqguard/cseqguard.conf"
#define CG_SPOOL_DIR "/var/lib/cseqguard"
#define CG_DAEMON_OPTIONS_MAX 64

enum { CG_LOG_TEXT, CG_LOG_JSON };
enum { CG_HOMER_UDP, CG_HOMER_TCP };

struct cg_daemon_options {
	char *instance;
	char *netns; /* where interface names are looked up; NULL: here */
	char *config; /* file, or NULL */
	char *db; /* conninfo, or NULL: the spool is the store */
	char *spool;
	char *http_name;
	char *http; /* as cg_endpoint_parse_listener() takes it, or NULL: no listener */
	char *node;
	struct cg_limits limits;
	struct cg_breaker breaker; /* its settings */
	__u64 sweep; /* ns between two sweeps */
	__u64 db_timeout; /* ns */
	char *homer; /* of cg_endpoint_parse(); NULL: none */
	__u64 homer_protocol; /* CG_HOMER_... */
	__u64 homer_id;
	__u64 log_format; /* CG_LOG_... */
	bool verbose;
	bool check_config;
	bool print_config;
	bool print_schema;
	bool help;
	char *file; /* that was read; NULL: none */
	unsigned int lines[CG_DAEMON_OPTIONS_MAX]; /* where it gives an option its value; 0: none */
};

/*
 * The file is --config's; else CSEQGUARD_CONFIG's, none where that is empty; else CG_CONFIG: these
 * two need not be there. At a start errors are logged as the options say. 0, or -EINVAL with a line
 * on stderr for each error. Strings are the structure's own; cg_daemon_options_free() even after a
 * failure.
 */
int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv, bool start);
/*
 * The options that a daemon of `instance` would start with. config: its file, NULL: the default, as
 * above. Returns as above.
 */
int cg_daemon_options_load(struct cg_daemon_options *options, const char *instance,
			   const char *config);
void cg_daemon_options_free(struct cg_daemon_options *options);
void cg_daemon_options_help(void); /* to stdout */
void cg_daemon_options_print(const struct cg_daemon_options *options); /* to stdout */

/* The spool that an instance has by default: its path, to be freed; NULL: no memory. */
char *cg_daemon_default_spool(const char *instance);

/*
 * Takes over what may change while the daemon runs, and logs each change, and each that has to wait
 * for a restart. What is taken over is exchanged: both are to be freed still. Returns a bit for
 * each change.
 */
__u64 cg_daemon_options_reload(struct cg_daemon_options *now, struct cg_daemon_options *next);
bool cg_daemon_option_changed(__u64 changed, const char *name);

#endif
