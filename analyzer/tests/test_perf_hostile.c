/* Damaged perf.data: one field at a time, each with what must be said; and every bit of a file. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/perf_file.h"
#include "tests/rows_text.h"

static struct rows_text text;
static struct dwell_diag diag;

static const struct perf_variant plain = { .clockid = -1 };
static const struct perf_variant piped = { .pipe = true, .clockid = -1 };
static const struct perf_variant chained = { .chains = true, .clockid = -1 };
static const struct perf_variant packed = { .packed = 1, .clockid = -1 };
static const struct perf_variant packed2 = { .packed = 2, .clockid = -1 };
static const struct perf_variant killed = { .unclosed = true, .clockid = -1 };

/* Where a field lies: from the file's start, or from one of the file's places. */
enum from { START, FEATURES, TRACING, DATA };

struct field_case {
	const char *name;
	const struct perf_variant *variant;
	enum from from;
	size_t offset;
	unsigned width;
	uint64_t value;
	int err;
	const char *what; /* of the error; or in the notes */
};

enum { FIRST_SAMPLE = 40 }; /* after the thread map */

static const struct field_case fields[] = {
	{ "header size", &plain, START, 8, 8, 17, DWELL_EFORMAT,
		"perf: the size of its header is wrong" },
	{ "size of attributes", &plain, START, 16, 8, 8, DWELL_EFORMAT,
		"perf: the size of an event's attributes is wrong" },
	{ "size of attributes: no divisor", &plain, START, 16, 8, 145, DWELL_EFORMAT,
		"perf: the size of an event's attributes is wrong" },
	{ "attributes: place", &plain, START, 24, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "attributes: size", &plain, START, 32, 8, 144 * 1000000, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "attributes: none", &plain, START, 32, 8, 0, DWELL_EFORMAT,
		"perf: no event was recorded" },
	{ "data: place", &plain, START, 40, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: the data lies behind the end of the file" },
	{ "data: size", &plain, START, 48, 8, UINT64_MAX, DWELL_EFORMAT,
		"perf: the size of the data is wrong" },
	{ "data: too large", &plain, START, 48, 8, 1 << 20, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "data: size not known", &plain, START, 48, 8, 0, DWELL_EUNSUPPORTED,
		"perf: not closed (perf record was killed): the formats of its tracepoints were to "
		"follow the data" },
	{ "features: none", &plain, START, 72, 8, 0, DWELL_EUNSUPPORTED,
		"perf: tracepoints, but not the format of one of the scheduler's" },
	{ "features: all of them", &plain, START, 72, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "features: one of several files", &plain, START, 72, 8, 1 << 24, DWELL_EUNSUPPORTED,
		"perf: one file of a recording with several (perf record --threads)" },
	{ "tracing data: place", &plain, FEATURES, 0, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "tracing data: magic", &plain, TRACING, 0, 1, 0, DWELL_EFORMAT,
		"perf: the table of tracepoint formats is damaged" },
	{ "tracing data: size of a file", &plain, TRACING, 32, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: the table of tracepoint formats is damaged" },
	{ "tracing data: events of ftrace", &plain, TRACING, 61, 4, UINT32_MAX, DWELL_ETRUNCATED,
		"perf: the table of tracepoint formats is damaged" },
	{ "tracing data: systems", &plain, TRACING, 65, 4, UINT32_MAX, DWELL_ETRUNCATED,
		"perf: the table of tracepoint formats is damaged" },
	{ "attribute: its own size", &plain, START, 136 + 4, 4, 4096, DWELL_EFORMAT,
		"perf: the attributes of an event are damaged" },
	{ "ids: place", &plain, START, 136 + 128, 8, UINT64_MAX, DWELL_ETRUNCATED,
		"perf: a section of the header lies behind the end of the file" },
	{ "pipe: tracing data", &piped, TRACING, 0, 1, 0, DWELL_EFORMAT,
		"perf: the table of tracepoint formats is damaged" },
	{ "record: size", &plain, DATA, FIRST_SAMPLE + 6, 2, 7, DWELL_OK,
		"import.broken: perf: a record is damaged: its size is wrong" },
	{ "record: size 0", &plain, DATA, FIRST_SAMPLE + 6, 2, 0, DWELL_OK,
		"import.broken: perf: a record is damaged: its size is wrong" },
	{ "record: type", &plain, DATA, FIRST_SAMPLE, 4, 12345, DWELL_OK, "" },
	{ "sample: too short", &plain, DATA, FIRST_SAMPLE + 6, 2, 16, DWELL_OK, "" },
	{ "sample: id", &plain, DATA, FIRST_SAMPLE + 8 + 24, 8, 5, DWELL_OK, "import.ignored: 1" },
	{ "sample: CPU", &plain, DATA, FIRST_SAMPLE + 8 + 32, 4, UINT32_MAX, DWELL_OK, "" },
	{ "sample: raw size", &plain, DATA, FIRST_SAMPLE + 8 + 48, 4, UINT32_MAX, DWELL_OK,
		"import.malformed: 1" },
	{ "sample: raw too short", &plain, DATA, FIRST_SAMPLE + 8 + 48, 4, 20, DWELL_OK,
		"import.malformed: 1" },
	{ "sample: chain", &chained, DATA, FIRST_SAMPLE + 8 + 48, 8, UINT64_MAX, DWELL_OK,
		"import.malformed: 1" },
	{ "sample: chain, its bytes overflow", &chained, DATA, FIRST_SAMPLE + 8 + 48, 8,
		UINT64_C(1) << 61, DWELL_OK, "import.malformed: 1" },
	{ "compressed: content", &packed, DATA, FIRST_SAMPLE + 8, 8, 0, DWELL_OK,
		"import.broken: perf: compressed records are damaged" },
	{ "compressed: size", &packed2, DATA, FIRST_SAMPLE + 8, 8, 1 << 20, DWELL_OK,
		"import.broken: perf: a compressed record is damaged" },
	{ "killed", &killed, START, 0, 1, 'P', DWELL_EUNSUPPORTED,
		"perf: not closed (perf record was killed): the formats of its tracepoints were to "
		"follow the data" },
};

static void write_some(struct perf_file *file)
{
	static const uint64_t where[] = { (uint64_t)-512, 0x5000, 0x6000 };

	perf_chain(file, where, 3);
	for (int i = 0; i < 6; i++) {
		const struct perf_at at = { 100 + 10 * (uint64_t)i, i & 1, 10, 10 + i };

		perf_switch(file, at, "a", 10 + i, 1, "b", 11 + i);
		perf_wake(file, at, "c", 20 + i, 0);
		if (i == 2)
			perf_round(file);
	}
}

static size_t place_of(const struct perf_file *file, const struct field_case *c)
{
	static const size_t zero;
	const size_t *from = c->from == FEATURES  ? &file->features_at
			     : c->from == TRACING ? &file->tracing_at
			     : c->from == DATA    ? &file->data_at
						  : &zero;

	return *from + c->offset;
}

static int drive(const void *at, size_t size)
{
	rows_text_init(&text);
	diag = (struct dwell_diag){ .offset = 0 };
	return rows_text_drive(&text, bytes_of(at, size), &diag);
}

Test(perf_hostile, each_field)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field_case *c = &fields[i];
		struct perf_file file;

		perf_file_begin(&file, c->variant);
		write_some(&file);
		perf_file_end(&file);

		const size_t at = place_of(&file, c);
		cr_assert(le(sz, at + c->width, file.size), "%s", c->name);
		for (unsigned b = 0; b < c->width; b++)
			file.data[at + b] = (uint8_t)(c->value >> 8 * b);
		cr_expect(eq(int, drive(file.data, file.size), c->err), "%s", c->name);
		if (c->err)
			cr_expect(eq(int, strcmp(diag.what, c->what), 0), "%s: %s", c->name,
				diag.what);
		else
			cr_expect(ne(ptr, strstr(text.text, c->what), NULL), "%s: %s", c->name,
				text.text);
		perf_file_release(&file);
	}
}

/* Whatever bit is wrong: an error, or rows in order. AddressSanitizer watches. */
static void flip_all(const struct perf_variant *variant, size_t step)
{
	struct perf_file file;

	perf_file_begin(&file, variant);
	write_some(&file);
	perf_file_end(&file);
	for (size_t bit = 0; bit < 8 * file.size; bit += step) {
		file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)drive(file.data, file.size);
		cr_expect(not(text.disorder), "bit %zu", bit);
		file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cr_expect(eq(int, drive(file.data, file.size), DWELL_OK));
	perf_file_release(&file);
}

Test(perf_hostile, bits_of_a_file)
{
	flip_all(&plain, 5);
}

Test(perf_hostile, bits_of_a_pipe_with_chains)
{
	static const struct perf_variant v = { .pipe = true, .chains = true, .clockid = -1 };

	flip_all(&v, 5);
}

Test(perf_hostile, bits_of_a_compressed_file)
{
	flip_all(&packed2, 5);
}
