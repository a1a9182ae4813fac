#include "src/decode.h"

/*
 * Whom rows are about. Switches and wakes whose numbers follow from those before are nearly all
 * rows of most traces; which way they follow is a branch for each, since the order of shapes is
 * regular: what a processor foresees it need not wait for.
 */
static unsigned how_of(const struct rows_shape *shape)
{
	const uint8_t *mode = shape->mode;

	if (shape->kind == DWELL_EVENT_SWITCH && mode[ROWS_TASK] == WIRE_OCCUPANT)
		return mode[ROWS_PEER] == WIRE_FOLLOWS    ? DECODE_SWITCH_FIRST
		       : mode[ROWS_PEER] == WIRE_FOLLOWS2 ? DECODE_SWITCH_SECOND
		       : mode[ROWS_PEER] == WIRE_WOKEN    ? DECODE_SWITCH_WOKEN
		       : mode[ROWS_PEER] == WIRE_ZERO     ? DECODE_SWITCH_IDLE
							  : DECODE_SCHED;
	if (shape->kind == DWELL_EVENT_SWITCH)
		return DECODE_SCHED;
	if (shape->kind != DWELL_EVENT_WAKE)
		return DECODE_OTHER;
	if (mode[ROWS_PEER] == WIRE_OCCUPANT && mode[ROWS_TASK] == WIRE_FOLLOWS)
		return DECODE_WAKE_FIRST;
	if (mode[ROWS_PEER] == WIRE_OCCUPANT && mode[ROWS_TASK] == WIRE_FOLLOWS2)
		return DECODE_WAKE_SECOND;
	return DECODE_SCHED;
}

static void who_of(const struct rows_shape *shape, struct decode_who *out)
{
	*out = (struct decode_who){
		.how = (uint8_t)how_of(shape),
		.details = shape->mode[ROWS_OBJECT] | shape->mode[ROWS_STACK] |
			   shape->mode[ROWS_VALUE] | shape->mode[ROWS_EXTRA],
	};
}

void dwell_decoder_who(struct decoder *d)
{
	for (unsigned i = 0; i < d->shape_count; i++)
		who_of(&d->shapes[i], &d->who[i]);
}

static uint32_t by_pair(
	struct decoder *d, unsigned field, unsigned mode, const struct rows_pair *pair)
{
	switch (mode) {
	case WIRE_ZERO:
		return 0;
	case WIRE_EXPLICIT:
		return dwell_decoder_number(d, field);
	case WIRE_WOKEN:
		return d->woken;
	default:
		return mode == WIRE_FOLLOWS ? rows_first(*pair) : rows_second(*pair);
	}
}

/* Who is running: who leaves, or the waker. */
static uint32_t by_executor(
	struct decoder *d, unsigned field, unsigned mode, const struct rows_executor *on)
{
	if (mode == WIRE_EXPLICIT)
		return dwell_decoder_number(d, field);
	return mode == WIRE_OCCUPANT ? on->occupant : 0;
}

static struct rows_pair *pair_of(
	struct decoder *d, enum rows_sched is, struct rows_executor *on, uint32_t one)
{
	return &(one ? &d->follow[one] : &on->follow)->sched[is];
}

/* A row of schedulers, whatever its modes. */
static uint32_t sched_row(
	struct decoder *d, unsigned k, struct rows_executor *on, struct dwell_event *out)
{
	const uint8_t *mode = d->shapes[k].mode;
	uint32_t task, peer;

	if (d->shapes[k].kind == DWELL_EVENT_SWITCH) {
		task = by_executor(d, ROWS_TASK, mode[ROWS_TASK], on);

		struct rows_pair *pair = pair_of(d, ROWS_SWITCH, on, task);

		peer = by_pair(d, ROWS_PEER, mode[ROWS_PEER], pair);
		rows_push(pair, peer);
		on->occupant = peer;
		if (peer == d->woken)
			d->woken = d->woken2;
	} else {
		peer = by_executor(d, ROWS_PEER, mode[ROWS_PEER], on);

		struct rows_pair *pair = pair_of(d, ROWS_WAKE, on, peer);

		task = by_pair(d, ROWS_TASK, mode[ROWS_TASK], pair);
		rows_push(pair, task);
		d->woken2 = d->woken;
		d->woken = task;
	}
	out->task = d->tasks[task];
	out->peer = d->tasks[peer];
	return d->shapes[k].kind == DWELL_EVENT_SWITCH ? task : peer;
}

static uint32_t other_row(struct decoder *d, unsigned k, uint32_t executor, struct dwell_event *out)
{
	const uint8_t *mode = d->shapes[k].mode;
	struct rows_pair *after = &d->follow[d->last_other].after;
	const uint32_t last = executor ? d->on[executor].occupant : d->last_other;
	const uint32_t task = mode[ROWS_TASK] == WIRE_OCCUPANT
				      ? last
				      : by_pair(d, ROWS_TASK, mode[ROWS_TASK], after);
	struct rows_pair *peers = &d->follow[task].peers;
	const uint32_t peer = by_pair(d, ROWS_PEER, mode[ROWS_PEER], peers);

	rows_push(after, task);
	d->last_other = task;
	if (peer)
		rows_push(peers, peer);
	out->task = d->tasks[task];
	out->peer = d->tasks[peer];
	return task;
}

/* What goes from row to row, in local variables while plain ones follow each other. */
struct memory {
	struct rows_executor *on;
	struct rows_follow *follow;
	const uint32_t *tasks;
	uint32_t woken, woken2;
};

static inline struct rows_pair *plain_pair(
	const struct memory *m, enum rows_sched is, struct rows_executor *on, uint32_t one)
{
	return &(one ? &m->follow[one] : &on->follow)->sched[is];
}

static inline uint32_t plain_switch(
	struct memory *m, struct rows_executor *on, unsigned how, struct dwell_event *out)
{
	const uint32_t task = on->occupant;
	struct rows_pair *pair = plain_pair(m, ROWS_SWITCH, on, task);
	const uint32_t peer = how == DECODE_SWITCH_FIRST    ? rows_first(*pair)
			      : how == DECODE_SWITCH_SECOND ? rows_second(*pair)
			      : how == DECODE_SWITCH_WOKEN  ? m->woken
							    : 0;

	/* What is first already need not be pushed. */
	if (how != DECODE_SWITCH_FIRST)
		rows_push(pair, peer);
	on->occupant = peer;
	if (how == DECODE_SWITCH_WOKEN || peer == m->woken)
		m->woken = m->woken2;
	out->task = m->tasks[task];
	out->peer = m->tasks[peer];
	return task;
}

static inline uint32_t plain_wake(
	struct memory *m, struct rows_executor *on, unsigned how, struct dwell_event *out)
{
	const uint32_t peer = on->occupant;
	struct rows_pair *pair = plain_pair(m, ROWS_WAKE, on, peer);
	const uint32_t task = how == DECODE_WAKE_FIRST ? rows_first(*pair) : rows_second(*pair);

	if (how != DECODE_WAKE_FIRST)
		rows_push(pair, task);
	m->woken2 = m->woken;
	m->woken = task;
	out->task = m->tasks[task];
	out->peer = m->tasks[peer];
	return peer;
}

/* Whose details the row has. */
static inline uint32_t plain_row(
	struct memory *m, unsigned how, struct rows_executor *on, struct dwell_event *out)
{
	switch (how) {
	case DECODE_SWITCH_FIRST:
		return plain_switch(m, on, DECODE_SWITCH_FIRST, out);
	case DECODE_SWITCH_SECOND:
		return plain_switch(m, on, DECODE_SWITCH_SECOND, out);
	case DECODE_SWITCH_WOKEN:
		return plain_switch(m, on, DECODE_SWITCH_WOKEN, out);
	case DECODE_SWITCH_IDLE:
		return plain_switch(m, on, DECODE_SWITCH_IDLE, out);
	case DECODE_WAKE_FIRST:
		return plain_wake(m, on, DECODE_WAKE_FIRST, out);
	default:
		return plain_wake(m, on, DECODE_WAKE_SECOND, out);
	}
}

/* As many as follow each other. */
static inline size_t plain_rows(
	struct decoder *d, size_t i, size_t count, struct dwell_event *out, bool fold)
{
	const uint8_t *const shape = d->columns[WIRE_SHAPE][0].raw + d->row;
	const struct decode_who *const whos = d->who;
	const uint64_t *const executor = d->when.executor;
	struct memory m = { d->on, d->follow, d->tasks, d->woken, d->woken2 };

	for (; i < count && whos[shape[i]].how < DECODE_SCHED; i++) {
		const struct decode_who who = whos[shape[i]];
		const uint64_t on = fold ? executor[shape[i]] : d->row_executor[i];
		const uint32_t whose = plain_row(&m, who.how, &m.on[on], &out[i]);

		if (who.details && !dwell_decoder_detail(d, shape[i], whose, &out[i]))
			break;
	}
	d->woken = m.woken;
	d->woken2 = m.woken2;
	return i;
}

/* False: an object that cannot be. */
static bool odd_row(struct decoder *d, unsigned k, size_t i, struct dwell_event *out)
{
	const uint32_t on = d->fold ? (uint32_t)d->when.executor[k] : d->row_executor[i];
	const uint32_t whose = d->who[k].how == DECODE_SCHED ? sched_row(d, k, &d->on[on], out)
							     : other_row(d, k, on, out);

	return !d->starved && (!d->who[k].details || dwell_decoder_detail(d, k, whose, out));
}

size_t dwell_decoder_tasks(struct decoder *d, struct dwell_event *out, size_t count)
{
	const uint8_t *const shape = d->columns[WIRE_SHAPE][0].raw + d->row;
	size_t i = 0;

	for (;;) {
		i = d->fold ? plain_rows(d, i, count, out, true)
			    : plain_rows(d, i, count, out, false);
		if (i == count || d->who[shape[i]].how < DECODE_SCHED ||
			!odd_row(d, shape[i], i, &out[i]))
			return i;
		i++;
	}
}
