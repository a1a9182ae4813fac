#include "src/decode.h"

#include "dwell/error.h"

#include <string.h>

/*
 * Of every row: when, on which executor, and what its shape says. A pass of its own, since it needs
 * nothing of who the row is about: a reader that asks for no more pays for no more. What limits it
 * is the number of instructions.
 */

/*
 * A number of its own for each kind. Where the sum over all rows is that over the head's counts,
 * these are right (others with the same sum are as rare as other bytes with the same checksum): to
 * count rows by kind would take five times as long.
 */
static uint64_t mark_of(unsigned kind)
{
	uint64_t mark = 1;

	for (unsigned i = 0; i <= kind; i++)
		mark *= UINT64_C(0x9E3779B97F4A7C15);
	return mark;
}

bool dwell_decoder_kinds(const struct decoder *d)
{
	uint64_t marks = 0;

	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		marks += d->by_kind[i] * mark_of(i);
	return marks == d->marks;
}

static void when_of(struct decoder *d, unsigned k)
{
	const struct rows_shape *shape = &d->shapes[k];
	const unsigned mode = shape->mode[ROWS_EXECUTOR];
	const uint32_t executor = mode == WIRE_CONSTANT ? shape->executor : 0;
	const struct dwell_event row = { .executor = d->executors[executor],
		.kind = shape->kind,
		.state = shape->state,
		.reason = shape->reason,
		.flags = shape->flags };

	d->when.executor[k] = executor;
	d->when.is_explicit[k] = mode == WIRE_EXPLICIT ? UINT64_MAX : 0;
	d->when.stream[k] = shape->stream;
	d->when.mark[k] = (decode_words){ mark_of(shape->kind), 0 };
	memcpy(&d->when.said[k], (const uint8_t *)&row + offsetof(struct dwell_event, executor),
		sizeof(d->when.said[k]));
}

int dwell_decoder_when(struct decoder *d)
{
	d->on_time = dwell_decoder_take(d, d->executor_count * sizeof(*d->on_time));
	if (!d->on_time)
		return DWELL_ENOMEM;
	d->origin = d->unit == 1 ? d->chunk->first_ns : 0;
	d->time = d->origin;
	for (uint32_t i = 0; i < d->executor_count; i++)
		d->on_time[i] = d->origin;
	d->fold = true;
	for (unsigned i = 0; i < d->shape_count; i++) {
		when_of(d, i);
		d->fold &= !d->when.is_explicit[i];
	}
	return DWELL_OK;
}

/* More bits than one word is sure to hold. */
static uint64_t wide_bits(const uint8_t *bits, uint64_t bit, uint64_t count)
{
	const uint64_t low = dwell_get_u64(bits + (bit >> 3)) >> (bit & 7) & UINT32_MAX;
	const uint64_t high = dwell_get_u64(bits + (bit >> 3) + 4) >> (bit & 7);

	return (low | high << 32) & ((UINT64_C(1) << count) - 1);
}

/* Rows at the end that lie beyond what the chunk says are none. */
static size_t within(const struct decoder *d, const struct dwell_event *rows, size_t count)
{
	const uint64_t last_ns = d->chunk->last_ns;
	size_t i = 0;

	while (i < count && rows[i].time_ns <= last_ns &&
		(!i || rows[i - 1].time_ns <= rows[i].time_ns))
		i++;
	return i;
}

/* What is known of all rows to come. */
struct kind {
	bool by_row; /* times follow from the row before, not from that on the same executor */
	bool wide;   /* some codes have more bits than one word */
	bool plain;  /* no executor is explicit, bits are enough and times cannot go back, whatever
			the codes are */
	bool ns;     /* units are nanoseconds */
};

/* Where the next row's parts are, in local variables while rows are made. */
struct place {
	const uint8_t *stream[WIRE_TIME_STREAMS];
	const uint32_t *executor; /* explicit */
	const uint8_t *bits;
	uint64_t bit, bit_count, last, first_ns, unit;
	uint64_t *on_time;
	decode_words marks;
};

/* What every row of the shape says stands together at the end of a row; the rest is 0. */
static inline void put_row(struct dwell_event *out, struct place *p, const struct decode_when *when,
	uint64_t shape, uint64_t time_ns)
{
	typedef decode_words words_of_row __attribute__((aligned(8)));
	words_of_row *words = (words_of_row *)(void *)out;

	_Static_assert(sizeof(*out) == 48 && offsetof(struct dwell_event, executor) == 32,
		"the executor and all behind it are the last of three");
	words[0] = (decode_words){ time_ns, 0 };
	words[1] = (decode_words){ 0, 0 };
	words[2] = when->said[shape];
	p->marks += when->mark[shape];
}

/* The bits from here on, TIMECODE_WORD at least. */
static inline uint64_t word_at(const struct place *p, uint64_t bit)
{
	return dwell_get_u64(p->bits + (bit >> 3)) >> (bit & 7);
}

static inline uint64_t next_code(struct place *p, const struct decode_when *when, uint64_t shape)
{
	const uint64_t stream = when->stream[shape];
	const uint8_t *const at = p->stream[stream];

	p->stream[stream] = at + 1;
	return *at;
}

/* Two rows of kind `plain`: their bits mostly are in one word. */
__attribute__((always_inline)) static inline void two_rows(struct decoder *d, struct place *p,
	const uint8_t shape[2], struct dwell_event out[2], const struct kind kind)
{
	const struct timecode_table *codes = &d->code;
	const uint64_t one = shape[0], two = shape[1];
	const uint64_t a = next_code(p, &d->when, one), b = next_code(p, &d->when, two);
	const uint64_t bits = codes->bits[a], both = bits + codes->bits[b];
	const uint64_t first = word_at(p, p->bit);
	uint64_t second = first >> bits;

	if (__builtin_expect(both > TIMECODE_WORD, 0))
		second = word_at(p, p->bit + bits);
	p->bit += both;
	p->last += codes->base[a] | (first & codes->mask[a]);
	put_row(&out[0], p, &d->when, one, kind.ns ? p->last : p->first_ns + p->last * p->unit);
	p->last += codes->base[b] | (second & codes->mask[b]);
	put_row(&out[1], p, &d->when, two, kind.ns ? p->last : p->first_ns + p->last * p->unit);
}

/* False: its time goes back, or its bits are not there. */
__attribute__((always_inline)) static inline bool one_row(struct decoder *d, struct place *p,
	uint64_t shape, struct dwell_event *out, uint32_t *executor, const struct kind kind)
{
	const struct timecode_table *codes = &d->code;
	const uint64_t code = next_code(p, &d->when, shape), bits = codes->bits[code];
	uint64_t rest = word_at(p, p->bit) & codes->mask[code];

	if (kind.wide && bits > TIMECODE_WORD && bits <= p->bit_count - p->bit)
		rest = wide_bits(p->bits, p->bit, bits);
	p->bit += bits;

	const uint64_t is_explicit = d->when.is_explicit[shape];
	const uint64_t on = d->when.executor[shape] | (*p->executor & is_explicit);
	const uint64_t time = (kind.by_row ? p->last : p->on_time[on]) + (codes->base[code] | rest);

	p->executor += is_explicit & 1;
	if (time < p->last || p->bit > p->bit_count)
		return false;
	p->on_time[on] = p->last = time;
	put_row(out, p, &d->when, shape, p->first_ns + time * p->unit);
	*executor = (uint32_t)on;
	out->executor = d->executors[on];
	return true;
}

__attribute__((always_inline)) static inline size_t rows(struct decoder *d, struct place *p,
	struct dwell_event *out, size_t max, const struct kind kind)
{
	const uint8_t *const shape = d->columns[WIRE_SHAPE][0].raw + d->row;
	size_t i = 0;

	for (; kind.plain && i + 2 <= max; i += 2)
		two_rows(d, p, shape + i, out + i, kind);
	for (; i < max; i++)
		if (!one_row(d, p, shape[i], &out[i], &d->row_executor[i], kind))
			return i;
	return i;
}

/* Is a stream, or the column of executors, read on behind its end? There are zeros for so long. */
static bool is_overrun(const struct decoder *d, const struct place *p)
{
	const struct decode_entries *executors = &d->entries[ROWS_EXECUTOR];
	bool overrun = p->executor > executors->narrow + executors->count;

	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++)
		overrun |= p->stream[i] > d->stream_end[i];
	return overrun;
}

/* How many of the rows have what their shapes name. */
static size_t count_fed(const struct decoder *d, size_t count)
{
	const uint8_t *const shape = d->columns[WIRE_SHAPE][0].raw + d->row;
	const struct decode_entries *executors = &d->entries[ROWS_EXECUTOR];
	const uint8_t *stream[WIRE_TIME_STREAMS];
	uint64_t left = executors->count - executors->next;

	memcpy(stream, d->stream, sizeof(stream));
	for (size_t i = 0; i < count; i++) {
		const uint64_t is_explicit = d->when.is_explicit[shape[i]] & 1;
		const uint64_t of = d->when.stream[shape[i]];

		if (stream[of] == d->stream_end[of] || left < is_explicit)
			return i;
		stream[of]++;
		left -= is_explicit;
	}
	return count;
}

__attribute__((always_inline)) static inline size_t times(
	struct decoder *d, struct dwell_event *out, size_t max, const struct kind kind)
{
	struct decode_entries *executors = &d->entries[ROWS_EXECUTOR];
	struct place p = {
		.executor = executors->narrow + executors->next,
		.bits = d->columns[WIRE_TIME_BITS][0].raw,
		.bit = d->bit,
		.bit_count = d->bit_count,
		.last = d->time,
		.marks = { d->marks, 0 },
		.first_ns = d->chunk->first_ns - d->origin,
		.unit = d->unit,
		.on_time = d->on_time,
	};
	size_t count;

	memcpy(p.stream, d->stream, sizeof(p.stream));
	count = rows(d, &p, out, max, kind);
	if (is_overrun(d, &p))
		count = count_fed(d, count);
	memcpy(d->stream, p.stream, sizeof(p.stream));
	executors->next = (uint32_t)(p.executor - executors->narrow);
	d->bit = p.bit;
	d->time = p.last;
	d->marks = p.marks[0];
	return p.last - d->origin > (d->chunk->last_ns - d->chunk->first_ns) / d->unit
		       ? within(d, out, count)
		       : count;
}

/* A batch of times cannot wrap around, nor its bits end. */
static bool is_plain(const struct decoder *d, size_t max)
{
	enum { NARROW = 48 };

	return d->by_row && d->fold && d->code.widest <= NARROW && d->bit <= d->bit_count &&
	       (uint64_t)max * d->code.most <= d->bit_count - d->bit;
}

size_t dwell_decoder_times(struct decoder *d, struct dwell_event *out, size_t max)
{
	if (is_plain(d, max))
		return d->unit == 1
			       ? times(d, out, max,
					 (struct kind){ .by_row = true, .plain = true, .ns = true })
			       : times(d, out, max, (struct kind){ .by_row = true, .plain = true });
	if (!d->by_row)
		return times(d, out, max, (struct kind){ .wide = true });
	if (d->code.most > TIMECODE_WORD)
		return times(d, out, max, (struct kind){ .by_row = true, .wide = true });
	return times(d, out, max, (struct kind){ .by_row = true });
}
