#include "src/text_defs.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

/* A line that is held. */
struct text_def {
	uint32_t rank, id;
	size_t order;
	size_t at, size;
};

enum { HASH_BITS = 9, PAGE_HASHES = 1 << HASH_BITS };

void text_put_line(struct text_out *out, enum text_line line, const union text_row *row)
{
	const struct text_kind *kind = &text_kinds[line];
	uint32_t id;

	text_put(out, kind->word, strlen(kind->word));
	if (kind->table >= 0) {
		memcpy(&id, (const char *)row + kind->id_offset, sizeof(id));
		text_put_char(out, ' ');
		text_put_char(out, text_tables[kind->table].letter);
		text_put_number(out, id);
	}
	text_put_fields(out, kind, row);
	text_put_char(out, '\n');
}

int text_defs_init(struct text_defs *defs)
{
	defs->lines = calloc(1, sizeof(*defs->lines));
	return defs->lines ? DWELL_OK : DWELL_ENOMEM;
}

static void let_go(struct text_defs *defs)
{
	if (defs->lines)
		free(defs->lines->held);
	free(defs->lines);
	free(defs->all);
	defs->lines = NULL;
	defs->all = NULL;
	defs->count = 0;
}

void text_defs_release(struct text_defs *defs)
{
	let_go(defs);
	for (size_t table = 0; table < TEXT_TABLE_COUNT; table++) {
		for (size_t i = 0; i < defs->pages[table]; i++)
			free(defs->hashes[table][i]);
		free(defs->hashes[table]);
	}
}

/* FNV-1a; never 0, which stands for none. */
static uint64_t hash(const char *at, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)at[i]) * 0x100000001b3u;
	return sum ? sum : 1;
}

/* Where the hash of an id is kept; NULL: no memory. */
static uint64_t *hash_of(struct text_defs *defs, size_t table, uint32_t id)
{
	const size_t page = id >> HASH_BITS;

	if (page >= defs->pages[table]) {
		const size_t pages = (page + 1) * 2;
		uint64_t **grown = realloc(defs->hashes[table], pages * sizeof(uint64_t *));

		if (!grown)
			return NULL;
		for (size_t i = defs->pages[table]; i < pages; i++)
			grown[i] = NULL;
		defs->hashes[table] = grown;
		defs->pages[table] = pages;
	}
	if (!defs->hashes[table][page])
		defs->hashes[table][page] = calloc(PAGE_HASHES, sizeof(uint64_t));
	return defs->hashes[table][page] ? &defs->hashes[table][page][id % PAGE_HASHES] : NULL;
}

/* Write a line, if it says something new of its id. */
static int put_new(struct text_defs *defs, const struct text_kind *kind, uint32_t id,
	const char *at, size_t size, struct text_out *out)
{
	if (kind->table >= 0) {
		uint64_t *last = hash_of(defs, (size_t)kind->table, id);
		const uint64_t now = hash(at, size);

		if (!last)
			return DWELL_ENOMEM;
		if (*last == now)
			return DWELL_OK;
		*last = now;
	}
	text_put(out, at, size);
	return out->failed ? DWELL_EIO : DWELL_OK;
}

/* Facts of the whole trace first, in their order. */
static uint32_t rank_of(enum text_line line)
{
	return line == TEXT_LINE_CLOCK || line == TEXT_LINE_NOTE ? 0 : (uint32_t)line;
}

static int hold(struct text_defs *defs, enum text_line line, const union text_row *row, uint32_t id)
{
	struct text_out *lines = defs->lines;
	struct text_def *def;

	if (defs->count == defs->cap) {
		const size_t cap = defs->cap * 2 + 64;
		struct text_def *all = realloc(defs->all, cap * sizeof(*all));

		if (!all)
			return DWELL_ENOMEM;
		defs->all = all;
		defs->cap = cap;
	}
	def = &defs->all[defs->count];
	*def = (struct text_def){ .rank = rank_of(line), .id = id, .order = defs->count };
	def->at = lines->held_count + lines->count;
	text_put_line(lines, line, row);
	def->size = lines->held_count + lines->count - def->at;
	defs->count++;
	return lines->failed ? DWELL_ENOMEM : DWELL_OK;
}

int text_defs_put(struct text_defs *defs, enum text_line line, const union text_row *row,
	struct text_out *out)
{
	const struct text_kind *kind = &text_kinds[line];
	struct text_out *one;
	uint32_t id = 0;
	int err;

	if (kind->table >= 0) {
		memcpy(&id, (const char *)row + kind->id_offset, sizeof(id));
		if (id > text_tables[kind->table].limit)
			return DWELL_ELIMIT;
	}
	if (defs->lines)
		return hold(defs, line, row, id);
	one = calloc(1, sizeof(*one));
	if (!one)
		return DWELL_ENOMEM;
	text_put_line(one, line, row);
	text_flush(one);
	err = one->failed ? DWELL_ENOMEM : put_new(defs, kind, id, one->held, one->held_count, out);
	free(one->held);
	free(one);
	return err;
}

static int by_place(const void *a, const void *b)
{
	const struct text_def *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int text_defs_tell(struct text_defs *defs, struct text_out *out)
{
	int err = DWELL_OK;

	if (!defs->lines)
		return DWELL_OK;
	text_flush(defs->lines);
	if (defs->lines->failed)
		return DWELL_ENOMEM;
	if (defs->count)
		qsort(defs->all, defs->count, sizeof(*defs->all), by_place);
	for (size_t i = 0; i < defs->count && !err; i++) {
		const struct text_def *def = &defs->all[i];
		const bool replaced = def->rank && i + 1 < defs->count &&
				      def[1].rank == def->rank && def[1].id == def->id;

		if (!replaced)
			err = put_new(defs, &text_kinds[def->rank ? def->rank : TEXT_LINE_NOTE],
				def->id, defs->lines->held + def->at, def->size, out);
	}
	let_go(defs);
	return err;
}
