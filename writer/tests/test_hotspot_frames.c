/* Java's frames in a machine that is made up: compiled code, an interpreter, methods. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "ring/hotspot.h"

/* All memory that there is. Addresses are from BASE on. */
enum {
	BASE = 0x100000,
	ROOM = 0x10000,
	SEGMENTS = BASE + 0x8000,
	END_AT = BASE + 0x7f00,
	BLOB = BASE + 0x410, /* a block's begin is 16 before */
	NATIVE = BASE + 0x810,
	STUB = BASE + 0xc10,
	CODE = BASE + 0x480,
	ENTRY = BASE + 0x2f00,
	INTERPRETER = BASE + 0x3000,
	SCOPES = BASE + 0x5000,
	METADATA = BASE + 0x5800,
	FIXED = BASE + 0x5c00,
	OUTER = BASE + 0x6000, /* methods */
	INNER = BASE + 0x6100,
	STACK = 0x7000000,
	WORDS = 64
};

static uint8_t memory[ROOM];
static uint64_t words[WORDS]; /* the stack */
static struct dwell_hotspot_code code;
static struct dwell_hotspot_method methods[DWELL_HOTSPOT_METHODS];
static struct dwell_hotspot_name name;
static unsigned count;
static uint64_t furthest; /* end of what was read last of all */

static size_t read_memory(void *context, uint64_t at, void *out, size_t size)
{
	(void)context;
	if (at < BASE || at >= BASE + ROOM)
		return 0;
	size = size < BASE + ROOM - at ? size : BASE + ROOM - at;
	memcpy(out, memory + (at - BASE), size);
	furthest = at + size > furthest ? at + size : furthest;
	return size;
}

static struct dwell_hotspot_view view = { &code, read_memory, NULL };
static const struct dwell_unwind_stack stack = { STACK, STACK + sizeof(words),
	(const uint8_t *)words };

static void put(uint64_t at, uint64_t value, size_t size)
{
	memcpy(memory + (at - BASE), &value, size);
}

static void put_symbol(uint64_t at, const char *text)
{
	put(at, strlen(text), 2);
	memcpy(memory + (at - BASE) + 2, text, strlen(text));
}

/* A block of four segments of 128 bytes, the last of which tell the way in more than one hop. */
static void put_block(uint64_t blob, const char *kind, uint32_t frame_words)
{
	const uint64_t segment = (blob - BASE) >> 7, text = blob + 0x300 - 0x10;
	static const uint8_t back[] = { 0, 1, 2, 1, 4, 1, 1, 1 };

	memcpy(memory + (SEGMENTS - BASE) + segment, back, sizeof(back));
	put(blob - 16 + 8, 1, 1);
	put(blob, text, 8);
	memcpy(memory + (text - BASE), kind, strlen(kind) + 1);
	put(blob + 8, frame_words, 4);
}

/* The class, a method and lines: 10 from the bytecode 0 on, 11 from 4 on, 300 from 9 on. */
static void put_method(
	uint64_t method, const char *class, const char *called, const uint8_t *lines, size_t size)
{
	const uint64_t constant = method + 0x20, pool = method + 0x50, holder = method + 0x90;

	put(method + 8, constant, 8);
	put(constant, pool, 8);
	put(constant + 8, 1, 2);   /* name */
	put(constant + 10, 16, 2); /* of bytecode */
	put(constant + 12, 1, 2);  /* has lines */
	memcpy(memory + (constant + 16 + 16 - BASE), lines, size);
	put(pool, holder, 8);
	put(pool + 8, 2, 2); /* file */
	put(pool + 16 + 8, method + 0xa0, 8);
	put(pool + 16 + 16, method + 0xc0, 8);
	put(holder, method + 0xd0, 8);
	put_symbol(method + 0xa0, called);
	put_symbol(method + 0xc0, "A.java");
	put_symbol(method + 0xd0, class);
}

static const struct dwell_hotspot_code known = { .low = BASE,
	.high = BASE + 0x4000,
	.interpreter = INTERPRETER,
	.interpreter_size = 0x200,
	.entry = ENTRY,
	.heaps = { { BASE, END_AT, SEGMENTS, 7, 0 } },
	.heap_count = 1,
	.version = 17,
	.block_size = 16,
	.block_used = 8,
	.blob_name = 0,
	.blob_frame = 8,
	.blob_code = 16,
	.code_method = 24,
	.code_scopes = 32,
	.code_pcs = 40,
	.code_pcs_end = 44,
	.code_metadata = 48,
	.code_original = 52,
	.method_const = 8,
	.const_pool = 0,
	.const_name = 8,
	.const_size = 10,
	.const_flags = 12,
	.const_bytes = 16,
	.pool_holder = 0,
	.pool_file = 8,
	.pool_bytes = 16,
	.class_name = 0,
	.symbol_length = 0,
	.symbol_body = 2 };

/* What returns to 0x10 is in INNER, at 5, called by OUTER at 9; to 0x20, in OUTER, as it begins. */
static void put_tables(uint64_t pcs, uint64_t scopes, unsigned zero)
{
	static const int32_t entries[][4] = { { -1, 0, 0, 0 }, { 0x10, 1, 0, 0 }, { 0x20, 8, 0, 0 },
		{ INT32_MAX, 0, 0, 0 } };
	const uint8_t numbers[] = { 0, (uint8_t)(4 + zero), (uint8_t)(2 + zero),
		(uint8_t)(6 + zero), (uint8_t)zero, (uint8_t)(1 + zero), (uint8_t)(10 + zero), 0,
		(uint8_t)zero, (uint8_t)(1 + zero), (uint8_t)zero };

	memcpy(memory + (pcs - BASE), entries, sizeof(entries));
	memcpy(memory + (scopes - BASE), numbers, sizeof(numbers));
	put(METADATA, OUTER, 8);
	put(METADATA + 8, INNER, 8);
}

static void make_for(unsigned version)
{
	const unsigned zero = version >= 20;
	/* Steps of the bytecode << 3 | of lines; far ones behind 255, twice their size. */
	const uint8_t lines[] = { 255, (uint8_t)zero, (uint8_t)(20 + zero), 4 << 3 | 1, 255,
		(uint8_t)(10 + zero), (uint8_t)(194 + zero), (uint8_t)(6 + zero), 0 };

	memset(memory, 0, sizeof(memory));
	memset(memory + (SEGMENTS - BASE), 0xff, 0x80);
	memset(words, 0, sizeof(words));
	code = known;
	code.version = version;
	put(END_AT, BASE + 0x4000, 8);
	put_block(BLOB, "nmethod", 4);
	put_block(NATIVE, "native nmethod", 6);
	put_block(STUB, "a stub", 3);
	put(BLOB + 16, CODE, 8);
	put(BLOB + 24, OUTER, 8);
	put(NATIVE + 24, INNER, 8);
	put(BLOB + 32, SCOPES, 8);
	put(BLOB + 40, 0x100, 4);
	put(BLOB + 44, 0x140, 4);
	put(BLOB + 48, METADATA - BLOB, 4);
	put(BLOB + 52, 8, 4);
	put_tables(BLOB + 0x100, SCOPES, zero);
	put_method(OUTER, "a/Outer", "run", lines, sizeof(lines));
	put_method(INNER, "a/Inner+0x0123", "take", lines, sizeof(lines));
}

static void make(void)
{
	make_for(17);
}

static bool step(uint64_t pc, struct dwell_unwind_frame *frame)
{
	*frame = (struct dwell_unwind_frame){ .pc = pc, .sp = STACK, .fp = STACK + 24 * 8 };
	memset(methods, 0, sizeof(methods));
	return dwell_hotspot_step(&view, &stack, frame, methods, &count);
}

static void expect_name(unsigned which, const char *function, uint32_t line)
{
	cr_assert(dwell_hotspot_name(&view, &methods[which], &name));
	name.function[name.function_size] = '\0';
	name.file[name.file_size] = '\0';
	cr_expect(strcmp(name.function, function) == 0, "%s", name.function);
	cr_expect(strcmp(name.file, "A.java") == 0, "%s", name.file);
	cr_expect(eq(u32, name.line, line));
}

TestSuite(hotspot_frames, .init = make);

static void expect_compiled(void)
{
	struct dwell_unwind_frame frame;

	words[2] = 77;
	words[3] = 0x5555;
	cr_assert(step(CODE + 0x10, &frame));
	cr_expect(eq(u64, frame.pc, 0x5555));
	cr_expect(eq(u64, frame.sp, STACK + 4 * 8));
	cr_expect(eq(u64, frame.fp, 77));
	cr_assert(eq(u32, count, 2));
	expect_name(0, "a.Inner.take", 11);
	expect_name(1, "a.Outer.run", 300);
	cr_assert(step(CODE + 0x20, &frame));
	cr_assert(eq(u32, count, 1));
	expect_name(0, "a.Outer.run", 0);
}

Test(hotspot_frames, compiled_methods_and_what_is_in_them)
{
	expect_compiled();
	/* As of 20 no byte of a number is zero. */
	make_for(21);
	expect_compiled();
}

/* As of 25 what a method tells of itself lies elsewhere. */
Test(hotspot_frames, tables_that_lie_apart)
{
	put(BLOB + 56, FIXED, 8);
	put(BLOB + 64, METADATA - 0x30, 8);
	put(BLOB + 16, CODE - BLOB, 4);
	put(BLOB + 40, 0, 4);
	put(BLOB + 32, 0x40, 4);
	put(BLOB + 48, 0x30, 4);
	put_tables(FIXED, FIXED + 0x40, 0);
	memset(memory + (SCOPES - BASE), 0xff, 64);
	code.code_immutable = 56;
	code.code_mutable = 64;
	code.code_pcs_end = code.code_scopes;
	expect_compiled();
}

Test(hotspot_frames, what_returns_to_be_undone)
{
	struct dwell_unwind_frame frame;

	words[3] = 0x5555;
	words[1] = CODE + 0x10;
	cr_assert(step(CODE + 0x28, &frame));
	cr_assert(eq(u32, count, 2));
	expect_name(0, "a.Inner.take", 11);
	/* Nothing tells where: the method is known all the same. */
	words[1] = 0;
	cr_assert(step(CODE + 0x28, &frame));
	cr_assert(eq(u32, count, 1));
	expect_name(0, "a.Outer.run", 0);
}

Test(hotspot_frames, natives_stubs_and_the_entry)
{
	struct dwell_unwind_frame frame;

	words[5] = 0x6666;
	cr_assert(step(NATIVE + 0x20, &frame));
	cr_assert(eq(u32, count, 1));
	expect_name(0, "a.Inner.take", 0);
	cr_expect(eq(u64, frame.pc, 0x6666));
	words[2] = 0x7777;
	cr_assert(step(STUB + 0x180, &frame));
	cr_expect(eq(u32, count, 0));
	cr_expect(eq(u64, frame.pc, 0x7777));
	words[24] = STACK + 50 * 8;
	words[25] = 0x8888;
	cr_assert(step(ENTRY, &frame));
	cr_expect(eq(u32, count, 0));
	cr_expect(eq(u64, frame.pc, 0x8888));
	cr_expect(eq(u64, frame.fp, STACK + 50 * 8));
	cr_expect(eq(u64, frame.sp, STACK + 26 * 8));
}

Test(hotspot_frames, interpreted_methods)
{
	enum { BYTECODE = OUTER + 0x20 + 16 };
	struct dwell_unwind_frame frame;

	words[24] = STACK + 50 * 8;
	words[25] = 0x8888;
	words[23] = STACK + 30 * 8;
	words[21] = OUTER;
	words[16] = BYTECODE + 4;
	cr_assert(step(INTERPRETER + 8, &frame));
	cr_assert(eq(u32, count, 1));
	expect_name(0, "a.Outer.run", 11);
	cr_expect(eq(u64, frame.pc, 0x8888));
	cr_expect(eq(u64, frame.sp, STACK + 30 * 8));
	cr_expect(eq(u64, frame.fp, STACK + 50 * 8));
	/* It waits for a monitor, and is past the bytecode that enters it. */
	put(BYTECODE + 3, 0xc2, 1);
	dwell_hotspot_step_back(&view, &methods[0]);
	expect_name(0, "a.Outer.run", 10);
	dwell_hotspot_step_back(&view, &methods[0]);
	cr_expect(eq(i32, methods[0].at, 3));
	/* Beyond its bytecode it is no frame of it; a native one has none. */
	words[16] = BYTECODE + 16;
	cr_expect(not(step(INTERPRETER + 8, &frame)));
	cr_expect(eq(u32, count, 0));
	put(OUTER + 0x20 + 10, 0, 2);
	words[16] = 0;
	cr_assert(step(INTERPRETER + 8, &frame));
	expect_name(0, "a.Outer.run", 0);
	words[23] = STACK + 25 * 8;
	cr_expect(not(step(INTERPRETER + 8, &frame)));
}

/* What comes after a method's lines, or a scope, may lie in a page that goes away meanwhile. */
Test(hotspot_frames, reads_to_no_page_beyond)
{
	enum { LINES = INNER + 0x20 + 16 + 16 };
	const struct dwell_hotspot_method method = { INNER, 5 };
	struct dwell_unwind_frame frame;

	furthest = 0;
	cr_assert(dwell_hotspot_name(&view, &method, &name));
	cr_expect(eq(u32, name.line, 11));
	cr_expect(lt(u64, furthest, LINES + 0x100));
	words[3] = 0x5555;
	furthest = 0;
	cr_assert(step(CODE + 0x10, &frame));
	cr_expect(le(u64, furthest, (uint64_t)SEGMENTS + 0x80));
}

/* Where something does not fit together nothing is made up. */
Test(hotspot_frames, what_does_not_fit)
{
	struct dwell_unwind_frame frame;

	words[3] = 0x5555;
	put(METADATA, INNER, 8);
	cr_expect(not(step(CODE + 0x10, &frame)));
	cr_expect(eq(u32, count, 0));
	put(METADATA, OUTER, 8);
	cr_assert(step(CODE + 0x10, &frame));
	put(BLOB - 8, 0, 1); /* given back */
	cr_expect(not(step(CODE + 0x10, &frame)));
	put(BLOB - 8, 1, 1);
	put(END_AT, CODE, 8);
	cr_expect(not(step(CODE + 0x10, &frame)));
	put(END_AT, BASE + 0x4000, 8);
	cr_expect(not(step(BASE + 0x2000, &frame)));
	put(BLOB + 8, 0, 4);
	cr_expect(not(step(CODE + 0x10, &frame)));
	cr_expect(eq(u32, count, 2)); /* these are known */
	put(BLOB + 8, WORDS + 1, 4);
	cr_expect(not(step(CODE + 0x10, &frame)));
	put(BLOB + 8, 4, 4);
	words[3] = 1;
	cr_expect(not(step(CODE + 0x10, &frame)));
	cr_expect(eq(u64, frame.pc, CODE + 0x10));
	methods[0] = (struct dwell_hotspot_method){ 8, 0 };
	cr_expect(not(dwell_hotspot_name(&view, &methods[0], &name)));
}

Test(hotspot_frames, another_method_at_the_same_address)
{
	const struct dwell_hotspot_method method = { OUTER, 4 }, elsewhere = { OUTER, 5 };
	const uint64_t key = dwell_hotspot_key(&view, &method);

	cr_expect(ne(u64, key, dwell_hotspot_key(&view, &elsewhere)));
	cr_expect(eq(u64, key, dwell_hotspot_key(&view, &method)));
	put(OUTER + 0x20 + 8, 2, 2);
	cr_expect(ne(u64, key, dwell_hotspot_key(&view, &method)));
}

Test(hotspot_frames, numbers_that_cannot_be)
{
	cr_expect(dwell_hotspot_is_sane(&code));
	for (uint32_t *at = &code.block_size; at <= &code.symbol_body; at++) {
		const uint32_t was = *at;

		*at = UINT32_MAX;
		cr_expect(not(dwell_hotspot_is_sane(&code)));
		*at = was;
	}
	code.heap_count = DWELL_HOTSPOT_HEAPS + 1;
	cr_expect(not(dwell_hotspot_is_sane(&code)));
	code = known;
	code.heaps[0].shift = 17;
	cr_expect(not(dwell_hotspot_is_sane(&code)));
	code = known;
	code.interpreter_size = UINT64_MAX;
	cr_expect(not(dwell_hotspot_is_sane(&code)));
	code = known;
	code.interpreter = UINT64_MAX;
	cr_expect(not(dwell_hotspot_is_sane(&code)));
	code = known;
	code.high = code.low;
	cr_expect(not(dwell_hotspot_is_sane(&code)));
}
