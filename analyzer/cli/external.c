#include "cli/external.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"

/* The folder of this program, with a slash at its end. */
static int own_folder(char out[PATH_MAX])
{
	const ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (length < 0)
		return -1;
	out[length] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		slash[1] = '\0';
	return 0;
}

/* How many single letters apart, as far as a typing error goes. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32];
	const size_t length = strlen(b);

	if (strlen(a) >= 32 || length >= 32)
		return 32;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			const size_t change = corner + (a[i - 1] != b[j - 1]);
			const size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < step ? change : step;
		}
	}
	return row[length];
}

static int unknown(const char *name)
{
	const char *nearest = NULL;
	size_t least = 3; /* further away is no typing error */

	for (const struct command *command = commands; command->name; command++) {
		const size_t away = distance(name, command->name);

		if (away < least) {
			least = away;
			nearest = command->name;
		}
	}
	if (nearest)
		return complain(STATUS_ASKED, name, "no such command; did you mean %s?", nearest);
	return complain(STATUS_ASKED, name, "no such command (see dwell help)");
}

int external_run(const struct command *command, const char *name, char **arguments)
{
	char path[PATH_MAX + NAME_MAX], called[NAME_MAX];
	size_t used;

	/* A name is no path: it cannot lead out of our folder. */
	if (strchr(name, '/') || strlen(name) > 64 || own_folder(path))
		return unknown(name);
	used = strlen(path);
	if (command)
		snprintf(path + used, sizeof(path) - used, "%s", command->program);
	else
		snprintf(path + used, sizeof(path) - used, "dwell-%s", name);
	snprintf(called, sizeof(called), "dwell-%s", name);
	/* main() was given argv[1] as the name: its place becomes argv[0]. */
	arguments[-1] = called;
	execv(path, arguments - 1);
	if (!command && errno == ENOENT)
		return unknown(name);
	return complain(STATUS_REFUSED, path, "%s", strerror(errno));
}
