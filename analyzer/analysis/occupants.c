/* Who held each executor when. */
#include "analysis/occupants.h"

#include <stdlib.h>

/* What the last row of an executor said. */
enum occupancy { VACANT = 0, HELD, LOST };

struct occupied {
	uint64_t since_ns; /* VACANT */
	uint64_t lost_ns;  /* a loss that was told ahead lasts until here */
	uint8_t is;        /* enum occupancy */
	bool known;        /* since_ns was set */
};

void occupants_init(struct occupants *occupants, const struct model *model,
	int (*piece)(void *context, const struct piece *piece), void *context)
{
	*occupants = (struct occupants){
		.model = model,
		.executors = { .item = sizeof(struct occupied) },
		.piece = piece,
		.context = context,
	};
}

void occupants_release(struct occupants *occupants)
{
	table_release(&occupants->executors);
}

int occupants_begin(struct occupants *occupants, const struct fold_start *start)
{
	occupants->begin_ns = start->time_ns;
	for (size_t i = 0; i < start->count; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];

		if (state->state != DWELL_RUNNING || !state->executor)
			continue;

		struct occupied *of = table_make(&occupants->executors, state->executor);
		if (!of)
			return DWELL_ENOMEM;
		of->is = HELD;
	}
	return DWELL_OK;
}

static int tell_idle(
	struct occupants *occupants, const struct occupied *of, uint32_t executor, uint64_t end_ns)
{
	uint64_t start_ns = of->known ? of->since_ns : occupants->begin_ns;

	if (start_ns < of->lost_ns)
		start_ns = of->lost_ns;
	if (of->is != VACANT || end_ns <= start_ns || !occupants->model->has_wakes)
		return DWELL_OK;

	const struct piece piece = {
		.start_ns = start_ns,
		.end_ns = end_ns,
		.executor = executor,
	};
	return occupants->piece(occupants->context, &piece);
}

static int on_switch(struct occupants *occupants, const struct dwell_event *event)
{
	struct occupied *of =
		event->executor ? table_make(&occupants->executors, event->executor) : NULL;
	int err = DWELL_OK;

	if (!of)
		return event->executor ? DWELL_ENOMEM : DWELL_OK;
	if (!event->task)
		err = tell_idle(occupants, of, event->executor, event->time_ns);
	of->is = event->peer ? HELD : VACANT;
	of->since_ns = event->time_ns;
	of->known = true;
	return err;
}

/* Idle was so until the loss; what comes after, the next row may tell. */
static int lose(struct occupants *occupants, uint32_t executor, uint64_t start_ns, uint64_t end_ns)
{
	struct occupied *of = table_get(&occupants->executors, executor);
	int err;

	if (!of)
		return DWELL_OK;
	err = tell_idle(occupants, of, executor, start_ns);
	if (of->lost_ns < end_ns)
		of->lost_ns = end_ns;
	if (of->is == VACANT)
		of->is = LOST;
	return err;
}

static int on_loss(struct occupants *occupants, const struct dwell_event *event)
{
	const bool ahead = event->extra > event->time_ns;
	const uint64_t start_ns = ahead ? event->time_ns : event->extra;
	const uint64_t end_ns = ahead ? event->extra : event->time_ns;
	int err = DWELL_OK;

	if (event->task)
		return DWELL_OK;
	if (event->executor)
		return lose(occupants, event->executor, start_ns, end_ns);
	for (uint32_t id = 1; id < occupants->executors.end && !err; id++)
		err = lose(occupants, id, start_ns, end_ns);
	return err;
}

int occupants_event(struct occupants *occupants, const struct dwell_event *event)
{
	if (event->kind == DWELL_EVENT_SWITCH)
		return on_switch(occupants, event);
	return event->kind == DWELL_EVENT_LOSS ? on_loss(occupants, event) : DWELL_OK;
}

/* Switches only. What an executor is does not depend on what it was, so there is no branch on it.
 */
static int on_switches(struct occupants *occupants, const struct dwell_event *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct dwell_event *row = &rows[i];
		/* Of the others, to one that is nobody's. */
		const uint32_t executor = row->kind == DWELL_EVENT_SWITCH ? row->executor : 0;
		struct occupied *of = executor < occupants->executors.end
					      ? table_get(&occupants->executors, executor)
					      : NULL;
		int err;

		if (!of)
			of = table_make(&occupants->executors, executor);
		if (!of)
			return DWELL_ENOMEM;
		if (executor && !row->task && of->is == VACANT) {
			err = tell_idle(occupants, of, executor, row->time_ns);
			if (err)
				return err;
		}
		of->is = row->peer ? HELD : VACANT;
		of->since_ns = row->time_ns;
		of->known = true;
	}
	return DWELL_OK;
}

int occupants_rows(
	struct occupants *occupants, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	int err = DWELL_OK;

	if (!(kinds >> DWELL_EVENT_LOSS & 1))
		return on_switches(occupants, rows, count);
	for (size_t i = 0; i < count && !err; i++)
		err = occupants_event(occupants, &rows[i]);
	return err;
}

int occupants_interval(struct occupants *occupants, const struct dwell_interval *interval)
{
	const struct piece piece = {
		.start_ns = interval->start_ns,
		.end_ns = interval->end_ns,
		.executor = interval->executor,
		.task = interval->task,
	};

	if (interval->state != DWELL_RUNNING || !interval->executor ||
		interval->end_ns == interval->start_ns)
		return DWELL_OK;
	return occupants->piece(occupants->context, &piece);
}
