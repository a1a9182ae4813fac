/* A digest as a file. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "analysis/subjects.h"
#include "digest/wire.h"

struct body {
	unsigned char *at;
	size_t size, cap;
	bool failed;
};

static void put_bytes(struct body *body, const void *at, size_t size)
{
	if (!body->failed && body->cap - body->size < size) {
		const size_t cap = (body->cap + size) * 2;
		unsigned char *more = realloc(body->at, cap);

		body->failed = !more;
		if (more) {
			body->at = more;
			body->cap = cap;
		}
	}
	if (body->failed || !size)
		return;
	memcpy(body->at + body->size, at, size);
	body->size += size;
}

static void put(struct body *body, uint64_t value)
{
	unsigned char bytes[10];
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[size++] = (unsigned char)(value | 0x80);
	bytes[size++] = (unsigned char)value;
	put_bytes(body, bytes, size);
}

static void put_fixed(struct body *body, uint64_t value)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	put_bytes(body, bytes, sizeof(bytes));
}

static void put_text(struct body *body, const char *text)
{
	const size_t size = text ? strlen(text) : 0;
	const size_t kept = size < DIGEST_TEXT_MOST ? size : DIGEST_TEXT_MOST;

	put(body, kept);
	put_bytes(body, text, kept);
}

/* Twelve digits of a number and how many more there were: 0.02 % of a window's sum is enough. */
static void put_short(struct body *body, uint64_t value)
{
	unsigned exponent = 0;

	while (value >> DIGEST_MANTISSA_BITS) {
		value = (value >> 1) + (value & 1);
		exponent++;
	}
	put(body, value << DIGEST_EXPONENT_BITS | exponent);
}

#define PUT(name, field) put(body, field);

static void put_times(struct body *body, const struct dwell_times *times)
{
	DIGEST_TIMES(PUT, times->)
}

static void put_windows(struct body *body, const struct dwell_windows *windows)
{
	unsigned window = 0;

	put(body, windows->count);
	for (size_t i = 0; i < windows->count; i++) {
		const struct dwell_window_cell *cell = &windows->cells[i];

		put(body, cell->window - window);
		put(body, cell->bucket);
		put(body, cell->count);
		put_short(body, cell->total_ns);
		window = cell->window;
	}
}

static void put_series(struct body *body, const struct dwell_series *series)
{
	const struct dwell_histogram *whole = &series->whole;
	size_t at = 0, cells = 0;
	unsigned bucket, last = 0;
	uint64_t count;

	while (dwell_histogram_next(whole, &at, &bucket, &count))
		cells++;
	put(body, cells);
	put(body, whole->sum);
	put(body, whole->max);
	for (at = 0; dwell_histogram_next(whole, &at, &bucket, &count); last = bucket) {
		put(body, bucket - last);
		put(body, count);
	}
	put_windows(body, &series->windows);
}

static void put_blame(struct body *body, const struct dwell_blame *blame)
{
	if (blame->holder)
		put_text(body, blame->holder);
	if (blame->waker)
		put_text(body, blame->waker);
	put(body, blame->holder_ns);
	put_times(body, &blame->times);
	put(body, blame->reason);
}

static void put_instead(struct body *body, const struct dwell_instead *instead)
{
	put(body, instead->latencies);
	put(body, instead->total_ns);
	put(body, instead->count);
	for (size_t i = 0; i < instead->count; i++) {
		put_text(body, instead->ran[i].who);
		put(body, instead->ran[i].ns);
	}
}

static void put_subject(struct body *body, const struct dwell_digest_subject *subject)
{
	uint64_t value;

	put(body, subject->kind);
	put(body, (subject->harmless ? DIGEST_HARMLESS : 0u) |
			  (subject->has_value ? DIGEST_VALUE : 0u) |
			  (subject->blame.holder ? DIGEST_HOLDER : 0u) |
			  (subject->blame.waker ? DIGEST_WAKER : 0u) |
			  (subject->instead.latencies ? DIGEST_INSTEAD : 0u));
	put(body, subject->reason);
	put(body, subject->role);
	put_text(body, subject->key);
	put_text(body, subject->alias);
	put_fixed(body, subject->id);
	put(body, subject->tasks);
	put_times(body, &subject->times);
	put_windows(body, &subject->states);
	put_series(body, &subject->series);
	put_series(body, &subject->hold);
	if (subject->has_value) {
		memcpy(&value, &subject->value, sizeof(value));
		put_fixed(body, value);
	}
	put_blame(body, &subject->blame);
	if (subject->instead.latencies)
		put_instead(body, &subject->instead);
}

static void put_digest(struct body *body, const struct dwell_digest *digest,
	const struct dwell_digest_subject *const *subjects, size_t count)
{
	const struct dwell_trace_facts *trace = &digest->trace;

	put_text(body, trace->source.at);
	DIGEST_FACTS(PUT, trace->)
	put(body, (trace->closed ? DIGEST_CLOSED : 0u) |
			  (trace->has_switches ? DIGEST_SWITCHES : 0u) |
			  (trace->has_wakes ? DIGEST_WAKES : 0u) |
			  (digest->of_command ? DIGEST_OF_COMMAND : 0u));
	put(body, digest->window_shift);
	put(body, digest->born);
	put(body, digest->left);
	put(body, digest->omitted + digest->count - count);
	put(body, digest->kinds);
	put(body, count);
	for (size_t i = 0; i < count; i++)
		put_subject(body, subjects[i]);
}

static int compress(const struct body *body, unsigned char **out, size_t *size)
{
	const size_t bound = ZSTD_compressBound(body->size);
	unsigned char *file = malloc(DIGEST_HEAD + bound);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t got;

	if (!file || !context) {
		free(file);
		ZSTD_freeCCtx(context);
		return DWELL_ENOMEM;
	}
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 12);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	got = ZSTD_compress2(context, file + DIGEST_HEAD, bound, body->at, body->size);
	ZSTD_freeCCtx(context);
	if (ZSTD_isError(got)) {
		free(file);
		return DWELL_ENOMEM;
	}
	memcpy(file, DIGEST_MAGIC, 8);
	for (unsigned i = 0; i < 4; i++) {
		file[8 + i] = (unsigned char)(DIGEST_VERSION >> (8 * i));
		file[12 + i] = (unsigned char)(body->size >> (8 * i));
	}
	*out = file;
	*size = DIGEST_HEAD + got;
	return DWELL_OK;
}

static double weight(const struct dwell_digest_subject *subject)
{
	return subject->kind == DWELL_SUBJECT_RUN || subject->kind >= DWELL_SUBJECT_COUNTER
		       ? 1e300
		       : (double)subject->series.whole.sum + (double)subject->times.blocked_ns +
				 (double)subject->times.runnable_ns;
}

static int heaviest_first(const void *a, const void *b)
{
	const struct dwell_digest_subject *const *x = a, *const *y = b;
	const double of_x = weight(*x), of_y = weight(*y);

	if (of_x > of_y || of_x < of_y)
		return of_x > of_y ? -1 : 1;
	return *x < *y ? -1 : *x > *y; /* of one array: by kind and key */
}

static int by_place(const void *a, const void *b)
{
	const struct dwell_digest_subject *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What is left out, added up by kind. */
static int add_rest(struct dwell_digest_subject rest[DWELL_SUBJECT_KIND_COUNT],
	const struct dwell_digest_subject *const *subjects, size_t first, size_t count)
{
	int err = DWELL_OK;

	for (size_t i = first; i < count && !err; i++) {
		struct dwell_digest_subject *into = &rest[subjects[i]->kind];

		into->kind = subjects[i]->kind;
		err = subject_merge(into, subjects[i]);
		if (!err && !into->key)
			err = subject_text(&into->key, DWELL_DIGEST_REST);
	}
	return err;
}

/* With the `kept` heaviest subjects as they are; what is more than a body may hold fails. */
static int encode_some(const struct dwell_digest *digest,
	const struct dwell_digest_subject **heaviest, size_t kept, unsigned char **out,
	size_t *size)
{
	struct dwell_digest_subject rest[DWELL_SUBJECT_KIND_COUNT];
	const struct dwell_digest_subject **subjects =
		calloc(kept + DWELL_SUBJECT_KIND_COUNT, sizeof(*subjects));
	struct body body = { 0 };
	size_t count = kept;
	int err = subjects ? DWELL_OK : DWELL_ENOMEM;

	memset(rest, 0, sizeof(rest));
	if (!err)
		err = add_rest(rest, heaviest, kept, digest->count);
	if (!err) {
		memcpy(subjects, heaviest, kept * sizeof(*subjects));
		qsort(subjects, kept, sizeof(*subjects), by_place);
		for (unsigned kind = 0; kind < DWELL_SUBJECT_KIND_COUNT; kind++)
			if (rest[kind].key)
				subjects[count++] = &rest[kind];
		put_digest(&body, digest, subjects, count);
		err = body.failed ? DWELL_ENOMEM : compress(&body, out, size);
	}
	for (unsigned kind = 0; kind < DWELL_SUBJECT_KIND_COUNT; kind++)
		subject_release(&rest[kind]);
	free(subjects);
	free(body.at);
	return err;
}

int dwell_digest_encode(const struct dwell_digest *digest, unsigned char **out, size_t *size)
{
	const struct dwell_digest_subject **heaviest = calloc(digest->count + 1, sizeof(*heaviest));
	size_t low = 0, kept = digest->count < 4000 ? digest->count : 4000;
	unsigned char *file = NULL;
	int err;

	if (!heaviest)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < digest->count; i++)
		heaviest[i] = &digest->subjects[i];
	qsort(heaviest, digest->count, sizeof(*heaviest), heaviest_first);
	err = encode_some(digest, heaviest, kept, out, size);
	/* The most that fit: what fits was encoded last into *out. */
	if (!err && *size > DWELL_DIGEST_BYTES) {
		size_t high = kept, got;

		free(*out);
		*out = NULL;
		while (!err && (high - low > 1 || !*out)) {
			kept = high - low > 1 ? (low + high) / 2 : low;
			err = encode_some(digest, heaviest, kept, &file, &got);
			if (err)
				break;
			if (got <= DWELL_DIGEST_BYTES || !kept) {
				free(*out);
				*out = file;
				*size = got;
				low = kept;
			} else {
				free(file);
				high = kept;
			}
		}
	}
	free(heaviest);
	return err;
}
