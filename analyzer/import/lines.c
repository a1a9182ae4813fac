#include "import/lines.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum { ROOM = 4 * IMPORT_LINE };

int import_lines_init(struct import_lines *lines, struct dwell_bytes *bytes)
{
	*lines = (struct import_lines){ .bytes = bytes, .at = malloc(ROOM) };
	return lines->at ? DWELL_OK : DWELL_ENOMEM;
}

void import_lines_release(struct import_lines *lines)
{
	free(lines->at);
	*lines = (struct import_lines){ .bytes = NULL };
}

void import_lines_rewind(struct import_lines *lines)
{
	lines->offset = 0;
	lines->from = lines->to = 0;
	lines->number = 0;
	lines->too_long = 0;
}

/* More bytes behind what is held. DWELL_END: there are none. */
static int fill(struct import_lines *lines)
{
	struct dwell_bytes *bytes = lines->bytes;
	size_t got = 0;
	int err;

	memmove(lines->at, lines->at + lines->from, lines->to - lines->from);
	lines->to -= lines->from;
	lines->from = 0;
	err = bytes->ops->read(bytes, lines->offset, lines->at + lines->to, ROOM - lines->to, &got);
	lines->offset += got;
	lines->to += got;
	return err || got ? err : DWELL_END;
}

/* What is held has no line's end: leave it out up to the next one. */
static int skip_long(struct import_lines *lines)
{
	int err = DWELL_OK;

	lines->too_long++;
	while (!err) {
		const char *end = memchr(lines->at + lines->from, '\n', lines->to - lines->from);

		lines->from = end ? (size_t)(end - lines->at) + 1 : lines->to;
		if (end)
			return DWELL_OK;
		err = fill(lines);
	}
	return err;
}

/* A line is held, whole or the last of the file; longer ones are left out. */
static int find_line(struct import_lines *lines, size_t *size)
{
	for (;;) {
		const char *start = lines->at + lines->from;
		const size_t held = lines->to - lines->from;
		const char *end = held ? memchr(start, '\n', held) : NULL;
		int err;

		*size = end ? (size_t)(end - start) : held;
		if (end && *size < IMPORT_LINE)
			return DWELL_OK;
		if (held >= IMPORT_LINE) {
			lines->number++;
			err = skip_long(lines);
		} else {
			err = fill(lines);
			if (err == DWELL_END && held)
				return DWELL_OK;
		}
		if (err)
			return err;
	}
}

int import_lines_next(struct import_lines *lines, const char **at, size_t *size)
{
	const int err = find_line(lines, size);

	if (err)
		return err;
	lines->number++;
	*at = lines->at + lines->from;
	lines->from += *size;
	lines->from += lines->from < lines->to; /* its end */
	if (*size && (*at)[*size - 1] == '\r')
		--*size;
	return DWELL_OK;
}
