/* Keyframes and pyramid against the rows: as the encoder wrote them, and rows that were changed. */
#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/late.h"
#include "tests/trip.h"

#include "dwell/verify.h"
#include "src/wire.h"

#include <string.h>

enum { SEEDS = 60 };

struct found {
	unsigned notes, damage, states, buckets;
};

static void count(void *context, enum dwell_verify_level level, const struct dwell_diag *diag)
{
	struct found *found = context;

	found->notes += level == DWELL_VERIFY_NOTE;
	found->damage += level == DWELL_VERIFY_DAMAGE;
	found->states += !strncmp(diag->what, "keyframe chunk: task", 20);
	found->buckets += !strncmp(diag->what, "pyramid chunk: not", 18);
}

static struct found verify(const struct memory_output *file)
{
	struct dwell_bytes *bytes;
	struct found found = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_verify(bytes, count, &found) != 0, found.damage != 0));
	dwell_bytes_close(bytes);
	return found;
}

enum how { STRAIGHT, LATE, SOME_LATE };

static void make_rows(
	struct memory_output *out, uint64_t seed, enum how how, size_t rows, uint64_t step_ns)
{
	const struct dwell_encoder_options options = { .chunk_rows =
							       100 + 200 * (uint32_t)(seed % 5),
		.generation_chunks = 1 + (uint32_t)(seed % 3) };
	struct gen_options gen = gen_any(seed);
	struct dwell_encoder *encoder;
	struct late *late;

	gen.rows = rows;
	gen.step_ns = step_ns;
	memory_output_init(out);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out->output, &options), 0));
	late = late_new(dwell_encoder_sink(encoder), seed, how == SOME_LATE);
	cr_assert(eq(int,
		gen_drive(&gen, how == STRAIGHT ? dwell_encoder_sink(encoder) : late_sink(late)),
		0));
	late_free(late);
	dwell_encoder_free(encoder);
}

static void make(struct memory_output *out, uint64_t seed, enum how how)
{
	make_rows(out, seed, how, 3000, seed % 2 ? 2000 : 300000);
}

Test(verify, finds_nothing_in_what_the_encoder_wrote)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct memory_output file;

		make(&file, seed, STRAIGHT);

		const struct found found = verify(&file);

		cr_expect(eq(uint, found.damage, 0), "seed %lu", seed);
		cr_expect(eq(uint, found.notes, 0), "seed %lu", seed);
		memory_output_release(&file);
	}
	no_leaks();
}

static void read_parts(const struct memory_output *file, struct tape *tape)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	tape_init(tape);
	tape->keyframes = true;
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));

	struct dwell_source *source = dwell_reader_source(reader);
	const struct dwell_source_options all = { 0 };
	struct tape definitions;

	tape_init(&definitions);
	tape->definitions = &definitions;
	for (size_t i = 0, parts = source->ops->parts(source, &all); i < parts; i++)
		cr_assert(eq(int, source->ops->drive_part(source, &all, i, &tape->sink), 0));
	tape->definitions = NULL;
	tape_release(&definitions);
	dwell_reader_close(reader);
}

/* A creation that is told again in time is as one that was told so at once; and whatever is told,
 * rows, keyframes, pyramid and what is read from the middle agree. */
Test(verify, creations_that_are_told_late)
{
	for (uint64_t seed = 0; seed < SEEDS / 4; seed++) {
		struct memory_output files[3];
		struct tape tapes[2];

		for (unsigned how = 0; how < 3; how++) {
			make(&files[how], seed, how);

			const struct found found = verify(&files[how]);

			cr_expect(
				eq(uint, found.damage + found.notes, 0), "seed %lu, %u", seed, how);
		}
		read_parts(&files[STRAIGHT], &tapes[0]);
		read_parts(&files[LATE], &tapes[1]);
		cr_assert(eq(sz, tapes[0].size, tapes[1].size), "seed %lu", seed);
		cr_expect(eq(int, memcmp(tapes[0].at, tapes[1].at, tapes[0].size), 0), "seed %lu",
			seed);
		tape_release(&tapes[0]);
		tape_release(&tapes[1]);
		for (unsigned how = 0; how < 3; how++)
			memory_output_release(&files[how]);
	}
	no_leaks();
}

/* The offset of chunk `number` of a kind; SIZE_MAX: there is none. */
static size_t find(const struct memory_output *file, unsigned kind, unsigned number)
{
	for (size_t at = WIRE_PROLOGUE_SIZE; at + WIRE_HEADER_SIZE <= file->size;) {
		struct wire_chunk head;
		const char *what;

		cr_assert(eq(int,
			dwell_header_read(&head, file->at + at, file->size - at, NULL, &what), 0));
		if (head.kind == kind && !number--)
			return at;
		at += (size_t)dwell_chunk_size(&head);
	}
	return SIZE_MAX;
}

/* One bit of the time bits of an events chunk, and checksums that say that all is well. */
static void change_time(struct memory_output *file, size_t at, size_t bit)
{
	uint8_t sync[WIRE_SYNC_SIZE], *body = file->at + at + WIRE_HEADER_SIZE;
	const uint32_t columns = dwell_get_u32(body);
	uint8_t *stored = body + 4 + columns * WIRE_COLUMN_SIZE;
	struct wire_chunk head;
	const char *what;

	memcpy(sync, file->at + at, sizeof(sync));
	cr_assert(
		eq(int, dwell_header_read(&head, file->at + at, file->size - at, sync, &what), 0));
	for (uint32_t i = 0; i < columns; i++) {
		const uint8_t *entry = body + 4 + i * WIRE_COLUMN_SIZE;
		const uint32_t size = dwell_get_u32(entry + 4);

		if (entry[0] == WIRE_TIME_BITS && size)
			stored[bit / 8 % size] ^= (uint8_t)(1 << bit % 8);
		stored += size;
	}
	head.body_checksum = dwell_checksum(body, head.body_size);
	dwell_header_write(file->at + at, sync, &head);
}

/* Rows that are valid, but not those that keyframes and pyramid were made of. */
Test(verify, sees_that_rows_were_changed)
{
	unsigned changed = 0, states = 0, buckets = 0;

	for (size_t bit = 0; bit < 400; bit += 3) {
		struct memory_output file;

		make(&file, 7, STRAIGHT);
		change_time(&file, find(&file, WIRE_EVENTS, 3), bit);

		const struct found found = verify(&file);

		changed += !found.damage;
		states += !found.damage && found.states;
		buckets += !found.damage && found.buckets;
		memory_output_release(&file);
	}
	cr_expect(lt(uint, 20, changed));
	cr_expect(lt(uint, 0, states));
	cr_expect(lt(uint, 0, buckets));
	no_leaks();
}

/* Before version 1.2 a pyramid had up to twice as many buckets: what a file's is compared with
 * depends on its version. */
Test(verify, knows_how_many_buckets_a_version_has)
{
	unsigned other = 0;

	for (uint64_t step_ns = 1000; step_ns <= 16000; step_ns *= 2) {
		struct memory_output file;

		make_rows(&file, 0, STRAIGHT, 30000, step_ns);
		cr_expect(eq(uint, verify(&file).notes, 0), "%lu ns", step_ns);
		dwell_put_u16(file.at + 12, 1);
		dwell_put_u64(file.at + WIRE_PROLOGUE_SIZE - 8,
			dwell_checksum(file.at, WIRE_PROLOGUE_SIZE - 8));

		const struct found found = verify(&file);

		cr_expect(eq(uint, found.damage, 0), "%lu ns", step_ns);
		other += found.buckets;
		memory_output_release(&file);
	}
	cr_expect(lt(uint, 0, other));
	no_leaks();
}
