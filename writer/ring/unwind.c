#include "unwind.h"

enum {
	WORD = 8,
	/* In the frame that the kernel makes for a signal: its ucontext lies at rsp. */
	SIGNAL_RBP = 120,
	SIGNAL_RSP = 160,
	SIGNAL_RIP = 168,
	PLT_MASK = 15
};

static bool part_of(const struct dwell_unwind_space *space, uint64_t offset, uint64_t size)
{
	return offset % WORD == 0 && offset <= space->bytes && size <= space->bytes - offset;
}

/* The last row at or before the address. */
static uint32_t find_row(const struct dwell_unwind_space *space, uint64_t table, uint32_t address)
{
	const uint32_t *words;
	uint32_t count, low = 0, high;

	if (table == 0 || !part_of(space, table, WORD))
		return DWELL_UNWIND_GAP;
	words = (const uint32_t *)(const void *)(space->area + table);
	count = *(const volatile uint32_t *)words;
	if (!part_of(space, table, WORD + (uint64_t)count * WORD))
		return DWELL_UNWIND_GAP;
	words += 2;
	for (high = count; low < high;) {
		const uint32_t middle = low + (high - low) / 2;

		if (words[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? words[count + low - 1] : DWELL_UNWIND_GAP;
}

uint32_t dwell_unwind_find(const struct dwell_unwind_space *space, uint64_t pc)
{
	const struct dwell_unwind_range *range;
	uint64_t count, low = 0, high;

	if (space->list == 0 || !part_of(space, space->list, WORD))
		return DWELL_UNWIND_NOWHERE;
	count = *(const volatile uint64_t *)(const void *)(space->area + space->list);
	if (count > space->bytes / sizeof(*range) ||
		!part_of(space, space->list, WORD + count * sizeof(*range)))
		return DWELL_UNWIND_NOWHERE;
	range = (const void *)(space->area + space->list + WORD);
	for (high = count; low < high;) {
		const uint64_t middle = low + (high - low) / 2;

		if (range[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || pc >= range[low - 1].end)
		return DWELL_UNWIND_NOWHERE;
	range += low - 1;
	if (pc - range->bias > UINT32_MAX)
		return DWELL_UNWIND_GAP;
	return find_row(space, range->table, (uint32_t)(pc - range->bias));
}

struct dwell_unwind_memo dwell_unwind_memos[1 << DWELL_UNWIND_MEMO_BITS];

static void hold(struct dwell_unwind_memo *memo, uint64_t key, uint32_t rule)
{
	atomic_store_explicit(&memo->key, key, memory_order_relaxed);
	atomic_store_explicit(
		&memo->rule, (uint64_t)rule << 32 | dwell_unwind_fold(key), memory_order_relaxed);
}

/* Two that want the same place share it and its neighbour. */
uint32_t dwell_unwind_learn(const struct dwell_unwind_space *space, uint64_t pc, uint64_t key)
{
	struct dwell_unwind_memo *memo = dwell_unwind_memo_of(pc);
	struct dwell_unwind_memo *other = &dwell_unwind_memos[(memo - dwell_unwind_memos) ^ 1];
	uint32_t rule = dwell_unwind_held(other, key);
	const uint64_t former = atomic_load_explicit(&memo->key, memory_order_relaxed);

	if (rule != DWELL_UNWIND_NOWHERE)
		return rule;
	rule = dwell_unwind_find(space, pc);
	if (rule == DWELL_UNWIND_NOWHERE)
		return rule;
	hold(other, former, dwell_unwind_held(memo, former));
	hold(memo, key, rule);
	return rule;
}

/* A word of the stack. */
static bool load(const struct dwell_unwind_stack *stack, uint64_t address, uint64_t *out)
{
	if (address < stack->low || address >= stack->high || stack->high - address < WORD)
		return false;
	memcpy(out, stack->bytes + (address - stack->low), WORD);
	return true;
}

static bool follow_pointer(const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	uint64_t pc, fp;

	if (frame->fp < frame->sp || frame->fp % WORD != 0 || !load(stack, frame->fp + WORD, &pc) ||
		!load(stack, frame->fp, &fp) || pc < DWELL_UNWIND_LOWEST_CODE)
		return false;
	*frame = (struct dwell_unwind_frame){ .pc = pc, .sp = frame->fp + 2 * WORD, .fp = fp };
	return true;
}

static bool follow_signal(const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	struct dwell_unwind_frame next = { .exact = true };

	if (!load(stack, frame->sp + SIGNAL_RIP, &next.pc) ||
		!load(stack, frame->sp + SIGNAL_RSP, &next.sp) ||
		!load(stack, frame->sp + SIGNAL_RBP, &next.fp) || next.sp <= frame->sp)
		return false;
	*frame = next;
	return true;
}

/* The canonical frame address: what rsp was before the call. */
static bool cfa_of(uint32_t rule, const struct dwell_unwind_stack *stack,
	const struct dwell_unwind_frame *frame, uint64_t *cfa)
{
	const uint64_t offset = (uint64_t)((int32_t)rule >> 12);

	switch (dwell_unwind_kind_of(rule)) {
	case DWELL_UNWIND_RSP:
		*cfa = frame->sp + offset;
		return true;
	case DWELL_UNWIND_RBP:
		*cfa = frame->fp + offset;
		return true;
	case DWELL_UNWIND_RSP_DEREF:
		if (!load(stack, frame->sp + offset, cfa))
			return false;
		*cfa += WORD;
		return true;
	case DWELL_UNWIND_RBP_DEREF:
		return load(stack, frame->fp + offset, cfa);
	case DWELL_UNWIND_PLT:
		*cfa = frame->sp + WORD + ((frame->pc & PLT_MASK) >= offset ? WORD : 0);
		return true;
	default:
		return false;
	}
}

bool dwell_unwind_apply(
	uint32_t rule, const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame)
{
	const unsigned kind = dwell_unwind_kind_of(rule), rbp = rule >> 4 & 0xff;
	struct dwell_unwind_frame next = { .fp = frame->fp };

	if (kind <= DWELL_UNWIND_GAP)
		return follow_pointer(stack, frame);
	if (kind == DWELL_UNWIND_SIGNAL)
		return follow_signal(stack, frame);
	/* Stacks only shrink towards the root. */
	if (!cfa_of(rule, stack, frame, &next.sp) || next.sp <= frame->sp ||
		!load(stack, next.sp - WORD, &next.pc) || next.pc < DWELL_UNWIND_LOWEST_CODE)
		return false;
	if (rbp == DWELL_UNWIND_RBP_LOST)
		next.fp = 0;
	else if (rbp == DWELL_UNWIND_RBP_AT_RBP && !load(stack, frame->fp, &next.fp))
		return false;
	else if (rbp != DWELL_UNWIND_RBP_KEPT && rbp < DWELL_UNWIND_RBP_LOST &&
		 !load(stack, next.sp - (uint64_t)rbp * WORD, &next.fp))
		return false;
	*frame = next;
	return true;
}

bool dwell_unwind_is_beyond(uint32_t rule, const struct dwell_unwind_stack *stack,
	const struct dwell_unwind_frame *frame)
{
	const uint64_t far = UINT64_C(1) << DWELL_UNWIND_OFFSET_BITS;
	uint64_t wanted = frame->fp + 2 * WORD;

	if (dwell_unwind_kind_of(rule) == DWELL_UNWIND_SIGNAL)
		wanted = frame->sp + SIGNAL_RIP + WORD;
	else if (dwell_unwind_kind_of(rule) == DWELL_UNWIND_RBP_DEREF)
		wanted = frame->fp + WORD;
	else if (dwell_unwind_kind_of(rule) > DWELL_UNWIND_GAP &&
		 !cfa_of(rule, stack, frame, &wanted))
		return false;
	return wanted > stack->high && wanted - stack->high < far;
}
