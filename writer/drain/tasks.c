#include "drain_private.h"

static uint32_t worker_of(const struct drain_place *place, uint64_t time_ns)
{
	struct drain_thread *thread = place->thread;
	struct dwell_event row = {
		.time_ns = time_ns, .task = thread->task, .kind = DWELL_EVENT_CARRY
	};

	if (thread->worker != 0)
		return thread->worker;
	thread->worker = dwell_registry_worker(place->drain->registry, (uint32_t)thread->host_tid,
		(struct dwell_string){ NULL, 0 });
	row.executor = thread->worker;
	if (thread->worker != 0)
		dwell_drain_put(place->drain, &row);
	return thread->worker;
}

/* A task that was created before we looked is met by its first record. */
static uint32_t find_task(const struct drain_place *place, uint64_t native)
{
	struct dwell_map *map = &place->drain->by_native;
	struct dwell_registry_task what = { .process = place->process->id,
		.created_ns = place->thread->last_ns };
	uint32_t id;

	if (native == 0)
		return 0;
	id = dwell_map_get(map, place->process->id, native);
	if (id != 0)
		return id;
	id = dwell_registry_program_task(
		place->drain->registry, DWELL_TASK_COROUTINE, native, &what);
	if (id != 0)
		(void)dwell_map_set(map, place->process->id, native, id);
	return id;
}

static void create(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	struct dwell_registry_task what = {
		.process = place->process->id, .created_ns = row->time_ns, .born = true
	};
	unsigned kind = dwell_what_reason(record->a);
	uint64_t native = record->y[2] ? record->y[2] : record->y[1];

	if (kind <= DWELL_TASK_THREAD || kind >= DWELL_TASK_KIND_COUNT)
		kind = DWELL_TASK_COROUTINE;
	what.parent = place->thread->running ? place->thread->running : place->thread->task;
	what.creation_stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	(void)dwell_drain_text(place->drain, (uint32_t)record->x[1], &what.name);
	row->kind = DWELL_EVENT_CREATE;
	row->state = DWELL_RUNNABLE;
	row->peer = what.parent;
	row->stack = what.creation_stack;
	row->task =
		dwell_registry_program_task(place->drain->registry, (uint8_t)kind, native, &what);
	if (row->task != 0)
		(void)dwell_map_set(
			&place->drain->by_native, place->process->id, record->y[1], row->task);
	else
		row->kind = 0;
}

static void run(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	row->kind = DWELL_EVENT_SWITCH;
	row->executor = worker_of(place, row->time_ns);
	row->task = place->thread->running;
	row->peer = find_task(place, record->a);
	/* It did not say that it left: it gave way to the next. */
	row->state = row->task ? DWELL_RUNNABLE : DWELL_STATE_SAME;
	place->thread->running = row->peer;
}

static void leave(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	unsigned how = dwell_what_flags(record->a);
	unsigned reason = dwell_what_reason(record->a);

	row->kind = DWELL_EVENT_SWITCH;
	row->executor = worker_of(place, row->time_ns);
	row->task = find_task(place, record->x[1]);
	row->state = how == DWELL_LEAVE_EXITED     ? DWELL_EXITED
		     : how == DWELL_LEAVE_RUNNABLE ? DWELL_RUNNABLE
						   : DWELL_BLOCKED;
	if (row->state == DWELL_BLOCKED) {
		row->reason = reason > 0 && reason < DWELL_REASON_COUNT ? (uint8_t)reason
									: DWELL_REASON_OTHER;
		row->object = dwell_drain_object(place, dwell_what_object(record->a), record->y[1]);
		row->stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	}
	if (row->state == DWELL_EXITED)
		dwell_map_remove(&place->drain->by_native, place->process->id, record->x[1]);
	place->thread->running = 0;
}

void dwell_drain_decode_task(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	switch (record->kind) {
	case DWELL_RECORD_TASK_CREATE:
		create(place, record, row);
		break;
	case DWELL_RECORD_TASK_RUN:
		run(place, record, row);
		break;
	case DWELL_RECORD_TASK_LEAVE:
		leave(place, record, row);
		break;
	default:
		row->kind = DWELL_EVENT_WAKE;
		row->state = DWELL_RUNNABLE;
		row->peer = place->thread->running ? place->thread->running : row->task;
		row->task = find_task(place, (uint32_t)record->a);
		row->stack = dwell_drain_stack(place, (uint32_t)(record->a >> 32));
		break;
	}
	if (row->kind == DWELL_EVENT_SWITCH && row->executor == 0)
		row->kind = 0;
}

/* Of whom nothing is known, it is dropped. */
void dwell_drain_decode_priority(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	const uint64_t handle = record->y[1];
	const struct drain_birth *target =
		handle ? dwell_drain_of_handle(place, handle, record->time) : NULL;

	row->kind = DWELL_EVENT_PRIORITY;
	row->value = record->a;
	if (target)
		row->task = target->task;
	else if (handle || record->x[1])
		row->task = dwell_drain_task_of_tid(place, record->x[1]);
	if (row->task == 0)
		row->kind = 0;
}

/* The births and deaths that a thread tells of others are told by their own slots; what is left
 * for later uses (a child that never records, an exec that drops us) needs no row. */
void dwell_drain_decode_life(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	(void)place;
	(void)record;
	row->kind = 0;
}
