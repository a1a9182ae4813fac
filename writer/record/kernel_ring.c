#include "kernel_private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "dwell/error.h"

static int enqueue(struct kernel_queue *queue, const struct kernel_record *record)
{
	if (queue->first + queue->count == queue->room) {
		if (queue->first > queue->room / 2) {
			memmove(queue->records, queue->records + queue->first,
				queue->count * sizeof(*queue->records));
			queue->first = 0;
		} else {
			const size_t room = queue->room ? queue->room * 2 : 4096;
			void *larger = realloc(queue->records, room * sizeof(*queue->records));

			if (!larger)
				return DWELL_ENOMEM;
			queue->records = larger;
			queue->room = room;
		}
	}
	queue->records[queue->first + queue->count++] = *record;
	return 0;
}

static uint64_t head_of(const struct kernel_cpu *cpu)
{
	const struct dwell_kernel_header *header = (const void *)cpu->area;
	const uint64_t head = *(const volatile __u64 *)&header->head;

	atomic_thread_fence(memory_order_acquire);
	return head;
}

/* Keep a stack before the kernel writes over it. Returns its position + 1, or 0 when it is too
 * late. */
static uint64_t keep_stack(struct kernel_cpu *cpu, uint64_t at)
{
	const struct dwell_kernel_header *header = (const void *)cpu->area;
	const struct dwell_kernel_stack *stack =
		(const void *)(cpu->area + DWELL_KERNEL_STACK_OFFSET + at % DWELL_KERNEL_STACKS);
	struct dwell_kernel_stack *kept = (void *)(cpu->stacks + at % KERNEL_STACKS_KEPT);
	const uint64_t size = *(const volatile __u64 *)&stack->size;

	if (at % DWELL_KERNEL_STACK_ALIGN != 0 || size > DWELL_KERNEL_STACK_MOST)
		return 0;
	memcpy(kept, stack, DWELL_KERNEL_STACK_HEAD + size);
	kept->size = size;
	cpu->kept_end = at + DWELL_KERNEL_STACK_HEAD + size;
	atomic_thread_fence(memory_order_acquire);
	/* The next one to be written is stack_head's, which may be half written already. */
	if (*(const volatile __u64 *)&header->stack_head + sizeof(*stack) >
		at + DWELL_KERNEL_STACKS)
		return 0;
	return at + 1;
}

/* A switch or a wake, with what the slots before it said. */
static int take_record(struct kernel_cpu *cpu, struct kernel_record *record)
{
	if (record->time_ns < cpu->zero_ns)
		return 0;
	record->time_ns -= cpu->zero_ns;
	/* Clocks of one CPU do not go back. */
	if (record->time_ns < cpu->last_ns)
		record->time_ns = cpu->last_ns;
	cpu->last_ns = record->time_ns;
	if ((record->slot & DWELL_KERNEL_KIND_MASK) == DWELL_KERNEL_SWITCH) {
		/* Nobody entered before the one whom we saw entering. */
		if (record->entered_ns != 0 && record->entered_ns < cpu->switch_ns)
			record->entered_ns = cpu->switch_ns;
		cpu->switch_ns = record->time_ns;
	}
	return enqueue(&cpu->queue, record);
}

/* One slot that was copied in time. */
static int take_slot(struct kernel_cpu *cpu, const uint64_t slot[2])
{
	const uint8_t low = (uint8_t)slot[0] & DWELL_KERNEL_LOW_MASK;
	struct kernel_record *open = &cpu->open;
	int err = 0;

	switch (slot[0] & DWELL_KERNEL_KIND_MASK) {
	case DWELL_KERNEL_WHY:
		open->why = slot[1];
		open->flags = KERNEL_HAS_WHY | (low & 1 ? KERNEL_COMPAT : 0);
		return 0;
	case DWELL_KERNEL_STACK:
		open->stack = keep_stack(cpu, slot[1]);
		return 0;
	case DWELL_KERNEL_ENTERED:
		open->entered_ns = slot[1] > cpu->zero_ns ? slot[1] - cpu->zero_ns : 0;
		return 0;
	case DWELL_KERNEL_READY:
		open->ready_ns = slot[1] > cpu->zero_ns ? slot[1] - cpu->zero_ns : 0;
		return 0;
	default:
		open->time_ns = slot[0] >> 8;
		open->word = slot[1];
		open->slot = (uint8_t)slot[0] & (DWELL_KERNEL_KIND_MASK | DWELL_KERNEL_LOW_MASK);
		err = take_record(cpu, open);
		memset(open, 0, sizeof(*open));
		return err;
	}
}

/* The ring was written over before it was read: slots up to `to` are lost. */
static int take_loss(struct kernel_cpu *cpu, uint64_t to)
{
	const struct kernel_record loss = {
		.time_ns = cpu->last_ns,
		.word = to - cpu->position,
		.flags = KERNEL_LOST,
	};

	cpu->position = to;
	memset(&cpu->open, 0, sizeof(cpu->open));
	return enqueue(&cpu->queue, &loss);
}

static void copy_slots(const struct kernel_cpu *cpu, uint64_t *out, uint64_t from, uint64_t to)
{
	const uint8_t *slots = cpu->area + DWELL_KERNEL_HEADER_BYTES;
	const uint64_t first = from % DWELL_KERNEL_SLOTS;
	const uint64_t before_end = DWELL_KERNEL_SLOTS - first;
	const uint64_t count = to - from;
	const uint64_t run = count < before_end ? count : before_end;

	memcpy(out, slots + first * 16, run * 16);
	memcpy(out + run * 2, slots, (count - run) * 16);
	atomic_thread_fence(memory_order_acquire);
}

/* How full a ring became since the last pass; the fullest counts. */
static void note_fill(struct dwell_kernel *kernel, uint64_t came, uint64_t room)
{
	const uint64_t percent = came < room ? came * 100 / room : 100;

	if (kernel->fill < percent)
		kernel->fill = (unsigned)percent;
}

static int take_cpu(struct dwell_kernel *kernel, struct kernel_cpu *cpu)
{
	const struct dwell_kernel_header *header = (const void *)cpu->area;
	const uint64_t stacks = *(const volatile __u64 *)&header->stack_head;
	/* A record of five slots may be half written beyond the head. */
	const uint64_t usable = DWELL_KERNEL_SLOTS - 6;
	const uint64_t to = head_of(cpu);
	uint64_t from = cpu->position, safe;
	int err = 0;

	if (to - from > usable)
		from = to - usable;
	copy_slots(cpu, kernel->scratch, from, to);
	safe = head_of(cpu);
	safe = safe > usable ? safe - usable : 0;
	note_fill(kernel, to - cpu->position, DWELL_KERNEL_SLOTS);
	/* Of stacks a burst is no harm: without one a wait is told all the same. */
	note_fill(kernel, stacks - cpu->stacks_seen, UINT64_C(3) * DWELL_KERNEL_STACKS);
	cpu->stacks_seen = stacks;
	if (safe > cpu->position)
		err = take_loss(cpu, safe < to ? safe : to);
	for (; !err && cpu->position < to; cpu->position++) {
		const uint64_t *slot = kernel->scratch + (cpu->position - from) * 2;
		const uint64_t lap = (cpu->position / DWELL_KERNEL_SLOTS) & 1;

		/* By the head it is whole; the lap bit says so of the slot itself. */
		if (((slot[0] & DWELL_KERNEL_LAP) != 0) == (lap != 0))
			err = take_slot(cpu, slot);
	}
	return err;
}

static uint64_t count_misses(const struct dwell_kernel *kernel)
{
	uint64_t misses = 0;

	for (size_t i = 0; i < kernel->program_count; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(kernel->programs[i], &info, &size) == 0)
			misses += info.recursion_misses;
	}
	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++) {
		const struct dwell_kernel_header *header = (const void *)kernel->cpus[cpu].area;

		misses += *(const volatile __u64 *)&header->rare_lost;
	}
	return misses;
}

int dwell_kernel_take(struct dwell_kernel *kernel)
{
	kernel->fill = 0;
	/* A fork's record comes before its child's first switch: take the switches first, and
	   every fork that they need is there. */
	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++) {
		const int err = take_cpu(kernel, &kernel->cpus[cpu]);

		if (err)
			return err;
	}
	ring_buffer__consume(kernel->rare);
	return kernel->rares.error;
}

static int tell_rare(const struct dwell_kernel_rare *rare, dwell_kernel_tell tell, void *context)
{
	static const uint32_t kinds[] = {
		[DWELL_RARE_FORK] = DWELL_KERNEL_EVENT_FORK,
		[DWELL_RARE_EXEC] = DWELL_KERNEL_EVENT_EXEC,
		[DWELL_RARE_EXIT] = DWELL_KERNEL_EVENT_EXIT,
		[DWELL_RARE_NAME] = DWELL_KERNEL_EVENT_NAME,
	};
	const struct dwell_kernel_event event = {
		.time_ns = rare->time,
		.kind = kinds[rare->kind % 5],
		.cpu = rare->kind == DWELL_RARE_EXEC ? rare->parent_tgid : 0,
		.tid = rare->tid,
		.peer = rare->parent,
		.process = rare->tgid,
		.code = rare->kind == DWELL_RARE_EXEC ? rare->parent : rare->code,
		.name = rare->name,
	};

	return tell(context, &event);
}

static int tell_record(struct kernel_cpu *cpu, uint32_t number, const struct kernel_record *record,
	dwell_kernel_tell tell, void *context)
{
	struct dwell_kernel_event event = {
		.time_ns = record->time_ns,
		.cpu = number,
		.tid = (uint32_t)(record->word >> 32),
		.peer = (uint32_t)record->word,
	};

	if (record->flags & KERNEL_LOST) {
		const struct kernel_queue *queue = &cpu->queue;

		event = (struct dwell_kernel_event){ .kind = DWELL_KERNEL_EVENT_OVERWRITTEN,
			.cpu = number,
			.lost = record->word,
			.from_ns = record->time_ns };
		/* It ends with the first record after it. */
		event.time_ns = queue->count > 1 ? queue->records[queue->first + 1].time_ns
						 : record->time_ns;
		return tell(context, &event);
	}
	if ((record->slot & DWELL_KERNEL_KIND_MASK) == DWELL_KERNEL_WAKE) {
		event.kind = DWELL_KERNEL_EVENT_WAKE;
		event.peer = (uint32_t)(record->word >> 32);
		event.tid = (uint32_t)record->word;
		event.interrupt = (record->slot & DWELL_WAKING_INTERRUPT) != 0;
		event.several = (record->slot & DWELL_WAKING_SEVERAL) != 0;
		return tell(context, &event);
	}
	event.kind = DWELL_KERNEL_EVENT_SWITCH;
	event.entered_ns = record->entered_ns;
	event.ready_ns = record->ready_ns;
	event.leave = record->slot & DWELL_KERNEL_LOW_MASK;
	event.has_why = (record->flags & KERNEL_HAS_WHY) != 0;
	event.compat = (record->flags & KERNEL_COMPAT) != 0;
	event.why = record->why;
	/* Later ones may have been written over it while its switch waited to be told. */
	if (record->stack && cpu->kept_end - (record->stack - 1) <= KERNEL_STACKS_KEPT) {
		const struct dwell_kernel_stack *stack =
			(const void *)(cpu->stacks + (record->stack - 1) % KERNEL_STACKS_KEPT);

		event.ip = stack->ip;
		event.sp = stack->sp;
		event.fp = stack->fp;
		event.stack = stack->bytes;
		event.stack_size = stack->size;
	}
	return tell(context, &event);
}

/* The CPU whose next record is the earliest, or cpu_count. */
static uint32_t earliest(const struct dwell_kernel *kernel, uint64_t *time_ns)
{
	uint32_t best = kernel->cpu_count;

	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++) {
		const struct kernel_queue *queue = &kernel->cpus[cpu].queue;

		if (queue->count > 0 && queue->records[queue->first].time_ns < *time_ns) {
			*time_ns = queue->records[queue->first].time_ns;
			best = cpu;
		}
	}
	return best;
}

static void drop_first(struct kernel_queue *queue)
{
	queue->first++;
	if (--queue->count == 0)
		queue->first = 0;
}

static int tell_misses(
	struct dwell_kernel *kernel, uint64_t now_ns, dwell_kernel_tell tell, void *context)
{
	const uint64_t misses = count_misses(kernel);
	const struct dwell_kernel_event event = {
		.kind = DWELL_KERNEL_EVENT_MISSED,
		.time_ns = now_ns,
		.from_ns = kernel->misses_told_ns,
		.lost = misses - kernel->misses,
	};

	kernel->misses_told_ns = now_ns;
	if (event.lost == 0)
		return 0;
	kernel->misses = misses;
	return tell(context, &event);
}

int dwell_kernel_pass(
	struct dwell_kernel *kernel, uint64_t until_ns, dwell_kernel_tell tell, void *context)
{
	int err = dwell_kernel_take(kernel);
	uint64_t last_ns = 0;

	while (!err) {
		struct kernel_rares *rares = &kernel->rares;
		uint64_t time_ns = until_ns;
		uint32_t cpu;

		cpu = earliest(kernel, &time_ns);
		if (rares->count > 0 && rares->records[rares->first].time <= time_ns &&
			rares->records[rares->first].time < until_ns) {
			/* A copy: who is told may ask for births, and so for more of these. */
			const struct dwell_kernel_rare rare = rares->records[rares->first++];

			if (--rares->count == 0)
				rares->first = 0;
			last_ns = rare.time;
			err = tell_rare(&rare, tell, context);
			continue;
		}
		if (cpu == kernel->cpu_count)
			break;
		last_ns = time_ns;
		err = tell_record(&kernel->cpus[cpu], cpu,
			&kernel->cpus[cpu].queue.records[kernel->cpus[cpu].queue.first], tell,
			context);
		drop_first(&kernel->cpus[cpu].queue);
	}
	if (!err && last_ns > kernel->misses_told_ns + UINT64_C(100000000))
		err = tell_misses(kernel, last_ns, tell, context);
	return err;
}
