#ifndef DWELL_TESTS_ANSWERS_H
#define DWELL_TESTS_ANSWERS_H

#include "../../format/tests/collect.h"
#include "../../format/tests/gen.h"
#include "../../format/tests/trip.h"
#include "dwell/analysis.h"
#include "dwell/causes.h"
#include "dwell/filter.h"

/* Everything that an answer says, as text: two answers are the same if these are. Ends by NUL; the
 * caller's to free. Without `names` what is left out is told from the catalog. */
char *answer_text(const struct dwell_answer *answer);

/* Line by line: of megabytes that differ Criterion would wait for ever. */
void expect_same_text(const char *got, const char *want);

/* A generated history as a file of ours in memory, in generations of so many rows. With to_ns not 0
 * a cut of [from_ns, to_ns). */
void write_history(struct memory_output *file, const struct gen_options *options, uint32_t rows,
	uint64_t from_ns, uint64_t to_ns);

/* The same, of what a filter lets through; NULL: all. */
void write_part(struct memory_output *file, const struct gen_options *options, uint32_t rows,
	const struct dwell_filter_options *part);

/* Analyze what a source tells, written as a file of ours in generations of so many rows. */
struct dwell_answer *analyze_source_as_file(
	struct dwell_source *source, uint32_t rows, const struct dwell_query *query);

/* The critical path in what a source tells, and in the same as a file. */
struct dwell_path *path_of_source(
	struct dwell_source *source, const struct dwell_path_query *query);
struct dwell_path *path_of_source_as_file(
	struct dwell_source *source, uint32_t rows, const struct dwell_path_query *query);

/* In shares, number of steps and facts. */
void expect_same_path(const struct dwell_path *got, const struct dwell_path *want);

/* Analyze a file in memory. */
struct dwell_answer *analyze_memory(
	const struct memory_output *file, const struct dwell_query *query);

#endif
