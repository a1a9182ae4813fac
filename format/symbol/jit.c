/* Names that compilers at run time write down: some of them tell the file and the line, too. */
#include "symbol/private.h"

#include <stdlib.h>
#include <string.h>

/* A number behind the last colon; that is cut off then. */
static bool cut_number(struct dwell_string *text, uint32_t *out)
{
	enum { DIGITS_MAX = 9 };
	size_t at = text->size;
	uint32_t value = 0;

	while (at > 0 && text->at[at - 1] >= '0' && text->at[at - 1] <= '9')
		at--;
	if (at == text->size || text->size - at > DIGITS_MAX || at == 0 || text->at[at - 1] != ':')
		return false;
	for (size_t i = at; i < text->size; i++)
		value = value * 10 + (uint32_t)(text->at[i] - '0');
	text->size = at - 1;
	*out = value;
	return true;
}

/* V8: "LazyCompile:*name /path:line:column", older ones without the column; the sign tells by which
 * compiler. */
static bool read_v8(const char *name, struct dwell_line *out)
{
	static const char *const kinds[] = {
		"LazyCompile:", "Function:", "JS:", "Script:", "Eval:"
	};
	const char *space = strrchr(name, ' ');
	uint32_t number;

	for (size_t i = 0; space && i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *from = name + strlen(kinds[i]);

		if (strncmp(name, kinds[i], strlen(kinds[i])) != 0)
			continue;
		while (from < space && strchr("*~^+-", *from))
			from++;
		out->function = (struct dwell_string){ from, (size_t)(space - from) };
		space++;
		if (strncmp(space, "file://", 7) == 0)
			space += 7;
		out->file = (struct dwell_string){ space, strlen(space) };
		if (cut_number(&out->file, &out->line) && cut_number(&out->file, &number))
			out->line = number;
		if (out->function.size == 0)
			out->function = (struct dwell_string){ "(anonymous)", 11 };
		return true;
	}
	return false;
}

/* CPython 3.12 and later: "py::name:/path". */
static bool read_python(const char *name, struct dwell_line *out)
{
	const char *from = name + 4, *file;

	if (strncmp(name, "py::", 4) != 0)
		return false;
	file = strstr(from, ":/");
	if (!file)
		file = strchr(from, ':');
	if (!file || file == from)
		return false;
	out->function = (struct dwell_string){ from, (size_t)(file - from) };
	out->file = (struct dwell_string){ file + 1, strlen(file + 1) };
	return true;
}

/* HotSpot: "int java.util.ArrayList.size()"; the types go. */
static bool read_java(const char *name, struct dwell_line *out)
{
	const char *from = strchr(name, ' '), *to = strchr(name, '(');

	if (!from || !to || to <= from + 1 || name[strlen(name) - 1] != ')' ||
		memchr(from + 1, ' ', (size_t)(to - from - 1)))
		return false;
	out->function = (struct dwell_string){ from + 1, (size_t)(to - from - 1) };
	return memchr(out->function.at, '.', out->function.size) != NULL;
}

void symbol_found_add_jit(struct symbol_found *found, const char *name)
{
	struct dwell_line line = { .line = 0 };

	if (found->count == DWELL_MAX_INLINE_LINES)
		return;
	if (read_v8(name, &line) || read_python(name, &line) || read_java(name, &line))
		found->lines[found->count++] = line;
	else
		symbol_found_add(found, name, NULL, 0);
}
