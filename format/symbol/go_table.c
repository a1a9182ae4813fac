/* Go's own table of functions and lines. Nothing in it is believed: each offset is looked at. */
#include "symbol/go.h"

#include <string.h>

enum {
	HEADER_SIZE = 72,
	MAGIC_118 = 0xfffffff0,
	MAGIC_120 = 0xfffffff1,
	MOST_FUNCTIONS = 1 << 24,
	MOST_STEPS = 1 << 20, /* of one function */
	INLINE_STEPS = 2,     /* which of a function's lists of steps, and which of its data */
	INLINE_TREE = 3,
	NONE = 0xffffffff
};

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static bool has(struct symbol_bytes in, uint64_t offset, uint64_t size)
{
	return offset <= in.size && size <= in.size - offset;
}

static bool number_at(struct symbol_bytes in, uint64_t offset, uint32_t *out)
{
	if (!has(in, offset, 4))
		return false;
	*out = get32(in.at + offset);
	return true;
}

/* A text that ends within the bytes and is not empty; NULL: there is none. */
static const char *text_at(struct symbol_bytes in, uint64_t offset)
{
	const uint8_t *end;

	if (!has(in, offset, 2) || !in.at[offset])
		return NULL;
	end = memchr(in.at + offset, 0, in.size - offset);
	return end ? (const char *)in.at + offset : NULL;
}

static bool part(struct symbol_bytes table, unsigned word, struct symbol_bytes *out)
{
	const uint64_t offset = get64(table.at + 8 + (size_t)8 * word);

	if (offset < HEADER_SIZE || offset > table.size)
		return false;
	*out = (struct symbol_bytes){ table.at + offset, table.size - offset };
	return true;
}

bool symbol_go_read(struct symbol_go *go, struct symbol_bytes table)
{
	const uint8_t *at = table.at;
	uint64_t count;

	if (table.size < HEADER_SIZE || (get32(at) != MAGIC_118 && get32(at) != MAGIC_120) ||
		at[4] || at[5] || (at[6] != 1 && at[6] != 2 && at[6] != 4) || at[7] != 8)
		return false;
	go->is_old = get32(at) == MAGIC_118;
	go->quantum = at[6];
	count = get64(at + 8);
	if (!count || count > MOST_FUNCTIONS || !part(table, 3, &go->names) ||
		!part(table, 4, &go->units) || !part(table, 5, &go->files) ||
		!part(table, 6, &go->steps) || !part(table, 7, &go->functions))
		return false;
	go->count = (uint32_t)count;
	/* Each has its start and where more is told of it; behind the last is the end. */
	return has(go->functions, 0, 8 * count + 4);
}

struct function {
	uint32_t start, size; /* from the text on */
	const char *name;
	uint32_t files, lines, unit; /* its steps of files and of lines, the first of its files */
	uint32_t calls;              /* its steps of inlined calls, 0: none */
	uint64_t tree;               /* where those calls are */
};

static uint32_t start_of(const struct symbol_go *go, uint32_t index)
{
	return get32(go->functions.at + (size_t)8 * index);
}

/* What is inlined in it; a function without it has none. */
static bool read_calls(const struct symbol_go *go, uint64_t record, struct function *out)
{
	const uint64_t numbers = record + (go->is_old ? 40 : 44);
	const uint8_t *at = go->functions.at + record;
	const uint32_t lists = get32(at + 28);
	const uint8_t data = at[numbers - record - 1];
	uint32_t tree = NONE;

	out->calls = 0;
	if (!has(go->functions, numbers, 4 * ((uint64_t)lists + data)))
		return false;
	if (lists > INLINE_STEPS)
		out->calls = get32(go->functions.at + numbers + (size_t)4 * INLINE_STEPS);
	if (data > INLINE_TREE)
		tree = get32(go->functions.at + numbers + 4 * ((size_t)lists + INLINE_TREE));
	out->tree = tree == NONE ? UINT64_MAX : tree;
	return true;
}

static bool read_function(const struct symbol_go *go, uint32_t index, struct function *out)
{
	const uint64_t record = get32(go->functions.at + (size_t)8 * index + 4);
	const uint8_t *at;

	if (!has(go->functions, record, 44))
		return false;
	at = go->functions.at + record;
	if (get32(at) != start_of(go, index))
		return false;
	out->start = start_of(go, index);
	out->size = start_of(go, index + 1) - out->start;
	out->name = text_at(go->names, get32(at + 4));
	out->files = get32(at + 20);
	out->lines = get32(at + 24);
	out->unit = get32(at + 32);
	return out->name && read_calls(go, record, out);
}

/* The last that starts at the offset or before it. */
static bool function_at(const struct symbol_go *go, uint32_t offset, struct function *out)
{
	uint32_t low = 0, high = go->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (start_of(go, middle) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low && offset < start_of(go, low) && read_function(go, low - 1, out);
}

static bool varint(struct symbol_bytes in, size_t *at, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned shift = 0; shift < 35 && *at < in.size; shift += 7) {
		const uint8_t byte = in.at[(*at)++];

		value |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

/*
 * The value that holds at an offset of a function. Steps are pairs: how much the value changes,
 * folded so that small ones of both signs are short, and how far it holds; no change ends them.
 */
static bool value_at(const struct symbol_go *go, uint32_t steps, uint32_t offset, int32_t *out)
{
	uint32_t value = NONE, change, length;
	uint64_t end = 0;
	size_t at = steps;

	for (unsigned i = 0; steps && i < MOST_STEPS; i++) {
		if (!varint(go->steps, &at, &change) || (!change && i) ||
			!varint(go->steps, &at, &length))
			return false;
		value += change >> 1 ^ (0 - (change & 1));
		end += (uint64_t)length * go->quantum;
		if (offset < end) {
			*out = (int32_t)value;
			return true;
		}
	}
	return false;
}

static const char *file_at(const struct symbol_go *go, const struct function *in, uint32_t offset)
{
	uint32_t place;
	int32_t file;

	if (!value_at(go, in->files, offset, &file) || file < 0 ||
		!number_at(go->units, 4 * ((uint64_t)in->unit + (uint32_t)file), &place) ||
		place == NONE)
		return NULL;
	return text_at(go->files, place);
}

static void add(const struct symbol_go *go, const struct function *in, uint32_t offset,
	const char *name, struct symbol_found *found)
{
	const char *file = file_at(go, in, offset);
	int32_t line = 0;

	if (!file || !value_at(go, in->lines, offset, &line))
		line = 0;
	symbol_found_add(found, name, line > 0 ? file : NULL, line);
}

/* What was called, and where in the function; false: the tree cannot be read. */
static bool call_at(const struct symbol_go *go, const struct function *in, uint32_t index,
	const char **name, uint32_t *from)
{
	const uint64_t size = go->is_old ? 20 : 16, where = go->is_old ? 12 : 4;
	const uint64_t call = in->tree + size * index;

	if (in->tree == UINT64_MAX || !has(go->trees, call, size))
		return false;
	*name = text_at(go->names, get32(go->trees.at + call + where));
	*from = get32(go->trees.at + call + (go->is_old ? 16 : 8));
	return *name && *from < in->size;
}

bool symbol_go_find(const struct symbol_go *go, uint64_t address, struct symbol_found *found)
{
	struct function in;
	uint32_t offset;
	int32_t call;

	if (address < go->text || address - go->text >= NONE ||
		!function_at(go, (uint32_t)(address - go->text), &in))
		return false;
	offset = (uint32_t)(address - go->text) - in.start;
	while (found->count + 1 < DWELL_MAX_INLINE_LINES) {
		const char *name;
		uint32_t from;

		if (!value_at(go, in.calls, offset, &call) || call < 0) {
			add(go, &in, offset, in.name, found);
			return true;
		}
		if (!call_at(go, &in, (uint32_t)call, &name, &from))
			break;
		add(go, &in, offset, name, found);
		offset = from;
	}
	/* Where within it is not known: the line at hand is of something inlined. */
	symbol_found_add(found, in.name, NULL, 0);
	return true;
}
