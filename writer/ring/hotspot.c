#include "hotspot.h"

#include <string.h>

enum {
	WORD = 8,
	/* A frame of the interpreter's, below its frame pointer: */
	FRAME_SENDER = 8, /* the caller's stack pointer */
	FRAME_METHOD = 24,
	FRAME_BYTECODE = 64, /* the next one to run; in a caller, its call */
	CALLER = 2 * WORD,   /* below where a frame begins: the caller's frame pointer, address */
	WORDS_MAX = 1 << 16, /* of a frame */
	SEGMENT_SHIFT_MAX = 16
};

/* --- reading --- */

static bool get(const struct dwell_hotspot_view *view, uint64_t at, void *out, size_t size)
{
	return view->read(view->context, at, out, size) == size;
}

/* 0 where nothing can be read. */
static uint64_t word(const struct dwell_hotspot_view *view, uint64_t at)
{
	uint64_t value;

	return get(view, at, &value, sizeof(value)) ? value : 0;
}

static uint32_t half(const struct dwell_hotspot_view *view, uint64_t at)
{
	uint32_t value;

	return get(view, at, &value, sizeof(value)) ? value : 0;
}

static uint32_t quarter(const struct dwell_hotspot_view *view, uint64_t at)
{
	uint16_t value;

	return get(view, at, &value, sizeof(value)) ? value : 0;
}

/* A word of the stack, which is the reader's own. */
static bool stack_word(const struct dwell_unwind_stack *stack, uint64_t at, uint64_t *out)
{
	if (at % WORD != 0 || at < stack->low || stack->high < WORD || at > stack->high - WORD)
		return false;
	memcpy(out, stack->bytes + (at - stack->low), WORD);
	return true;
}

/*
 * Numbers as HotSpot writes them: six bits a byte and what is above the digits that end one, the
 * lowest first. As of 20 no byte is 0: digits are one more.
 */
struct numbers {
	const struct dwell_hotspot_view *view;
	uint64_t next; /* where what is not read yet begins */
	uint32_t zero; /* the digit 0 */
	uint32_t at, end;
	uint8_t bytes[64];
};

static uint32_t zero_of(const struct dwell_hotspot_code *code)
{
	enum { NO_ZERO_AS_OF = 20 };

	return code->version >= NO_ZERO_AS_OF;
}

static void numbers_begin(
	struct numbers *numbers, const struct dwell_hotspot_view *view, uint64_t at)
{
	numbers->view = view;
	numbers->next = at;
	numbers->zero = zero_of(view->code);
	numbers->at = numbers->end = 0;
}

/* By pieces that no page ends in: what comes after the last number may lie in one that goes away.
 */
static uint32_t next_byte(struct numbers *numbers)
{
	if (numbers->at == numbers->end) {
		numbers->at = 0;
		numbers->end = (uint32_t)numbers->view->read(numbers->view->context, numbers->next,
			numbers->bytes,
			sizeof(numbers->bytes) - numbers->next % sizeof(numbers->bytes));
		numbers->next += numbers->end;
	}
	return numbers->at < numbers->end ? numbers->bytes[numbers->at++] : 0;
}

static uint32_t next_number(struct numbers *numbers)
{
	enum { MORE = 192, BITS = 6, BYTES = 5 };
	uint32_t value = 0, byte = MORE;

	for (unsigned i = 0; i < BYTES && byte >= MORE; i++) {
		byte = next_byte(numbers);
		value += (byte - numbers->zero) << (i * BITS);
	}
	return value;
}

static int32_t next_signed(struct numbers *numbers)
{
	const uint32_t value = next_number(numbers);

	return (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

bool dwell_hotspot_is_sane(const struct dwell_hotspot_code *code)
{
	if (code->low == 0 || code->high <= code->low || code->heap_count == 0 ||
		code->heap_count > DWELL_HOTSPOT_HEAPS || code->interpreter < code->low ||
		code->interpreter_size > code->high - code->low ||
		code->interpreter > code->high - code->interpreter_size)
		return false;
	for (uint32_t i = 0; i < code->heap_count; i++)
		if (code->heaps[i].low < code->low || code->heaps[i].low >= code->high ||
			code->heaps[i].shift > SEGMENT_SHIFT_MAX || code->heaps[i].segments == 0)
			return false;
	for (const uint32_t *at = &code->block_size; at <= &code->symbol_body; at++)
		if (*at >= DWELL_HOTSPOT_OFFSET_MAX)
			return false;
	return code->block_size != 0 && code->const_bytes != 0 && code->pool_bytes != 0;
}

/* --- compiled code --- */

/* The block that an address lies in; 0: in none that is used. */
static uint64_t find_blob(const struct dwell_hotspot_view *view, uint64_t pc)
{
	enum { IS_FREE = 0xff, HOPS_MAX = 1 << 14 };
	const struct dwell_hotspot_code *code = view->code;

	for (uint32_t i = 0; i < code->heap_count && i < DWELL_HOTSPOT_HEAPS; i++) {
		const struct dwell_hotspot_heap *heap = &code->heaps[i];
		uint64_t segment = (pc - heap->low) >> heap->shift;
		uint8_t back = IS_FREE, is_used = 0;

		if (pc < heap->low || pc >= word(view, heap->end_at) ||
			!get(view, heap->segments + segment, &back, 1) || back == IS_FREE)
			continue;
		for (int hops = 0; back != 0 && back != IS_FREE && hops < HOPS_MAX; hops++) {
			if (back > segment)
				return 0;
			segment -= back;
			if (!get(view, heap->segments + segment, &back, 1))
				return 0;
		}
		if (back == 0 &&
			get(view, heap->low + (segment << heap->shift) + code->block_used, &is_used,
				1) &&
			is_used == 1)
			return heap->low + (segment << heap->shift) + code->block_size;
	}
	return 0;
}

/* Whether a block is a method's; if it is a native one's, that was called by a piece of code. */
static bool is_method(const struct dwell_hotspot_view *view, uint64_t blob, bool *is_native)
{
	static const char compiled[] = "nmethod", native[] = "native nmethod";
	char name[sizeof(native)];
	const size_t got = view->read(
		view->context, word(view, blob + view->code->blob_name), name, sizeof(name));

	*is_native = got == sizeof(native) && memcmp(name, native, sizeof(native)) == 0;
	return *is_native ||
	       (got >= sizeof(compiled) && memcmp(name, compiled, sizeof(compiled)) == 0);
}

/* Where a compiled method tells what is at which address of it. */
struct tables {
	uint64_t begin; /* of its code */
	uint64_t pcs, pcs_end, scopes, metadata;
};

static struct tables tables_of(const struct dwell_hotspot_view *view, uint64_t blob)
{
	const struct dwell_hotspot_code *code = view->code;
	struct tables out;

	if (code->code_immutable != 0) {
		const uint64_t fixed = word(view, blob + code->code_immutable);

		out.begin = blob + half(view, blob + code->blob_code);
		out.pcs = fixed + half(view, blob + code->code_pcs);
		out.pcs_end = fixed + half(view, blob + code->code_pcs_end);
		out.scopes = fixed + half(view, blob + code->code_scopes);
		out.metadata = word(view, blob + code->code_mutable) +
			       half(view, blob + code->code_metadata);
		return out;
	}
	out.begin = word(view, blob + code->blob_code);
	out.pcs = blob + half(view, blob + code->code_pcs);
	out.pcs_end = blob + half(view, blob + code->code_pcs_end);
	out.scopes = word(view, blob + code->code_scopes);
	out.metadata = blob + half(view, blob + code->code_metadata);
	return out;
}

/* Where the scope of a call is told, by the address that it returns to; 0: nowhere. */
static uint32_t find_scope(
	const struct dwell_hotspot_view *view, const struct tables *tables, uint64_t pc)
{
	enum { SIZE = 16, MOST = 1 << 20 };
	uint64_t low = 0, high = (tables->pcs_end - tables->pcs) / SIZE;

	if (tables->pcs_end < tables->pcs || high > MOST || pc - tables->begin > INT32_MAX)
		return 0;
	while (low < high) {
		const uint64_t middle = (low + high) / 2;
		int32_t entry[2] = { 0, 0 }; /* address, scope */

		if (!get(view, tables->pcs + middle * SIZE, entry, sizeof(entry)))
			return 0;
		if (entry[0] == (int32_t)(pc - tables->begin))
			return (uint32_t)entry[1];
		if (entry[0] < (int32_t)(pc - tables->begin))
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* A scope: the method, where in its bytecode, and the scope that it was called from. */
static bool read_scope(const struct dwell_hotspot_view *view, const struct tables *tables,
	uint32_t *scope, struct dwell_hotspot_method *out)
{
	enum { SCOPE_MAX = 1 << 26 };
	struct numbers numbers;
	uint32_t metadata;

	if (*scope > SCOPE_MAX)
		return false;
	numbers_begin(&numbers, view, tables->scopes + *scope);
	*scope = next_number(&numbers);
	metadata = next_number(&numbers);
	/* -1: where the method is entered. */
	out->at = (int32_t)next_number(&numbers) - 1;
	out->method = metadata ? word(view, tables->metadata + (uint64_t)(metadata - 1) * WORD) : 0;
	return out->method != 0 && out->at >= -1;
}

/* The methods that were compiled into this one, as they call one another at that address. */
static unsigned read_scopes(const struct dwell_hotspot_view *view, uint64_t blob, uint64_t pc,
	const struct dwell_unwind_stack *stack, uint64_t sp, struct dwell_hotspot_method *out)
{
	const struct tables tables = tables_of(view, blob);
	const uint64_t method = word(view, blob + view->code->code_method);
	uint32_t scope = find_scope(view, &tables, pc);
	unsigned count = 0;
	uint64_t original;

	/* What was compiled does not hold any more: it will return to where that is told. */
	if (scope == 0 &&
		stack_word(stack, sp + half(view, blob + view->code->code_original), &original))
		scope = find_scope(view, &tables, original);
	if (scope == 0) {
		out[0] = (struct dwell_hotspot_method){ method, -1 };
		return 1;
	}
	while (scope != 0 && count < DWELL_HOTSPOT_METHODS)
		if (!read_scope(view, &tables, &scope, &out[count++]))
			return 0;
	/* The outermost proves that all was read right. */
	return scope == 0 && out[count - 1].method == method ? count : 0;
}

static bool step_to(const struct dwell_unwind_stack *stack, uint64_t begin, uint64_t pc_at,
	uint64_t pointer_at, struct dwell_unwind_frame *frame)
{
	uint64_t pc, pointer;

	if (begin <= frame->sp || begin > stack->high || !stack_word(stack, pc_at, &pc) ||
		!stack_word(stack, pointer_at, &pointer) || pc < DWELL_UNWIND_LOWEST_CODE)
		return false;
	*frame = (struct dwell_unwind_frame){ .pc = pc, .sp = begin, .fp = pointer };
	return true;
}

static bool step_compiled(const struct dwell_hotspot_view *view,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame,
	struct dwell_hotspot_method *out, unsigned *count)
{
	const uint64_t blob = find_blob(view, frame->pc);
	const uint32_t words = blob ? half(view, blob + view->code->blob_frame) : 0;
	bool is_native;

	if (blob == 0)
		return false;
	if (is_method(view, blob, &is_native)) {
		if (is_native) {
			out[0].method = word(view, blob + view->code->code_method);
			out[0].at = -1;
			*count = out[0].method != 0;
		} else {
			*count = read_scopes(view, blob, frame->pc, stack, frame->sp, out);
		}
		if (*count == 0)
			return false;
	}
	/* Those of others begin elsewhere. */
	if (words == 0 || words > WORDS_MAX)
		return false;
	return step_to(stack, frame->sp + (uint64_t)words * WORD,
		frame->sp + (uint64_t)words * WORD - WORD,
		frame->sp + (uint64_t)words * WORD - CALLER, frame);
}

/* --- the interpreter --- */

static bool read_interpreted(const struct dwell_hotspot_view *view,
	const struct dwell_unwind_stack *stack, uint64_t pointer, struct dwell_hotspot_method *out)
{
	const struct dwell_hotspot_code *code = view->code;
	uint64_t bytecode, constant;
	uint32_t size;

	if (!stack_word(stack, pointer - FRAME_METHOD, &out->method) ||
		!stack_word(stack, pointer - FRAME_BYTECODE, &bytecode))
		return false;
	constant = word(view, out->method + code->method_const);
	if (constant == 0 || word(view, constant + code->const_pool) == 0)
		return false;
	size = quarter(view, constant + code->const_size);
	out->at = -1;
	if (bytecode - (constant + code->const_bytes) < size)
		out->at = (int32_t)(bytecode - (constant + code->const_bytes));
	/* A native one has none. */
	return out->at >= 0 || (size == 0 && bytecode == 0);
}

static bool step_interpreted(const struct dwell_hotspot_view *view,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame,
	struct dwell_hotspot_method *out, unsigned *count)
{
	const uint64_t pointer = frame->fp;
	uint64_t sender;

	if (pointer < frame->sp + FRAME_BYTECODE ||
		!stack_word(stack, pointer - FRAME_SENDER, &sender) || sender < pointer + CALLER ||
		!read_interpreted(view, stack, pointer, &out[0]))
		return false;
	*count = 1;
	return step_to(stack, sender, pointer + WORD, pointer, frame);
}

bool dwell_hotspot_step(const struct dwell_hotspot_view *view,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame,
	struct dwell_hotspot_method *out, unsigned *count)
{
	const struct dwell_hotspot_code *code = view->code;

	*count = 0;
	if (frame->pc - code->interpreter < code->interpreter_size)
		return step_interpreted(view, stack, frame, out, count);
	if (frame->pc == code->entry)
		return step_to(stack, frame->fp + CALLER, frame->fp + WORD, frame->fp, frame);
	return step_compiled(view, stack, frame, out, count);
}

void dwell_hotspot_step_back(
	const struct dwell_hotspot_view *view, struct dwell_hotspot_method *method)
{
	enum { MONITORENTER = 0xc2 };
	const uint64_t constant = word(view, method->method + view->code->method_const);
	uint8_t before = 0;

	if (method->at > 0 &&
		get(view, constant + view->code->const_bytes + (uint64_t)method->at - 1, &before,
			1) &&
		before == MONITORENTER)
		method->at--;
}

/* --- names --- */

static size_t read_symbol(
	const struct dwell_hotspot_view *view, uint64_t symbol, char *out, size_t room)
{
	const uint32_t length = symbol ? quarter(view, symbol + view->code->symbol_length) : 0;

	if (length == 0 || length >= room ||
		!get(view, symbol + view->code->symbol_body, out, length))
		return 0;
	return length;
}

static uint64_t constant_of(const struct dwell_hotspot_view *view, uint64_t pool, uint32_t index)
{
	return word(view, pool + view->code->pool_bytes + (uint64_t)index * WORD);
}

/* "java/lang/Thread"; of a hidden class what comes after +0x is an address. */
static size_t read_class(const struct dwell_hotspot_view *view, uint64_t pool, char *out)
{
	const struct dwell_hotspot_code *code = view->code;
	const uint64_t class = word(view, pool + code->pool_holder);
	size_t size = read_symbol(
		view, word(view, class + code->class_name), out, DWELL_HOTSPOT_FUNCTION / 2);

	for (size_t i = 0; i < size; i++)
		if (out[i] == '/')
			out[i] = '.';
		else if (out[i] == '+' && size - i > 2 && out[i + 1] == '0' && out[i + 2] == 'x')
			size = i;
	return size;
}

/* After the bytecode: steps in it and in the lines. */
static uint32_t read_line(const struct dwell_hotspot_view *view, uint64_t constant, uint32_t at)
{
	enum { HAS_LINES = 1, LONG = 0xff, STEPS = 4096 };
	const struct dwell_hotspot_code *code = view->code;
	struct numbers numbers;
	/* Whatever stands there, 4,096 steps of 31 bits do not pass 43. */
	int64_t reached = 0, line = 0;
	uint32_t found = 0, step;

	if (!(quarter(view, constant + code->const_flags) & HAS_LINES))
		return 0;
	numbers_begin(&numbers, view,
		constant + code->const_bytes + quarter(view, constant + code->const_size));
	for (unsigned i = 0; i < STEPS && (step = next_byte(&numbers)) != 0; i++) {
		if (step == LONG) {
			reached += next_signed(&numbers);
			line += next_signed(&numbers);
		} else {
			reached += step >> 3;
			line += step & 7;
		}
		if (reached > at)
			break;
		found = line > 0 && line <= UINT16_MAX ? (uint32_t)line : 0;
	}
	return found;
}

bool dwell_hotspot_name(const struct dwell_hotspot_view *view,
	const struct dwell_hotspot_method *method, struct dwell_hotspot_name *out)
{
	const struct dwell_hotspot_code *code = view->code;
	const uint64_t constant = word(view, method->method + code->method_const);
	const uint64_t pool = constant ? word(view, constant + code->const_pool) : 0;
	const uint32_t name = constant ? quarter(view, constant + code->const_name) : 0;
	const uint32_t file = pool ? quarter(view, pool + code->pool_file) : 0;
	size_t size = pool ? read_class(view, pool, out->function) : 0, more;

	if (size == 0 || name == 0)
		return false;
	out->function[size++] = '.';
	more = read_symbol(view, constant_of(view, pool, name), out->function + size,
		DWELL_HOTSPOT_FUNCTION / 2 - 1);
	out->function_size = (uint32_t)(size + more);
	out->file_size = file ? (uint32_t)read_symbol(view, constant_of(view, pool, file),
					out->file, sizeof(out->file))
			      : 0;
	out->line =
		more == 0 || method->at < 0 ? 0 : read_line(view, constant, (uint32_t)method->at);
	return more != 0;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

uint64_t dwell_hotspot_key(
	const struct dwell_hotspot_view *view, const struct dwell_hotspot_method *method)
{
	const struct dwell_hotspot_code *code = view->code;
	const uint64_t constant = word(view, method->method + code->method_const);
	const uint64_t pool = constant ? word(view, constant + code->const_pool) : 0;
	uint64_t key = mix(method->method, (uint32_t)method->at);

	key = mix(key, constant);
	key = mix(key, pool);
	return mix(key, constant ? quarter(view, constant + code->const_name) : 0) | 1;
}
