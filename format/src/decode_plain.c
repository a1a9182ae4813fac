#include "src/decode.h"

#include "dwell/error.h"

#include <string.h>

/*
 * Rows of schedulers, which are nearly all rows of most traces: the same as decode_rows.c makes of
 * them, kept in local variables and without branches on what is explicit and what follows.
 */
struct plain {
	const struct decode_plain *shapes;
	const uint8_t *shape;
	const struct timecode_entry *codes;
	const uint8_t *bits;
	struct rows_executor *on;
	struct rows_follow *follow;
	const uint32_t *tasks, *executors;
	const uint32_t *entries[ROWS_EXECUTOR + 1]; /* the next ones */
	const uint8_t *stream[WIRE_TIME_STREAMS];
	uint64_t bit, time, span, first_ns, unit;
	uint32_t woken, woken2;
};

static uint32_t mask(bool is)
{
	return is ? UINT32_MAX : 0;
}

static void plain_shape(
	const struct decoder *d, const struct rows_shape *shape, struct decode_plain *out)
{
	static const uint8_t details[] = { ROWS_OBJECT, ROWS_STACK, ROWS_VALUE, ROWS_EXTRA };
	const uint8_t word[4] = { shape->kind, shape->state, shape->reason, shape->flags };
	const bool wake = shape->kind == DWELL_EVENT_WAKE;
	const unsigned one = shape->mode[wake ? ROWS_PEER : ROWS_TASK];
	const unsigned two = shape->mode[wake ? ROWS_TASK : ROWS_PEER];

	*out = (struct decode_plain){
		.executor = shape->executor,
		.executor_explicit = shape->mode[ROWS_EXECUTOR] == WIRE_EXPLICIT,
		.occupant = mask(one == WIRE_OCCUPANT),
		.explicit_one = mask(one == WIRE_EXPLICIT),
		.first = mask(two == WIRE_FOLLOWS),
		.second = mask(two == WIRE_FOLLOWS2),
		.woken = mask(two == WIRE_WOKEN),
		.explicit_two = mask(two == WIRE_EXPLICIT),
		.stream = shape->stream,
		.is = !d->tasks_wanted ? 3
		      : wake           ? 2
				       : shape->kind == DWELL_EVENT_SWITCH,
	};
	memcpy(&out->word, word, sizeof(word));
	if (shape->mode[ROWS_EXECUTOR] != WIRE_CONSTANT)
		out->executor = 0;
	for (size_t i = 0; d->tasks_wanted && i < sizeof(details); i++)
		if (shape->mode[details[i]] != WIRE_ZERO)
			out->is = 0;
	if (d->code.most > 56)
		out->is = 0;
}

void dwell_decoder_plain_shapes(struct decoder *d)
{
	for (unsigned i = 0; i < d->shape_count; i++)
		plain_shape(d, &d->shapes[i], &d->plain[i]);
}

static void load(const struct decoder *d, struct plain *p)
{
	*p = (struct plain){
		.shapes = d->plain,
		.shape = d->columns[WIRE_SHAPE][0].raw + d->row,
		.codes = d->code.code,
		.bits = d->columns[WIRE_TIME_BITS][0].raw,
		.on = d->on,
		.follow = d->follow,
		.tasks = d->tasks,
		.executors = d->executors,
		.bit = d->bit,
		.time = d->time,
		.span = (d->chunk->last_ns - d->chunk->first_ns) / d->unit,
		.first_ns = d->chunk->first_ns,
		.unit = d->unit,
		.woken = d->woken,
		.woken2 = d->woken2,
	};
	for (unsigned i = 0; i <= ROWS_EXECUTOR; i++)
		p->entries[i] = d->entries[i].narrow + d->entries[i].next;
	memcpy(p->stream, d->stream, sizeof(p->stream));
}

static void save(struct decoder *d, const struct plain *p, size_t rows)
{
	d->row += (uint32_t)rows;
	d->bit = p->bit;
	d->time = p->time;
	d->woken = p->woken;
	d->woken2 = p->woken2;
	for (unsigned i = 0; i <= ROWS_EXECUTOR; i++)
		d->entries[i].next = (uint32_t)(p->entries[i] - d->entries[i].narrow);
	memcpy(d->stream, p->stream, sizeof(p->stream));
}

/* False: the time goes back, or beyond what the chunk says. */
static inline bool plain_time(struct plain *p, const struct decode_plain *shape, uint32_t executor)
{
	const struct timecode_entry *code = &p->codes[*p->stream[shape->stream]];
	const uint64_t word = dwell_get_u64(p->bits + (p->bit >> 3)) >> (p->bit & 7);
	const uint64_t rest = word & ((UINT64_C(1) << code->bits) - 1);
	const uint64_t time = p->on[executor].time + (code->base | rest);

	if (time < p->time || time > p->span)
		return false;
	p->stream[shape->stream]++;
	p->bit += code->bits;
	p->on[executor].time = time;
	p->time = time;
	return true;
}

/* The one who is running, from what the shape says, or the next entry. */
static inline uint32_t plain_one(
	struct plain *p, const struct decode_plain *shape, uint32_t occupant, unsigned field)
{
	const uint32_t one =
		(occupant & shape->occupant) | (*p->entries[field] & shape->explicit_one);

	p->entries[field] += shape->explicit_one & 1;
	return one;
}

static inline uint32_t plain_two(struct plain *p, const struct decode_plain *shape,
	const struct rows_pair *pair, unsigned field)
{
	const uint32_t two = (pair->first & shape->first) | (pair->second & shape->second) |
			     (p->woken & shape->woken) | (*p->entries[field] & shape->explicit_two);

	p->entries[field] += shape->explicit_two & 1;
	return two;
}

static inline void plain_switch(struct plain *p, const struct decode_plain *shape,
	uint32_t executor, struct dwell_event *out)
{
	struct rows_executor *on = &p->on[executor];
	const uint32_t task = plain_one(p, shape, on->occupant, ROWS_TASK);
	struct rows_pair *pair = task ? &p->follow[task].enters : &on->follow.enters;
	const uint32_t peer = plain_two(p, shape, pair, ROWS_PEER);

	rows_push(pair, peer);
	on->occupant = peer;
	p->woken = peer == p->woken ? p->woken2 : p->woken;
	out->task = p->tasks[task];
	out->peer = p->tasks[peer];
}

static inline void plain_wake(struct plain *p, const struct decode_plain *shape, uint32_t executor,
	struct dwell_event *out)
{
	struct rows_executor *on = &p->on[executor];
	const uint32_t peer = plain_one(p, shape, on->occupant, ROWS_PEER);
	struct rows_pair *pair = peer ? &p->follow[peer].wakes : &on->follow.wakes;
	const uint32_t task = plain_two(p, shape, pair, ROWS_TASK);

	rows_push(pair, task);
	p->woken2 = p->woken;
	p->woken = task;
	out->task = p->tasks[task];
	out->peer = p->tasks[peer];
}

/* As many plain rows as follow each other. */
static size_t plain_rows(struct plain *p, struct dwell_event *out, size_t max, bool *wrong)
{
	size_t i;

	for (i = 0; i < max; i++) {
		const struct decode_plain *shape = &p->shapes[p->shape[i]];
		const uint32_t explicit_one = shape->executor_explicit;

		if (!shape->is)
			break;

		const uint32_t executor =
			explicit_one ? *p->entries[ROWS_EXECUTOR] : shape->executor;

		p->entries[ROWS_EXECUTOR] += explicit_one;
		if (!plain_time(p, shape, executor)) {
			*wrong = true;
			break;
		}
		out[i] = (struct dwell_event){
			.time_ns = p->first_ns + p->time * p->unit,
			.executor = p->executors[executor],
		};
		memcpy(&out[i].kind, &shape->word, sizeof(shape->word));
		if (shape->is == 1)
			plain_switch(p, shape, executor, &out[i]);
		else if (shape->is == 2)
			plain_wake(p, shape, executor, &out[i]);
	}
	return i;
}

int dwell_decoder_rows(struct decoder *d, struct dwell_event *out, size_t max, size_t *got)
{
	const size_t left = d->chunk->count - d->row;
	int err = DWELL_OK;

	*got = 0;
	if (max > left)
		max = left;
	while (*got < max && !err) {
		struct plain p;
		bool wrong = false;
		size_t rows;

		load(d, &p);
		rows = plain_rows(&p, out + *got, max - *got, &wrong);
		save(d, &p, rows);
		*got += rows;
		if (wrong)
			return DWELL_EFORMAT;
		/* Those of other shapes, until one is plain again. */
		while (*got < max && !err && !d->plain[p.shape[rows]].is) {
			err = dwell_decoder_row(d, &out[*got]);
			*got += !err;
			rows += !err;
		}
	}
	return err;
}
