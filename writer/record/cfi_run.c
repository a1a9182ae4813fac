/* The instructions of call frame information (DWARF 5, 6.4.2), run once for each function. */
#include <string.h>

#include <dwarf.h>

#include "cfi_private.h"
#include "dwell/error.h"
#include "ring/unwind.h"

enum { RBP = 6, RSP = 7, RETURN = 16, WORD = 8, REMEMBERED = 16 };

/* How a register of the caller is found. */
enum saved { KEPT, AT_CFA, AT_RBP, UNDEFINED, OTHER };

struct run {
	struct cfi_rules now;
	const struct cfi_rules *initial;
	unsigned depth;
	uint64_t at;
	struct cfi_rules remembered[REMEMBERED];
};

uint64_t dwell_cfi_long_uleb(struct cfi_bytes *bytes, uint8_t first)
{
	uint64_t value = first & 0x7f, byte = first;

	for (unsigned shift = 7; (byte & 0x80) != 0 && !bytes->bad; shift += 7) {
		byte = dwell_cfi_byte(bytes);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
	}
	return value;
}

int64_t dwell_cfi_sleb(struct cfi_bytes *bytes)
{
	uint64_t value = 0, byte = 0x80;
	unsigned shift = 0;

	for (; (byte & 0x80) != 0 && !bytes->bad; shift += 7) {
		byte = dwell_cfi_byte(bytes);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
	}
	if ((byte & 0x40) != 0 && shift < 64)
		value |= UINT64_MAX << shift;
	return (int64_t)value;
}

/* A number times a factor, as the file has both: wrapped, and found out when it is used. */
static int64_t scaled(uint64_t number, int64_t factor)
{
	return (int64_t)(number * (uint64_t)factor);
}

static bool fits(int64_t offset)
{
	const int64_t most = INT64_C(1) << (DWELL_UNWIND_OFFSET_BITS - 1);

	return offset >= -most && offset < most;
}

static unsigned where_rbp(const struct cfi_rules *set)
{
	switch (set->rbp) {
	case KEPT:
		return DWELL_UNWIND_RBP_KEPT;
	case AT_RBP:
		return DWELL_UNWIND_RBP_AT_RBP;
	case AT_CFA:
		if (set->rbp_at < 0 && set->rbp_at % WORD == 0 &&
			-(set->rbp_at / WORD) < DWELL_UNWIND_RBP_LOST)
			return (unsigned)-(set->rbp_at / WORD);
		return DWELL_UNWIND_RBP_LOST;
	default:
		return DWELL_UNWIND_RBP_LOST;
	}
}

static uint32_t rule_of(const struct run *run, bool signal)
{
	const struct cfi_rules *set = &run->now;

	if (signal)
		return DWELL_UNWIND_SIGNAL;
	if (run->now.lost)
		return DWELL_UNWIND_STOP;
	if (set->returns == UNDEFINED)
		return DWELL_UNWIND_ROOT;
	if (set->returns != AT_CFA || set->return_at != -WORD || !fits(set->offset))
		return DWELL_UNWIND_STOP;
	return dwell_unwind_make(set->kind, where_rbp(set), (int32_t)set->offset);
}

static void save(struct cfi_rules *set, uint64_t reg, enum saved how, int64_t at)
{
	if (reg == RBP) {
		set->rbp = (uint8_t)how;
		set->rbp_at = at;
	} else if (reg == RETURN) {
		set->returns = (uint8_t)how;
		set->return_at = at;
	}
}

static void restore(struct run *run, uint64_t reg)
{
	if (reg == RBP)
		save(&run->now, RBP, (enum saved)run->initial->rbp, run->initial->rbp_at);
	else if (reg == RETURN)
		save(&run->now, RETURN, (enum saved)run->initial->returns, run->initial->return_at);
}

static void define_cfa(struct cfi_rules *set, uint64_t reg, int64_t offset)
{
	set->kind = reg == RSP   ? DWELL_UNWIND_RSP
		    : reg == RBP ? DWELL_UNWIND_RBP
				 : DWELL_UNWIND_STOP;
	set->offset = offset;
}

static struct cfi_bytes block(struct cfi_bytes *bytes)
{
	uint64_t size = dwell_cfi_uleb(bytes);
	struct cfi_bytes inner = { bytes->at, bytes->end, false };

	if (size > (uint64_t)(bytes->end - bytes->at)) {
		bytes->bad = true;
		size = 0;
	}
	inner.end = inner.at + size;
	bytes->at = inner.end;
	return inner;
}

/* That of every procedure linkage table: the address within the entry tells what was pushed. */
static bool is_plt(const struct cfi_bytes *code, int64_t *threshold)
{
	static const uint8_t expected[] = { DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and,
		0, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus };

	if (code->end - code->at != sizeof(expected))
		return false;
	for (size_t i = 0; i < sizeof(expected); i++)
		if (expected[i] != 0 && code->at[i] != expected[i])
			return false;
	*threshold = (int64_t)code->at[6] - DW_OP_lit0;
	return code->at[3] == 0 && *threshold >= 0 && *threshold <= 15;
}

static void cfa_expression(struct cfi_rules *set, struct cfi_bytes code)
{
	uint64_t first;

	set->kind = DWELL_UNWIND_STOP;
	if (is_plt(&code, &set->offset)) {
		set->kind = DWELL_UNWIND_PLT;
		return;
	}
	first = dwell_cfi_number(&code, 1);
	if (first != DW_OP_breg6 && first != DW_OP_breg7)
		return;
	set->offset = dwell_cfi_sleb(&code);
	if (dwell_cfi_number(&code, 1) != DW_OP_deref || code.bad)
		return;
	/* gcc's realigned stacks: it lies in the frame. Hand-written code: rsp was pushed. */
	if (first == DW_OP_breg6 && code.at == code.end)
		set->kind = DWELL_UNWIND_RBP_DEREF;
	else if (first == DW_OP_breg7 && dwell_cfi_number(&code, 1) == DW_OP_plus_uconst &&
		 dwell_cfi_uleb(&code) == WORD && code.at == code.end && !code.bad)
		set->kind = DWELL_UNWIND_RSP_DEREF;
}

static void saved_at_expression(struct cfi_rules *set, uint64_t reg, const struct cfi_bytes *code)
{
	const bool at_rbp =
		code->end - code->at == 2 && code->at[0] == DW_OP_breg6 && code->at[1] == 0;

	save(set, reg, at_rbp ? AT_RBP : OTHER, 0);
}

/* Register rules. false: it is another kind of instruction. */
static bool take_register(
	struct run *run, unsigned code, struct cfi_bytes *bytes, int64_t data_align)
{
	struct cfi_bytes expression;
	uint64_t reg = dwell_cfi_uleb(bytes);

	switch (code) {
	case DW_CFA_offset_extended:
		save(&run->now, reg, AT_CFA, scaled(dwell_cfi_uleb(bytes), data_align));
		return true;
	case DW_CFA_offset_extended_sf:
		save(&run->now, reg, AT_CFA, scaled((uint64_t)dwell_cfi_sleb(bytes), data_align));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		save(&run->now, reg, AT_CFA, scaled(0 - dwell_cfi_uleb(bytes), data_align));
		return true;
	case DW_CFA_restore_extended:
		restore(run, reg);
		return true;
	case DW_CFA_undefined:
		save(&run->now, reg, UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		save(&run->now, reg, KEPT, 0);
		return true;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		(void)dwell_cfi_uleb(bytes);
		save(&run->now, reg, OTHER, 0);
		return true;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		expression = block(bytes);
		saved_at_expression(&run->now, reg, &expression);
		if (code == DW_CFA_val_expression)
			save(&run->now, reg, OTHER, 0);
		return true;
	default:
		return false;
	}
}

/* Where the frame is. false: it is another kind of instruction. */
static bool take_cfa(struct run *run, unsigned code, struct cfi_bytes *bytes, int64_t data_align)
{
	struct cfi_rules *set = &run->now;
	uint64_t reg;

	switch (code) {
	case DW_CFA_def_cfa:
		reg = dwell_cfi_uleb(bytes);
		define_cfa(set, reg, (int64_t)dwell_cfi_uleb(bytes));
		return true;
	case DW_CFA_def_cfa_sf:
		reg = dwell_cfi_uleb(bytes);
		define_cfa(set, reg, scaled((uint64_t)dwell_cfi_sleb(bytes), data_align));
		return true;
	case DW_CFA_def_cfa_register:
		define_cfa(set, dwell_cfi_uleb(bytes), set->offset);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		set->offset = scaled((uint64_t)dwell_cfi_sleb(bytes), data_align);
		return true;
	case DW_CFA_def_cfa_expression:
		cfa_expression(set, block(bytes));
		return true;
	default:
		return false;
	}
}

static bool take_state(struct run *run, unsigned code, struct cfi_bytes *bytes)
{
	switch (code) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_GNU_args_size:
		(void)dwell_cfi_uleb(bytes);
		return true;
	case DW_CFA_remember_state:
		if (run->depth < REMEMBERED)
			run->remembered[run->depth++] = run->now;
		else
			run->now.lost = true;
		return true;
	case DW_CFA_restore_state:
		if (run->depth > 0)
			run->now = run->remembered[--run->depth];
		else
			run->now.lost = true;
		return true;
	default:
		return false;
	}
}

/* How far an instruction moves on; 0: it is none of those. */
static unsigned advance_bytes(unsigned code)
{
	switch (code) {
	case DW_CFA_advance_loc1:
		return 1;
	case DW_CFA_advance_loc2:
		return 2;
	case DW_CFA_advance_loc4:
		return 4;
	default:
		return 0;
	}
}

/* One instruction. Returns how far it moves on. */
static uint64_t take(struct run *run, struct cfi_bytes *bytes, const struct cfi_program *program)
{
	const unsigned code = dwell_cfi_byte(bytes), low = code & 0x3f;
	struct cfi_bytes peek;

	switch (code & 0xc0) {
	case DW_CFA_advance_loc:
		return low * program->code_align;
	case DW_CFA_offset:
		save(&run->now, low, AT_CFA, scaled(dwell_cfi_uleb(bytes), program->data_align));
		return 0;
	case DW_CFA_restore:
		restore(run, low);
		return 0;
	default:
		break;
	}
	/* Most of what is left. */
	if (code == DW_CFA_def_cfa_offset) {
		run->now.offset = (int64_t)dwell_cfi_uleb(bytes);
		return 0;
	}
	if (advance_bytes(code) != 0)
		return dwell_cfi_number(bytes, advance_bytes(code)) * program->code_align;
	if (take_state(run, code, bytes) || take_cfa(run, code, bytes, program->data_align))
		return 0;
	peek = *bytes;
	if (take_register(run, code, &peek, program->data_align))
		*bytes = peek;
	else
		run->now.lost = true;
	return 0;
}

void dwell_cfi_begin(struct cfi_rules *initial, const struct cfi_bytes *code, int64_t data_align)
{
	static const struct cfi_rules none = { .kind = DWELL_UNWIND_STOP };
	const struct cfi_program program = { .code_align = 1, .data_align = data_align };
	struct cfi_bytes bytes = *code;
	struct run run;

	run.now = none;
	run.initial = &none;
	run.depth = 0;
	while (bytes.at < bytes.end && !run.now.lost)
		(void)take(&run, &bytes, &program);
	run.now.lost = run.now.lost || bytes.bad;
	*initial = run.now;
}

int dwell_cfi_run(struct dwell_cfi *out, const struct cfi_program *program)
{
	/* No function's rule: a save of most registers changes none, and needs no row. */
	uint32_t last = DWELL_UNWIND_GAP, rule;
	struct cfi_bytes bytes = program->own;
	struct run run; /* what is remembered is not to be cleared for each function */
	int err = 0;

	run.now = *program->initial;
	run.initial = program->initial;
	run.depth = 0;
	run.at = program->start;
	while (bytes.at < bytes.end && !run.now.lost && !err && run.at < program->end) {
		const uint64_t by = take(&run, &bytes, program);

		if (by == 0)
			continue;
		run.now.lost = run.now.lost || bytes.bad || by > program->end - run.at;
		rule = rule_of(&run, program->signal);
		if (rule != last)
			err = dwell_cfi_add(out, run.at, rule);
		last = rule;
		run.at += run.now.lost ? 0 : by;
	}
	run.now.lost = run.now.lost || bytes.bad;
	rule = rule_of(&run, program->signal);
	if (!err && run.at < program->end && rule != last)
		err = dwell_cfi_add(out, run.at, rule);
	return err ? err : dwell_cfi_add(out, program->end, DWELL_UNWIND_GAP);
}
