#include "src/text_lines.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "src/text_private.h"

enum { READ_SIZE = 1 << 16, ID_BITS = 12, PAGE_IDS = 1 << ID_BITS };

int text_lines_init(struct text_lines *lines, struct dwell_bytes *bytes)
{
	*lines = (struct text_lines){ .bytes = bytes, .at = malloc(READ_SIZE), .cap = READ_SIZE };
	return lines->at ? DWELL_OK : DWELL_ENOMEM;
}

void text_lines_release(struct text_lines *lines)
{
	lines->bytes->ops->close(lines->bytes);
	free(lines->at);
}

void text_lines_rewind(struct text_lines *lines)
{
	lines->offset = 0;
	lines->from = 0;
	lines->to = 0;
	lines->number = 0;
}

/* Read more behind what is there; DWELL_END: there is no more. */
static int fill(struct text_lines *lines)
{
	size_t got = 0;
	int err;

	memmove(lines->at, lines->at + lines->from, lines->to - lines->from);
	lines->to -= lines->from;
	lines->from = 0;
	if (lines->to == lines->cap) {
		if (lines->cap >= TEXT_MAX_LINE)
			return DWELL_ELIMIT;

		char *at = realloc(lines->at, lines->cap * 2);
		if (!at)
			return DWELL_ENOMEM;
		lines->at = at;
		lines->cap *= 2;
	}
	err = lines->bytes->ops->read(
		lines->bytes, lines->offset, lines->at + lines->to, lines->cap - lines->to, &got);
	if (err)
		return err;
	lines->offset += got;
	lines->to += got;
	return got ? DWELL_OK : DWELL_END;
}

int text_lines_next(struct text_lines *lines, const char **at, size_t *size)
{
	size_t looked = lines->from;

	for (;;) {
		const char *end = looked < lines->to
					  ? memchr(lines->at + looked, '\n', lines->to - looked)
					  : NULL;
		int err = DWELL_OK;

		if (!end) {
			looked = lines->to - lines->from;
			err = fill(lines);
			if (err && (err != DWELL_END || !lines->to)) {
				lines->number += err != DWELL_END;
				return err;
			}
			if (!err)
				continue;
		}
		*at = lines->at + lines->from;
		*size = (end ? (size_t)(end - lines->at) : lines->to) - lines->from;
		lines->from += *size + (end != NULL);
		lines->number++;
		return DWELL_OK;
	}
}

int text_ids_add(struct text_ids *ids, uint32_t id)
{
	const size_t page = id >> ID_BITS;

	if (page >= ids->count) {
		const size_t count = (page + 1) * 2;
		uint64_t **pages = realloc(ids->pages, count * sizeof(uint64_t *));

		if (!pages)
			return DWELL_ENOMEM;
		memset(pages + ids->count, 0, (count - ids->count) * sizeof(uint64_t *));
		ids->pages = pages;
		ids->count = count;
	}
	if (!ids->pages[page])
		ids->pages[page] = calloc(PAGE_IDS / 64, sizeof(uint64_t));
	if (!ids->pages[page])
		return DWELL_ENOMEM;
	ids->pages[page][id % PAGE_IDS / 64] |= (uint64_t)1 << id % 64;
	return DWELL_OK;
}

int text_ids_has(const struct text_ids *ids, uint32_t id)
{
	const size_t page = id >> ID_BITS;

	return page < ids->count && ids->pages[page] &&
	       (ids->pages[page][id % PAGE_IDS / 64] >> id % 64 & 1);
}

void text_ids_release(struct text_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->pages[i]);
	free(ids->pages);
}
