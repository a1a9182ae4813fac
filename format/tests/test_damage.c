#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/trip.h"

#include "dwell/verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * A small trace with every bit flipped in turn, and cut at every length: each time an error, a
 * loss that is told, or the same answer. DWELL_TEST_ALL=1 in the environment: every bit;
 * otherwise every so many.
 */
static void make(struct memory_output *out, uint64_t seed)
{
	static const struct dwell_encoder_options small = { .chunk_rows = 60,
		.generation_chunks = 2 };
	struct gen_options gen = gen_any(seed);
	struct dwell_encoder *encoder;

	gen.rows = 300;
	gen.tasks = 8;
	gen.losses = 0;
	memory_output_init(out);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out->output, &small), 0));
	cr_assert(eq(int, gen_drive(&gen, dwell_encoder_sink(encoder)), 0));
	dwell_encoder_free(encoder);
}

/* What a reader makes of the bytes; its error. */
static int read_all(const uint8_t *at, size_t size, struct tape *tape)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	tape_init(tape);
	tape->keyframes = false;
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, at, size), 0));

	int err = dwell_reader_open(&reader, bytes, NULL);

	if (err)
		return err;
	err = dwell_source_drive(dwell_reader_source(reader), NULL, &tape->sink);
	dwell_reader_close(reader);
	return err;
}

static bool same(const struct tape *a, const struct tape *b)
{
	return a->size == b->size && !memcmp(a->at, b->at, a->size);
}

static size_t stride(size_t sampled)
{
	return getenv("DWELL_TEST_ALL") ? 1 : sampled;
}

/* The damaged file must say so, or not be different. */
static void check(
	const uint8_t *at, size_t size, const struct tape *whole, const char *what, size_t where)
{
	struct tape tape;
	const int err = read_all(at, size, &tape);

	cr_assert(err || same(&tape, whole) || tape.losses > whole->losses,
		"%s %zu: another answer without a word", what, where);
	cr_assert(not(tape.disorder), "%s %zu: rows out of order", what, where);
	tape_release(&tape);
}

Test(damage, flips)
{
	for (uint64_t seed = 0; seed < 4; seed++) {
		struct memory_output file;
		struct tape whole;

		make(&file, seed);
		cr_assert(eq(int, read_all(file.at, file.size, &whole), 0));
		for (size_t bit = seed; bit < file.size * 8; bit += stride(61)) {
			file.at[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			check(file.at, file.size, &whole, "bit", bit);
			file.at[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		}
		tape_release(&whole);
		memory_output_release(&file);
	}
	no_leaks();
}

Test(damage, cuts)
{
	struct memory_output file;
	struct tape whole;

	make(&file, 1);
	cr_assert(eq(int, read_all(file.at, file.size, &whole), 0));
	for (size_t size = 0; size < file.size; size += stride(7)) {
		/* A copy of its own, so that a read beyond the end is seen. */
		uint8_t *cut = malloc(size ? size : 1);

		cr_assert(ne(ptr, cut, NULL));
		memcpy(cut, file.at, size);
		check(cut, size, &whole, "length", size);
		free(cut);
	}
	tape_release(&whole);
	memory_output_release(&file);
	no_leaks();
}

static void count_damage(
	void *context, enum dwell_verify_level level, const struct dwell_diag *diag)
{
	(void)diag;
	*(unsigned *)context += level == DWELL_VERIFY_DAMAGE;
}

Test(damage, verify_finds_every_bit)
{
	struct memory_output file;
	struct dwell_bytes *bytes;
	unsigned found = 0;

	make(&file, 2);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file.at, file.size), 0));
	cr_expect(eq(int, dwell_verify(bytes, count_damage, &found), 0));
	cr_expect(eq(uint, found, 0));
	for (size_t bit = 0; bit < file.size * 8; bit += stride(53)) {
		file.at[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		cr_expect(ne(int, dwell_verify(bytes, NULL, NULL), 0), "bit %zu is not seen", bit);
		file.at[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	dwell_bytes_close(bytes);
	memory_output_release(&file);
	no_leaks();
}

/* What repair writes is whole, and tells the same. */
Test(damage, repair)
{
	struct memory_output file;

	make(&file, 3);
	for (size_t bit = 700 * 8; bit < file.size * 8; bit += 1999) {
		struct memory_output repaired;
		struct dwell_bytes *bytes;
		struct tape before, after;

		file.at[bit / 8] ^= 1;
		memory_output_init(&repaired);
		cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file.at, file.size), 0));
		cr_assert(eq(int, dwell_repair(bytes, &repaired.output, NULL), 0));
		dwell_bytes_close(bytes);
		cr_assert(eq(int, dwell_bytes_open_memory(&bytes, repaired.at, repaired.size), 0));
		cr_expect(eq(int, read_all(file.at, file.size, &before), 0));
		cr_expect(eq(int, read_all(repaired.at, repaired.size, &after), 0));
		cr_expect(eq(u64, before.rows, after.rows), "byte %zu", bit / 8);
		cr_expect(eq(u64, before.losses, after.losses), "byte %zu", bit / 8);
		tape_release(&before);
		tape_release(&after);
		dwell_bytes_close(bytes);
		memory_output_release(&repaired);
		file.at[bit / 8] ^= 1;
	}
	memory_output_release(&file);
	no_leaks();
}
