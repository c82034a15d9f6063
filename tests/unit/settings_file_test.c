// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/maps/settings_file.c agent/maps/settings_table.c agent/maps/settings.c agent/maps/pins.c agent/cli/option_table.c agent/cli/option_parse.c agent/cli/event_filter.c agent/stats/range.c agent/util/cli_output.c agent/util/log.c agent/util/progress.c agent/util/suggest.c agent/maps/runtime_dir.c agent/util/enum_names.c agent/util/text.c -lbpf -ljansson -lm
/* The file of settings: what goes in comes out, and what cannot be read does no harm. */
#include "maps/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options_internal.h"
#include "maps/settings_table.h"
#include "tap.h"

static char dir[] = "/tmp/cseqguard-settings-XXXXXX";

static struct cg_settings settings_of(const char *key, const char *value)
{
	struct cg_settings settings = {};

	for (size_t i = 0; i < cg_setting_count; i++)
		if (!strcmp(cg_setting_table[i].key, key))
			cg_setting_table[i].parse(&settings, value);
	return settings;
}

static char *text_of(const char *key, const struct cg_settings *settings)
{
	for (size_t i = 0; i < cg_setting_count; i++)
		if (!strcmp(cg_setting_table[i].key, key))
			return cg_setting_format(&cg_setting_table[i], settings);
	return NULL;
}

static bool has_value(const struct cg_settings *settings, const char *key, const char *value)
{
	char *text = text_of(key, settings);
	bool same = text && !strcmp(text, value);

	free(text);
	return same;
}

static struct cg_kept load(unsigned int *bad_line)
{
	struct cg_kept kept;

	cg_settings_file_load("test", &kept, bad_line);
	return kept;
}

static void put(const char *text)
{
	char path[CG_SETTINGS_PATH];
	int fd;

	cg_settings_file_path(path, "test");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	ok(write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	   "settings: the test can write a file by hand");
	close(fd);
}

static void test_table(void)
{
	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];
		bool found = false;

		if (!option->setting || option->fixed)
			continue;
		for (size_t k = 0; k < cg_setting_count; k++)
			found |= !strcmp(cg_setting_table[k].key, option->name) &&
				 cg_setting_table[k].parse == option->setting;
		ok(found, "settings: %s= is kept on disk", option->name);
	}
}

static void test_round_trip(void)
{
	static const char *const pairs[][2] = {
		{ "mode", "observe" },
		{ "ports", "5060,5080" },
		{ "gateway", "192.0.2.0/24,2001:db8::/32" },
		{ "relay", "none" },
		{ "host", "2001:db8::7,sbc.example" },
		{ "hides", "on" },
		{ "masks-call-id", "on" },
		{ "share", "0" },
		{ "unseen", "believe" },
		{ "equal", "pass" },
		{ "refuse", "answer" },
		{ "source", "strict" },
		{ "fragments", "pass" },
		{ "tcp", "enforce" },
		{ "strict-interface", "yes" },
	};
	struct cg_kept kept;
	unsigned int bad_line;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct cg_settings settings = settings_of(pairs[i][0], pairs[i][1]);

		ok(!cg_settings_file_change("test", &settings, NULL), "settings: %s is written",
		   pairs[i][0]);
	}
	kept = load(&bad_line);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		ok(has_value(&kept.settings, pairs[i][0], pairs[i][1]),
		   "settings: %s=%s comes back", pairs[i][0], pairs[i][1]);
	ok(!bad_line && !*kept.breaker, "settings: each line is read again");
}

static void test_file(void)
{
	char path[CG_SETTINGS_PATH];
	struct cg_settings none = {};
	struct stat st;

	cg_settings_file_path(path, "test");
	umask(0777);
	ok(!cg_settings_file_change("test", &none, NULL) && !stat(path, &st) &&
		   (st.st_mode & 07777) == 0640,
	   "settings: the file has mode 0640 whatever the umask is");
	ok(cg_settings_file_path(path, "../x") == -EINVAL,
	   "settings: an invalid instance name is refused");
}

static void test_equal_values(void)
{
	struct cg_settings a = settings_of("gateway", "192.0.2.0/24,10.0.0.0/8,192.0.2.0/24");
	struct cg_settings b = settings_of("gateway", "10.0.0.0/8,192.0.2.0/24");
	char *one = text_of("gateway", &a), *other = text_of("gateway", &b);

	ok(!strcmp(one, other), "settings: lists in another order are equal");
	free(one);
	free(other);
	a = settings_of("host", "2001:DB8:0::7");
	ok(has_value(&a, "host", "2001:db8::7"), "settings: an address is written in one way");
	a = settings_of("host", "two words");
	ok(!a.given, "settings: a name with a blank is refused");
}

static void test_breaker(void)
{
	struct cg_settings observe = settings_of("mode", "observe");
	struct cg_settings equal = settings_of("equal", "drop");
	unsigned int bad_line;
	struct cg_kept kept;

	cg_settings_file_change("test", &observe, "3 of 3 dialogs, more than 50 %");
	cg_settings_file_change("test", &equal, NULL);
	kept = load(&bad_line);
	ok(!strcmp(kept.breaker, "3 of 3 dialogs, more than 50 %") && !bad_line &&
		   has_value(&kept.settings, "mode", "observe"),
	   "settings: the breaker's word survives another setting");
	cg_settings_file_change("test", &observe, NULL);
	kept = load(&bad_line);
	ok(!*kept.breaker, "settings: a mode by hand removes the breaker's word");
}

static void test_odd_files(void)
{
	unsigned int bad_line;
	struct cg_kept kept;

	put("[settings]\nmode = enforce\nmode = maybe\nfrob = 1\n\n[learned]\nname = a b\nname = "
	    "ok\n");
	kept = load(&bad_line);
	ok(bad_line == 3 && kept.settings.mode == CG_ENFORCE,
	   "settings: a line that is wrong is named, and the others count");
	ok(kept.learned.n_names == 1 && !strcmp(kept.learned.names[0], "ok"),
	   "settings: a learned name with a blank is skipped");
	kept = (struct cg_kept){ .learned = { .n_names = 2,
					      .names = { "x\n[settings]\nmode = observe", "y" } } };
	ok(!cg_settings_file_save("test", &kept),
	   "settings: a learned name with a line end does not fail the save");
	kept = load(&bad_line);
	ok(!kept.settings.given && kept.learned.n_names == 1 && !bad_line,
	   "settings: a learned name with a line end writes no setting");
	kept = (struct cg_kept){};
	ok(!cg_settings_file_save("test", &kept) && !rmdir(dir),
	   "settings: a file without settings is removed");
	kept = load(&bad_line);
	ok(!kept.settings.given && !bad_line, "settings: a missing file keeps nothing");
}

int main(void)
{
	if (!mkdtemp(dir) || setenv("CSEQGUARD_STATE_DIR", dir, 1))
		return 1;
	test_table();
	test_round_trip();
	test_file();
	test_equal_values();
	test_breaker();
	test_odd_files();
	return tap_done();
}
