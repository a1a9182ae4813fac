#ifndef DWELL_RING_UNWIND_H
#define DWELL_RING_UNWIND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * How to find the caller of code that keeps no frame pointer (x86-64): by tables that the recorder
 * compiles from .eh_frame. They lie in one area of memory, the session's (unwind_offset) or the
 * recorder's own:
 *
 *	table	count (4 bytes), 0 (4); count addresses (4 bytes each), ascending; count rules (4)
 *	list	count (8 bytes); count ranges, ascending: the executable mappings of one process
 *
 * Addresses are those of the ELF file, below 4 GiB. A row holds from its address to the next one's.
 * Tables and lists are written once, before their offset is published, and never change.
 * Everything read here is checked against the area and the stack: the area may be written by
 * whoever has the session mapped, and a wrong table must cost no more than a wrong stack.
 */
struct dwell_unwind_range {
	uint64_t start, end; /* of the mapping */
	uint64_t bias;       /* an address in it - bias = that of the file */
	uint64_t table;      /* offset in the area; 0: there is none, frame pointers are tried */
};

/* A rule: kind (4 bits) | where rbp is (8) << 4 | offset (20, signed) << 12. */
enum dwell_unwind_kind {
	DWELL_UNWIND_NOWHERE = 0, /* not in an executable mapping that is known */
	DWELL_UNWIND_GAP = 1,     /* in one, but no table tells of it: the frame pointer is tried */
	DWELL_UNWIND_RSP = 2,     /* CFA = rsp + offset */
	DWELL_UNWIND_RBP = 3,     /* CFA = rbp + offset */
	DWELL_UNWIND_RSP_DEREF = 4, /* CFA = *(rsp + offset) + 8 */
	DWELL_UNWIND_RBP_DEREF = 5, /* CFA = *(rbp + offset) */
	DWELL_UNWIND_PLT = 6,       /* CFA = rsp + 8, and 8 more where (pc & 15) >= offset */
	DWELL_UNWIND_SIGNAL = 7,    /* what a signal interrupted: its registers lie at rsp */
	DWELL_UNWIND_ROOT = 8,      /* it has no caller */
	DWELL_UNWIND_STOP = 9       /* it has one, and how to find it is not told here */
};

/* Where the caller's rbp is: this many words below the CFA, or: */
enum { DWELL_UNWIND_RBP_KEPT = 0, DWELL_UNWIND_RBP_LOST = 254, DWELL_UNWIND_RBP_AT_RBP = 255 };

enum { DWELL_UNWIND_OFFSET_BITS = 20, DWELL_UNWIND_LOWEST_CODE = 4096 };

static inline uint32_t dwell_unwind_make(unsigned kind, unsigned rbp, int32_t offset)
{
	return kind | (rbp & 0xff) << 4 | (uint32_t)offset << 12;
}

static inline unsigned dwell_unwind_kind_of(uint32_t rule)
{
	return rule & 15;
}

/* An area, and the list in it of the process that is looked at. */
struct dwell_unwind_space {
	const uint8_t *area;
	uint64_t bytes;
	uint64_t list;   /* offset */
	uint64_t number; /* of the list: no other has it */
};

/* A piece of a stack: the addresses low..high - 1, and where their bytes are to be had. */
struct dwell_unwind_stack {
	uint64_t low, high;
	const uint8_t *bytes; /* of `low` */
};

struct dwell_unwind_frame {
	uint64_t pc, sp, fp;
	bool exact; /* pc was interrupted, not returned to */
};

/* The rule for an address: by binary search. */
uint32_t dwell_unwind_find(const struct dwell_unwind_space *space, uint64_t pc);

/*
 * The same, by what was found last for it. Any thread, any signal handler, at any time: two words
 * without a lock, of which the second proves that it belongs to the first.
 */
enum { DWELL_UNWIND_MEMO_BITS = 11, DWELL_UNWIND_ADDRESS_BITS = 47 };

extern struct dwell_unwind_memo {
	_Atomic uint64_t key;
	_Atomic uint64_t rule; /* << 32 | fold of the key */
} dwell_unwind_memos[1 << DWELL_UNWIND_MEMO_BITS];

uint32_t dwell_unwind_learn(const struct dwell_unwind_space *space, uint64_t pc, uint64_t key);

static inline uint32_t dwell_unwind_fold(uint64_t key)
{
	return (uint32_t)(key ^ key >> 32);
}

static inline struct dwell_unwind_memo *dwell_unwind_memo_of(uint64_t pc)
{
	return &dwell_unwind_memos[pc * UINT64_C(0x9e3779b97f4a7c15) >>
				   (64 - DWELL_UNWIND_MEMO_BITS)];
}

/* 0 (NOWHERE) where it does not hold it; which is not remembered either. */
static inline uint32_t dwell_unwind_held(const struct dwell_unwind_memo *memo, uint64_t key)
{
	const uint64_t found = atomic_load_explicit(&memo->rule, memory_order_relaxed);

	if (atomic_load_explicit(&memo->key, memory_order_relaxed) != key ||
		(uint32_t)found != dwell_unwind_fold(key))
		return DWELL_UNWIND_NOWHERE;
	return (uint32_t)(found >> 32);
}

static inline uint32_t dwell_unwind_recall(const struct dwell_unwind_space *space, uint64_t pc)
{
	const uint64_t key = pc ^ space->number << DWELL_UNWIND_ADDRESS_BITS;
	const uint32_t rule = dwell_unwind_held(dwell_unwind_memo_of(pc), key);

	if (__builtin_expect(rule != DWELL_UNWIND_NOWHERE, 1))
		return rule;

	const struct dwell_unwind_space copy = *space;
	return dwell_unwind_learn(&copy, pc, key);
}

/* From a frame to its caller's. false: there is none (ROOT), or it cannot be found. */
bool dwell_unwind_apply(
	uint32_t rule, const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame);

/* Why apply did not find it: the frame lies beyond the piece of stack that there is. */
bool dwell_unwind_is_beyond(uint32_t rule, const struct dwell_unwind_stack *stack,
	const struct dwell_unwind_frame *frame);

/* Out of line, on copies: so that a walk's own variables stay in registers. */
static inline bool dwell_unwind_apply_copy(
	uint32_t rule, const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	const struct dwell_unwind_stack its = *stack;
	struct dwell_unwind_frame copy = *frame;
	const bool found = dwell_unwind_apply(rule, &its, &copy);

	*frame = copy;
	return found;
}

/* The same; what nearly all rules are, without a call. */
static inline bool dwell_unwind_step(
	uint32_t rule, const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	const unsigned kind = dwell_unwind_kind_of(rule), rbp = rule >> 4 & 0xff;
	const uint64_t from = kind == DWELL_UNWIND_RSP ? frame->sp : frame->fp;
	const uint64_t cfa = from + (uint64_t)((int32_t)rule >> 12), below = cfa - rbp * 8;
	const uint8_t *bytes;

	if ((kind != DWELL_UNWIND_RSP && kind != DWELL_UNWIND_RBP) ||
		rbp >= DWELL_UNWIND_RBP_LOST || cfa <= frame->sp || cfa > stack->high ||
		below < stack->low || below > cfa || cfa - 8 < stack->low)
		return dwell_unwind_apply_copy(rule, stack, frame);
	bytes = stack->bytes + (cfa - stack->low);
	memcpy(&frame->pc, bytes - 8, 8);
	if (rbp != DWELL_UNWIND_RBP_KEPT)
		memcpy(&frame->fp, bytes - rbp * 8, 8);
	frame->sp = cfa;
	frame->exact = false;
	return frame->pc >= DWELL_UNWIND_LOWEST_CODE;
}

#endif
