#ifndef DWELL_RING_UNWIND_H
#define DWELL_RING_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

enum { DWELL_UNWIND_OFFSET_BITS = 20 };

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

/* The same, by what was found last for it. Any thread, any signal handler, at any time. */
uint32_t dwell_unwind_recall(const struct dwell_unwind_space *space, uint64_t pc);

/* From a frame to its caller's. false: there is none (ROOT), or it cannot be found. */
bool dwell_unwind_apply(
	uint32_t rule, const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame);

#endif
