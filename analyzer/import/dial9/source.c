/* dial9's traces of Tokio as a source: one part. */
#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "import/dial9/wire.h"
#include "import/importer.h"
#include "import/intern.h"
#include "import/source.h"

/* Of one file, which is held: dial9 begins a new one at 100 MiB unless told otherwise. */
enum { LARGEST = 1 << 30, MAX_EVENTS = 1 << 26 };
/* Workers from here on are none: threads of the blocking pool, which share a number. */
enum { NO_WORKER = 253 };

struct known_task {
	uint64_t number;
	uint32_t location; /* number of a text; 0: none */
	bool instrumented; /* its wakes are told */
	bool defined, dead, ending, woken;
	uint32_t worker; /* + 1, that it runs on; 0: none */
};

struct dial9_row {
	uint64_t time_ns;
	uint64_t task, other; /* numbers */
	size_t index;
	uint8_t kind, worker;
	bool has_worker;
};

struct dial9 {
	struct import_source source;
	uint8_t *bytes;
	size_t size;
	struct dial9_row *rows;
	size_t count, room;
	struct import_map numbers; /* of a task to its place + 1 */
	struct known_task *tasks;
	uint32_t task_count, task_room;
	struct import_intern texts;
	uint32_t running[NO_WORKER];               /* task's id by worker; 0: none */
	uint64_t zero_ns, last_ns, unix_ns, at_ns; /* of one moment, by both clocks */
	uint64_t ignored;
	int broken;
	uint64_t lost_ns; /* where it is: from when on rows may be missing, on its clock */
	bool read;
	struct dwell_sink *sink;
};

static struct dial9 *self_of(struct import_source *source)
{
	return (struct dial9 *)source;
}

static void release(struct import_source *source)
{
	struct dial9 *dial9 = self_of(source);

	free(dial9->bytes);
	free(dial9->rows);
	free(dial9->tasks);
	import_map_release(&dial9->numbers);
	import_intern_release(&dial9->texts);
}

/* The id of a task by its number; 0: no memory, or too many. */
static uint32_t task_of(struct dial9 *dial9, uint64_t number)
{
	const uint64_t known = import_map_get(&dial9->numbers, number);

	if (known)
		return (uint32_t)known;
	if (dial9->task_count == DWELL_MAX_TASKS)
		return 0;
	if (dial9->task_count == dial9->task_room) {
		const uint32_t room = dial9->task_room ? 2 * dial9->task_room : 256;
		struct known_task *wider = realloc(dial9->tasks, room * sizeof(*wider));

		if (!wider)
			return 0;
		dial9->tasks = wider;
		dial9->task_room = room;
	}
	if (import_map_put(&dial9->numbers, number, dial9->task_count + 1))
		return 0;
	dial9->tasks[dial9->task_count] = (struct known_task){ .number = number };
	return ++dial9->task_count;
}

/* What an event says of its tasks, whenever that is. */
static int learn(struct dial9 *dial9, const struct dial9_event *event)
{
	const bool wake = event->kind == DIAL9_WAKE;
	const uint32_t id = task_of(dial9, event->values[wake ? DIAL9_WOKEN : DIAL9_TASK]);
	struct known_task *task;
	bool fresh;

	if (!id)
		return DWELL_ENOMEM;
	task = &dial9->tasks[id - 1];
	task->instrumented |= wake || event->values[DIAL9_INSTRUMENTED];
	if (!event->location.size || event->location.size >= DWELL_MAX_STRING || task->location)
		return DWELL_OK;
	task->location = import_intern(&dial9->texts, event->location.at, event->location.size,
		DWELL_MAX_LOCATIONS, &fresh);
	return task->location ? DWELL_OK : DWELL_ENOMEM;
}

static int keep(struct dial9 *dial9, const struct dial9_event *event)
{
	const bool wake = event->kind == DIAL9_WAKE;
	const uint64_t worker = event->values[DIAL9_WORKER];

	if (dial9->count == MAX_EVENTS)
		return DWELL_ELIMIT;
	if (dial9->count == dial9->room) {
		const size_t room = dial9->room ? 2 * dial9->room : 4096;
		struct dial9_row *wider = realloc(dial9->rows, room * sizeof(*wider));

		if (!wider)
			return DWELL_ENOMEM;
		dial9->rows = wider;
		dial9->room = room;
	}
	dial9->rows[dial9->count] = (struct dial9_row){
		.time_ns = event->time_ns,
		.task = event->values[wake ? DIAL9_WOKEN : DIAL9_TASK],
		.other = event->values[DIAL9_WAKER],
		.index = dial9->count,
		.kind = (uint8_t)event->kind,
		.worker = (uint8_t)(worker < NO_WORKER ? worker : NO_WORKER),
		.has_worker = event->has >> DIAL9_WORKER & 1 && worker < NO_WORKER,
	};
	dial9->count++;
	return event->kind == DIAL9_POLL_END ? DWELL_OK : learn(dial9, event);
}

/* The fields without which an event says nothing. */
static bool is_whole(const struct dial9_event *event)
{
	static const uint32_t needed[] = {
		[DIAL9_POLL_START] = 1 << DIAL9_WORKER | 1 << DIAL9_TASK,
		[DIAL9_POLL_END] = 1 << DIAL9_WORKER,
		[DIAL9_SPAWN] = 1 << DIAL9_TASK,
		[DIAL9_TERMINATE] = 1 << DIAL9_TASK,
		[DIAL9_WAKE] = 1 << DIAL9_WAKER | 1 << DIAL9_WOKEN,
		[DIAL9_CLOCK] = 1 << DIAL9_REALTIME,
	};

	return event->kind != DIAL9_OTHER &&
	       (event->has & needed[event->kind]) == needed[event->kind];
}

static int by_time(const void *a, const void *b)
{
	const struct dial9_row *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

static int read_events(struct dial9 *dial9, struct dial9_wire *wire)
{
	struct dial9_event event;
	uint64_t batch = 0;
	int err;

	while (!(err = dial9_wire_next(wire, &event))) {
		if (batch != wire->batch) /* in order of time itself */
			dial9->lost_ns = event.time_ns;
		batch = wire->batch;
		if (event.kind == DIAL9_CLOCK && is_whole(&event)) {
			dial9->unix_ns = event.values[DIAL9_REALTIME];
			dial9->at_ns = event.time_ns;
		} else if (is_whole(&event)) {
			err = keep(dial9, &event);
		} else {
			dial9->ignored++;
		}
		if (err)
			return err;
	}
	/* What came before a damaged frame stands. */
	if (err == DWELL_END || (dial9->count && err != DWELL_ENOMEM)) {
		dial9->broken = err == DWELL_END ? 0 : err;
		if (dial9->broken)
			dwell_diag_set(
				&dial9->source.diag, err, wire->at, 0, "dial9: %s", wire->what);
		return DWELL_OK;
	}
	return dwell_diag_set(&dial9->source.diag, err, wire->at, 0, "dial9: %s",
		wire->what ? wire->what : "out of memory");
}

static int read_all(struct dial9 *dial9)
{
	struct dwell_bytes *bytes = dial9->source.bytes;
	struct dial9_wire wire;
	int err;

	if (bytes->size > LARGEST)
		return dwell_diag_set(&dial9->source.diag, DWELL_ELIMIT, UINT64_MAX, 0,
			"dial9: a file of more than 1 GiB");
	dial9->bytes = malloc((size_t)bytes->size + 1);
	if (!dial9->bytes)
		return DWELL_ENOMEM;
	err = bytes->ops->read(bytes, 0, dial9->bytes, (size_t)bytes->size, &dial9->size);
	if (err)
		return err;
	err = dial9_wire_init(&wire, dial9->bytes, dial9->size);
	if (!err)
		err = read_events(dial9, &wire);
	dial9_wire_release(&wire);
	if (!err && dial9->count)
		qsort(dial9->rows, dial9->count, sizeof(*dial9->rows), by_time);
	dial9->zero_ns = dial9->count ? dial9->rows[0].time_ns : dial9->at_ns;
	free(dial9->bytes);
	dial9->bytes = NULL;
	dial9->read = !err;
	return err;
}

static int tell_places(struct dial9 *dial9, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < dial9->texts.count && sink->ops->location && !err; i++) {
		const struct dwell_line line = {
			.function = { dial9->texts.texts[i].at, dial9->texts.texts[i].size },
		};
		const struct dwell_location place = {
			.id = i + 1, .lines = &line, .line_count = 1
		};

		err = sink->ops->location(sink, &place);
	}
	return err;
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	static const struct dwell_process process = { .id = 1, .pid = -1 };
	struct dial9 *dial9 = self_of(source);
	int err = dial9->read ? DWELL_OK : read_all(dial9);
	struct dwell_trace_info info = {
		.source = { "dial9", 5 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_RUNTIME,
	};

	if (err)
		return err;
	if (dial9->at_ns && dial9->unix_ns > dial9->at_ns)
		info.start_unix_ns = dial9->unix_ns - dial9->at_ns + dial9->zero_ns;
	info.start_monotonic_ns = dial9->zero_ns;
	err = import_tell_begin(sink, &info, 0);
	if (!err && sink->ops->process)
		err = sink->ops->process(sink, &process);
	return err ? err : tell_places(dial9, sink);
}

static int put(struct dial9 *dial9, struct dwell_event row)
{
	row.time_ns = dial9->last_ns;
	return dial9->sink->ops->events ? dial9->sink->ops->events(dial9->sink, &row, 1) : DWELL_OK;
}

static struct dwell_string name_of(const struct dial9 *dial9, const struct known_task *task)
{
	if (!task->location)
		return (struct dwell_string){ "task", 4 };
	return (struct dwell_string){ dial9->texts.texts[task->location - 1].at,
		dial9->texts.texts[task->location - 1].size };
}

static int define(struct dial9 *dial9, uint32_t id, uint32_t parent, bool born)
{
	struct known_task *self = &dial9->tasks[id - 1];
	const struct dwell_task task = {
		.id = id,
		.process = 1,
		.parent = parent,
		.start_location = self->location,
		.kind = DWELL_TASK_ASYNC,
		.born = born,
		.tid = -1,
		.native_id = self->number,
		.created_ns = dial9->last_ns,
		.name = name_of(dial9, self),
	};

	if (self->defined)
		return DWELL_OK;
	self->defined = true;
	return dial9->sink->ops->task ? dial9->sink->ops->task(dial9->sink, &task) : DWELL_OK;
}

static int poll_start(struct dial9 *dial9, const struct dial9_row *row, uint32_t id)
{
	struct known_task *task = &dial9->tasks[id - 1];
	int err = define(dial9, id, 0, false);

	if (err || task->dead)
		return err;
	task->woken = false;
	if (!row->has_worker)
		return put(dial9,
			(struct dwell_event){
				.kind = DWELL_EVENT_STATE, .task = id, .state = DWELL_UNKNOWN });
	if (dial9->running[row->worker]) /* the end of that poll is missing */
		dial9->tasks[dial9->running[row->worker] - 1].worker = 0;
	task->worker = row->worker + 1u;
	dial9->running[row->worker] = id;
	return put(dial9,
		(struct dwell_event){
			.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = row->worker + 1u });
}

/* Of a task whose wakes are not told, it is not known whether it waits or could run. */
static uint8_t state_after(const struct known_task *task)
{
	if (task->ending)
		return DWELL_EXITED;
	if (task->woken)
		return DWELL_RUNNABLE;
	return task->instrumented ? DWELL_BLOCKED : DWELL_UNKNOWN;
}

static int poll_end(struct dial9 *dial9, const struct dial9_row *row)
{
	const uint32_t id = row->has_worker ? dial9->running[row->worker] : 0;
	struct known_task *task;
	struct dwell_event out = {
		.kind = DWELL_EVENT_SWITCH, .task = id, .executor = row->worker + 1u
	};

	if (!id)
		return DWELL_OK;
	task = &dial9->tasks[id - 1];
	dial9->running[row->worker] = 0;
	task->worker = 0;
	out.state = state_after(task);
	if (out.state == DWELL_BLOCKED)
		out.reason = DWELL_REASON_OTHER;
	task->dead |= task->ending;
	return put(dial9, out);
}

static int spawn(struct dial9 *dial9, const struct dial9_row *row, uint32_t id)
{
	const uint32_t maker = row->has_worker ? dial9->running[row->worker] : 0;
	const bool fresh = !dial9->tasks[id - 1].defined;
	const int err = define(dial9, id, maker, true);

	if (err || !fresh)
		return err;
	return put(dial9, (struct dwell_event){ .kind = DWELL_EVENT_CREATE,
				  .task = id,
				  .peer = maker,
				  .state = DWELL_RUNNABLE });
}

static int terminate(struct dial9 *dial9, uint32_t id)
{
	struct known_task *task = &dial9->tasks[id - 1];
	const int err = define(dial9, id, 0, false);

	if (err || task->dead)
		return err;
	task->ending = true;
	if (task->worker) /* its poll ends next */
		return DWELL_OK;
	task->dead = true;
	return put(dial9, (struct dwell_event){ .kind = DWELL_EVENT_EXIT, .task = id });
}

static int wake(struct dial9 *dial9, const struct dial9_row *row, uint32_t id)
{
	struct known_task *task = &dial9->tasks[id - 1];
	const uint64_t waker = import_map_get(&dial9->numbers, row->other);
	struct dwell_event out = { .kind = DWELL_EVENT_WAKE, .task = id, .state = DWELL_RUNNABLE };
	int err = define(dial9, id, 0, false);

	if (err || task->dead)
		return err;
	if (row->other && waker && !dial9->tasks[waker - 1].dead)
		out.peer = (uint32_t)waker;
	if (out.peer)
		err = define(dial9, out.peer, 0, false);
	if (task->worker) /* it runs: it will be polled again at once */
		out.state = DWELL_STATE_SAME;
	task->woken = true;
	return err ? err : put(dial9, out);
}

static int put_row(struct dial9 *dial9, const struct dial9_row *row)
{
	const uint32_t id = (uint32_t)import_map_get(&dial9->numbers, row->task);

	switch (row->kind) {
	case DIAL9_POLL_START:
		return poll_start(dial9, row, id);
	case DIAL9_POLL_END:
		return poll_end(dial9, row);
	case DIAL9_SPAWN:
		return spawn(dial9, row, id);
	case DIAL9_TERMINATE:
		return terminate(dial9, id);
	default:
		return wake(dial9, row, id);
	}
}

static int tell_worker(struct dial9 *dial9, const struct dial9_row *row, bool *told)
{
	const struct dwell_executor worker = {
		.id = row->worker + 1u, .kind = DWELL_EXECUTOR_WORKER, .number = row->worker
	};

	if (!row->has_worker || told[row->worker])
		return DWELL_OK;
	told[row->worker] = true;
	return dial9->sink->ops->executor ? dial9->sink->ops->executor(dial9->sink, &worker)
					  : DWELL_OK;
}

/* Told ahead: the rest of the batch in which the file ends, and what would have followed. */
static int put_loss(struct dial9 *dial9)
{
	const uint64_t end = dial9->rows[dial9->count - 1].time_ns;

	return put(dial9, (struct dwell_event){ .kind = DWELL_EVENT_LOSS,
				  .reason = DWELL_LOSS_CUT,
				  .extra = end - dial9->zero_ns });
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct dial9 *dial9 = self_of(source);
	bool told[NO_WORKER] = { false }, whole = !dial9->broken;
	int err = DWELL_OK;

	dial9->sink = sink;
	dial9->last_ns = 0;
	memset(dial9->running, 0, sizeof(dial9->running));
	for (uint32_t i = 0; i < dial9->task_count; i++) {
		struct known_task *task = &dial9->tasks[i];

		task->defined = task->dead = task->ending = task->woken = false;
		task->worker = 0;
	}
	for (size_t i = 0; i < dial9->count && !err; i++) {
		dial9->last_ns = dial9->rows[i].time_ns - dial9->zero_ns;
		if (!whole && dial9->rows[i].time_ns >= dial9->lost_ns) {
			whole = true;
			err = put_loss(dial9);
		}
		if (!err)
			err = tell_worker(dial9, &dial9->rows[i], told);
		if (!err)
			err = put_row(dial9, &dial9->rows[i]);
	}
	return err;
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct dial9 *dial9 = self_of(source);
	const int err = import_tell_count(sink, "import.ignored", dial9->ignored);

	*end = (struct dwell_trace_end){ .end_ns = dial9->last_ns, .closed = !dial9->broken };
	if (!err && dial9->broken)
		return import_tell_note(sink, "import.broken", source->diag.what);
	return err;
}

static int open_dial9(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { NULL, start, rows, finish, release };

	return import_source_open(out, &ops, sizeof(struct dial9), bytes, diag);
}

const struct importer dwell_importer_dial9 = {
	.kind = "dial9",
	.recognizes = dial9_recognizes,
	.open = open_dial9,
};
