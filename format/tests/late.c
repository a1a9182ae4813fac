#include "tests/late.h"

#include "dwell/error.h"
#include "dwell/relay.h"
#include "dwell/types.h"
#include "tests/gen.h"

#include <stdlib.h>

enum { TASKS = 4096, LATER_NS = 100000 };

struct late {
	struct dwell_relay relay;
	uint64_t random;
	bool some;
	struct dwell_task task[TASKS]; /* id 0: none; as it was */
	uint64_t due_ns[TASKS];        /* DWELL_FOREVER: told */
};

static struct late *of(struct dwell_sink *sink)
{
	return (struct late *)sink;
}

static int task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct late *late = of(sink);
	struct dwell_task what = *task;
	const uint64_t later = 1 + gen_random(&late->random, LATER_NS);

	if (task->id >= TASKS)
		abort();
	late->task[task->id] = *task;
	late->task[task->id].name = (struct dwell_string){ NULL, 0 };
	late->due_ns[task->id] = task->created_ns;
	if (late->some)
		late->due_ns[task->id] += gen_random(&late->random, LATER_NS);
	what.created_ns += later;
	return DWELL_TELL(late->relay.next, task, &what);
}

/* Those that are to be told before this row. */
static int tell_due(struct late *late, uint64_t time_ns)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < TASKS && !err; i++) {
		if (!late->task[i].id || late->due_ns[i] > time_ns)
			continue;
		late->due_ns[i] = DWELL_FOREVER;
		err = DWELL_TELL(late->relay.next, task, &late->task[i]);
	}
	return err;
}

static int events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err; i++) {
		err = tell_due(of(sink), rows[i].time_ns);
		if (!err)
			err = DWELL_TELL(of(sink)->relay.next, events, &rows[i], 1);
	}
	return err;
}

static int end(struct dwell_sink *sink, const struct dwell_trace_end *told)
{
	const int err = of(sink)->some ? DWELL_OK : tell_due(of(sink), told->end_ns);

	return err ? err : DWELL_TELL(of(sink)->relay.next, end, told);
}

struct late *late_new(struct dwell_sink *next, uint64_t seed, bool some)
{
	struct late *late = calloc(1, sizeof(*late));

	if (!late)
		abort();
	dwell_relay_init(&late->relay, next);
	late->relay.ops.task = task;
	late->relay.ops.events = events;
	late->relay.ops.end = end;
	late->relay.ops.keyframe = NULL;
	late->relay.ops.watermark = NULL;
	late->random = seed;
	late->some = some;
	return late;
}

struct dwell_sink *late_sink(struct late *late)
{
	return &late->relay.sink;
}

void late_free(struct late *late)
{
	free(late);
}
