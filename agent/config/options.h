/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's options. The command line overrides the configuration file, which overrides the
 * environment, which overrides the defaults.
 */
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
	char *netns; /* in which interface names are looked up; NULL: the current one */
	char *config; /* file, or NULL */
	char *db; /* conninfo, or NULL: the spool is the store */
	char *spool;
	char *http_name;
	char *http; /* as cg_endpoint_parse_listener() takes it, or NULL: no listener */
	char *node;
	struct cg_limits limits;
	struct cg_breaker breaker; /* its settings */
	__u64 scan_interval; /* ns between two scans of the map: option `sweep` */
	__u64 db_timeout; /* ns */
	__u64 keep; /* ns; 0: for ever */
	char *homer; /* as cg_endpoint_parse() takes it, or NULL: none */
	__u64 homer_protocol; /* CG_HOMER_... */
	__u64 homer_id;
	char *hep; /* as homer: listener for what proxies report */
	char *hep_key;
	char *pair; /* name, or NULL: the host is alone */
	char *redis; /* as cg_endpoint_parse_redis() takes it */
	char *redis_user; /* NULL: the default one */
	char *redis_password_file; /* NULL: none */
	__u64 redis_database;
	__u64 log_format; /* CG_LOG_... */
	bool verbose;
	bool check_config;
	bool print_config;
	bool print_schema;
	bool help, version;
	char *file; /* configuration file that was read; NULL: none */
	unsigned int lines[CG_DAEMON_OPTIONS_MAX]; /* of the file, by option; 0: not set there */
};

/*
 * Reads command line and configuration file into *options. The file is that of --config, which must
 * exist; else that of CSEQGUARD_CONFIG (empty: no file), else CG_CONFIG, if it exists. `start`:
 * configures the log first, so that errors are logged in the chosen format. 0, or -EINVAL with a
 * line logged for each error. The strings belong to *options; call cg_daemon_options_free() after a
 * failure as well.
 */
int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv, bool start);

/*
 * Reads the options with which a daemon of `instance` would start. config: its file, NULL: the
 * default as above. Returns as above.
 */
int cg_daemon_options_load(struct cg_daemon_options *options, const char *instance,
			   const char *config);
void cg_daemon_options_free(struct cg_daemon_options *options);

/* Prints to stdout: the text of --help; the settings in the format of the file. */
void cg_daemon_options_help(void);
void cg_daemon_options_print(const struct cg_daemon_options *options);

/* Returns the path of an instance's spool by default, which the caller frees; NULL: no memory. */
char *cg_daemon_default_spool(const char *instance);

/*
 * Applies the changes that are possible in a running daemon. Logs each of them, and each that needs
 * a restart. Swaps the changed values between `now` and `next`, so the caller still frees both.
 * Returns the applied options as a bit mask.
 */
__u64 cg_daemon_options_reload(struct cg_daemon_options *now, struct cg_daemon_options *next);

/* True if the option of that name is in such a bit mask. */
bool cg_daemon_option_changed(__u64 changed, const char *name);

#endif
