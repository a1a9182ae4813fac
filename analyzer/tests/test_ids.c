/* Ids and back: what an id was made of but its time is known, so the time is, too. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "analysis/fold.h"
#include "answers.h"
#include "dwell/explain.h"
#include "dwell/history.h"

Test(ids, mixed_numbers)
{
	const uint64_t edges[] = { 0, 1, 2, UINT64_C(1) << 28, UINT64_C(1) << 29, UINT64_C(1) << 63,
		UINT64_MAX };
	uint64_t random = 1;

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		for (size_t j = 0; j < sizeof(edges) / sizeof(edges[0]); j++)
			cr_expect(eq(u64, hash_mix_undo(hash_mix(edges[i], edges[j]), edges[j]),
				edges[i]));
	for (int i = 0; i < 100000; i++) {
		const uint64_t hash = gen_random(&random, 0), value = gen_random(&random, 0);

		cr_assert(eq(u64, hash_mix_undo(hash_mix(hash, value), value), hash));
	}
}

Test(ids, bytes_of_every_length)
{
	unsigned char bytes[70];
	uint64_t random = 2;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)gen_random(&random, 256);
	for (size_t size = 0; size <= sizeof(bytes); size++)
		for (int i = 0; i < 100; i++) {
			const uint64_t seed = i ? gen_random(&random, 0) : 0;
			const uint64_t hash = hash_bytes(bytes, size, seed);

			cr_assert(eq(u64, hash_bytes_undo(bytes, size, hash), seed), "%zu", size);
		}
}

/* Of every task, and of one that is not known; another kind or task has another time. */
Test(ids, times)
{
	struct gen_options options = gen_any(3);
	struct memory_output file;
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_study *study = NULL;
	const struct dwell_catalog *catalog;
	uint64_t random = 3;

	write_history(&file, &options, 100, 0, 0);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file.at, file.size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));
	cr_assert(eq(int, dwell_study_open(&study, dwell_reader_source(reader), NULL), 0));
	catalog = dwell_study_catalog(study);
	cr_assert(lt(u32, 2, dwell_catalog_tasks(catalog)));
	for (uint32_t task = 0; task <= dwell_catalog_tasks(catalog); task++)
		for (int i = 0; i < 50; i++) {
			const uint64_t at = i < 2 ? (uint64_t)i : gen_random(&random, 0);
			const uint64_t id = id_of(catalog, "wait", task, at);

			cr_assert(eq(u64, time_of_id(catalog, "wait", task, id), at), "%u", task);
			cr_assert(ne(u64, time_of_id(catalog, "latency", task, id), at));
			cr_assert(ne(u64, time_of_id(catalog, "wait", task + 1, id), at));
		}
	/* A moment is told by its id alone, of no task, too; another one is not. */
	for (uint32_t task = 0; task < dwell_catalog_tasks(catalog); task++) {
		const uint64_t id = moment_id(catalog, task, 1000 + task);
		uint32_t whose;
		uint64_t at;

		cr_assert(dwell_moment_of_id(catalog, id, 0, 1000000, &whose, &at));
		cr_assert(whose == task && at == 1000 + task);
		cr_assert(eq(int, dwell_moment_of_id(catalog, id, 0, 1000 + task, &whose, &at), 0));
		cr_assert(eq(int, dwell_moment_of_id(catalog, id + 1, 0, 1000000, &whose, &at), 0));
	}
	dwell_study_close(study);
	dwell_reader_close(reader);
	memory_output_release(&file);
}
