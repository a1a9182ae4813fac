#include "hotspot_code.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "memory.h"

enum { ENTRIES_MAX = 1 << 14, TEXT = 40, HEAPS_AT = 8 };

/* What is asked for: fields, then sizes of structures. */
enum {
	LOW,
	HIGH,
	HEAPS,
	ENTRY,
	INTERPRETER,
	VERSION,
	LENGTH,
	DATA,
	MEMORY,
	SEGMENTS,
	SHIFT,
	SPACE_LOW,
	SPACE_HIGH,
	USED,
	QUEUE_BUFFER,
	QUEUE_LIMIT,
	BLOB_NAME,
	BLOB_FRAME,
	METHOD,
	CODE_PCS,
	CODE_ORIGINAL,
	METHOD_CONST,
	CONST_POOL,
	CONST_NAME,
	CONST_SIZE,
	CONST_FLAGS,
	POOL_HOLDER,
	POOL_FILE,
	CLASS_NAME,
	SYMBOL_LENGTH,
	SYMBOL_BODY,
	/* Where all of a method lies together: */
	BLOB_BEGIN,
	CODE_SCOPES,
	CODE_PCS_END,
	CODE_METADATA,
	/* Where not: */
	BLOB_OFFSET,
	SCOPES_OFFSET,
	IMMUTABLE,
	MUTABLE,
	RELOCATIONS,
	FIELDS,
	BLOCK_BYTES = FIELDS,
	CONST_BYTES,
	POOL_BYTES,
	WANTED,
	COMMON = BLOB_BEGIN
};

/* Types and fields as they are called, or were. */
static const struct {
	const char *type, *other, *field, *former;
} names[FIELDS] = {
	[LOW] = { "CodeCache", "", "_low_bound", "" },
	[HIGH] = { "CodeCache", "", "_high_bound", "" },
	[HEAPS] = { "CodeCache", "", "_heaps", "" },
	[ENTRY] = { "StubRoutines", "", "_call_stub_return_address", "" },
	[INTERPRETER] = { "AbstractInterpreter", "", "_code", "" },
	[VERSION] = { "Abstract_VM_Version", "", "_vm_major_version", "" },
	[LENGTH] = { "GrowableArrayBase", "GenericGrowableArray", "_len", "" },
	[DATA] = { "GrowableArray<int>", "", "_data", "" },
	[MEMORY] = { "CodeHeap", "", "_memory", "" },
	[SEGMENTS] = { "CodeHeap", "", "_segmap", "" },
	[SHIFT] = { "CodeHeap", "", "_log2_segment_size", "" },
	[SPACE_LOW] = { "VirtualSpace", "", "_low", "" },
	[SPACE_HIGH] = { "VirtualSpace", "", "_high", "" },
	[USED] = { "HeapBlock::Header", "", "_used", "" },
	[QUEUE_BUFFER] = { "StubQueue", "", "_stub_buffer", "" },
	[QUEUE_LIMIT] = { "StubQueue", "", "_buffer_limit", "" },
	[BLOB_NAME] = { "CodeBlob", "", "_name", "" },
	[BLOB_FRAME] = { "CodeBlob", "", "_frame_size", "" },
	[METHOD] = { "CompiledMethod", "nmethod", "_method", "" },
	[CODE_PCS] = { "nmethod", "", "_scopes_pcs_offset", "" },
	[CODE_ORIGINAL] = { "nmethod", "", "_orig_pc_offset", "" },
	[METHOD_CONST] = { "Method", "", "_constMethod", "" },
	[CONST_POOL] = { "ConstMethod", "", "_constants", "" },
	[CONST_NAME] = { "ConstMethod", "", "_name_index", "" },
	[CONST_SIZE] = { "ConstMethod", "", "_code_size", "" },
	[CONST_FLAGS] = { "ConstMethod", "", "_flags._flags", "_flags" },
	[POOL_HOLDER] = { "ConstantPool", "", "_pool_holder", "" },
	[POOL_FILE] = { "ConstantPool", "", "_source_file_name_index", "" },
	[CLASS_NAME] = { "Klass", "", "_name", "" },
	[SYMBOL_LENGTH] = { "Symbol", "", "_length", "" },
	[SYMBOL_BODY] = { "Symbol", "", "_body", "" },
	[BLOB_BEGIN] = { "CodeBlob", "", "_code_begin", "" },
	[CODE_SCOPES] = { "CompiledMethod", "", "_scopes_data_begin", "" },
	[CODE_PCS_END] = { "nmethod", "", "_dependencies_offset", "" },
	[CODE_METADATA] = { "nmethod", "", "_metadata_offset", "" },
	[BLOB_OFFSET] = { "CodeBlob", "", "_code_offset", "" },
	[SCOPES_OFFSET] = { "nmethod", "", "_scopes_data_offset", "" },
	[IMMUTABLE] = { "nmethod", "", "_immutable_data", "" },
	[MUTABLE] = { "CodeBlob", "", "_mutable_data", "" },
	[RELOCATIONS] = { "CodeBlob", "", "_relocation_size", "" },
};

struct search {
	uint32_t pid;
	uint64_t values[WANTED];
	uint64_t found;
};

static bool has(const struct search *search, unsigned first, unsigned end)
{
	const uint64_t wanted = (UINT64_C(1) << end) - (UINT64_C(1) << first);

	return (search->found & wanted) == wanted;
}

static uint64_t word(const struct search *search, uint64_t at)
{
	uint64_t value = 0;

	(void)dwell_memory_get(search->pid, at, &value, sizeof(value));
	return value;
}

static uint32_t half(const struct search *search, uint64_t at)
{
	uint32_t value = 0;

	(void)dwell_memory_get(search->pid, at, &value, sizeof(value));
	return value;
}

static void keep(struct search *search, unsigned which, uint64_t value)
{
	search->values[which] = value;
	search->found |= UINT64_C(1) << which;
}

static void read_name(const struct search *search, uint64_t at, char out[TEXT])
{
	out[at ? dwell_memory_read(search->pid, at, out, TEXT - 1) : 0] = '\0';
}

/* An entry of the machine's table: names of a type, a field and that one's type; where it is. */
struct field {
	uint64_t type, field, kind;
	uint32_t is_static, unused;
	uint64_t offset, address;
};

static void take_field(struct search *search, const struct field *entry)
{
	char type[TEXT], field[TEXT];

	read_name(search, entry->field, field);
	type[0] = '\0';
	for (unsigned i = 0; i < FIELDS; i++) {
		if (strcmp(field, names[i].field) != 0 &&
			(!*names[i].former || strcmp(field, names[i].former) != 0))
			continue;
		if (!type[0])
			read_name(search, entry->type, type);
		if (strcmp(type, names[i].type) == 0 || strcmp(type, names[i].other) == 0)
			keep(search, i, entry->is_static ? entry->address : entry->offset);
	}
}

static void read_fields(struct search *search, uint64_t at)
{
	for (int i = 0; i < ENTRIES_MAX && at != 0; i++, at += sizeof(struct field)) {
		struct field entry;

		if (!dwell_memory_get(search->pid, at, &entry, sizeof(entry)) || entry.type == 0)
			break;
		take_field(search, &entry);
	}
}

/* Names of the type and its base; what it is; its size. */
struct type {
	uint64_t name, base;
	uint32_t kinds[4];
	uint64_t size;
};

static void read_types(struct search *search, uint64_t at)
{
	static const char *const wanted[] = { "HeapBlock", "ConstMethod", "ConstantPool" };

	for (int i = 0; i < ENTRIES_MAX && at != 0; i++, at += sizeof(struct type)) {
		struct type type;
		char name[TEXT];

		if (!dwell_memory_get(search->pid, at, &type, sizeof(type)) || type.name == 0)
			break;
		read_name(search, type.name, name);
		for (unsigned j = 0; j < WANTED - FIELDS; j++)
			if (strcmp(name, wanted[j]) == 0)
				keep(search, BLOCK_BYTES + j, type.size);
	}
}

/* An offset; too large a one is found out by who looks whether all are sane. */
static uint32_t offset(const struct search *search, unsigned which)
{
	const uint64_t value = search->values[which];

	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static void fill_offsets(const struct search *search, struct dwell_hotspot_code *out)
{
	const bool is_apart = !has(search, BLOB_BEGIN, BLOB_OFFSET);

	out->version = half(search, search->values[VERSION]);
	out->block_size = offset(search, BLOCK_BYTES);
	out->block_used = offset(search, USED);
	out->blob_name = offset(search, BLOB_NAME);
	out->blob_frame = offset(search, BLOB_FRAME);
	out->blob_code = offset(search, is_apart ? BLOB_OFFSET : BLOB_BEGIN);
	out->code_method = offset(search, METHOD);
	out->code_pcs = offset(search, CODE_PCS);
	out->code_original = offset(search, CODE_ORIGINAL);
	out->code_scopes = offset(search, is_apart ? SCOPES_OFFSET : CODE_SCOPES);
	out->code_pcs_end = offset(search, is_apart ? SCOPES_OFFSET : CODE_PCS_END);
	out->code_metadata = offset(search, is_apart ? RELOCATIONS : CODE_METADATA);
	out->code_immutable = is_apart ? offset(search, IMMUTABLE) : 0;
	out->code_mutable = is_apart ? offset(search, MUTABLE) : 0;
	out->method_const = offset(search, METHOD_CONST);
	out->const_pool = offset(search, CONST_POOL);
	out->const_name = offset(search, CONST_NAME);
	out->const_size = offset(search, CONST_SIZE);
	out->const_flags = offset(search, CONST_FLAGS);
	out->const_bytes = offset(search, CONST_BYTES);
	out->pool_holder = offset(search, POOL_HOLDER);
	out->pool_file = offset(search, POOL_FILE);
	out->pool_bytes = offset(search, POOL_BYTES);
	out->class_name = offset(search, CLASS_NAME);
	out->symbol_length = offset(search, SYMBOL_LENGTH);
	out->symbol_body = offset(search, SYMBOL_BODY);
}

static void fill_heaps(const struct search *search, struct dwell_hotspot_code *out)
{
	const uint64_t *values = search->values;
	const uint64_t list = word(search, values[HEAPS]);
	const uint32_t count = list ? half(search, list + values[LENGTH]) : 0;
	const uint64_t data = list ? word(search, list + values[DATA]) : 0;

	for (uint32_t i = 0; i < count && i < DWELL_HOTSPOT_HEAPS; i++) {
		const uint64_t heap = word(search, data + (uint64_t)i * HEAPS_AT);

		out->heaps[i] = (struct dwell_hotspot_heap){
			.low = word(search, heap + values[MEMORY] + values[SPACE_LOW]),
			.end_at = heap + values[MEMORY] + values[SPACE_HIGH],
			.segments = word(search, heap + values[SEGMENTS] + values[SPACE_LOW]),
			.shift = half(search, heap + values[SHIFT])
		};
	}
	out->heap_count = count;
}

static void fill_places(const struct search *search, struct dwell_hotspot_code *out)
{
	const uint64_t *values = search->values;
	const uint64_t queue = word(search, values[INTERPRETER]);

	out->low = word(search, values[LOW]);
	out->high = word(search, values[HIGH]);
	out->entry = word(search, values[ENTRY]);
	if (queue == 0)
		return;
	out->interpreter = word(search, queue + values[QUEUE_BUFFER]);
	out->interpreter_size = half(search, queue + values[QUEUE_LIMIT]);
}

int dwell_hotspot_code_read(
	struct dwell_hotspot_code *out, const struct dwell_hotspot_tables *tables, uint32_t pid)
{
	struct search search = { .pid = pid };

	*out = (struct dwell_hotspot_code){ .low = 0 };
	read_fields(&search, word(&search, tables->fields));
	read_types(&search, word(&search, tables->types));
	if (!has(&search, 0, COMMON) || !has(&search, BLOCK_BYTES, WANTED) ||
		(!has(&search, BLOB_BEGIN, BLOB_OFFSET) && !has(&search, BLOB_OFFSET, FIELDS)))
		return DWELL_EUNSUPPORTED;
	fill_places(&search, out);
	if (out->low == 0 || out->interpreter == 0 || out->entry == 0)
		return DWELL_END;
	fill_offsets(&search, out);
	fill_heaps(&search, out);
	return dwell_hotspot_is_sane(out) ? 0 : DWELL_EUNSUPPORTED;
}
