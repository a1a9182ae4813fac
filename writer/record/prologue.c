#include "prologue.h"

#include <string.h>

#include "memory.h"

enum {
	WORD = 8,
	FIRST_REACH = 512,
	LAST_REACH = 32768,
	BEGIN = 4, /* bytes: push rbp; mov rbp, rsp */
	MOST_BEGIN = 64,
	LONGEST_CALL = 7,
	DIRECT_CALL = 5,
	STUB = 16
};

static const uint8_t mark[] = { 0xf3, 0x0f, 0x1e, 0xfa }; /* endbr64 */

static bool begins_so(const uint8_t *code)
{
	static const uint8_t one[BEGIN] = { 0x55, 0x48, 0x89, 0xe5 };
	static const uint8_t other[BEGIN] = { 0x55, 0x48, 0x8b, 0xec };

	return memcmp(code, one, BEGIN) == 0 || memcmp(code, other, BEGIN) == 0;
}

/* So do the tables say. */
static bool is_begin(const struct dwell_unwind_space *space, uint64_t address)
{
	return dwell_unwind_find(space, address) ==
		       dwell_unwind_make(DWELL_UNWIND_RSP, DWELL_UNWIND_RBP_KEPT, WORD) &&
	       dwell_unwind_find(space, address + 1) ==
		       dwell_unwind_make(DWELL_UNWIND_RSP, 2, 2 * WORD) &&
	       dwell_unwind_find(space, address + BEGIN) ==
		       dwell_unwind_make(DWELL_UNWIND_RBP, 2, 2 * WORD);
}

/* The last such begin before an address; 0: there is none near. */
static uint64_t find_begin(const struct dwell_unwind_space *space, uint32_t pid, uint64_t pc)
{
	uint8_t code[LAST_REACH];

	for (size_t reach = FIRST_REACH; reach <= LAST_REACH; reach *= 4) {
		if (reach > pc || !dwell_memory_get(pid, pc - reach, code, reach))
			return 0;
		for (size_t back = BEGIN; back <= reach; back++)
			if (begins_so(code + reach - back) && is_begin(space, pc - back))
				return pc - back;
	}
	return 0;
}

/* Size of an instruction that leaves the stack as it is, of those that stand between pushes; 0: it
 * is none. */
static size_t plain_size(const uint8_t *code, size_t size)
{
	const size_t prefix = size > 0 && (code[0] & 0xf0) == 0x40;

	/* mov or xor of two registers, of which the first is not rsp */
	if (size < prefix + 2 || (code[prefix + 1] & 0xc0) != 0xc0)
		return 0;
	switch (code[prefix]) {
	case 0x31:
	case 0x89:
		return (code[prefix + 1] & 7) == 4 && !(prefix && code[0] & 1) ? 0 : prefix + 2;
	default:
		return 0;
	}
}

uint64_t dwell_prologue_depth(const uint8_t *code, size_t size)
{
	uint64_t depth = 0;
	size_t at = 0;

	while (at < size) {
		const size_t left = size - at, prefix = left > 1 && code[at] == 0x41;
		uint32_t bytes;

		if ((code[at + prefix] & 0xf8) == 0x50) {
			depth += WORD;
			at += prefix + 1;
			continue;
		}
		if (left >= 4 && code[at] == 0x48 && code[at + 1] == 0x83 && code[at + 2] == 0xec)
			return depth + (uint64_t)(int64_t)(int8_t)code[at + 3];
		if (left >= 7 && code[at] == 0x48 && code[at + 1] == 0x81 && code[at + 2] == 0xec) {
			memcpy(&bytes, code + at + 3, sizeof(bytes));
			return depth + bytes;
		}
		const size_t plain = plain_size(code + at, left);
		if (plain == 0)
			break;
		at += plain;
	}
	return depth;
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
	const uint64_t begin = find_begin(space, pid, frame->pc);
	uint8_t code[MOST_BEGIN];
	uint64_t pointer, caller;

	if (begin == 0 || !dwell_memory_get(pid, begin + BEGIN, code, sizeof(code)))
		return false;
	pointer = frame->sp + dwell_prologue_depth(code, sizeof(code));
	if (pointer < stack->low || stack->high < 2 * (uint64_t)WORD ||
		pointer > stack->high - 2 * (uint64_t)WORD)
		return false;
	memcpy(&caller, stack->bytes + (pointer - stack->low) + WORD, WORD);
	if (dwell_unwind_find(space, caller) == DWELL_UNWIND_NOWHERE ||
		!returns_from(pid, caller, begin))
		return false;
	frame->fp = pointer;
	return true;
}
