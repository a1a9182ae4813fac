#include "tests/harness.h"
#include "tests/naive_file.h"
#include "tests/trip.h"

#include "dwell/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One file for each field that can be wrong (format/tools/mktrace.c writes them): verify names the
 * field, and a reader says that something is missing, or refuses the file.
 */
static const struct hostile {
	const char *name;
	int err;          /* of verify */
	const char *what; /* its first finding of damage; NULL: none */
} files[] = {
	{ "blob-codec", DWELL_EFORMAT, "tables chunk: blob: made by a newer version" },
	{ "blob-size", DWELL_EFORMAT, "tables chunk: blob: beyond a limit" },
	{ "blob-zeros", DWELL_EFORMAT, "tables chunk: blob: damaged, or not of this format" },
	{ "body-checksum", DWELL_EFORMAT,
		"events chunk: chunk body: checksum differs: damaged, or not of this format" },
	{ "column-codec", DWELL_EFORMAT,
		"events chunk: column of shapes: made by a newer version" },
	{ "column-field", DWELL_EVERSION, "chunk: made by a newer version" },
	{ "column-size", DWELL_EFORMAT,
		"events chunk: column of shapes: damaged, or not of this format" },
	{ "column-stored", DWELL_EFORMAT, "events chunk: table of columns: ends in the middle" },
	{ "column-stream", DWELL_EFORMAT,
		"events chunk: row that cannot be: damaged, or not of this format" },
	{ "column-times", DWELL_EFORMAT,
		"events chunk: columns of times: damaged, or not of this format" },
	{ "column-twice", DWELL_EFORMAT,
		"events chunk: table of columns: damaged, or not of this format" },
	{ "column-zero", DWELL_EFORMAT,
		"events chunk: table of columns: damaged, or not of this format" },
	{ "columns-count", DWELL_EFORMAT,
		"events chunk: table of columns: damaged, or not of this format" },
	{ "end-index", DWELL_EFORMAT, "the index cannot be read" },
	{ "end-rows", DWELL_EFORMAT, "end chunk: counts other rows" },
	{ "explicit-peer", DWELL_EFORMAT,
		"events chunk: column of peers: damaged, or not of this format" },
	{ "explicit-task", DWELL_EFORMAT,
		"events chunk: column of tasks: damaged, or not of this format" },
	{ "head-end", DWELL_EFORMAT, "events chunk: head: shapes: ends in the middle" },
	{ "head-kinds", DWELL_EFORMAT,
		"events chunk: head: rows of each kind: damaged, or not of this format" },
	{ "head-unit", DWELL_EFORMAT, "events chunk: head: unit: damaged, or not of this format" },
	{ "header-body-size", DWELL_EFORMAT,
		"events chunk: chunk body cut off: ends in the middle" },
	{ "header-checksum", DWELL_EFORMAT,
		"chunk: chunk header: checksum differs: damaged, or not of this format" },
	{ "header-count", DWELL_EFORMAT, "events chunk: head: damaged, or not of this format" },
	{ "header-kind", DWELL_EVERSION, "chunk: made by a newer version" },
	{ "header-row", DWELL_EFORMAT, "events chunk: 12 rows are missing" },
	{ "header-serial", DWELL_EFORMAT, "chunk: number 77 where 3 should be" },
	{ "header-size", DWELL_EFORMAT,
		"chunk: chunk header: size out of range: damaged, or not of this format" },
	{ "header-sync", DWELL_EFORMAT,
		"chunk: chunk header: sync marker differs: damaged, or not of this format" },
	{ "header-times", DWELL_EFORMAT,
		"chunk: chunk header: first time after the last: damaged, or not of this format" },
	{ "info-source", DWELL_EFORMAT, "no chunk says what the trace is" },
	{ "keyframe-count", DWELL_EFORMAT,
		"keyframe chunk: state of a task: damaged, or not of this format" },
	{ "prologue-checksum", DWELL_EFORMAT, "file header: checksum differs" },
	{ "prologue-feature", DWELL_EVERSION,
		"file header: a feature that this version does not know" },
	{ "prologue-magic", DWELL_EFORMAT, "not a dwell trace" },
	{ "prologue-major", DWELL_EVERSION, "file header: a newer version" },
	{ "prologue-size", DWELL_EFORMAT, "file header: size out of range" },
	{ "pyramid-task", DWELL_EFORMAT, "pyramid chunk: buckets: damaged, or not of this format" },
	{ "record-id-zero", DWELL_EFORMAT,
		"tables chunk: process: damaged, or not of this format" },
	{ "record-recorded", DWELL_EFORMAT, "tables chunk: process: beyond a limit" },
	{ "record-length", DWELL_EFORMAT, "tables chunk: process: ends in the middle" },
	{ "shape-kind", DWELL_EFORMAT,
		"events chunk: head: shapes: damaged, or not of this format" },
	{ "shape-mode", DWELL_EFORMAT,
		"events chunk: head: shapes: damaged, or not of this format" },
	{ "shape-object", DWELL_EFORMAT,
		"events chunk: row that cannot be: damaged, or not of this format" },
	{ "shape-state", DWELL_EFORMAT,
		"events chunk: head: shapes: damaged, or not of this format" },
	{ "shape-stream", DWELL_EFORMAT,
		"events chunk: head: shapes: damaged, or not of this format" },
	{ "shapes-column", DWELL_EFORMAT,
		"events chunk: column of shapes: damaged, or not of this format" },
	{ "time-code", DWELL_EFORMAT,
		"events chunk: columns of times: damaged, or not of this format" },
	{ "uncompressed", DWELL_OK, NULL },
};

struct first {
	struct dwell_diag diag;
	unsigned count;
};

static void keep_first(void *context, enum dwell_verify_level level, const struct dwell_diag *diag)
{
	struct first *first = context;

	if (level == DWELL_VERIFY_DAMAGE && !first->count++)
		first->diag = *diag;
}

static struct dwell_bytes *open_hostile(const char *name)
{
	struct dwell_bytes *bytes;
	char path[1024];

	snprintf(path, sizeof(path), DWELL_TESTDATA "/hostile/%s.dwell", name);
	cr_assert(eq(int, dwell_bytes_open_file(&bytes, path), 0), "%s", path);
	return bytes;
}

Test(hostile, verify_names_the_field)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct dwell_bytes *bytes = open_hostile(files[i].name);
		struct first first = { 0 };
		const int err = dwell_verify(bytes, keep_first, &first);

		cr_expect(eq(int, err, files[i].err), "%s", files[i].name);
		cr_expect(eq(int, first.count != 0, files[i].what != NULL), "%s", files[i].name);
		if (files[i].what)
			cr_expect(eq(int, strcmp(first.diag.what, files[i].what), 0), "%s: %s",
				files[i].name, first.diag.what);
		dwell_bytes_close(bytes);
	}
	no_leaks();
}

/* Beside what was lost, an unclosed file tells one loss: that it ends early. */
Test(hostile, the_reader_says_so)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct dwell_reader *reader;
		struct tape tape;
		int err = dwell_reader_open(&reader, open_hostile(files[i].name), NULL);

		tape_init(&tape);
		if (!err) {
			err = dwell_source_drive(dwell_reader_source(reader), NULL, &tape.sink);
			dwell_reader_close(reader);
		}
		/* Without its index a file tells all the same. */
		if (strcmp(files[i].name, "end-index") != 0)
			cr_expect(ne(int, err || tape.losses, 0), "%s", files[i].name);
		cr_expect(not(tape.disorder), "%s", files[i].name);
		tape_release(&tape);
	}
	no_leaks();
}

/* What is valid and what is not, the naive reader says too. */
Test(hostile, the_naive_reader_reads_the_valid_one)
{
	struct dwell_bytes *bytes = open_hostile("uncompressed");
	struct dwell_reader *reader;
	struct tape library, naive;

	tape_init(&library);
	tape_init(&naive);
	cr_assert(eq(int,
		naive_file_read(bytes->ops->map(bytes, 0, (size_t)bytes->size), (size_t)bytes->size,
			&naive.sink),
		0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));
	cr_assert(eq(int, dwell_source_drive(dwell_reader_source(reader), NULL, &library.sink), 0));
	/* The library adds the loss at the end. */
	cr_expect(eq(u64, library.rows, naive.rows + 1));
	dwell_reader_close(reader);
	tape_release(&library);
	tape_release(&naive);
	no_leaks();
}
