/* A digest from a file, which may be hostile. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "analysis/subjects.h"
#include "digest/wire.h"

/* The body as it is read; the first fault stays. */
struct input {
	unsigned version;
	const unsigned char *at;
	size_t size, used;
	const char *field;
	int err;
	struct dwell_diag *diag;
};

static void fault(struct input *in, int err, const char *what)
{
	if (in->err)
		return;
	in->err = dwell_diag_set(in->diag, err, UINT64_MAX, 0, "digest: %s at byte %zu: %s",
		in->field, in->used, what);
}

static uint64_t get(struct input *in, const char *field, uint64_t most)
{
	uint64_t value = 0;

	in->field = field;
	for (unsigned shift = 0; !in->err; shift += 7) {
		unsigned char byte;

		if (in->used == in->size) {
			fault(in, DWELL_EFORMAT, "ends early");
			break;
		}
		byte = in->at[in->used++];
		if (shift == 63 && byte > 1) {
			fault(in, DWELL_EFORMAT, "does not fit 64 bits");
			break;
		}
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (!in->err && value > most)
		fault(in, DWELL_EFORMAT, "is too large");
	return in->err ? 0 : value;
}

static uint64_t get_fixed(struct input *in, const char *field)
{
	uint64_t value = 0;

	in->field = field;
	if (!in->err && in->size - in->used < 8)
		fault(in, DWELL_EFORMAT, "ends early");
	for (unsigned i = 0; i < 8 && !in->err; i++)
		value |= (uint64_t)in->at[in->used++] << (8 * i);
	return value;
}

static void get_text(struct input *in, const char *field, char **out)
{
	const size_t size = (size_t)get(in, field, DIGEST_TEXT_MOST);
	char *text;

	if (!in->err && in->size - in->used < size)
		fault(in, DWELL_EFORMAT, "ends early");
	if (!in->err && memchr(in->at + in->used, 0, size))
		fault(in, DWELL_EFORMAT, "holds a NUL");
	text = in->err ? NULL : malloc(size + 1);
	if (!text) {
		fault(in, DWELL_ENOMEM, "out of memory");
		return;
	}
	memcpy(text, in->at + in->used, size);
	text[size] = '\0';
	in->used += size;
	*out = text;
}

static uint64_t get_short(struct input *in, const char *field)
{
	const uint64_t value = get(in, field, UINT64_MAX);
	const unsigned exponent = value & ((1u << DIGEST_EXPONENT_BITS) - 1);
	const uint64_t mantissa = value >> DIGEST_EXPONENT_BITS;

	if (!in->err && (mantissa >> DIGEST_MANTISSA_BITS || exponent > 64 - DIGEST_MANTISSA_BITS))
		fault(in, DWELL_EFORMAT, "is too large");
	return in->err ? 0 : mantissa << exponent;
}

/* A count of things that take at least `bytes` each: no more than the body can hold. */
static size_t get_count(struct input *in, const char *field, uint64_t most, size_t bytes)
{
	const uint64_t count = get(in, field, most);

	if (!in->err && count > (in->size - in->used) / bytes)
		fault(in, DWELL_EFORMAT, "is more than the body holds");
	return in->err ? 0 : (size_t)count;
}

static bool is_after(const struct dwell_window_cell *a, const struct dwell_window_cell *b)
{
	return a->window != b->window ? a->window > b->window : a->bucket > b->bucket;
}

static void get_windows(
	struct input *in, struct dwell_windows *out, const struct dwell_digest *digest)
{
	const size_t count = get_count(in, "window cells", DIGEST_CELLS_MOST, 4);
	uint64_t window = 0;

	out->shift = digest->window_shift;
	out->cells = count ? calloc(count, sizeof(*out->cells)) : NULL;
	if (count && !out->cells)
		fault(in, DWELL_ENOMEM, "out of memory");
	out->cap = count;
	for (size_t i = 0; i < count && !in->err; i++) {
		struct dwell_window_cell *cell = &out->cells[i];

		window += get(in, "window", DWELL_WINDOWS - 1);
		if (window >= DWELL_WINDOWS)
			fault(in, DWELL_EFORMAT, "is too large");
		cell->window = (uint8_t)window;
		cell->bucket = (uint8_t)get(in, "window bucket", UINT8_MAX);
		cell->count = (uint32_t)get(in, "window count", UINT32_MAX);
		cell->total_ns = get_short(in, "window total");
		if (i && !is_after(cell, cell - 1))
			fault(in, DWELL_EFORMAT, "is not in order");
		out->count = i + 1;
	}
}

static void get_histogram(struct input *in, struct dwell_histogram *out)
{
	const size_t cells = get_count(in, "buckets", DWELL_HISTOGRAM_BUCKETS, 2);
	const uint64_t sum = get(in, "sum", UINT64_MAX), max = get(in, "maximum", UINT64_MAX);
	uint64_t bucket = 0;

	for (size_t i = 0; i < cells && !in->err; i++) {
		const uint64_t step = get(in, "bucket", DWELL_HISTOGRAM_BUCKETS - 1);
		uint64_t count;

		bucket += step;
		if (bucket >= DWELL_HISTOGRAM_BUCKETS || (i && !step))
			fault(in, DWELL_EFORMAT, "is not in order");
		count = get(in, "bucket count", UINT32_MAX);
		if (!in->err &&
			dwell_histogram_add(out, dwell_histogram_low((unsigned)bucket), count))
			fault(in, DWELL_ENOMEM, "out of memory");
	}
	if (!in->err && out->max > max)
		fault(in, DWELL_EFORMAT, "maximum is less than a value");
	out->sum = sum;
	out->max = max;
}

static void get_series(
	struct input *in, struct dwell_series *out, const struct dwell_digest *digest)
{
	get_histogram(in, &out->whole);
	get_windows(in, &out->windows, digest);
}

#define GET(name, field) field = get(in, name, UINT64_MAX);

static void get_times(struct input *in, struct dwell_times *times)
{
	DIGEST_TIMES(GET, times->)
}

static void get_blame(struct input *in, struct dwell_blame *blame, uint64_t flags)
{
	if (flags & DIGEST_HOLDER)
		get_text(in, "holder", &blame->holder);
	if (flags & DIGEST_WAKER)
		get_text(in, "waker", &blame->waker);
	blame->holder_ns = get(in, "holder time", UINT64_MAX);
	get_times(in, &blame->times);
	blame->reason = (uint8_t)get(in, "holders' reason", DWELL_REASON_COUNT - 1);
}

static void get_value(struct input *in, struct dwell_digest_subject *out)
{
	const uint64_t bits = get_fixed(in, "value");

	memcpy(&out->value, &bits, sizeof(bits));
	if (!in->err && !isfinite(out->value))
		fault(in, DWELL_EFORMAT, "is not a number");
	out->has_value = true;
}

static void get_instead(struct input *in, struct dwell_instead *out)
{
	size_t count;

	out->latencies = get(in, "latencies", UINT64_MAX);
	if (!in->err && !out->latencies)
		fault(in, DWELL_EFORMAT, "is 0");
	out->total_ns = get(in, "length of latencies", UINT64_MAX);
	count = get_count(in, "who ran", DWELL_INSTEAD, 2);
	out->ran = count ? calloc(count, sizeof(*out->ran)) : NULL;
	if (count && !out->ran)
		fault(in, DWELL_ENOMEM, "out of memory");
	for (size_t i = 0; i < count && !in->err; i++) {
		get_text(in, "who ran", &out->ran[i].who);
		out->count = i + 1;
		out->ran[i].ns = get(in, "time who ran", UINT64_MAX);
	}
}

/* Kinds and flags that a version knows. */
static unsigned last_kind(const struct input *in)
{
	return in->version == 1 ? DWELL_SUBJECT_COUNTER : DWELL_SUBJECT_KIND_COUNT - 1;
}

static void get_subject(
	struct input *in, struct dwell_digest_subject *out, const struct dwell_digest *digest)
{
	uint64_t flags;

	out->kind = (uint8_t)get(in, "kind", last_kind(in));
	if (!in->err && !out->kind)
		fault(in, DWELL_EFORMAT, "is 0");
	flags = get(in, "flags of a subject",
		in->version == 1 ? DIGEST_INSTEAD - 1 : DIGEST_SUBJECT_FLAGS);
	out->harmless = flags & DIGEST_HARMLESS;
	out->reason = (uint8_t)get(in, "reason", DWELL_REASON_COUNT - 1);
	out->role = (uint8_t)get(in, "role", DWELL_ROLE_COUNT - 1);
	get_text(in, "key", &out->key);
	get_text(in, "alias", &out->alias);
	out->id = get_fixed(in, "id");
	out->tasks = (uint32_t)get(in, "tasks of a subject", UINT32_MAX);
	get_times(in, &out->times);
	get_windows(in, &out->states, digest);
	get_series(in, &out->series, digest);
	get_series(in, &out->hold, digest);
	if (flags & DIGEST_VALUE)
		get_value(in, out);
	get_blame(in, &out->blame, flags);
	if (flags & DIGEST_INSTEAD)
		get_instead(in, &out->instead);
}

#define GET_FACT(name, field)                                                                      \
	field = (__typeof__(field))get(in, name, sizeof(field) == 4 ? UINT32_MAX : UINT64_MAX);

static void get_facts(struct input *in, struct dwell_digest *digest)
{
	struct dwell_trace_facts *trace = &digest->trace;
	char *source = NULL;
	uint64_t flags;

	get_text(in, "source", &source);
	trace->source = (struct dwell_string){ source, source ? strlen(source) : 0 };
	DIGEST_FACTS(GET_FACT, trace->)
	if (!in->err && trace->end_ns < trace->begin_ns)
		fault(in, DWELL_EFORMAT, "ends before it begins");
	flags = get(in, "flags", DIGEST_FLAGS);
	trace->closed = flags & DIGEST_CLOSED;
	trace->has_switches = flags & DIGEST_SWITCHES;
	trace->has_wakes = flags & DIGEST_WAKES;
	digest->of_command = flags & DIGEST_OF_COMMAND;
	digest->window_shift = (uint8_t)get(in, "window length", 63);
	if (!in->err && (trace->end_ns >> digest->window_shift) -
					(trace->begin_ns >> digest->window_shift) >=
				DWELL_WINDOWS)
		fault(in, DWELL_EFORMAT, "is too short for the trace");
	digest->born = get(in, "tasks made", UINT64_MAX);
	digest->left = get(in, "tasks left", UINT64_MAX);
	digest->omitted = get(in, "omitted", UINT64_MAX);
	digest->kinds = in->version == 1 ? DWELL_KINDS_ALWAYS
					 : (uint32_t)get(in, "kinds", DIGEST_KINDS_MOST);
	if (!in->err && (digest->kinds & DWELL_KINDS_ALWAYS) != DWELL_KINDS_ALWAYS)
		fault(in, DWELL_EFORMAT, "lacks one that all have");
}

static bool in_order(const struct dwell_digest_subject *a, const struct dwell_digest_subject *b)
{
	return a->kind != b->kind ? a->kind < b->kind : strcmp(a->key, b->key) < 0;
}

static int by_key(const void *a, const void *b)
{
	const struct dwell_digest_subject *x = a, *y = b;

	return in_order(x, y) ? -1 : in_order(y, x);
}

static void get_subjects(struct input *in, struct dwell_digest *digest)
{
	const size_t count = get_count(in, "subjects", DIGEST_SUBJECTS_MOST, 30);

	digest->subjects = calloc(count + 1, sizeof(*digest->subjects));
	if (!digest->subjects)
		fault(in, DWELL_ENOMEM, "out of memory");
	for (size_t i = 0; i < count && !in->err; i++) {
		digest->count = i + 1;
		get_subject(in, &digest->subjects[i], digest);
	}
	if (in->err)
		return;
	/* The rest of each kind comes last in the file. */
	qsort(digest->subjects, digest->count, sizeof(*digest->subjects), by_key);
	for (size_t i = 1; i < digest->count; i++)
		if (!in_order(&digest->subjects[i - 1], &digest->subjects[i]))
			fault(in, DWELL_EFORMAT, "a subject comes twice");
	if (in->used != in->size)
		fault(in, DWELL_EFORMAT, "more follows");
}

static uint64_t word_at(const unsigned char *at)
{
	return at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

bool dwell_digest_guess(const unsigned char *at, size_t size)
{
	return size >= 8 && !memcmp(at, DIGEST_MAGIC, 8);
}

static int fail(struct dwell_diag *diag, int err, uint64_t offset, const char *what)
{
	return dwell_diag_set(diag, err, offset, 0, "digest: %s", what);
}

/* The body in *out, to be freed. */
static int decompress(unsigned char **out, size_t *out_size, const unsigned char *at, size_t size,
	struct dwell_diag *diag)
{
	uint64_t body;
	unsigned char *bytes;
	size_t got;

	if (!dwell_digest_guess(at, size))
		return fail(diag, DWELL_EFORMAT, 0, "does not begin as one");
	if (size < DIGEST_HEAD)
		return fail(diag, DWELL_EFORMAT, size, "ends in its head");
	if (word_at(at + 8) < DIGEST_OLDEST || word_at(at + 8) > DIGEST_VERSION)
		return dwell_diag_set(diag, DWELL_EVERSION, 8, 0,
			"digest: version %u, this dwell reads 1 and 2: make it again or update dwell",
			(unsigned)word_at(at + 8));
	body = word_at(at + 12);
	if (body > DIGEST_BODY_MOST || size > DIGEST_FILE_MOST)
		return fail(diag, DWELL_ELIMIT, 12, "larger than any digest");
	bytes = malloc(body + 1);
	if (!bytes)
		return DWELL_ENOMEM;
	got = ZSTD_decompress(bytes, body, at + DIGEST_HEAD, size - DIGEST_HEAD);
	if (ZSTD_isError(got) || got != body) {
		free(bytes);
		return fail(diag, DWELL_EFORMAT, DIGEST_HEAD, "body is damaged");
	}
	*out = bytes;
	*out_size = got;
	return DWELL_OK;
}

int dwell_digest_decode(
	struct dwell_digest **out, const unsigned char *at, size_t size, struct dwell_diag *diag)
{
	struct input in = { .diag = diag, .field = "" };
	struct dwell_digest *digest;
	unsigned char *body = NULL;
	int err = decompress(&body, &in.size, at, size, diag);

	if (err)
		return err;
	in.at = body;
	in.version = (unsigned)word_at(at + 8);
	digest = calloc(1, sizeof(*digest));
	if (digest) {
		get_facts(&in, digest);
		get_subjects(&in, digest);
	}
	err = digest ? in.err : DWELL_ENOMEM;
	free(body);
	if (err)
		dwell_digest_free(digest);
	else
		*out = digest;
	return err;
}
