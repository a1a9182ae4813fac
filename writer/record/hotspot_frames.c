/* Methods that HotSpot's interpreter runs: each has a frame of its own, with the method in it and
 * where in its bytecode it is. */
#include <string.h>

#include "hotspot_private.h"
#include "ring/intern.h"

enum {
	WORD = 8,
	FRAME_METHOD = 24,   /* below the frame pointer */
	FRAME_BYTECODE = 64, /* the same: the next one to run; in a caller, its call */
	TEXT = 256,
	LINES = 4096,
	/* Other named frames are numbered from 1 on. */
	FIRST_NUMBER = 1 << 30
};

struct method {
	uint64_t at, constant, pool;
	uint32_t size; /* of its bytecode */
	uint32_t bytecode;
	char function[2 * TEXT], file[TEXT];
};

uint32_t hotspot_quarter(const struct dwell_hotspot *hotspot, uint64_t address)
{
	uint16_t number = 0;

	(void)dwell_memory_get(hotspot->pid, address, &number, sizeof(number));
	return number;
}

size_t hotspot_symbol(const struct dwell_hotspot *hotspot, uint64_t symbol, char *out, size_t room)
{
	const uint32_t length =
		symbol ? hotspot_quarter(hotspot, symbol + hotspot->fields[SYMBOL_LENGTH]) : 0;

	if (length == 0 || length >= room ||
		!dwell_memory_get(hotspot->pid, symbol + hotspot->fields[SYMBOL_BODY], out, length))
		return 0;
	return length;
}

uint64_t hotspot_constant(const struct dwell_hotspot *hotspot, uint64_t pool, uint32_t index)
{
	return hotspot_word(hotspot, pool + hotspot->pool_size + (uint64_t)index * WORD);
}

/* "java/lang/Thread" and "run". */
static bool read_function(const struct dwell_hotspot *hotspot, struct method *method, size_t *size)
{
	const uint64_t *fields = hotspot->fields;
	const uint64_t holder = hotspot_word(hotspot, method->pool + fields[POOL_HOLDER]);
	const uint32_t name = hotspot_quarter(hotspot, method->constant + fields[CONST_NAME]);
	size_t more;

	*size = hotspot_symbol(hotspot, hotspot_word(hotspot, holder + fields[CLASS_NAME]),
		method->function, TEXT);
	if (*size == 0)
		return false;
	for (size_t i = 0; i < *size; i++)
		if (method->function[i] == '/')
			method->function[i] = '.';
	method->function[(*size)++] = '.';
	more = hotspot_symbol(hotspot, hotspot_constant(hotspot, method->pool, name),
		method->function + *size, TEXT);
	*size += more;
	return more != 0;
}

/* A frame's method, if it is one: what tells is that it is inside of its bytecode. */
static bool read_method(const struct dwell_hotspot *hotspot, const struct dwell_still *still,
	uint64_t pointer, struct method *out)
{
	const uint64_t *fields = hotspot->fields;
	const uint64_t below = pointer - still->call.sp;
	uint64_t bytecode, begin;

	if (pointer < still->call.sp + FRAME_BYTECODE || below > still->size)
		return false;
	memcpy(&out->at, still->stack + below - FRAME_METHOD, WORD);
	memcpy(&bytecode, still->stack + below - FRAME_BYTECODE, WORD);
	out->constant = hotspot_word(hotspot, out->at + fields[METHOD_CONST]);
	out->pool = out->constant ? hotspot_word(hotspot, out->constant + fields[CONST_POOL]) : 0;
	out->size = hotspot_quarter(hotspot, out->constant + fields[CONST_SIZE]);
	begin = out->constant + hotspot->const_size;
	out->bytecode = (uint32_t)(bytecode - begin);
	return out->pool != 0 && bytecode - begin < out->size;
}

/* --- lines: after the bytecode, steps in it and in the lines --- */

struct stream {
	const uint8_t *at, *end;
};

static uint32_t next_byte(struct stream *stream)
{
	return stream->at < stream->end ? *stream->at++ : 0;
}

/* Six bits a byte and what is above 192, the lowest first; the lowest bit is the sign. */
static int32_t next_signed(struct stream *stream)
{
	enum { MORE = 192, BITS = 6, BYTES = 5 };
	uint32_t value = 0, byte = MORE;

	for (unsigned i = 0; i < BYTES && byte >= MORE; i++) {
		byte = next_byte(stream);
		value += byte << (i * BITS);
	}
	return (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

static uint32_t read_line(const struct dwell_hotspot *hotspot, const struct method *method)
{
	enum { HAS_LINES = 1, LONG = 0xff, LAST_SO = 18 };
	uint8_t bytes[LINES];
	struct stream stream = { bytes, bytes };
	/* Whatever stands there, 4,096 steps of 31 bits do not pass 43. */
	int64_t at = 0, line = 0;
	uint32_t found = 0, step;

	/* Later ones write numbers otherwise. */
	if (hotspot_half(hotspot, hotspot->fields[VERSION]) > LAST_SO ||
		!(hotspot_quarter(hotspot, method->constant + hotspot->fields[CONST_FLAGS]) &
			HAS_LINES))
		return 0;
	stream.end += dwell_memory_read(hotspot->pid,
		method->constant + hotspot->const_size + method->size, bytes, sizeof(bytes));
	while ((step = next_byte(&stream)) != 0) {
		if (step == LONG) {
			at += next_signed(&stream);
			line += next_signed(&stream);
		} else {
			at += step >> 3;
			line += step & 7;
		}
		if (at > method->bytecode)
			break;
		found = line > 0 && line <= UINT16_MAX ? (uint32_t)line : 0;
	}
	return found;
}

/* --- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* 0: it has no name. */
static uint64_t name_method(struct dwell_hotspot *hotspot, struct method *method)
{
	const uint32_t file = hotspot_quarter(hotspot, method->pool + hotspot->fields[POOL_FILE]);
	struct dwell_line line = { .function.at = method->function, .file.at = method->file };
	uint64_t key = mix(mix(2, method->at), method->bytecode);
	uint32_t number;

	if (!read_function(hotspot, method, &line.function.size))
		return 0;
	for (size_t i = 0; i < line.function.size; i++)
		key = mix(key, (uint8_t)method->function[i]);
	number = dwell_map_get(&hotspot->frames, key, hotspot->pid);
	if (number != 0)
		return DWELL_NAMED_FRAME | number;
	if (file != 0)
		line.file.size =
			hotspot_symbol(hotspot, hotspot_constant(hotspot, method->pool, file),
				method->file, sizeof(method->file));
	line.line = read_line(hotspot, method);
	number = FIRST_NUMBER + hotspot->named++;
	dwell_registry_name_frame(hotspot->registry, DWELL_NAMED_FRAME | number, &line);
	return dwell_map_set(&hotspot->frames, key, hotspot->pid, number) == 0
		       ? DWELL_NAMED_FRAME | number
		       : 0;
}

/* Before it waits for a monitor, the interpreter goes on to what comes after. */
static void step_back(const struct dwell_hotspot *hotspot, struct method *method)
{
	enum { MONITORENTER = 0xc2 };
	const uint64_t begin = method->constant + hotspot->const_size;
	uint8_t before;

	if (method->bytecode > 0 &&
		dwell_memory_get(hotspot->pid, begin + method->bytecode - 1, &before, 1) &&
		before == MONITORENTER)
		method->bytecode--;
}

void dwell_hotspot_frames(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	const struct dwell_still *still, bool waits, struct dwell_maps_walk *walk)
{
	uint64_t queue, buffer;
	uint32_t limit;

	hotspot_meet(hotspot, tables, still->pid);
	if (!hotspot->knows_frames)
		return;
	queue = hotspot_word(hotspot, hotspot->fields[INTERPRETER]);
	buffer = queue ? hotspot_word(hotspot, queue + hotspot->fields[QUEUE_BUFFER]) : 0;
	limit = queue ? hotspot_half(hotspot, queue + hotspot->fields[QUEUE_LIMIT]) : 0;
	for (size_t i = 0; i < walk->count; i++) {
		struct method method = { .at = 0 };
		uint64_t named;

		if (walk->frames[i] - buffer >= limit ||
			!read_method(hotspot, still, walk->pointers[i], &method))
			continue;
		if (waits)
			step_back(hotspot, &method);
		waits = false;
		named = name_method(hotspot, &method);
		if (named != 0)
			walk->frames[i] = named;
	}
}
