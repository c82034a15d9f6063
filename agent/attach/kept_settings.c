// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/kept_settings.h"

#include <stdlib.h>
#include <string.h>

#include "maps/settings_table.h"
#include "util/cli_output.h"

#define VALUE_TEXT 200 /* of a value in a notice */

static const char *find_path(char path[CG_SETTINGS_PATH], const char *instance)
{
	return cg_settings_file_path(path, instance) ? "the file of settings" : path;
}

void cg_kept_load(const char *instance, struct cg_kept *kept)
{
	char buf[CG_SETTINGS_PATH];
	const char *path = find_path(buf, instance);
	unsigned int bad_line;
	int err = cg_settings_file_load(instance, kept, &bad_line);

	if (err)
		cg_notice("%s: cannot read: %s; what `cseqguard set` has changed is not restored",
			  path, strerror(-err));
	else if (bad_line)
		cg_notice("%s:%u: line ignored: no such key or value; set it again: cseqguard set "
			  "KEY=VALUE",
			  path, bad_line);
}

int cg_kept_change(const char *instance, const struct cg_settings *settings)
{
	char path[CG_SETTINGS_PATH];
	int err = cg_settings_file_change(instance, settings, NULL);

	if (!err)
		return CG_DONE;
	return cg_fail(
		"%s: cannot write: %s; the change is in force, and is lost when the maps are",
		find_path(path, instance), strerror(-err));
}

/* Where /run is read-only, as in the unit, the daemon writes the note. */
static void restore_breaker(const char *instance, const char *why)
{
	if (!cg_runtime_mkdir())
		cg_runtime_note_write(instance, CG_RUNTIME_BREAKER, why);
	cg_notice("instance %s: mode observe, as the breaker left it: %s; to enforce again: "
		  "cseqguard "
		  "set mode=enforce",
		  instance, why);
}

void cg_kept_restore(const char *instance, const struct cg_kept *kept)
{
	int err = cg_learned_write(instance, &kept->learned);

	if (err)
		cg_notice("instance %s: cannot restore what it has learned of the host: %s",
			  instance, strerror(-err));
	if (*kept->breaker)
		restore_breaker(instance, kept->breaker);
}

/* A long list ends in "...", which no command takes for a value. */
static void shorten(char *text)
{
	if (strlen(text) > VALUE_TEXT)
		strcpy(text + VALUE_TEXT - 3, "...");
}

static void report_setting(const struct cg_setting *setting, const struct cg_settings *now,
			   const struct cg_settings *given)
{
	char *has = cg_setting_format(setting, now), *wants = cg_setting_format(setting, given);

	if (has && wants && strcmp(has, wants))
		cg_notice(
			"%s stays %.*s, though this attach says %.*s; to change it: cseqguard set "
			"%s=%.*s",
			setting->key, VALUE_TEXT, has, VALUE_TEXT, wants, setting->key, VALUE_TEXT,
			wants);
	free(has);
	free(wants);
}

void cg_kept_report(const char *instance, const struct cg_settings *given)
{
	struct cg_settings now;

	if (!given->given || cg_settings_read(instance, &now))
		return;
	for (size_t i = 0; i < cg_setting_count; i++)
		if (given->given & cg_setting_table[i].bit)
			report_setting(&cg_setting_table[i], &now, given);
}

static void report_forgotten(const char *instance, const struct cg_settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = settings->given ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	for (size_t i = 0; i < cg_setting_count; i++) {
		char *value = cg_setting_format(&cg_setting_table[i], settings);

		if (value && settings->given & cg_setting_table[i].bit) {
			shorten(value);
			fprintf(out, " %s=%s", cg_setting_table[i].key, value);
		}
		free(value);
	}
	if (!fclose(out))
		cg_notice("instance %s: its settings are removed; to restore them after an attach: "
			  "cseqguard set%s",
			  instance, text);
	free(text);
}

int cg_kept_forget(const char *instance)
{
	char path[CG_SETTINGS_PATH];
	unsigned int bad_line;
	struct cg_kept kept;
	int err = cg_settings_file_load(instance, &kept, &bad_line);

	if (!err) {
		cg_learned_read(instance, &kept.learned); /* if it fails, those of the file stay */
		report_forgotten(instance, &kept.settings);
		kept.settings.given = 0;
		*kept.breaker = '\0';
		err = cg_settings_file_save(instance, &kept);
	}
	if (!err)
		return CG_DONE;
	return cg_fail("%s: cannot write: %s; remove it, or the next attach restores its settings",
		       find_path(path, instance), strerror(-err));
}
