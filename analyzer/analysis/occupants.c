/* Who held each executor when. */
#include "analysis/occupants.h"

#include <stdlib.h>

/* What the last row of an executor said. CARRIED: it came before all that was seen here. */
enum occupancy { VACANT = 0, HELD, LOST, CARRIED };

struct occupied {
	uint64_t since_ns; /* VACANT */
	uint64_t lost_ns;  /* a loss that was told ahead lasts until here */
	uint64_t first_ns; /* it was CARRIED until here */
	uint8_t is;        /* enum occupancy */
	bool made;
	bool known;      /* since_ns was set */
	bool idle_first; /* until first_ns it was idle, if it was before */
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

/* Whoever was before, idle or not, was so until now. */
static void end_carried(struct occupied *of, uint64_t now_ns, bool idle)
{
	of->first_ns = now_ns;
	of->idle_first = idle;
}

/* Idle was so until the loss; what comes after, the next row may tell. */
static int lose(struct occupants *occupants, struct occupied *of, uint32_t executor,
	uint64_t start_ns, uint64_t end_ns)
{
	int err = DWELL_OK;

	if (of->is == CARRIED)
		end_carried(of, start_ns, true);
	else
		err = tell_idle(occupants, of, executor, start_ns);
	if (of->lost_ns < end_ns)
		of->lost_ns = end_ns;
	if (of->is != HELD)
		of->is = LOST;
	return err;
}

/* NULL in *out: err. */
static int make(struct occupants *occupants, uint32_t executor, struct occupied **out)
{
	struct occupied *of = table_make(&occupants->executors, executor);

	*out = of;
	if (!of || of->made)
		return of ? DWELL_OK : DWELL_ENOMEM;
	of->made = true;
	of->is = occupants->carried ? CARRIED : VACANT;
	return occupants->lost ? lose(occupants, of, executor, occupants->lost_from_ns,
					 occupants->lost_until_ns)
			       : DWELL_OK;
}

int occupants_begin(struct occupants *occupants, const struct fold_start *start)
{
	occupants->begin_ns = start->time_ns;
	occupants->begun = true;
	for (size_t i = 0; i < start->count; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];
		struct occupied *of;
		int err;

		if (state->state != DWELL_RUNNING || !state->executor)
			continue;
		/* A loss came: others may have held it since, and the merge knows whether. */
		if (state->lost_ns && occupants->carried)
			continue;
		err = make(occupants, state->executor, &of);
		if (err)
			return err;
		of->is = HELD;
		of->first_ns = start->time_ns;
	}
	return DWELL_OK;
}

uint64_t occupants_known(const struct occupants *occupants, uint32_t executor)
{
	const struct occupied *of = table_get(&occupants->executors, executor);

	if (!occupants->carried)
		return 0;
	return of && of->made && of->is != CARRIED ? of->first_ns : DWELL_FOREVER;
}

static inline int on_switch(struct occupants *occupants, const struct dwell_event *event)
{
	struct occupied *of = event->executor < occupants->executors.end
				      ? table_get(&occupants->executors, event->executor)
				      : NULL;
	int err = DWELL_OK;

	if (!of || !of->made)
		err = make(occupants, event->executor, &of);
	if (err)
		return err;
	if (of->is == CARRIED)
		end_carried(of, event->time_ns, !event->task);
	else if (!event->task && of->is == VACANT)
		err = tell_idle(occupants, of, event->executor, event->time_ns);
	of->is = event->peer ? HELD : VACANT;
	of->since_ns = event->time_ns;
	of->known = true;
	return err;
}

static int on_loss(struct occupants *occupants, const struct dwell_event *event)
{
	const bool ahead = event->extra > event->time_ns;
	const uint64_t start_ns = ahead ? event->time_ns : event->extra;
	const uint64_t end_ns = ahead ? event->extra : event->time_ns;
	struct occupied *of;
	int err = DWELL_OK;

	if (event->task)
		return DWELL_OK;
	if (event->executor) {
		err = make(occupants, event->executor, &of);
		return err ? err : lose(occupants, of, event->executor, start_ns, end_ns);
	}
	for (uint32_t id = 1; id < occupants->executors.end && !err; id++) {
		of = table_get(&occupants->executors, id);
		if (of && of->made)
			err = lose(occupants, of, id, start_ns, end_ns);
	}
	if (!occupants->lost)
		occupants->lost_from_ns = start_ns;
	if (!occupants->lost || occupants->lost_until_ns < end_ns)
		occupants->lost_until_ns = end_ns;
	occupants->lost = true;
	return err;
}

int occupants_event(struct occupants *occupants, const struct dwell_event *event)
{
	if (event->kind == DWELL_EVENT_SWITCH)
		return event->executor ? on_switch(occupants, event) : DWELL_OK;
	return event->kind == DWELL_EVENT_LOSS ? on_loss(occupants, event) : DWELL_OK;
}

/* Switches only. What is no switch goes to an executor that is nobody's: there is no branch on it.
 */
static int on_switches(struct occupants *occupants, const struct dwell_event *rows, size_t count)
{
	struct occupied nobody = { .is = HELD, .made = true };

	for (size_t i = 0; i < count; i++) {
		const struct dwell_event *row = &rows[i];
		const uint32_t executor = row->kind == DWELL_EVENT_SWITCH ? row->executor : 0;
		struct occupied *of = executor < occupants->executors.end
					      ? table_get(&occupants->executors, executor)
					      : NULL;

		of = executor ? of : &nobody;
		if (!of || !of->made || of->is == CARRIED || (!row->task && of->is == VACANT)) {
			const int err = on_switch(occupants, row);

			if (err)
				return err;
			continue;
		}
		of->is = row->peer ? HELD : VACANT;
		of->since_ns = row->time_ns;
		of->known = true;
		nobody.is = HELD;
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

int occupants_gaps(struct occupants *occupants, const struct dwell_event *rows,
	const uint16_t *gaps, size_t count)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err; i++)
		err = occupants_event(occupants, &rows[gaps[i]]);
	return err;
}

/* What an executor was goes on into what it was then. */
static int merge_one(
	struct occupants *into, const struct occupants *from, uint32_t executor, struct occupied *b)
{
	struct occupied *a = table_get(&into->executors, executor);
	int err = DWELL_OK;

	if (!b && !(a && a->made))
		return DWELL_OK;
	err = make(into, executor, &a);
	if (!b && !err && from->lost)
		return lose(into, a, executor, from->lost_from_ns, from->lost_until_ns);
	if (!b || err)
		return err;
	if (b->idle_first)
		err = tell_idle(into, a, executor, b->first_ns);
	if (a->lost_ns < b->lost_ns)
		a->lost_ns = b->lost_ns;
	if (b->is == CARRIED)
		return err;
	a->is = b->is;
	a->since_ns = b->since_ns;
	a->known = b->known;
	return err;
}

static void take_over(struct occupants *into, struct occupants *from)
{
	const struct table empty = into->executors;

	into->executors = from->executors;
	from->executors = empty;
	into->begin_ns = from->begin_ns;
	into->begun = true;
	into->lost = from->lost;
	into->lost_from_ns = from->lost_from_ns;
	into->lost_until_ns = from->lost_until_ns;
}

int occupants_merge(struct occupants *into, struct occupants *from)
{
	const uint32_t end = into->executors.end > from->executors.end ? into->executors.end
								       : from->executors.end;
	int err = DWELL_OK;

	if (!from->begun)
		return DWELL_OK;
	if (!into->begun) { /* nothing of the window came before */
		take_over(into, from);
		return DWELL_OK;
	}
	for (uint32_t id = 1; id < end && !err; id++) {
		struct occupied *b = table_get(&from->executors, id);

		err = merge_one(into, from, id, b && b->made ? b : NULL);
	}
	if (!from->lost)
		return err;
	if (!into->lost)
		into->lost_from_ns = from->lost_from_ns;
	if (!into->lost || into->lost_until_ns < from->lost_until_ns)
		into->lost_until_ns = from->lost_until_ns;
	into->lost = true;
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
