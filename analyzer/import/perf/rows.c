/* Records in order of time become rows. */
#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>

static uint32_t executor_of(const struct perf_item *item)
{
	return item->cpu == PERF_NO_CPU ? DWELL_NONE : item->cpu + 1u;
}

int perf_rows_flush(struct perf *perf)
{
	const size_t count = perf->row_count;

	perf->row_count = 0;
	if (!count || !perf->sink->ops->events)
		return DWELL_OK;
	return perf->sink->ops->events(perf->sink, perf->rows, count);
}

static int row_put(struct perf *perf, const struct dwell_event *row)
{
	perf->rows[perf->row_count++] = *row;
	return perf->row_count == PERF_ROWS ? perf_rows_flush(perf) : DWELL_OK;
}

/* The row to set next: in its place, as in perf_queue_add. row_done when it is. */
static struct dwell_event *row_new(
	struct perf *perf, const struct perf_item *item, enum dwell_event_kind kind)
{
	struct dwell_event *row = &perf->rows[perf->row_count];

	*row = (struct dwell_event){ .time_ns = 0 };
	row->time_ns = item->time_ns;
	row->kind = (uint8_t)kind;
	row->executor = executor_of(item);
	return row;
}

static int row_done(struct perf *perf)
{
	return ++perf->row_count == PERF_ROWS ? perf_rows_flush(perf) : DWELL_OK;
}

/* Room for what is known of a CPU, which is defined. */
static int know_cpu(struct perf *perf, uint16_t cpu)
{
	if (cpu >= perf->cpus) {
		const uint32_t cpus = 2u * cpu + 8;
		uint64_t *last = realloc(perf->cpu_last_ns, cpus * sizeof(*last));
		uint32_t *slot = last ? realloc(perf->cpu_slot, cpus * sizeof(*slot)) : NULL;
		bool *known = slot ? realloc(perf->cpu_known, cpus * sizeof(*known)) : NULL;

		perf->cpu_last_ns = last ? last : perf->cpu_last_ns;
		perf->cpu_slot = slot ? slot : perf->cpu_slot;
		perf->cpu_known = known ? known : perf->cpu_known;
		if (!known)
			return DWELL_ENOMEM;
		for (uint32_t i = perf->cpus; i < cpus; i++) {
			last[i] = slot[i] = 0;
			known[i] = false;
		}
		perf->cpus = cpus;
	}
	perf->cpu_known[cpu] = true;

	const struct dwell_executor executor = {
		.id = cpu + 1u, .kind = DWELL_EXECUTOR_CPU, .number = cpu
	};
	return perf->sink->ops->executor ? perf->sink->ops->executor(perf->sink, &executor)
					 : DWELL_OK;
}

static int live(struct perf *perf, uint32_t slot, uint64_t time_ns)
{
	return perf_tasks_live(&perf->tasks, slot, time_ns, perf->sink);
}

static struct perf_slot *at(struct perf *perf, uint32_t slot)
{
	return &perf->tasks.slots[slot];
}

/* The item's call chain as a stack of slot's process. */
static int stack_of(struct perf *perf, const struct perf_item *item, uint32_t slot, uint32_t *out)
{
	const uint32_t process = at(perf, slot)->process;

	*out = DWELL_NONE;
	if (!item->chain)
		return DWELL_OK;
	return perf_stacks_resolve(&perf->stacks, item->chain,
		(struct perf_owner){
			process, at(perf, process)->process_id, at(perf, process)->tid },
		perf->sink, out);
}

static void ends(struct perf_slot *slot)
{
	slot->dead = true;
	slot->exiting = false;
}

static int exit_row(struct perf *perf, uint32_t slot, uint64_t time_ns)
{
	struct perf_slot *self = at(perf, slot);

	if (!self->task || self->dead)
		return DWELL_OK;
	ends(self);
	return row_put(
		perf, &(struct dwell_event){
			      .time_ns = time_ns, .kind = DWELL_EVENT_EXIT, .task = self->task });
}

/* Who was on the CPU said that it exits, and its last switch is missing. */
static int left_unseen(struct perf *perf, const struct perf_item *item)
{
	const uint32_t slot = perf->cpu_slot[item->cpu];

	if (!slot || slot == item->a || !at(perf, slot)->exiting ||
		at(perf, slot)->cpu != item->cpu)
		return DWELL_OK;
	return exit_row(perf, slot, item->time_ns);
}

static int row_switch(struct perf *perf, const struct perf_item *item)
{
	struct dwell_event *row;
	uint32_t stack = DWELL_NONE;
	int err = item->cpu == PERF_NO_CPU ? DWELL_OK : left_unseen(perf, item);

	if (!err)
		err = live(perf, item->a, item->time_ns);
	if (!err)
		err = live(perf, item->b, item->time_ns);
	if (!err)
		err = stack_of(perf, item, item->a, &stack);
	if (err)
		return err;

	struct perf_slot *from = at(perf, item->a), *to = at(perf, item->b);
	row = row_new(perf, item, DWELL_EVENT_SWITCH);
	row->task = from->task;
	row->peer = to->task;
	if (item->a) {
		row->stack = stack;
		row->state = (uint8_t)item->value;
		row->reason = (uint8_t)(item->value >> 8);
		row->flags = item->flags & PERF_ITEM_PREEMPTED ? DWELL_EVENT_PREEMPTED : 0;
		if (row->state == DWELL_EXITED)
			ends(from);
	}
	from->fresh = to->fresh = false;
	to->cpu = item->cpu;
	if (item->cpu != PERF_NO_CPU)
		perf->cpu_slot[item->cpu] = item->b;
	return row_done(perf);
}

/* Where context switch records tell who runs, sched_switch tells where it was and if it ended. */
static int note_switch(struct perf *perf, const struct perf_item *item)
{
	uint32_t stack;
	const int err = stack_of(perf, item, item->a, &stack);

	if (item->a)
		at(perf, item->a)->stack = stack;
	return err;
}

static int row_waking(struct perf *perf, const struct perf_item *item)
{
	const uint32_t waker = item->flags & PERF_ITEM_IN_INTERRUPT ? 0 : item->current;
	struct dwell_event *row;
	uint32_t stack = DWELL_NONE;
	int err = item->a ? live(perf, item->a, item->time_ns) : DWELL_OK;

	if (!err && waker)
		err = live(perf, waker, item->time_ns);
	if (!err && waker)
		err = stack_of(perf, item, waker, &stack);
	if (err || !item->a)
		return err;
	at(perf, item->a)->fresh = false;
	row = row_new(perf, item, DWELL_EVENT_WAKE);
	row->task = at(perf, item->a)->task;
	row->peer = at(perf, waker)->task;
	row->stack = stack;
	row->state = DWELL_RUNNABLE;
	return row_done(perf);
}

static int row_create(struct perf *perf, const struct perf_item *item, uint32_t maker, bool ready)
{
	struct dwell_event row = {
		.time_ns = item->time_ns,
		.kind = DWELL_EVENT_CREATE,
		.state = ready ? DWELL_RUNNABLE : DWELL_UNKNOWN,
	};
	int err = live(perf, item->a, item->time_ns);

	if (!err && item->chain)
		err = stack_of(perf, item, maker, &row.stack);
	row.task = at(perf, item->a)->task;
	row.peer = at(perf, maker)->dead ? 0 : at(perf, maker)->task;
	return err ? err : row_put(perf, &row);
}

/* Made before the trace's zero: what it did since is not known, only whose it is. */
static int known_before(struct perf *perf, const struct perf_item *item)
{
	const uint32_t process = item->current;

	if (!item->a)
		return DWELL_OK;
	perf_tasks_fork(&perf->tasks, item->a, item->b, process);
	at(perf, item->a)->born = at(perf, item->a)->fresh = false;
	if (perf->mode.stacks && process == item->a && process != item->b)
		return perf_stacks_fork(&perf->stacks, item->a, at(perf, item->b)->process);
	return DWELL_OK;
}

/* PERF_RECORD_FORK and sched_process_fork tell the same, one after the other. */
static int row_fork(struct perf *perf, const struct perf_item *item)
{
	int err = DWELL_OK;

	if (!item->a)
		return DWELL_OK;
	if (at(perf, item->a)->fresh)
		return perf_tasks_belong(&perf->tasks, item->a,
			item->current ? item->current : at(perf, item->a)->process, perf->sink);
	err = exit_row(perf, item->a, item->time_ns);
	perf_tasks_fork(&perf->tasks, item->a, item->b, item->current);
	if (!err && perf->mode.stacks && item->current == item->a)
		err = perf_stacks_fork(&perf->stacks, item->a, at(perf, item->b)->process);
	return err ? err : row_create(perf, item, item->b, !perf->mode.newborn);
}

static int row_newborn(struct perf *perf, const struct perf_item *item)
{
	if (!item->a || !perf->mode.newborn)
		return DWELL_OK;
	if (!at(perf, item->a)->fresh) {
		const int err = exit_row(perf, item->a, item->time_ns);

		if (err)
			return err;
		perf_tasks_fork(&perf->tasks, item->a, item->current, 0);
	}
	at(perf, item->a)->fresh = false;
	return row_create(perf, item, item->current, true);
}

/* A task still runs when it says that it exits: its last switch tells the end, where one is told.
 */
static int row_exit(struct perf *perf, const struct perf_item *item)
{
	struct perf_slot *self = at(perf, item->a);

	if (!item->a || !self->task || self->dead)
		return DWELL_OK;
	if (!perf->mode.by_tracepoint || !perf->mode.system_wide)
		return exit_row(perf, item->a, item->time_ns);
	self->exiting = true;
	return DWELL_OK;
}

static int row_in_out(struct perf *perf, const struct perf_item *item)
{
	struct dwell_event row = {
		.time_ns = item->time_ns,
		.kind = DWELL_EVENT_SWITCH,
		.executor = executor_of(item),
	};
	int err;

	if (perf->mode.by_tracepoint)
		return DWELL_OK;
	err = live(perf, item->a, item->time_ns);
	if (item->kind == PERF_ITEM_IN) {
		row.peer = at(perf, item->a)->task;
		return err ? err : row_put(perf, &row);
	}
	row.task = at(perf, item->a)->task;
	row.state = item->flags & PERF_ITEM_PREEMPTED ? DWELL_RUNNABLE : DWELL_BLOCKED;
	row.flags = item->flags & PERF_ITEM_PREEMPTED ? DWELL_EVENT_PREEMPTED : 0;
	row.stack = at(perf, item->a)->stack;
	at(perf, item->a)->stack = DWELL_NONE;
	return err ? err : row_put(perf, &row);
}

static int row_cpu(struct perf *perf, const struct perf_item *item)
{
	struct dwell_event row = {
		.time_ns = item->time_ns,
		.kind = DWELL_EVENT_SAMPLE,
		.reason = DWELL_SAMPLE_CPU,
		.executor = executor_of(item),
		.value = item->value,
	};
	int err = live(perf, item->current, item->time_ns);

	if (!err)
		err = stack_of(perf, item, item->current, &row.stack);
	row.task = at(perf, item->current)->task;
	return err ? err : row_put(perf, &row);
}

static int row_prio(struct perf *perf, const struct perf_item *item)
{
	int err = live(perf, item->a, item->time_ns);

	if (err || !item->a)
		return err;
	return row_put(perf, &(struct dwell_event){
				     .time_ns = item->time_ns,
				     .kind = DWELL_EVENT_PRIORITY,
				     .task = at(perf, item->a)->task,
				     .value = (uint64_t)(int64_t)(int32_t)item->value,
			     });
}

/* From the CPU's last record to the one that tells of the loss. */
static int row_lost(struct perf *perf, const struct perf_item *item)
{
	struct dwell_event row = {
		.time_ns = item->time_ns,
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_KERNEL,
		.executor = executor_of(item),
		.value = item->value,
	};

	/* A CPU whose first record this is has no moment since which records may be missing. */
	if (item->cpu < perf->cpus)
		row.extra = perf->cpu_last_ns[item->cpu];
	return row_put(perf, &row);
}

static int row_mmap(struct perf *perf, const struct perf_item *item)
{
	struct perf_map *map = &perf->mmaps.all[item->value];
	struct perf_map taken = *map;

	map->path = NULL;
	perf->mmaps.waiting--;
	return perf_stacks_map(&perf->stacks, item->a, &taken);
}

static int row_comm(struct perf *perf, const struct perf_item *item)
{
	if (item->flags & PERF_ITEM_EXEC && perf->mode.stacks)
		perf_stacks_exec(&perf->stacks, item->a);
	return perf_tasks_name(&perf->tasks, item->a, item->comm, perf->sink);
}

static int row_of(struct perf *perf, const struct perf_item *item)
{
	switch (item->kind) {
	case PERF_ITEM_SWITCH:
		return perf->mode.by_tracepoint ? row_switch(perf, item) : note_switch(perf, item);
	case PERF_ITEM_WAKING:
		return row_waking(perf, item);
	case PERF_ITEM_NEW:
		return row_newborn(perf, item);
	case PERF_ITEM_FORK:
		return row_fork(perf, item);
	case PERF_ITEM_EXIT:
		return row_exit(perf, item);
	case PERF_ITEM_IN:
	case PERF_ITEM_OUT:
		return row_in_out(perf, item);
	case PERF_ITEM_CPU:
		return row_cpu(perf, item);
	case PERF_ITEM_COMM:
		return row_comm(perf, item);
	case PERF_ITEM_OF:
		return perf_tasks_belong(&perf->tasks, item->a, item->b, perf->sink);
	case PERF_ITEM_PRIO:
		return row_prio(perf, item);
	case PERF_ITEM_MMAP:
		return row_mmap(perf, item);
	default:
		return row_lost(perf, item);
	}
}

/* A record from before the trace's zero, which may not have begun: it names and maps only. */
static int before(struct perf *perf, struct perf_item *item)
{
	item->time_ns = 0;
	switch (item->kind) {
	case PERF_ITEM_FORK:
		return known_before(perf, item);
	case PERF_ITEM_COMM:
	case PERF_ITEM_OF:
	case PERF_ITEM_MMAP:
		return row_of(perf, item);
	default:
		return DWELL_OK;
	}
}

static int since(struct perf *perf, struct perf_item *item)
{
	const uint16_t cpu = item->cpu;
	int err = DWELL_OK;

	item->time_ns -= perf->zero_ns;
	if (item->time_ns > perf->last_ns)
		perf->last_ns = item->time_ns;
	if (cpu != PERF_NO_CPU && (cpu >= perf->cpus || !perf->cpu_known[cpu]))
		err = know_cpu(perf, cpu);
	if (!err)
		err = row_of(perf, item);
	if (!err && cpu != PERF_NO_CPU)
		perf->cpu_last_ns[cpu] = item->time_ns;
	return err;
}

/* While the zero is sought, UINT64_MAX, all is before it: nobody was told of a trace yet. */
static bool is_before(const struct perf *perf, const struct perf_item *item)
{
	return item->time_ns < perf->zero_ns || perf->zero_ns == UINT64_MAX;
}

int perf_rows(struct perf *perf, struct perf_item *items, size_t count)
{
	size_t at = 0;
	int err = perf_rows_plain(perf, items, &at, count);

	while (at < count && !err) {
		struct perf_item *item = &items[at++];

		err = is_before(perf, item) ? before(perf, item) : since(perf, item);
		if (!err)
			err = perf_rows_plain(perf, items, &at, count);
	}
	return err;
}

/* A file that was cut ends earlier for one CPU than for another. */
static int row_cut(struct perf *perf, uint32_t cpu)
{
	if (!perf->cpu_known[cpu] || perf->cpu_last_ns[cpu] >= perf->last_ns)
		return DWELL_OK;
	return row_put(perf, &(struct dwell_event){
				     .time_ns = perf->last_ns,
				     .kind = DWELL_EVENT_LOSS,
				     .reason = perf->broken,
				     .executor = cpu + 1,
				     .extra = perf->cpu_last_ns[cpu],
			     });
}

/*
 * A ring that has lost records says so with the next one that it takes. So what perf counted at the
 * end and no record told was lost after the last one: it ends the trace, and hides nothing in it.
 */
static int row_uncounted(struct perf *perf)
{
	if (perf->lost || !perf->lost_samples)
		return DWELL_OK;
	return row_put(perf, &(struct dwell_event){
				     .time_ns = perf->last_ns,
				     .kind = DWELL_EVENT_LOSS,
				     .reason = DWELL_LOSS_KERNEL,
				     .extra = perf->last_ns,
				     .value = perf->lost_samples,
			     });
}

int perf_rows_end(struct perf *perf)
{
	int err = row_uncounted(perf);

	for (uint32_t i = 0; perf->broken && i < perf->cpus && !err; i++)
		err = row_cut(perf, i);
	for (uint32_t i = 1; i < perf->tasks.slot_count && !err; i++)
		if (at(perf, i)->exiting)
			err = exit_row(perf, i, perf->last_ns);
	return err ? err : perf_rows_flush(perf);
}
