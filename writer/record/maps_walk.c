/* Callers, by what is mapped; and whose functions they are. */
#include "maps_private.h"
#include "proc.h"
#include "prologue.h"

static void walk(const struct dwell_maps *maps, uint32_t id, const struct dwell_unwind_frame *first,
	const struct dwell_unwind_stack *stack, struct dwell_maps_walk *out)
{
	const struct maps_process *process = &maps->processes[id - 1];
	const struct dwell_unwind_space space = { maps->area->at, maps->area->bytes,
		process->list.offset, process->number };
	struct dwell_unwind_frame frame = *first;
	uint32_t rule = dwell_unwind_recall(&space, frame.pc - !frame.exact);

	out->frames[0] = frame.pc;
	out->whole = out->beyond = false;
	for (out->count = 1; out->count < DWELL_MAX_FRAMES; out->count++) {
		const bool guess = dwell_unwind_kind_of(rule) <= DWELL_UNWIND_GAP;

		out->whole = dwell_unwind_kind_of(rule) == DWELL_UNWIND_ROOT;
		if (!dwell_unwind_step(rule, stack, &frame)) {
			out->beyond = dwell_unwind_is_beyond(rule, stack, &frame);
			break;
		}
		rule = dwell_unwind_recall(&space, frame.pc - !frame.exact);
		/* What the register held was no frame pointer. */
		if (guess && dwell_unwind_kind_of(rule) == DWELL_UNWIND_NOWHERE)
			break;
		out->frames[out->count] = frame.pc + frame.exact;
	}
	out->needed = frame.sp - first->sp;
}

/*
 * Where nothing can be executed there is no caller: a table was followed through code that changes
 * its stack without a word, as Go's does where it goes over to the stack of its scheduler. Or the
 * code is new: compiled since what is mapped was read. true: that was read again.
 */
static bool judge_last(struct dwell_maps *maps, uint32_t pid, uint32_t id, uint64_t now_ns,
	struct dwell_maps_walk *walk)
{
	const struct maps_process *process = &maps->processes[id - 1];

	if (walk->count < 2 || process->count == 0 ||
		maps_holds(process, walk->frames[walk->count - 1]))
		return false;
	if (dwell_proc_code_at(pid, walk->frames[walk->count - 1]) == DWELL_PROC_CODE)
		return maps_look_again(maps, pid, id, now_ns);
	walk->count--;
	return false;
}

void dwell_maps_walk(struct dwell_maps *maps, uint32_t pid, uint32_t id,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, struct dwell_maps_walk *out)
{
	out->count = 0;
	out->whole = out->beyond = false;
	out->needed = 0;
	if (!maps_process_of(maps, id))
		return;
	(void)maps_cover(maps, pid, id, &frame->pc, 1, false, now_ns);
	walk(maps, id, frame, stack, out);
	if (!out->whole && !out->beyond &&
		maps_cover(maps, pid, id, out->frames, out->count, true, now_ns))
		walk(maps, id, frame, stack, out);
	if (judge_last(maps, pid, id, now_ns, out)) {
		walk(maps, id, frame, stack, out);
		(void)judge_last(maps, pid, id, now_ns, out);
	}
}

/* --- of a thread that waits, whose frame pointer is not known at first --- */

static bool needs_pointer(uint32_t rule)
{
	switch (dwell_unwind_kind_of(rule)) {
	case DWELL_UNWIND_NOWHERE:
	case DWELL_UNWIND_GAP:
	case DWELL_UNWIND_RBP:
	case DWELL_UNWIND_RBP_DEREF:
		return true;
	default:
		return (rule >> 4 & 0xff) == DWELL_UNWIND_RBP_AT_RBP;
	}
}

/* Its caller's comes from the stack. */
static bool restores_pointer(uint32_t rule)
{
	const unsigned rbp = rule >> 4 & 0xff;

	return dwell_unwind_kind_of(rule) == DWELL_UNWIND_SIGNAL ||
	       (dwell_unwind_kind_of(rule) > DWELL_UNWIND_GAP && rbp != DWELL_UNWIND_RBP_KEPT &&
		       rbp < DWELL_UNWIND_RBP_LOST);
}

static void walk_still(const struct dwell_maps *maps, uint32_t pid, uint32_t id,
	const struct dwell_unwind_frame *first, const struct dwell_unwind_stack *stack,
	struct dwell_maps_walk *out)
{
	const struct maps_process *process = &maps->processes[id - 1];
	const struct dwell_unwind_space space = { maps->area->at, maps->area->bytes,
		process->list.offset, process->number };
	struct dwell_unwind_frame frame = *first;
	bool known = false;

	out->whole = out->beyond = false;
	for (out->count = 0; out->count < DWELL_MAX_FRAMES; out->count++) {
		const uint32_t rule = dwell_unwind_recall(&space, frame.pc - !frame.exact);

		if (out->count > 0 && dwell_unwind_kind_of(rule) == DWELL_UNWIND_NOWHERE)
			break;
		out->frames[out->count] = frame.pc + (frame.exact && out->count > 0);
		out->whole = dwell_unwind_kind_of(rule) == DWELL_UNWIND_ROOT;
		if (!known && needs_pointer(rule))
			known = dwell_prologue_find(&space, pid, stack, &frame);
		out->pointers[out->count] = known ? frame.fp : 0;
		if ((!known && needs_pointer(rule)) || !dwell_unwind_step(rule, stack, &frame)) {
			out->beyond = dwell_unwind_is_beyond(rule, stack, &frame);
			out->count++;
			break;
		}
		known = known || restores_pointer(rule);
	}
	out->needed = frame.sp - first->sp;
}

void dwell_maps_walk_still(struct dwell_maps *maps, uint32_t pid, uint32_t id,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, struct dwell_maps_walk *out)
{
	*out = (struct dwell_maps_walk){ .count = 0 };
	if (!maps_process_of(maps, id))
		return;
	(void)maps_cover(maps, pid, id, &frame->pc, 1, false, now_ns);
	walk_still(maps, pid, id, frame, stack, out);
	if (judge_last(maps, pid, id, now_ns, out)) {
		walk_still(maps, pid, id, frame, stack, out);
		(void)judge_last(maps, pid, id, now_ns, out);
	}
}

/* The file that is mapped at an address, by its table; and the address in it. */
static const struct dwell_file *file_at(
	const struct dwell_maps *maps, const struct maps_process *process, uint64_t *address)
{
	for (size_t i = 0; i < process->count; i++) {
		const struct dwell_unwind_range *range = &process->ranges[i];

		if (*address < range->start || *address >= range->end)
			continue;
		*address -= range->bias;
		return dwell_files_with(maps->files, range->table);
	}
	return NULL;
}

bool dwell_maps_libc(
	struct dwell_maps *maps, uint32_t id, const uint64_t *frames, size_t count, unsigned *role)
{
	const struct maps_process *process = maps_process_of(maps, id);
	size_t i = 0;

	*role = DWELL_LIBC_NONE;
	for (; process && i < count && *role == DWELL_LIBC_NONE; i++) {
		uint64_t address = frames[i] - (i > 0);
		const struct dwell_file *file = file_at(maps, process, &address);

		if (!file || !file->libc)
			break;
		*role = dwell_libc_role(file->libc, address);
	}
	return i > 0;
}

bool dwell_maps_preload(struct dwell_maps *maps, uint32_t id, uint64_t address)
{
	const struct maps_process *process = maps_process_of(maps, id);
	const struct dwell_file *file = process ? file_at(maps, process, &address) : NULL;

	return file && file->is_preload;
}

const struct dwell_python_exports *dwell_maps_python(struct dwell_maps *maps, uint32_t id,
	const uint64_t *frames, size_t count, size_t *at, uint64_t *bias)
{
	const struct maps_process *process = maps_process_of(maps, id);

	for (*at = 1; process && *at < count; ++*at) {
		uint64_t address = frames[*at] - 1;
		const struct dwell_file *file = file_at(maps, process, &address);

		if (!file || !file->python || !dwell_python_is_loop(file->python, address))
			continue;
		*bias = frames[*at] - 1 - address;
		return file->python;
	}
	return NULL;
}

void dwell_maps_each_hotspot(struct dwell_maps *maps,
	void (*tell)(void *context, uint32_t pid, uint32_t process,
		const struct dwell_hotspot_tables *tables),
	void *context)
{
	for (size_t i = 0; maps->hotspots && i < maps->process_room; i++)
		if (maps->processes[i].hotspot.fields != 0) {
			const struct dwell_hotspot_tables tables = maps->processes[i].hotspot;

			tell(context, maps->processes[i].pid, (uint32_t)i + 1, &tables);
		}
}

void dwell_maps_each_lot(
	struct dwell_maps *maps, void (*tell)(void *context, uint32_t pid), void *context)
{
	for (size_t i = 0; maps->lots && i < maps->process_room; i++)
		if (maps->processes[i].parks)
			tell(context, maps->processes[i].pid);
}

bool dwell_maps_hotspot(struct dwell_maps *maps, uint32_t id, const uint64_t *frames, size_t count,
	struct dwell_hotspot_tables *out)
{
	const struct maps_process *process = maps_process_of(maps, id);

	for (size_t i = 1; process && i < count; i++) {
		uint64_t address = frames[i] - 1;
		const struct dwell_file *file = file_at(maps, process, &address);
		const uint64_t bias = frames[i] - 1 - address;

		if (!file || file->hotspot.fields == 0)
			continue;
		out->fields = file->hotspot.fields + bias;
		out->types = file->hotspot.types + bias;
		return true;
	}
	return false;
}
