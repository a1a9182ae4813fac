/* Lists of names by address: /proc/kallsyms, and the maps that compilers at run time leave. */
#include "symbol/private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MOST_NAMES = 1 << 22, /* a kernel with modules has some 200,000 */
	MOST_TEXT = 1 << 28
};

static bool grow(void **at, size_t *room, size_t count, size_t each)
{
	size_t more = *room ? *room : 4096;
	void *larger;

	if (count < *room)
		return true;
	while (more <= count)
		more *= 2;
	larger = realloc(*at, more * each);
	if (!larger)
		return false;
	*at = larger;
	*room = more;
	return true;
}

static bool add(struct symbol_names *names, uint64_t start, uint64_t end, const char *text)
{
	const size_t size = strlen(text) + 1;
	void *all = names->all, *texts = names->texts;

	if (names->count == MOST_NAMES || names->text_size + size > MOST_TEXT ||
		!grow(&all, &names->room, names->count, sizeof(*names->all)))
		return false;
	names->all = all;
	if (!grow(&texts, &names->text_room, names->text_size + size, 1))
		return false;
	names->texts = texts;
	memcpy(names->texts + names->text_size, text, size);
	names->all[names->count++] = (struct symbol_name){ start, end, names->text_size };
	names->text_size += size;
	return true;
}

/* "ffffffff81000000 T _stext", a module's with "\t[module]" behind it. Data is of no use. */
static bool add_kernel(struct symbol_names *names, const char *line)
{
	uint64_t address;
	char type;
	int at = 0;

	if (sscanf(line, "%" SCNx64 " %c %n", &address, &type, &at) < 2 || !at || !address ||
		!strchr("tTwW", type))
		return true;
	return add(names, address, 0, line + at);
}

/* "7f0012340000 1c4 Interpreter::loop". */
static bool add_perf(struct symbol_names *names, const char *line)
{
	uint64_t address, size;
	int at = 0;

	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &address, &size, &at) < 2 || !at || !size ||
		size > UINT64_MAX - address)
		return true;
	return add(names, address, address + size, line + at);
}

/* Of equal addresses the one that was written later is last: it is what is there now. */
static int by_start(const void *a, const void *b)
{
	const struct symbol_name *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->text < y->text ? -1 : 1;
}

/* Anybody may put something there: a pipe that never ends, a link to another's file. */
static FILE *open_map(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	struct stat about;
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? fdopen(fd, "r") : NULL;
	if (!file)
		close(fd);
	return file;
}

void symbol_names_read(struct symbol_names *names, const char *path, bool perf)
{
	FILE *file = names->read ? NULL : perf ? open_map(path) : fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool more = true;

	names->read = true;
	if (!file)
		return;
	while (more && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		more = perf ? add_perf(names, line) : add_kernel(names, line);
	}
	free(line);
	fclose(file);
	if (names->count)
		qsort(names->all, names->count, sizeof(*names->all), by_start);
}

void symbol_names_release(struct symbol_names *names)
{
	free(names->all);
	free(names->texts);
	*names = (struct symbol_names){ .all = NULL };
}

const char *symbol_names_find(const struct symbol_names *names, uint64_t address)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (names->all[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;

	const struct symbol_name *name = &names->all[low - 1];
	return !name->end || address < name->end ? names->texts + name->text : NULL;
}

uint64_t symbol_names_of(const struct symbol_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->texts + names->all[i].text, name))
			return names->all[i].start;
	return 0;
}
