#ifndef DWELL_REPORT_COMPARE_H
#define DWELL_REPORT_COMPARE_H

#include "dwell/compare.h"
#include "dwell/report.h"

/* Comparisons and checks as people, editors and servers read them. */

/* What an answer is about. */
struct compared {
	const struct dwell_comparison *comparison; /* of diff */
	const struct dwell_check *check;           /* of check */
	const char *const *base, *const *head;     /* paths; check: head */
	const bool *opens; /* base's, then head's: a trace, which can be opened; a digest cannot */
	size_t base_count, head_count;
	size_t limit; /* rows to show */
	double alpha;
};

/* Room for any of the words below. */
enum { WORDS_SIZE = 512 };

/* "41.2 ms", "3.41 ms/s", "12.3 %"; "–" of NAN. */
void words_value(char out[DWELL_NUMBER_SIZE], double value, unsigned unit, bool ascii);
/* "+25.3 %" of 1.253; "–" of NAN. */
void words_change(char out[DWELL_NUMBER_SIZE], double ratio, bool ascii);
/* "101 µs to 121 µs (+19.8 %)"; of what the base has not, what it is. */
void words_moved(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii);
/* What the row is about: its key, and what it was called before. */
void words_key(char out[WORDS_SIZE], const struct dwell_compare_row *row);
/* Why, in a sentence or more; "" where nothing is known. The row is one of the comparison's. */
void words_cause(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row, bool ascii);
/* What the critical path has more of than before, of a run that took longer: what grew most comes
 * first. Medians of the sides. */
struct path_row {
	const char *part;
	double base_ns, head_ns;
};
enum { PATH_ROWS = 8 };
size_t words_path(struct path_row out[PATH_ROWS], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row);
/* After what is there: which tasks are left over more than before, and where; whose a leak's tasks
 * are; what became of a pool's objects; who tells most of a counter. */
void words_left(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row);
void words_leak(char out[WORDS_SIZE], const struct dwell_compare_row *row);
void words_pool(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii);
void words_counter(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii);
/* Who ran while the tasks of a row were ready: on the mean of their latencies. Those who ran longer
 * than before come first, by how much; who is NULL: nobody, or nobody who is known. */
struct instead_row {
	const char *who;
	double base_ns, head_ns; /* NAN: the base was not looked into */
};
enum { INSTEAD_ROWS = DWELL_INSTEAD + 1 };
size_t words_instead(struct instead_row out[INSTEAD_ROWS], const struct dwell_compare_row *row);
/* "regressed: 3 of 120 rows" and so on, on one line. */
void words_verdict(char out[WORDS_SIZE], const struct compared *compared);
/* How it was told: "252 splits of 5 + 5 runs" */
void words_method(char out[WORDS_SIZE], const struct compared *compared);

/* The same, below those that were told: "the same as queue lock" of what has its cause. */
void words_cause_once(
	char out[WORDS_SIZE], const struct compared *compared, size_t row, bool ascii);
/* What to open to see it: of base and head. */
struct to_open {
	const char *trace; /* NULL: nothing */
	char id[24];
};
/* Is a row to be seen where its subject's id is? */
bool row_is_at_subject(const struct dwell_compare_row *row);
void row_opens(struct to_open out[2], const struct compared *compared,
	const struct dwell_compare_row *row);

/* Have both one cause, being of one subject? */
bool is_same_subject(const struct dwell_compare_row *a, const struct dwell_compare_row *b);
/* Faults that are of a row's subject, itself and after it. */
size_t rows_of_subject(const struct dwell_comparison *comparison, size_t row);
/* Is this row a reason for the verdict? */
bool is_fault(const struct dwell_comparison *comparison, const struct dwell_compare_row *row);
/* Is this row no fault, or of a subject whose cause was told with an earlier row? */
bool is_explained_before(const struct dwell_comparison *comparison, size_t row);
/* What a budget was held against: "queue lock", "all tasks"; where nothing fits, its key, or NULL.
 */
const char *checked_key(const struct dwell_check_row *row);
/* What a budget is called: "lock.hold.p90 of queue*" where the policy does not say. */
void words_budget(char out[WORDS_SIZE], const struct dwell_policy_budget *budget);
/* "pass: all of 4 budgets are kept" */
void words_check(char out[WORDS_SIZE], const struct dwell_check *check);
const char *check_status_name(unsigned status);

/* Does a list of what changed show this row? */
bool is_news(const struct dwell_compare_row *row);

int compare_text(const struct dwell_style *style, const struct compared *compared);
void compare_json(struct dwell_json *json, const struct compared *compared);
void compare_markdown(FILE *file, const struct compared *compared);
void compare_junit(FILE *file, const struct compared *compared);
void compare_github(FILE *file, const struct compared *compared);

int check_text(const struct dwell_style *style, const struct compared *compared);
void check_json(struct dwell_json *json, const struct compared *compared);
void check_markdown(FILE *file, const struct compared *compared);
void check_junit(FILE *file, const struct compared *compared);
void check_github(FILE *file, const struct compared *compared);

#endif
