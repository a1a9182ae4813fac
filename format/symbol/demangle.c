#include "symbol/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

/* Long enough for any name that people read; demangling can take long on hostile ones. */
enum { LONGEST = 4096 };

static bool is_mangled(const char *name)
{
	return !strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2) || !strncmp(name, "__Z", 3);
}

/* Go's functions of several types that share their code: as Go itself tells them, "box[...].put".
 * NULL: it is none. */
static char *shorten(const char *name)
{
	const char *from = strchr(name, '['), *to = strrchr(name, ']');
	char *out;

	if (!from || !to || to < from || !strstr(from, "[go.shape."))
		return NULL;

	const size_t size = strlen(name) + sizeof("...");
	out = malloc(size);
	if (out)
		snprintf(out, size, "%.*s...%s", (int)(from + 1 - name), name, to);
	return out;
}

/* Allocated; NULL: it is readable as it is. */
static char *demangle(const char *name)
{
	if (!is_mangled(name) && strlen(name) <= LONGEST)
		return shorten(name);
	if (!is_mangled(name) || strlen(name) > LONGEST)
		return NULL;
	return cplus_demangle(name, DMGL_AUTO | DMGL_ANSI);
}

void symbol_found_clear(struct symbol_found *found)
{
	for (size_t i = 0; i < found->made_count; i++)
		free(found->made[i]);
	found->count = found->made_count = 0;
}

static struct dwell_string string_of(const char *text)
{
	return (struct dwell_string){ text, text ? strnlen(text, DWELL_MAX_STRING) : 0 };
}

/* A linker's name may have its version behind it: "pthread_create@@GLIBC_2.34". */
static struct dwell_string function_of(const char *name)
{
	struct dwell_string out = string_of(name);
	const char *at = out.size ? memchr(name, '@', out.size) : NULL;

	if (at && at != name)
		out.size = (size_t)(at - name);
	return out;
}

void symbol_found_add(struct symbol_found *found, const char *function, const char *file, int line)
{
	char *readable;

	if (found->count == DWELL_MAX_INLINE_LINES)
		return;
	readable = function ? demangle(function) : NULL;
	if (readable)
		found->made[found->made_count++] = readable;
	found->lines[found->count++] = (struct dwell_line){
		.function = readable ? string_of(readable) : function_of(function),
		.file = string_of(file),
		.line = line > 0 ? (uint32_t)line : 0,
	};
}
