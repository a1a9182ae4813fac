#include "src/decode.h"

#include "dwell/error.h"

#include <string.h>

/*
 * Of every row: when, on which executor, and what its shape says. A pass of its own, since it needs
 * nothing of who the row is about: a reader that asks for no more pays for no more.
 */
static void when_of(
	const struct decoder *d, const struct rows_shape *shape, struct decode_when *out)
{
	const unsigned mode = shape->mode[ROWS_EXECUTOR];
	struct dwell_event row = { .kind = shape->kind,
		.state = shape->state,
		.reason = shape->reason,
		.flags = shape->flags };

	*out = (struct decode_when){
		.executor = mode == WIRE_CONSTANT ? shape->executor : 0,
		.is_explicit = mode == WIRE_EXPLICIT ? UINT32_MAX : 0,
		.stream = shape->stream,
	};
	row.executor = d->executors[out->executor];
	memcpy(out->said, (const uint8_t *)&row + offsetof(struct dwell_event, executor),
		sizeof(out->said));
}

void dwell_decoder_when(struct decoder *d)
{
	d->fold = true;
	for (unsigned i = 0; i < d->shape_count; i++) {
		when_of(d, &d->shapes[i], &d->when[i]);
		d->fold &= !d->when[i].is_explicit;
	}
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

/* What every row of the shape says stands together at the end of a row; the rest is 0. */
static inline void put_row(
	struct dwell_event *out, const struct decode_when *when, uint64_t time_ns)
{
	enum { SAID = offsetof(struct dwell_event, executor) };

	_Static_assert(sizeof(*out) - SAID == sizeof(when->said), "executor and all behind it");
	out->time_ns = time_ns;
	memset((uint8_t *)out + sizeof(out->time_ns), 0, SAID - sizeof(out->time_ns));
	memcpy((uint8_t *)out + SAID, when->said, sizeof(when->said));
}

/* What is known of all rows to come. */
struct kind {
	bool fold; /* no executor is explicit */
	bool wide; /* some codes have more bits than one word */
	bool easy; /* units are nanoseconds, and there are bits enough whatever the codes are */
};

static inline size_t times(
	struct decoder *d, struct dwell_event *out, size_t max, const struct kind kind)
{
	const bool fold = kind.fold;
	const uint8_t *const shape = d->columns[WIRE_SHAPE][0].raw + d->row;
	const uint8_t *const bits = d->columns[WIRE_TIME_BITS][0].raw;
	const struct timecode_entry *const codes = d->code.code;
	const struct decode_when *const whens = d->when;
	const uint64_t first_ns = d->chunk->first_ns, unit = d->unit, bit_count = d->bit_count;
	const uint32_t *next = d->entries[ROWS_EXECUTOR].narrow + d->entries[ROWS_EXECUTOR].next;
	const uint8_t *stream[WIRE_TIME_STREAMS];
	uint64_t *const on_time = d->on_time;
	uint64_t bit = d->bit, last = d->time;
	size_t i;

	memcpy(stream, d->stream, sizeof(stream));
	for (i = 0; i < max; i++) {
		const struct decode_when *when = &whens[shape[i]];
		const uint32_t on =
			fold ? when->executor : when->executor | (*next & when->is_explicit);
		const struct timecode_entry *code = &codes[*stream[when->stream]++];
		uint64_t rest = dwell_get_u64(bits + (bit >> 3)) >> (bit & 7) & code->mask;

		next += fold ? 0 : when->is_explicit & 1;
		if (kind.wide && code->bits > TIMECODE_WORD && code->bits <= bit_count - bit)
			rest = wide_bits(bits, bit, code->bits);
		bit += code->bits;

		const uint64_t time = on_time[on] + (code->base | rest);

		/* It goes back, or its bits are not there. */
		if (time < last || (!kind.easy && bit > bit_count))
			break;
		on_time[on] = last = time;
		put_row(&out[i], when, first_ns + (kind.easy ? time : time * unit));
		if (!fold) {
			d->row_executor[i] = on;
			out[i].executor = d->executors[on];
		}
	}
	memcpy(d->stream, stream, sizeof(stream));
	d->entries[ROWS_EXECUTOR].next = (uint32_t)(next - d->entries[ROWS_EXECUTOR].narrow);
	d->bit = bit;
	d->time = last;
	return last > (d->chunk->last_ns - first_ns) / unit ? within(d, out, i) : i;
}

size_t dwell_decoder_times(struct decoder *d, struct dwell_event *out, size_t max)
{
	const bool enough =
		d->bit <= d->bit_count && (uint64_t)max * d->code.most <= d->bit_count - d->bit;

	if (d->code.most > TIMECODE_WORD)
		return times(d, out, max, (struct kind){ .wide = true });
	if (!d->fold)
		return times(d, out, max, (struct kind){ 0 });
	if (enough && d->unit == 1)
		return times(d, out, max, (struct kind){ .fold = true, .easy = true });
	return times(d, out, max, (struct kind){ .fold = true });
}
