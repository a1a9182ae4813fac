/* Digests as files: what is written is read, each field has its limit, and bytes may be anything.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "analysis/series.h"
#include "analysis/subjects.h"
#include "analysis/tip.h"
#include "digest/wire.h"

/* A digest with `count` sites beside the run, of waits spread over one second. */
static struct dwell_digest *make(size_t count)
{
	struct dwell_digest *digest = calloc(1, sizeof(*digest));
	struct subjects subjects = { 0 };
	char key[64];

	cr_assert(digest != NULL);
	digest->trace.source = (struct dwell_string){ strdup("dwell"), 5 };
	digest->trace.end_ns = 1000000000;
	digest->trace.closed = true;
	digest->window_shift = (uint8_t)windows_shift(0, digest->trace.end_ns, 0);
	digest->born = 3;
	digest->kinds = DWELL_KINDS_ALWAYS;
	cr_assert(subjects_get(&subjects, DWELL_SUBJECT_RUN, "") != NULL);
	for (size_t i = 0; i < count; i++) {
		struct dwell_digest_subject *subject;

		snprintf(key, sizeof(key), "mutex at place%06zu < main", i);
		subject = subjects_get(&subjects, DWELL_SUBJECT_SITE, key);
		cr_assert(subject != NULL);
		subject->id = i + 1;
		for (uint64_t at = 0; at < digest->trace.end_ns; at += 5000000)
			cr_assert(eq(int,
				series_add(
					&subject->series, 0, at, 1000 + (at / 7 + i * 997) % 90000),
				0));
		windows_widen(&subject->series.windows, 0, digest->window_shift);
		subject->states.shift = subject->hold.windows.shift = digest->window_shift;
	}
	digest->subjects = subjects.at;
	digest->count = subjects.count;
	free(subjects.slots);
	return digest;
}

static void encode(const struct dwell_digest *digest, unsigned char **file, size_t *size)
{
	cr_assert(eq(int, dwell_digest_encode(digest, file, size), 0));
	cr_assert(le(sz, *size, DWELL_DIGEST_BYTES));
	cr_assert(dwell_digest_guess(*file, *size));
}

Test(digest, what_is_written_is_read)
{
	struct dwell_digest *digest = make(5), *again;
	unsigned char *file, *more;
	size_t size, more_size;

	digest->subjects[1].has_value = true;
	digest->subjects[1].value = -2.5;
	digest->subjects[2].blame.holder = strdup("a/b at c");
	digest->subjects[2].blame.times.running_ns = 17;
	encode(digest, &file, &size);
	cr_assert(eq(int, dwell_digest_decode(&again, file, size, NULL), 0));
	cr_expect(eq(sz, again->count, 6));
	cr_expect(eq(u64, again->born, 3));
	cr_expect(eq(dbl, again->subjects[1].value, -2.5));
	cr_expect(strcmp(again->subjects[2].blame.holder, "a/b at c") == 0);
	for (size_t i = 1; i < 6; i++) {
		const struct dwell_histogram *was = &digest->subjects[i].series.whole;
		const struct dwell_histogram *is = &again->subjects[i].series.whole;

		cr_expect(strcmp(again->subjects[i].key, digest->subjects[i].key) == 0);
		cr_expect(is->count == was->count && is->sum == was->sum && is->max == was->max);
		for (uint32_t q = 10000; q < 1000000; q += 10000)
			cr_expect(dwell_histogram_quantile(is, q) ==
				  dwell_histogram_quantile(was, q));
	}
	encode(again, &more, &more_size);
	cr_expect(size == more_size && !memcmp(file, more, size));
	free(file);
	free(more);
	dwell_digest_free(digest);
	dwell_digest_free(again);
}

/* Too much for a file: the heaviest stay, the others are added up, and nothing is lost of the sum.
 */
Test(digest, the_rest_is_added_up)
{
	struct dwell_digest *digest = make(1500), *again;
	uint64_t was = 0, is = 0;
	unsigned char *file;
	size_t size;

	encode(digest, &file, &size);
	cr_expect(size > DWELL_DIGEST_BYTES * 9 / 10, "%zu", size);
	cr_assert(eq(int, dwell_digest_decode(&again, file, size, NULL), 0));
	cr_expect(again->omitted > 0 && again->count < digest->count);
	for (size_t i = 0; i < digest->count; i++)
		was += digest->subjects[i].series.whole.sum;
	for (size_t i = 0; i < again->count; i++)
		is += again->subjects[i].series.whole.sum;
	cr_expect(eq(u64, is, was));
	free(file);
	dwell_digest_free(digest);
	dwell_digest_free(again);
}

/* A body by hand, in a frame that is right. */
struct written {
	unsigned char at[4096];
	size_t size;
};

static void put(struct written *body, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		body->at[body->size++] = (unsigned char)(value | 0x80);
	body->at[body->size++] = (unsigned char)value;
}

static int decode_as(unsigned version, const struct written *body, struct dwell_diag *diag)
{
	unsigned char file[8192];
	struct dwell_digest *digest;
	size_t got;
	int err;

	memcpy(file, DIGEST_MAGIC, 8);
	for (unsigned i = 0; i < 4; i++) {
		file[8 + i] = (unsigned char)(version >> (8 * i));
		file[12 + i] = (unsigned char)(body->size >> (8 * i));
	}
	got = ZSTD_compress(
		file + DIGEST_HEAD, sizeof(file) - DIGEST_HEAD, body->at, body->size, 1);
	cr_assert(ZSTD_isError(got) == 0);
	err = dwell_digest_decode(&digest, file, DIGEST_HEAD + got, diag);
	if (!err)
		dwell_digest_free(digest);
	return err;
}

static int decode(const struct written *body, struct dwell_diag *diag)
{
	return decode_as(DIGEST_VERSION, body, diag);
}

/* Fields in the order of the file, each with a value that is right and one that is not (0: all
 * are).
 */
struct field {
	const char *name;
	uint64_t good, bad;
	bool fixed; /* eight bytes */
};

static const struct field fields[] = {
	{ "source", 0, 2000, false }, /* its length */
	{ "begin", 0, 0, false },
	{ "end", (1 << 26) - 1, 0, false },
	{ "start", 9, 0, false },
	{ "tick", 1, 0, false },
	{ "events", 1, 0, false },
	{ "lost events", 0, 0, false },
	{ "losses", 0, 0, false },
	{ "tasks", 1, UINT64_C(1) << 32, false },
	{ "executors", 1, UINT64_C(1) << 32, false },
	{ "levels", 1, UINT64_C(1) << 32, false },
	{ "coverage", 1000000, UINT64_C(1) << 32, false },
	{ "waits", 1, 0, false },
	{ "stacks", 1, UINT64_C(1) << 32, false },
	{ "objects", 1, UINT64_C(1) << 32, false },
	{ "holders", 1, UINT64_C(1) << 32, false },
	{ "wakers", 1, UINT64_C(1) << 32, false },
	{ "flags", 15, 16, false },
	{ "window length", 20, 64, false },
	{ "tasks made", 0, 0, false },
	{ "tasks left", 0, 0, false },
	{ "omitted", 0, 0, false },
	{ "kinds", DWELL_KINDS_ALWAYS | 1 << DWELL_SUBJECT_LEAK, 1 << DWELL_SUBJECT_KIND_COUNT,
		false },
	{ "subjects", 1, 20001, false },
	{ "kind", DWELL_SUBJECT_LOCK, DWELL_SUBJECT_KIND_COUNT, false },
	{ "flags of a subject", DIGEST_VALUE | DIGEST_INSTEAD, 32, false },
	{ "reason", 1, DWELL_REASON_COUNT, false },
	{ "role", 1, DWELL_ROLE_COUNT, false },
	{ "key", 0, 1025, false },
	{ "alias", 0, 1025, false },
	{ "id", 7, 0, true },
	{ "tasks of a subject", 1, UINT64_C(1) << 32, false },
	{ "running", 0, 0, false },
	{ "runnable", 0, 0, false },
	{ "blocked", 0, 0, false },
	{ "unknown", 0, 0, false },
	{ "window cells", 2, DIGEST_CELLS_MOST + 1, false },
	{ "window", 3, DWELL_WINDOWS, false },
	{ "window bucket", 1, 256, false },
	{ "window count", 1, UINT64_C(1) << 32, false },
	{ "window total", 5 << 6 | 3, 5 << 6 | 53, false },
	{ "window", 60, 61, false },
	{ "window bucket", 1, 256, false },
	{ "window count", 1, UINT64_C(1) << 32, false },
	{ "window total", 64, 4096 << 6, false },
	{ "buckets", 2, DWELL_HISTOGRAM_BUCKETS + 1, false },
	{ "sum", 300, 0, false },
	{ "maximum", 200, 0, false },
	{ "bucket", 90, DWELL_HISTOGRAM_BUCKETS, false },
	{ "bucket count", 1, UINT64_C(1) << 32, false },
	{ "bucket", 1, 0, false },
	{ "bucket count", 1, UINT64_C(1) << 32, false },
	{ "window cells", 0, 9999999, false },
	{ "buckets", 0, 4000, false },
	{ "sum", 0, 0, false },
	{ "maximum", 0, 0, false },
	{ "window cells", 0, 9999999, false },
	{ "value", 0x3ff0000000000000, 0x7ff0000000000000, true },
	{ "holder time", 0, 0, false },
	{ "running", 0, 0, false },
	{ "runnable", 0, 0, false },
	{ "blocked", 0, 0, false },
	{ "unknown", 0, 0, false },
	{ "holders' reason", 1, DWELL_REASON_COUNT, false },
	{ "latencies", 3, 0, false },
	{ "length of latencies", 60, 0, false },
	{ "who ran", 1, DWELL_INSTEAD + 1, false },
	{ "who ran", 0, 1025, false }, /* a name's length */
	{ "time who ran", 50, 0, false },
};

/* What version 1 does not have. */
static bool is_new(const char *name)
{
	return !strcmp(name, "kinds") || strstr(name, "latencies") || strstr(name, "who ran");
}

enum { FIELDS = sizeof(fields) / sizeof(fields[0]), NONE = FIELDS };

static void write_fields(struct written *body, size_t bad, size_t count)
{
	body->size = 0;
	for (size_t i = 0; i < count; i++) {
		const uint64_t value = i == bad ? fields[i].bad : fields[i].good;

		if (!fields[i].fixed) {
			put(body, value);
			continue;
		}
		for (unsigned j = 0; j < 8; j++)
			body->at[body->size++] = (unsigned char)(value >> (8 * j));
	}
	memset(body->at + body->size, 0, 64);
}

Test(digest, each_field_has_its_limit)
{
	struct dwell_diag diag = { 0 };
	struct written body;
	char want[80];

	write_fields(&body, NONE, FIELDS);
	cr_assert(eq(int, decode(&body, &diag), 0), "%s", diag.what);
	for (size_t i = 0; i < FIELDS; i++) {
		const bool order = !strcmp(fields[i].name, "bucket") && !fields[i].bad;

		if (!fields[i].bad && !order)
			continue;
		write_fields(&body, i, FIELDS);
		cr_expect(eq(int, decode(&body, &diag), DWELL_EFORMAT), "%s", fields[i].name);
		snprintf(want, sizeof(want), "digest: %s at byte", fields[i].name);
		cr_expect(strstr(diag.what, want) != NULL, "%s: %s", fields[i].name, diag.what);
	}
}

/* Digests are kept in repositories: of an old one all is read that it has, and nothing else. */
Test(digest, version_1_is_read)
{
	struct dwell_diag diag = { 0 };
	struct written body = { .size = 0 };

	for (size_t i = 0; i < FIELDS; i++) {
		const bool flags = !strcmp(fields[i].name, "flags of a subject");
		const uint64_t value = flags ? DIGEST_VALUE : fields[i].good;

		if (is_new(fields[i].name))
			continue;
		if (!fields[i].fixed)
			put(&body, value);
		for (unsigned j = 0; fields[i].fixed && j < 8; j++)
			body.at[body.size++] = (unsigned char)(value >> (8 * j));
	}
	cr_expect(eq(int, decode_as(1, &body, &diag), 0), "%s", diag.what);
	cr_expect(decode_as(2, &body, &diag) == DWELL_EFORMAT);
	cr_expect(decode_as(3, &body, &diag) == DWELL_EVERSION);
	write_fields(&body, NONE, FIELDS);
	cr_expect(decode_as(1, &body, &diag) == DWELL_EFORMAT);
}

/* Who ran meanwhile is written and read again; what was not looked for is not compared. */
Test(digest, who_ran_instead_is_kept)
{
	struct dwell_digest *digest = make(1), *again;
	struct dwell_instead *instead = &digest->subjects[0].instead;
	unsigned char *file;
	size_t size;

	instead->ran = calloc(2, sizeof(*instead->ran));
	cr_assert(instead->ran != NULL);
	*instead = (struct dwell_instead){ 4, 1000, instead->ran, 2 };
	instead->ran[0] = (struct dwell_ran){ strdup("app/hog"), 700 };
	instead->ran[1] = (struct dwell_ran){ strdup("app/worker-#"), 200 };
	digest->kinds |= 1u << DWELL_SUBJECT_LEAK;
	encode(digest, &file, &size);
	cr_assert(eq(int, dwell_digest_decode(&again, file, size, NULL), 0));
	instead = &again->subjects[0].instead;
	cr_expect(instead->latencies == 4 && instead->total_ns == 1000 && instead->count == 2);
	cr_expect(strcmp(instead->ran[1].who, "app/worker-#") == 0 && instead->ran[1].ns == 200);
	cr_expect(again->kinds == (DWELL_KINDS_ALWAYS | 1u << DWELL_SUBJECT_LEAK));
	free(file);
	dwell_digest_free(digest);
	dwell_digest_free(again);
}

Test(digest, ends_early_anywhere)
{
	struct dwell_diag diag = { 0 };
	struct written body;

	write_fields(&body, NONE, FIELDS);
	for (const size_t size = body.size; body.size-- > 0;)
		cr_expect(eq(int, decode(&body, &diag), DWELL_EFORMAT), "%zu of %zu", body.size,
			size);
	write_fields(&body, NONE, FIELDS);
	body.size++;
	cr_expect(eq(int, decode(&body, &diag), DWELL_EFORMAT));
	cr_expect(strstr(diag.what, "more follows") != NULL, "%s", diag.what);
}

/* zstd passes over a few bits that say nothing: what is accepted is what was written. */
static bool is_same(const struct dwell_digest *digest, const unsigned char *file, size_t size)
{
	unsigned char *again;
	size_t again_size;
	bool same;

	cr_assert(eq(int, dwell_digest_encode(digest, &again, &again_size), 0));
	same = size == again_size && !memcmp(file, again, size);
	free(again);
	return same;
}

Test(digest, damage_is_found)
{
	struct dwell_digest *digest = make(1), *again;
	struct dwell_diag diag = { 0 };
	unsigned char *file, *whole;
	size_t size, accepted = 0;

	encode(digest, &whole, &size);
	encode(digest, &file, &size);
	for (size_t bit = 0; bit < size * 8; bit++) {
		file[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		if (!dwell_digest_decode(&again, file, size, &diag)) {
			accepted++;
			cr_expect(is_same(again, whole, size), "bit %zu", bit);
			dwell_digest_free(again);
		}
		file[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
	cr_expect(lt(sz, accepted, size / 4));
	free(whole);
	for (size_t cut = 0; cut < size; cut++)
		cr_expect(dwell_digest_decode(&again, file, cut, &diag) != 0, "cut at %zu", cut);
	file[8] = 3;
	cr_expect(eq(int, dwell_digest_decode(&again, file, size, &diag), DWELL_EVERSION));
	cr_expect(strstr(diag.what, "version 3") != NULL, "%s", diag.what);
	file[8] = DIGEST_VERSION;
	file[15] = 0x7f;
	cr_expect(eq(int, dwell_digest_decode(&again, file, size, &diag), DWELL_ELIMIT));
	free(file);
	dwell_digest_free(digest);
}

/* However long the trace, and whatever the order of widening: the same windows. */
Test(digest, windows_widen_alike)
{
	struct dwell_windows early = { 0 }, late = { 0 };
	const uint64_t from = 123456789;

	for (uint64_t at = from; at < from + UINT64_C(3000000000); at += 1234567) {
		cr_assert(eq(int, windows_add(&early, from, at, windows_bucket(at), 1, at), 0));
		if (at == from)
			windows_widen(
				&late, from, windows_shift(from, from + UINT64_C(3000000000), 0));
		cr_assert(eq(int, windows_add(&late, from, at, windows_bucket(at), 1, at), 0));
	}
	windows_widen(&early, from, late.shift);
	cr_assert(eq(sz, early.count, late.count));
	for (size_t i = 0; i < early.count; i++) {
		const struct dwell_window_cell *a = &early.cells[i], *b = &late.cells[i];

		cr_expect(a->window == b->window && a->bucket == b->bucket);
		cr_expect(a->count == b->count && a->total_ns == b->total_ns);
	}
	cr_expect(early.cells[early.count - 1].window < DWELL_WINDOWS);
	free(early.cells);
	free(late.cells);
}

/* What is added out of order, as when tasks are added up, is where it would be in order. */
Test(digest, windows_merge_in_any_order)
{
	enum { CELLS = DWELL_WINDOWS * 20 };
	struct dwell_windows whole = { .shift = 20 }, odd = { .shift = 20 };

	for (unsigned i = 0; i < CELLS; i++) {
		/* 7 and the number of cells have no common divisor: each comes once. */
		const uint64_t cell = i * 7 % CELLS, at = (cell / 20) << 20;
		struct dwell_windows *into = i % 2 ? &odd : &whole;

		cr_assert(eq(int, windows_add(into, 0, at, cell % 20, 1, cell), 0));
	}
	cr_assert(eq(int, windows_merge(&whole, &odd), 0));
	cr_assert(eq(int, windows_merge(&whole, &odd), 0));
	cr_assert(eq(sz, whole.count, CELLS));
	for (unsigned i = 0; i < CELLS; i++) {
		const struct dwell_window_cell *cell = &whole.cells[i];

		cr_expect(cell->window == i / 20 && cell->bucket == i % 20);
		cr_expect(cell->total_ns == (uint64_t)cell->count * i);
	}
	free(whole.cells);
	free(odd.cells);
}

/* Of several owners in turns, by way of a tip: the same cells as one by one. */
Test(digest, a_tip_adds_the_same)
{
	enum { OWNERS = 3 };
	struct dwell_windows plain[OWNERS] = { 0 }, tipped[OWNERS] = { 0 };
	struct tip tip = { .from_ns = 123456789 };
	uint64_t at = tip.from_ns;

	for (unsigned i = 0; i < 4000; i++, at += 777777) {
		const unsigned owner = i / 5 % OWNERS, bucket = i * 7 % 13;

		cr_assert(eq(int, windows_add(&plain[owner], tip.from_ns, at, bucket, 1, i), 0));
		cr_assert(eq(int, tip_add(&tip, &tipped[owner], at, bucket, i), 0));
	}
	cr_assert(eq(int, tip_flush(&tip), 0));
	for (unsigned owner = 0; owner < OWNERS; owner++) {
		windows_widen(&plain[owner], tip.from_ns, tip.shift);
		windows_widen(&tipped[owner], tip.from_ns, tip.shift);
		cr_assert(eq(sz, plain[owner].count, tipped[owner].count));
		for (size_t i = 0; i < plain[owner].count; i++) {
			const struct dwell_window_cell *a = &plain[owner].cells[i];
			const struct dwell_window_cell *b = &tipped[owner].cells[i];

			cr_expect(a->window == b->window && a->bucket == b->bucket);
			cr_expect(a->count == b->count && a->total_ns == b->total_ns);
		}
		free(plain[owner].cells);
		free(tipped[owner].cells);
	}
}

/* What one owner has comes together, in its order; of owners of one pile, in the order of all. */
Test(digest, turns_go_by_owners)
{
	struct turns turns;

	cr_assert(eq(int, turns_init(&turns), 0));
	for (; turns.count < TURNS; turns.count++)
		turns.owners[turns.count] = (uint32_t)(turns.count * 7919 % 1000);
	turns_sort(&turns);
	for (size_t i = 1; i < TURNS; i++) {
		const uint32_t before = turns.owners[turns.order[i - 1]];
		const uint32_t owner = turns.owners[turns.order[i]];

		cr_assert(
			before < owner || (before == owner && turns.order[i - 1] < turns.order[i]));
	}
	turns_release(&turns);
}
