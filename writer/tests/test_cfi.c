/*
 * Call frame information: what each instruction becomes, and what each field does when it is wrong.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "dwell/error.h"
#include "record/cfi.h"
#include "ring/unwind.h"

enum { SECTION = 0x5000, START = 0x1000, SIZE = 0x100 };

struct section {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct section *section, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		section->bytes[section->size++] = (uint8_t)(value >> (8 * i));
}

static void put_bytes(struct section *section, const void *bytes, size_t size)
{
	memcpy(section->bytes + section->size, bytes, size);
	section->size += size;
}

/* Where fields are, in a section with one CIE and one FDE. */
enum field {
	CIE_LENGTH = 0,
	CIE_ID = 4,
	CIE_VERSION = 8,
	CIE_LETTERS = 9, /* "zR" */
	CIE_CODE_ALIGN = 12,
	CIE_DATA_ALIGN = 13,
	CIE_RETURN = 14,
	CIE_EXTRA = 15,
	CIE_ENCODING = 16,
	CIE_PROGRAM = 17, /* five bytes, and two of padding */
	FDE_LENGTH = 24,
	FDE_CIE = 28,
	FDE_START = 32,
	FDE_SIZE = 36,
	FDE_EXTRA = 40,
	FDE_PROGRAM = 41
};

static void make(struct section *section, const void *program, size_t size)
{
	static const uint8_t common[] = { DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1, 0, 0 };

	section->size = 0;
	put(section, FDE_LENGTH - CIE_ID, 4);
	put(section, 0, 4);
	put(section, 1, 1);
	put_bytes(section, "zR", 3);
	put(section, 1, 1);
	put(section, 0x78, 1); /* -8 */
	put(section, 16, 1);
	put(section, 1, 1);
	put(section, DW_EH_PE_pcrel | DW_EH_PE_sdata4, 1);
	put_bytes(section, common, sizeof(common));
	put(section, FDE_PROGRAM - FDE_CIE + size, 4);
	put(section, FDE_CIE, 4);
	put(section, (uint64_t)START - (SECTION + FDE_START), 4);
	put(section, SIZE, 4);
	put(section, 0, 1);
	put_bytes(section, program, size);
	put(section, 0, 4);
}

static int compile(struct dwell_cfi *cfi, const struct section *section)
{
	/* A copy of just that size: reading beyond it is found out. */
	uint8_t *bytes = malloc(section->size);
	const struct dwell_cfi_section in = { bytes, section->size, SECTION, true };
	int err;

	memcpy(bytes, section->bytes, section->size);
	*cfi = (struct dwell_cfi){ .rows = NULL };
	err = dwell_cfi_compile(cfi, &in);
	(void)dwell_cfi_finish(cfi);
	free(bytes);
	return err;
}

static uint32_t rule_at(const struct dwell_cfi *cfi, uint32_t address)
{
	uint32_t rule = DWELL_UNWIND_GAP;

	for (size_t i = 0; i < cfi->count && cfi->rows[2 * i] <= address; i++)
		rule = cfi->rows[2 * i + 1];
	return rule;
}

#define RULE(kind, rbp, offset) RULE_OF(DWELL_UNWIND_##kind, rbp, offset)
#define RULE_OF(kind, rbp, offset)                                                                 \
	((uint32_t)(kind) | (uint32_t)(rbp) << 4 | (uint32_t)(int32_t)(offset) << 12)
#define AT_ENTRY RULE(RSP, 0, 8)
#define ADVANCE (DW_CFA_advance_loc | 4)

static const struct {
	const char *name;
	uint8_t program[24];
	uint8_t size;
	uint32_t before, after; /* at the start, and 8 bytes on */
} instructions[] = {
	{ "nothing", { 0 }, 0, AT_ENTRY, AT_ENTRY },
	{ "def_cfa_offset", { ADVANCE, DW_CFA_def_cfa_offset, 16 }, 3, AT_ENTRY, RULE(RSP, 0, 16) },
	{ "def_cfa_offset_sf", { ADVANCE, DW_CFA_def_cfa_offset_sf, 0x7d }, 3, AT_ENTRY,
		RULE(RSP, 0, 24) },
	{ "offset rbp", { ADVANCE, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2 }, 5, AT_ENTRY,
		RULE(RSP, 2, 16) },
	{ "offset of another register", { ADVANCE, DW_CFA_offset | 3, 2 }, 3, AT_ENTRY, AT_ENTRY },
	{ "def_cfa rbp", { ADVANCE, DW_CFA_def_cfa, 6, 16, DW_CFA_offset | 6, 2 }, 6, AT_ENTRY,
		RULE(RBP, 2, 16) },
	{ "def_cfa_sf", { ADVANCE, DW_CFA_def_cfa_sf, 6, 0x7e }, 4, AT_ENTRY, RULE(RBP, 0, 16) },
	{ "def_cfa_register", { ADVANCE, DW_CFA_def_cfa_register, 6 }, 3, AT_ENTRY,
		RULE(RBP, 0, 8) },
	{ "a register that is not kept", { ADVANCE, DW_CFA_def_cfa_register, 10 }, 3, AT_ENTRY,
		RULE(STOP, 0, 8) },
	{ "advance_loc1", { DW_CFA_advance_loc1, 8, DW_CFA_def_cfa_offset, 32 }, 4, AT_ENTRY,
		RULE(RSP, 0, 32) },
	{ "advance_loc2", { DW_CFA_advance_loc2, 9, 0, DW_CFA_def_cfa_offset, 32 }, 5, AT_ENTRY,
		AT_ENTRY },
	{ "advance_loc4", { DW_CFA_advance_loc4, 8, 0, 0, 0, DW_CFA_def_cfa_offset, 32 }, 7,
		AT_ENTRY, RULE(RSP, 0, 32) },
	{ "advance beyond the function",
		{ DW_CFA_advance_loc4, 0, 0, 0, 1, DW_CFA_def_cfa_offset, 32 }, 7,
		DWELL_UNWIND_STOP, DWELL_UNWIND_STOP },
	{ "remember and restore",
		{ DW_CFA_remember_state, ADVANCE, DW_CFA_def_cfa_offset, 64, DW_CFA_advance_loc | 1,
			DW_CFA_restore_state },
		6, AT_ENTRY, AT_ENTRY },
	{ "restore what was not remembered", { ADVANCE, DW_CFA_restore_state }, 2, AT_ENTRY,
		DWELL_UNWIND_STOP },
	{ "restore rbp", { DW_CFA_offset | 6, 2, ADVANCE, DW_CFA_restore | 6 }, 4, RULE(RSP, 2, 8),
		AT_ENTRY },
	{ "restore_extended", { DW_CFA_offset | 6, 2, ADVANCE, DW_CFA_restore_extended, 6 }, 5,
		RULE(RSP, 2, 8), AT_ENTRY },
	{ "same_value", { DW_CFA_offset | 6, 2, ADVANCE, DW_CFA_same_value, 6 }, 5, RULE(RSP, 2, 8),
		AT_ENTRY },
	{ "offset_extended", { ADVANCE, DW_CFA_offset_extended, 6, 3 }, 4, AT_ENTRY,
		RULE(RSP, 3, 8) },
	{ "offset_extended_sf", { ADVANCE, DW_CFA_offset_extended_sf, 6, 3 }, 4, AT_ENTRY,
		RULE(RSP, 3, 8) },
	{ "negative offset", { ADVANCE, DW_CFA_GNU_negative_offset_extended, 6, 3 }, 4, AT_ENTRY,
		RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "rbp too far away", { ADVANCE, DW_CFA_offset | 6, 0x80, 2 }, 4, AT_ENTRY,
		RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "rbp in a register", { ADVANCE, DW_CFA_register, 6, 10 }, 4, AT_ENTRY,
		RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "rbp undefined", { ADVANCE, DW_CFA_undefined, 6 }, 3, AT_ENTRY,
		RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "rbp by val_offset", { ADVANCE, DW_CFA_val_offset, 6, 2 }, 4, AT_ENTRY,
		RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "rbp by val_expression", { ADVANCE, DW_CFA_val_expression, 6, 2, DW_OP_breg6, 0 }, 6,
		AT_ENTRY, RULE(RSP, DWELL_UNWIND_RBP_LOST, 8) },
	{ "the outermost", { ADVANCE, DW_CFA_undefined, 16 }, 3, AT_ENTRY, DWELL_UNWIND_ROOT },
	{ "a return address elsewhere", { ADVANCE, DW_CFA_offset | 16, 2 }, 3, AT_ENTRY,
		DWELL_UNWIND_STOP },
	{ "a return address in a register", { ADVANCE, DW_CFA_register, 16, 1 }, 4, AT_ENTRY,
		DWELL_UNWIND_STOP },
	{ "a realigned stack",
		{ ADVANCE, DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x70, DW_OP_deref,
			DW_CFA_expression, 6, 2, DW_OP_breg6, 0 },
		11, AT_ENTRY, RULE(RBP_DEREF, DWELL_UNWIND_RBP_AT_RBP, -16) },
	{ "rsp that was pushed",
		{ ADVANCE, DW_CFA_def_cfa_expression, 5, DW_OP_breg7, 40, DW_OP_deref,
			DW_OP_plus_uconst, 8 },
		8, AT_ENTRY, RULE(RSP_DEREF, 0, 40) },
	{ "a linkage table",
		{ ADVANCE, DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0,
			DW_OP_lit15, DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl,
			DW_OP_plus },
		14, AT_ENTRY, RULE(PLT, 0, 11) },
	{ "another expression", { ADVANCE, DW_CFA_def_cfa_expression, 2, DW_OP_breg6, 8 }, 5,
		AT_ENTRY, RULE(STOP, 0, 8) },
	{ "an expression cut short", { ADVANCE, DW_CFA_def_cfa_expression, 100, DW_OP_breg6 }, 4,
		AT_ENTRY, DWELL_UNWIND_STOP },
	{ "an offset that no row holds", { ADVANCE, DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x10 },
		6, AT_ENTRY, DWELL_UNWIND_STOP },
	{ "GNU_args_size", { ADVANCE, DW_CFA_GNU_args_size, 32 }, 3, AT_ENTRY, AT_ENTRY },
	{ "set_loc", { ADVANCE, DW_CFA_set_loc, 0, 0, 0, 0 }, 6, AT_ENTRY, DWELL_UNWIND_STOP },
	{ "no instruction at all", { ADVANCE, 0x3f }, 2, AT_ENTRY, DWELL_UNWIND_STOP },
};

Test(cfi, instructions)
{
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		struct section section;
		struct dwell_cfi cfi;
		uint32_t before, after;
		int err;

		make(&section, instructions[i].program, instructions[i].size);
		err = compile(&cfi, &section);
		before = rule_at(&cfi, START);
		after = rule_at(&cfi, START + 8);
		/* An offset of STOP says nothing. */
		if (dwell_unwind_kind_of(instructions[i].after) == DWELL_UNWIND_STOP)
			after = dwell_unwind_kind_of(after) | (instructions[i].after & ~15u);
		cr_expect(err == 0, "%s: %d", instructions[i].name, err);
		cr_expect(
			before == instructions[i].before, "%s: %#x", instructions[i].name, before);
		cr_expect(after == instructions[i].after, "%s: %#x", instructions[i].name, after);
		cr_expect(rule_at(&cfi, START + SIZE) == DWELL_UNWIND_GAP &&
				  rule_at(&cfi, START - 1) == DWELL_UNWIND_GAP,
			"%s: beyond the function", instructions[i].name);
		dwell_cfi_release(&cfi);
	}
}

/* One field after the other: what is left is right, or nothing. */
static const struct {
	const char *name;
	unsigned at, size;
	uint64_t value;
	int err;
	uint32_t rule; /* at START + 8 */
} fields[] = {
	{ "all is right", CIE_CODE_ALIGN, 1, 1, 0, RULE(RSP, 0, 16) },
	{ "CIE: longer than the section", CIE_LENGTH, 4, 0x1000, DWELL_EFORMAT, DWELL_UNWIND_GAP },
	{ "CIE: of no length", CIE_LENGTH, 4, 0, 0, DWELL_UNWIND_GAP },
	{ "CIE: into the next entry", CIE_LENGTH, 4, 30, DWELL_EFORMAT, DWELL_UNWIND_GAP },
	{ "CIE: 64-bit, longer than the section", CIE_LENGTH, 4, UINT32_MAX, DWELL_EFORMAT,
		DWELL_UNWIND_GAP },
	{ "CIE: no CIE", CIE_ID, 4, 1, 0, DWELL_UNWIND_GAP },
	{ "CIE: version", CIE_VERSION, 1, 2, 0, DWELL_UNWIND_GAP },
	{ "CIE: an augmentation that is not known", CIE_LETTERS + 1, 1, 'X', 0, DWELL_UNWIND_GAP },
	{ "CIE: one that does not tell its size", CIE_LETTERS, 1, 'y', 0, DWELL_UNWIND_GAP },
	{ "CIE: a signal's frame", CIE_LETTERS + 1, 1, 'S', 0, DWELL_UNWIND_GAP },
	{ "CIE: code alignment", CIE_CODE_ALIGN, 1, 2, 0, RULE(RSP, 0, 16) },
	{ "CIE: data alignment", CIE_DATA_ALIGN, 1, 8, 0, DWELL_UNWIND_STOP },
	{ "CIE: return register", CIE_RETURN, 1, 15, 0, DWELL_UNWIND_GAP },
	{ "CIE: augmentation beyond its end", CIE_EXTRA, 1, 100, 0, DWELL_UNWIND_GAP },
	{ "CIE: encoding", CIE_ENCODING, 1, DW_EH_PE_datarel | DW_EH_PE_sdata4, 0,
		DWELL_UNWIND_GAP },
	{ "CIE: encoding by a pointer", CIE_ENCODING, 1, 0x9b, 0, RULE(RSP, 0, 16) },
	{ "CIE: its program", CIE_PROGRAM, 1, 0x3f, 0, DWELL_UNWIND_STOP },
	{ "FDE: longer than the section", FDE_LENGTH, 4, 0x1000, DWELL_EFORMAT, DWELL_UNWIND_GAP },
	{ "FDE: too short for its addresses", FDE_LENGTH, 4, 8, DWELL_EFORMAT, DWELL_UNWIND_GAP },
	{ "FDE: too short for an identity", FDE_LENGTH, 4, 2, DWELL_EFORMAT, DWELL_UNWIND_GAP },
	{ "FDE: of no CIE", FDE_CIE, 4, 3, 0, DWELL_UNWIND_GAP },
	{ "FDE: of a CIE before the section", FDE_CIE, 4, 0x1000, 0, DWELL_UNWIND_GAP },
	{ "FDE: of itself", FDE_CIE, 4, 4, 0, DWELL_UNWIND_GAP },
	{ "FDE: at address 0", FDE_START, 4, 0u - (SECTION + FDE_START), 0, DWELL_UNWIND_GAP },
	{ "FDE: at a negative address", FDE_START, 4, 0x80000000, 0, DWELL_UNWIND_GAP },
	{ "FDE: empty", FDE_SIZE, 4, 0, 0, DWELL_UNWIND_GAP },
	{ "FDE: beyond 4 GiB", FDE_SIZE, 4, 0xffffffff, 0, DWELL_UNWIND_GAP },
	{ "FDE: augmentation beyond its end", FDE_EXTRA, 1, 100, 0, DWELL_UNWIND_GAP },
};

Test(cfi, fields)
{
	static const uint8_t program[] = { ADVANCE, DW_CFA_def_cfa_offset, 16, 0, 0, 0, 0 };

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct section section;
		struct dwell_cfi cfi;
		uint32_t rule;
		int err;

		make(&section, program, sizeof(program));
		for (unsigned b = 0; b < fields[i].size; b++)
			section.bytes[fields[i].at + b] = (uint8_t)(fields[i].value >> (8 * b));
		err = compile(&cfi, &section);
		rule = rule_at(&cfi, START + 8);
		if (dwell_unwind_kind_of(rule) == DWELL_UNWIND_STOP)
			rule = DWELL_UNWIND_STOP;
		cr_expect(err == fields[i].err, "%s: error %d", fields[i].name, err);
		cr_expect(rule == fields[i].rule, "%s: rule %#x", fields[i].name, rule);
		dwell_cfi_release(&cfi);
	}
}

/* A section that ends anywhere. */
Test(cfi, cut_short)
{
	static const uint8_t program[] = { ADVANCE, DW_CFA_def_cfa_offset, 16 };
	struct section whole;

	make(&whole, program, sizeof(program));
	for (size_t size = 0; size < whole.size; size++) {
		struct section section = whole;
		struct dwell_cfi cfi;

		section.size = size;
		(void)compile(&cfi, &section);
		cr_expect(size >= FDE_PROGRAM + sizeof(program) || cfi.count == 0, "%zu", size);
		dwell_cfi_release(&cfi);
	}
}

Test(cfi, rows_are_sorted_and_merged)
{
	static const uint32_t rows[] = { 300, 2, 340, DWELL_UNWIND_GAP, 100, 3, 200,
		DWELL_UNWIND_GAP, 200, 3, 300, DWELL_UNWIND_GAP, 120, 3, 420, 5, 440,
		DWELL_UNWIND_GAP, 400, 5, 420, DWELL_UNWIND_GAP };
	static const uint32_t expected[] = { 100, 3, 300, 2, 340, DWELL_UNWIND_GAP, 400, 5, 440,
		DWELL_UNWIND_GAP };
	struct dwell_cfi cfi = { .count = sizeof(rows) / 8 };

	cfi.rows = malloc(sizeof(rows));
	memcpy(cfi.rows, rows, sizeof(rows));
	(void)dwell_cfi_finish(&cfi);
	/* 200 says what 100 says, and 420 what 400: one row each, whoever was told first. */
	cr_assert(cfi.count == sizeof(expected) / 8, "%zu", cfi.count);
	cr_expect(memcmp(cfi.rows, expected, sizeof(expected)) == 0);
	dwell_cfi_release(&cfi);
}
