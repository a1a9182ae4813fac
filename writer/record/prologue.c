#include "prologue.h"

#include <string.h>

#include "memory.h"

enum {
	WORD = 8,
	FIRST_REACH = 512,
	LAST_REACH = 32768,
	MOST_BETWEEN = 32, /* bytes of other instructions, before the frame pointer is set */
	MOST_BEGIN = 256,
	LONGEST_CALL = 7,
	DIRECT_CALL = 5,
	STUB = 16,
	PUSH_RBP = 0x55
};

static const uint8_t mark[] = { 0xf3, 0x0f, 0x1e, 0xfa }; /* endbr64 */

/* A function that pushes rbp and then has it as its frame pointer. */
struct begin {
	uint64_t start;
	uint64_t after; /* the instruction that sets it */
};

static bool sets_pointer(const uint8_t *end)
{
	static const uint8_t one[] = { 0x48, 0x89, 0xe5 }, other[] = { 0x48, 0x8b, 0xec };

	return memcmp(end - sizeof(one), one, sizeof(one)) == 0 ||
	       memcmp(end - sizeof(other), other, sizeof(other)) == 0;
}

/* So do the tables say, and the code. */
static bool is_begin(const struct dwell_unwind_space *space, uint64_t address, const uint8_t *code,
	size_t size, struct begin *out)
{
	const uint32_t called = dwell_unwind_make(DWELL_UNWIND_RSP, DWELL_UNWIND_RBP_KEPT, WORD);
	const uint32_t pushed = dwell_unwind_make(DWELL_UNWIND_RSP, 2, 2 * WORD);
	const uint32_t set = dwell_unwind_make(DWELL_UNWIND_RBP, 2, 2 * WORD);
	size_t at = 1;

	if (code[0] != PUSH_RBP || dwell_unwind_find(space, address) != called)
		return false;
	while (at < size && at < MOST_BETWEEN && dwell_unwind_find(space, address + at) == pushed)
		at++;
	*out = (struct begin){ address, address + at };
	return at > sizeof(mark) - 1 && at < size && at < MOST_BETWEEN &&
	       dwell_unwind_find(space, address + at) == set && sets_pointer(code + at);
}

/* The last one before an address. false: there is none near. */
static bool find_begin(
	const struct dwell_unwind_space *space, uint32_t pid, uint64_t pc, struct begin *out)
{
	uint8_t code[LAST_REACH];

	for (size_t reach = FIRST_REACH; reach <= LAST_REACH; reach *= 4) {
		if (reach > pc || !dwell_memory_get(pid, pc - reach, code, reach))
			return false;
		for (size_t back = 1; back <= reach; back++)
			if (is_begin(space, pc - back, code + reach - back, back, out))
				return true;
	}
	return false;
}

/* --- instructions --- */

struct instruction {
	size_t size;    /* 0: it is not known, or ends the function's begin */
	int64_t deeper; /* how much it lowers the stack pointer */
	bool is_last;   /* the one that makes room for variables */
};

/* What follows an opcode that has an operand in memory or a register. */
static size_t operand_size(const uint8_t *at, size_t left)
{
	const unsigned mode = left > 0 ? at[0] >> 6 : 0, low = left > 0 ? at[0] & 7 : 0;
	size_t size = 1;

	if (left == 0)
		return 0;
	if (mode != 3 && low == 4) {
		if (left < 2)
			return 0;
		size++;
		if (mode == 0 && (at[1] & 7) == 5)
			size += 4;
	} else if (mode == 0 && low == 5) {
		size += 4;
	}
	return size + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

/* Whether the operand is the stack pointer itself; rex: the prefix or 0. */
static bool is_stack_pointer(const uint8_t *at, unsigned rex)
{
	return at[0] >> 6 == 3 && (at[0] & 7) == 4 && !(rex & 1);
}

static bool names_stack_pointer(const uint8_t *at, unsigned rex)
{
	return (at[0] >> 3 & 7) == 4 && !(rex & 4);
}

/* sub rsp, and what else there is with a number in it. */
static struct instruction with_number(const uint8_t *at, size_t left, unsigned rex, size_t number)
{
	enum { SUBTRACT = 5, COMPARE = 7 };
	const size_t operand = operand_size(at + 1, left - 1);
	const size_t size = 1 + operand + number;
	int32_t by;

	if (operand == 0 || size > left)
		return (struct instruction){ 0 };
	if (!is_stack_pointer(at + 1, rex) || (at[1] >> 3 & 7) == COMPARE)
		return (struct instruction){ .size = size };
	if ((at[1] >> 3 & 7) != SUBTRACT || !(rex & 8))
		return (struct instruction){ 0 };
	memcpy(&by, at + 1 + operand, number == 4 ? sizeof(by) : 1);
	return (struct instruction){ size, number == 4 ? by : (int8_t)at[1 + operand], true };
}

/* Opcodes of two bytes: moves, comparisons, vectors. */
static size_t two_bytes_size(const uint8_t *at, size_t left)
{
	const unsigned code = left > 1 ? at[1] : 0;
	const size_t operand = left > 2 ? operand_size(at + 2, left - 2) : 0;

	if (operand == 0)
		return 0;
	if ((code & 0xf0) == 0x40 || (code & 0xf0) == 0x90 || code == 0x1f || code == 0xaf ||
		(code >= 0xb6 && code <= 0xbf && code != 0xb8 && code != 0xb9 && code != 0xba) ||
		code == 0x10 || code == 0x11 || code == 0x28 || code == 0x29 || code == 0x57 ||
		code == 0xef || code == 0x6e || code == 0x6f || code == 0x7e || code == 0x7f ||
		code == 0xd6 || code == 0x6c || code == 0x16)
		return 2 + operand;
	return 0;
}

/* One without prefixes, of those that stand in begins. */
static struct instruction plain(const uint8_t *at, size_t left, unsigned rex)
{
	const unsigned code = at[0];
	size_t size = 0;

	if (code >= 0x50 && code <= 0x57)
		return (struct instruction){ 1, WORD, false };
	if (code == 0x83)
		return with_number(at, left, rex, 1);
	if (code == 0x81)
		return with_number(at, left, rex, 4);
	if (code == 0x0f)
		return (struct instruction){ .size = two_bytes_size(at, left) };
	if (code >= 0xb8 && code <= 0xbf)
		size = rex & 8 ? 9 : 5;
	else if (code >= 0x70 && code <= 0x7f)
		size = 2;
	else if ((code <= 0x3b && (code & 7) <= 3) || (code >= 0x84 && code <= 0x8b) ||
		 code == 0x63)
		size = operand_size(at + 1, left - 1) ? 1 + operand_size(at + 1, left - 1) : 0;
	else if (code == 0x8d)
		size = names_stack_pointer(at + 1, rex) ? 0 : 1 + operand_size(at + 1, left - 1);
	else if (code == 0xc7 || code == 0xc6)
		size = 1 + operand_size(at + 1, left - 1) + (code == 0xc7 ? 4 : 1);
	/* Who writes the stack pointer otherwise: nobody knows by how much. */
	if (size > left || ((code <= 0x3b || code == 0x89) && (code & 2) == 0 && size > 0 &&
				   (code & 0x38) != 0x38 && code != 0x84 && code != 0x85 &&
				   is_stack_pointer(at + 1, rex)))
		return (struct instruction){ 0 };
	if (code == 0x8b && size > 0 && names_stack_pointer(at + 1, rex))
		return (struct instruction){ 0 };
	return (struct instruction){ .size = size };
}

static struct instruction decode(const uint8_t *code, size_t size)
{
	struct instruction out = { 0 };
	unsigned rex = 0;
	size_t at = 0;

	/* Other sizes, other segments, vectors. */
	while (at < size &&
		(code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3 || code[at] == 0x64))
		at++;
	if (at < size && (code[at] & 0xf0) == 0x40)
		rex = code[at++];
	if (at < size)
		out = plain(code + at, size - at, rex);
	out.size += out.size ? at : 0;
	return out;
}

uint64_t dwell_prologue_depth(const uint8_t *code, size_t size)
{
	int64_t depth = 0;

	for (size_t at = 0; at < size;) {
		const struct instruction next = decode(code + at, size - at);

		if (next.size == 0)
			break;
		depth += next.deeper;
		at += next.size;
		if (next.is_last)
			break;
	}
	return (uint64_t)depth;
}

enum dwell_call_kind dwell_prologue_call(
	const uint8_t *end, size_t size, uint64_t address, uint64_t *target)
{
	int32_t by;

	if (size >= DIRECT_CALL && end[-DIRECT_CALL] == 0xe8) {
		memcpy(&by, end - 4, sizeof(by));
		*target = address + (uint64_t)(int64_t)by;
		return DWELL_CALL_DIRECT;
	}
	/* By a register, or by what is in memory. */
	for (size_t back = 2; back <= size && back <= LONGEST_CALL; back++)
		if (*(end - back) == 0xff && (*(end - back + 1) >> 3 & 7) == 2)
			return DWELL_CALL_INDIRECT;
	return DWELL_CALL_NONE;
}

/* A jump to wherever the loader found the function. */
static bool is_stub(uint32_t pid, uint64_t address)
{
	uint8_t code[STUB];
	const uint8_t *at = code;

	if (!dwell_memory_get(pid, address, code, sizeof(code)))
		return false;
	at += memcmp(at, mark, sizeof(mark)) == 0 ? sizeof(mark) : 0;
	at += *at == 0xf2;
	return at[0] == 0xff && at[1] == 0x25;
}

static bool returns_from(uint32_t pid, uint64_t address, uint64_t begin)
{
	uint8_t code[LONGEST_CALL];
	uint64_t target = 0;

	if (address < DWELL_UNWIND_LOWEST_CODE ||
		!dwell_memory_get(pid, address - LONGEST_CALL, code, sizeof(code)))
		return false;
	switch (dwell_prologue_call(code + LONGEST_CALL, LONGEST_CALL, address, &target)) {
	case DWELL_CALL_DIRECT:
		return target == begin || target == begin - sizeof(mark) || is_stub(pid, target);
	case DWELL_CALL_INDIRECT:
		return true;
	default:
		return false;
	}
}

bool dwell_prologue_find(const struct dwell_unwind_space *space, uint32_t pid,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	uint8_t code[MOST_BEGIN];
	struct begin begin;
	uint64_t pointer, caller;
	size_t size;

	if (!find_begin(space, pid, frame->pc, &begin))
		return false;
	/* As far as it went. */
	size = frame->pc - begin.after < sizeof(code) ? frame->pc - begin.after : sizeof(code);
	if (!dwell_memory_get(pid, begin.after, code, size))
		return false;
	pointer = frame->sp + dwell_prologue_depth(code, size);
	if (pointer < stack->low || stack->high < 2 * (uint64_t)WORD ||
		pointer > stack->high - 2 * (uint64_t)WORD)
		return false;
	memcpy(&caller, stack->bytes + (pointer - stack->low) + WORD, WORD);
	if (dwell_unwind_find(space, caller) == DWELL_UNWIND_NOWHERE ||
		!returns_from(pid, caller, begin.start))
		return false;
	frame->fp = pointer;
	return true;
}
