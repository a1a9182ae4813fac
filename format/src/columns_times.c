#include "src/columns_write.h"

#include <string.h>

enum {
	WAYS = 4, /* counts side by side, so that one need not wait for the one before */
	TRY_ROWS = 16384,
	OWN_ROWS = 4096 /* below, a stream costs more than it wins */
};

void dwell_columns_count(struct columns *c)
{
	uint32_t uses[WAYS][SHAPES_MAX] = { 0 };
	uint32_t i = 0;

	for (; i + 8 <= c->count; i += 8) {
		const uint64_t word = dwell_get_u64(c->shape + i);

		for (unsigned k = 0; k < 8; k++)
			uses[k % WAYS][word >> (8 * k) & 0xff]++;
	}
	for (; i < c->count; i++)
		uses[0][c->shape[i]]++;
	for (unsigned k = 0; k < SHAPES_MAX; k++)
		c->uses[k] = uses[0][k] + uses[1][k] + uses[2][k] + uses[3][k];
}

void dwell_columns_kinds(const struct columns *c, uint64_t by_kind[DWELL_EVENT_KIND_COUNT])
{
	memset(by_kind, 0, DWELL_EVENT_KIND_COUNT * sizeof(*by_kind));
	for (unsigned k = 0; k < c->shapes.count; k++)
		by_kind[c->shapes.list[k].kind] += c->uses[k];
}

/* What is so frequent that its times may have a stream of their own. */
static unsigned most_frequent(const uint32_t *uses, unsigned count, const bool *has)
{
	unsigned most = count;

	for (unsigned k = 0; k < count; k++)
		if (!has[k] && uses[k] >= OWN_ROWS && (most == count || uses[k] > uses[most]))
			most = k;
	return most;
}

void dwell_columns_streams(struct columns *c)
{
	bool has[SHAPES_MAX] = { false };

	for (unsigned i = SHAPES_STREAMS; i < WIRE_TIME_STREAMS; i++) {
		const unsigned k = most_frequent(c->uses, c->shapes.count, has);

		if (k == c->shapes.count)
			return;
		has[k] = true;
		c->shapes.list[k].stream = (uint8_t)i;
	}
}

static void choose_code(const uint64_t *delta, size_t count, struct timecode *code)
{
	const uint64_t *const end = delta + count;
	uint32_t each[WAYS][TIMECODE_WIDTHS] = { 0 };
	size_t counts[TIMECODE_WIDTHS];

	for (; end - delta >= WAYS; delta += WAYS)
		for (unsigned k = 0; k < WAYS; k++)
			each[k][timecode_width(delta[k])]++;
	for (; delta < end; delta++)
		each[0][timecode_width(*delta)]++;
	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++)
		counts[w] = each[0][w] + each[1][w] + each[2][w] + each[3][w];
	dwell_timecode_choose(code, counts);
}

/* How a number of some width is told. */
struct width {
	uint8_t base; /* the first of its codes */
	uint8_t rest; /* bits that follow */
	uint8_t top;  /* mask of those in the code */
};

static void know_widths(const struct timecode *code, struct width widths[TIMECODE_WIDTHS])
{
	unsigned bases[TIMECODE_WIDTHS];

	dwell_timecode_bases(code, bases);
	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++)
		widths[w] = (struct width){
			.base = (uint8_t)bases[w],
			.rest = (uint8_t)(w ? w - 1 - code->leading[w] : 0),
			.top = (uint8_t)((1u << code->leading[w]) - 1),
		};
}

/* Bits, lowest first. */
struct bits {
	uint8_t *at;
	uint64_t pending;
	unsigned count; /* of pending, below 8 between calls */
};

/* At most TIMECODE_WORD. */
static inline void put_some_bits(struct bits *bits, uint64_t value, unsigned count)
{
	bits->pending |= value << bits->count;
	bits->count += count;
	dwell_put_u64(bits->at, bits->pending);
	bits->at += bits->count >> 3;
	bits->pending >>= bits->count & ~7u;
	bits->count &= 7;
}

static inline void put_bits(struct bits *bits, uint64_t value, unsigned count)
{
	if (__builtin_expect(count > TIMECODE_WORD, 0)) {
		put_some_bits(bits, value & UINT32_MAX, 32);
		value >>= 32;
		count -= 32;
	}
	put_some_bits(bits, value, count);
}

/* Where each stream's codes go. uses: rows of each shape. */
static void place_streams(const struct shapes *shapes, const uint32_t *uses, uint8_t *at,
	uint32_t sizes[], uint8_t *streams[WIRE_TIME_STREAMS], uint8_t of_shape[SHAPES_MAX])
{
	memset(sizes, 0, WIRE_TIME_STREAMS * sizeof(*sizes));
	for (unsigned k = 0; k < shapes->count; k++) {
		of_shape[k] = shapes->list[k].stream;
		sizes[of_shape[k]] += uses[k];
	}
	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++) {
		streams[i] = at;
		at += sizes[i];
	}
}

/* Where codes and bits go. */
struct times {
	uint8_t *streams[WIRE_TIME_STREAMS], of_shape[SHAPES_MAX];
	struct width widths[TIMECODE_WIDTHS];
};

/* Put a row's code. Returns the bits that follow it. */
static inline uint64_t put_code(
	struct times *times, unsigned shape, uint64_t delta, struct width width)
{
	*times->streams[times->of_shape[shape]]++ =
		(uint8_t)(width.base + (delta >> width.rest & width.top));
	return delta & ((UINT64_C(1) << width.rest) - 1);
}

/* Returns where the bits end. */
static uint8_t *put_all(
	struct times *times, const uint8_t *shape, const uint64_t *delta, size_t count, uint8_t *at)
{
	struct bits bits = { .at = at };
	size_t i = 0;

	/* Two at a time: their bits mostly fit into one word. */
	for (; i + 2 <= count; i += 2) {
		const struct width a = times->widths[timecode_width(delta[i])];
		const struct width b = times->widths[timecode_width(delta[i + 1])];
		const uint64_t first = put_code(times, shape[i], delta[i], a);
		const uint64_t second = put_code(times, shape[i + 1], delta[i + 1], b);

		if (__builtin_expect(a.rest + b.rest <= TIMECODE_WORD, 1)) {
			put_some_bits(&bits, first | second << a.rest, (unsigned)a.rest + b.rest);
		} else {
			put_bits(&bits, first, a.rest);
			put_bits(&bits, second, b.rest);
		}
	}
	if (i < count) {
		const struct width a = times->widths[timecode_width(delta[i])];

		put_bits(&bits, put_code(times, shape[i], delta[i], a), a.rest);
	}
	return bits.at + (bits.count ? 1 : 0);
}

/* Of the first rows, whose deltas these are. */
static void put_times(const struct columns *c, const uint64_t *delta, size_t count,
	const uint32_t *uses, struct columns_scratch *scratch, struct columns_times *out)
{
	struct times times;
	const uint8_t *end;

	choose_code(delta, count, &out->code);
	know_widths(&out->code, times.widths);
	place_streams(&c->shapes, uses, scratch->codes, out->sizes, times.streams, times.of_shape);
	end = put_all(&times, c->shape, delta, count, scratch->bits);
	out->bits_size = (size_t)(end - scratch->bits);
}

/* Times of the first rows since that of the row before on the same executor. */
static void follow_executors(const struct columns *c, size_t count, uint64_t *out)
{
	uint64_t last[COLUMNS_FOLD + 1] = { 0 }, time = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t *on = &last[c->shapes.list[c->shape[i]].executor];

		time += c->delta[i];
		out[i] = time - *on;
		*on = time;
	}
}

/* What the times of the first rows take, about; UINT64_MAX: no memory. */
static size_t try_times(const struct columns *c, const uint64_t *delta, size_t count,
	struct columns_scratch *scratch, struct dwell_squeeze *squeeze)
{
	uint32_t uses[SHAPES_MAX] = { 0 };
	const size_t before = scratch->stored.size;
	const uint8_t *at = scratch->codes;
	struct columns_times times;
	size_t size;

	for (size_t i = 0; i < count; i++)
		uses[c->shape[i]]++;
	put_times(c, delta, count, uses, scratch, &times);
	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++) {
		(void)dwell_squeeze_put(
			squeeze, &scratch->stored, at, times.sizes[i], SQUEEZE_NOISE);
		at += times.sizes[i];
	}
	size = scratch->stored.size - before + times.bits_size;
	scratch->stored.size = before;
	return size;
}

/* One executor's times may foretell its next better than all rows together do; a reader takes a
 * third longer for them, so they must take an eighth less. */
static bool by_executor(
	const struct columns *c, struct columns_scratch *scratch, struct dwell_squeeze *squeeze)
{
	const size_t some = c->count < TRY_ROWS ? c->count : TRY_ROWS;
	size_t by_row;

	if (scratch->written % COLUMNS_TRY_CHUNKS)
		return scratch->by_executor;
	by_row = try_times(c, c->delta, some, scratch, squeeze);
	follow_executors(c, some, scratch->deltas);
	return try_times(c, scratch->deltas, some, scratch, squeeze) < by_row - by_row / 8;
}

void dwell_columns_times(const struct columns *c, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct columns_times *out)
{
	const bool may = c->fold && c->executors.count > 2;

	if (may)
		scratch->by_executor = by_executor(c, scratch, squeeze);
	out->field = may && scratch->by_executor ? WIRE_TIME_ON : WIRE_TIME;
	if (out->field == WIRE_TIME_ON)
		follow_executors(c, c->count, scratch->deltas);
	put_times(c, out->field == WIRE_TIME_ON ? scratch->deltas : c->delta, c->count, c->uses,
		scratch, out);
}
