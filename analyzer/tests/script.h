#ifndef DWELL_TESTS_SCRIPT_H
#define DWELL_TESTS_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "answers.h"

/* A trace as text, and what is said of it. */
struct script {
	char *text;
	size_t size;
};

enum { US = 1000, MS = 1000000 };

/* No lines, and room for them. */
void script_clear(struct script *script);
/* A line more. */
__attribute__((format(printf, 2, 3))) void say(struct script *script, const char *line, ...);
/* A process of so many threads on two CPUs. */
void begin(struct script *script, unsigned tasks);
/* What the query asks of it: the caller's to free, as is the text. */
struct dwell_answer *ask_script(
	struct script *script, uint64_t end_ns, const struct dwell_query *query);
/* What analyses (bits DWELL_ANALYZE_...) say of it: the caller's to free, as is the text. */
struct dwell_answer *analyze_script(struct script *script, uint64_t end_ns, unsigned analyses);
/* The same of findings. */
struct dwell_answer *judge(struct script *script, uint64_t end_ns);
/* The rule is the first finding, with what it cost (0: whatever); NULL: there is none at all. Frees
 * the text. */
void expect(struct script *script, uint64_t end_ns, const char *rule, uint64_t lost_ns);

#endif
