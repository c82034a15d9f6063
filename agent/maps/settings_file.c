// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/settings_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps/pins.h"
#include "maps/settings_table.h"

static int format_path(char path[CG_SETTINGS_PATH], const char *instance, const char *suffix)
{
	char text[CG_SETTINGS_PATH];
	int len;

	if (cg_instance_check_name(instance))
		return -EINVAL;
	len = snprintf(text, sizeof(text), "%s/%s.settings%s", cg_state_dir(), instance, suffix);
	if (len < 0 || (size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(path, text, len + 1);
	return 0;
}

int cg_settings_file_path(char path[CG_SETTINGS_PATH], const char *instance)
{
	return format_path(path, instance, "");
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Names come from the host's own Vias. Odd ones could break the lines of the file. */
static bool name_is_plain(const char *name)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.:-_";

	return *name && strlen(name) < CG_SETTINGS_HOST_MAX && !name[strspn(name, legal)];
}

static int parse_learned(struct cg_learned *learned, const char *key, const char *value)
{
	if (!strcmp(key, "hides-topology")) {
		learned->hides_topology = !strcmp(value, "yes");
		return 0;
	}
	if (strcmp(key, "name") || learned->n_names == CG_HOSTS_MAX || !name_is_plain(value))
		return -EINVAL;
	strcpy(learned->names[learned->n_names++], value);
	return 0;
}

static int parse_setting(struct cg_settings *settings, const char *key, const char *value)
{
	for (size_t i = 0; i < cg_setting_count; i++)
		if (!strcmp(cg_setting_table[i].key, key))
			return cg_setting_table[i].parse(settings, value);
	return -EINVAL;
}

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* Parses KEY = VALUE of a section. */
static int parse_line(struct cg_kept *kept, const char *section, char *line)
{
	char *value = strchr(line, '=');
	const char *key;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	key = trim(line);
	value = trim(value);
	if (!strcmp(section, "settings"))
		return parse_setting(&kept->settings, key, value);
	if (!strcmp(section, "learned"))
		return parse_learned(&kept->learned, key, value);
	if (strcmp(section, "breaker") || strcmp(key, "why"))
		return -EINVAL;
	snprintf(kept->breaker, sizeof(kept->breaker), "%s", value);
	return 0;
}

/*
 * Not by inih, which config/ uses: it cuts a line at 198 bytes, and a list of gateways is longer.
 */
static void parse_file(FILE *file, struct cg_kept *kept, unsigned int *bad_line)
{
	char *line = NULL, *text, section[16] = "";
	unsigned int number = 0;
	size_t size = 0;

	while (getline(&line, &size, file) > 0) {
		number++;
		text = trim(line);
		if (!*text || *text == '#' || *text == ';')
			continue;
		if (*text == '[') {
			text[strcspn(text, "]")] = '\0';
			snprintf(section, sizeof(section), "%s", text + 1);
		} else if (parse_line(kept, section, text) && !*bad_line) {
			*bad_line = number;
		}
	}
	free(line);
}

int cg_settings_file_load(const char *instance, struct cg_kept *kept, unsigned int *bad_line)
{
	char path[CG_SETTINGS_PATH];
	int err, fd;
	FILE *file;

	*kept = (struct cg_kept){};
	*bad_line = 0;
	err = cg_settings_file_path(path, instance);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	file = fdopen(fd, "r");
	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	parse_file(file, kept, bad_line);
	if (ferror(file)) {
		*kept = (struct cg_kept){};
		err = -EIO;
	}
	fclose(file);
	return err;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void print_kept(const struct cg_kept *kept, FILE *out)
{
	const struct cg_settings *settings = &kept->settings;

	fputs("# Written by cseqguard and cseqguardd: what `cseqguard set` or the breaker has "
	      "changed,\n"
	      "# and what the guard has learned of this host. It comes back when the guard is "
	      "attached.\n",
	      out);
	if (settings->given)
		fputs("\n[settings]\n", out);
	for (size_t i = 0; i < cg_setting_count; i++) {
		if (!(settings->given & cg_setting_table[i].bit))
			continue;
		fprintf(out, "%s = ", cg_setting_table[i].key);
		cg_setting_table[i].print(settings, out);
		fputc('\n', out);
	}
	if (*kept->breaker)
		fprintf(out, "\n[breaker]\nwhy = %s\n", kept->breaker);
	if (kept->learned.hides_topology || kept->learned.n_names)
		fputs("\n[learned]\n", out);
	if (kept->learned.hides_topology)
		fputs("hides-topology = yes\n", out);
	for (int i = 0; i < kept->learned.n_names; i++)
		if (name_is_plain(kept->learned.names[i]))
			fprintf(out, "name = %s\n", kept->learned.names[i]);
}

static int write_file(const char *path, const struct cg_kept *kept)
{
	int err, fd;
	FILE *out;

	unlink(path); /* of a writer that was killed */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0640) ? -errno : cg_give_to_dir_owner(path);
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	print_kept(kept, out);
	if (!err && (fflush(out) || fsync(fd)))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

/* Makes the renaming durable. */
static int sync_dir(void)
{
	int err, fd = open(cg_state_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

static bool is_empty(const struct cg_kept *kept)
{
	return !kept->settings.given && !*kept->breaker && !kept->learned.hides_topology &&
	       !kept->learned.n_names;
}

int cg_settings_file_save(const char *instance, const struct cg_kept *kept)
{
	char path[CG_SETTINGS_PATH], fresh[CG_SETTINGS_PATH];
	int err = format_path(path, instance, "");

	if (!err)
		err = format_path(fresh, instance, ".new");
	if (err)
		return err;
	if (is_empty(kept))
		return unlink(path) && errno != ENOENT ? -errno : 0;
	err = cg_state_mkdir();
	if (!err)
		err = write_file(fresh, kept);
	if (!err && rename(fresh, path))
		err = -errno;
	if (!err)
		return sync_dir();
	unlink(fresh);
	return err;
}

int cg_settings_file_change(const char *instance, const struct cg_settings *settings,
			    const char *breaker)
{
	struct cg_kept kept;
	unsigned int bad_line;
	int err = cg_settings_file_load(instance, &kept, &bad_line);

	if (err)
		return err;
	cg_settings_merge(&kept.settings, settings);
	if (settings->given & CG_SET_MODE)
		snprintf(kept.breaker, sizeof(kept.breaker), "%s", breaker ? breaker : "");
	return cg_settings_file_save(instance, &kept);
}
