/* Findings of traces that are written row by row. */
#include "script.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/text.h"

enum { ROOM = 1 << 21 };

void say(struct script *script, const char *line, ...)
{
	va_list args;

	va_start(args, line);
	script->size +=
		(size_t)vsnprintf(script->text + script->size, ROOM - script->size, line, args);
	va_end(args);
	cr_assert(lt(sz, script->size + 2, ROOM));
	script->text[script->size++] = '\n';
}

void script_clear(struct script *script)
{
	script->text = realloc(script->text, ROOM);
	cr_assert(script->text != NULL);
	script->size = 0;
}

/* A process of so many threads on two CPUs. */
void begin(struct script *script, unsigned tasks)
{
	script_clear(script);
	say(script, "dwell-text 1");
	say(script, "trace source=\"dwell\" tick=1 levels=program,scheduler,reasons");
	say(script, "process p1 pid=1 name=\"app\"");
	for (unsigned id = 1; id <= tasks; id++)
		say(script, "task t%u kind=thread process=p1 tid=%u name=\"%s-%u\"", id, id,
			id == 1 ? "main" : "w", id);
	say(script, "executor x1 kind=cpu number=0\nexecutor x2 kind=cpu number=1");
	say(script, "object o1 kind=mutex process=p1 native=0x10 name=\"lock\"");
	say(script, "object o2 kind=cond process=p1 native=0x20 name=\"items\"");
}

struct dwell_answer *ask_script(
	struct script *script, uint64_t end_ns, const struct dwell_query *query)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_source *source = NULL;
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	say(script, "end time=%llu closed", (unsigned long long)end_ns);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, script->text, script->size), 0));
	cr_assert(eq(int, dwell_text_source_open(&source, bytes, &diag), 0), "%s", diag.what);
	cr_assert(eq(int, dwell_analyze(&answer, source, query, &diag), 0), "%u: %s", diag.line,
		diag.what);
	dwell_source_close(source);
	return answer;
}

struct dwell_answer *analyze_script(struct script *script, uint64_t end_ns, unsigned analyses)
{
	const struct dwell_query query = { .analyses = analyses, .worst = 100 };

	return ask_script(script, end_ns, &query);
}

struct dwell_answer *judge(struct script *script, uint64_t end_ns)
{
	return analyze_script(script, end_ns, DWELL_ANALYZE_FINDINGS);
}

/* The rule is the first finding, with what it cost (0: whatever); NULL: there is none at all. */
void expect(struct script *script, uint64_t end_ns, const char *rule, uint64_t lost_ns)
{
	struct dwell_answer *answer = judge(script, end_ns);
	const struct dwell_findings *findings = answer->findings;

	if (!rule) {
		cr_expect(eq(sz, findings->count, 0), "%s",
			findings->count ? findings->rows[0].title : "");
	} else {
		cr_expect(lt(sz, 0, findings->count), "no %s", rule);
		if (findings->count) {
			cr_expect(eq(str, (char *)findings->rows[0].rule, (char *)rule));
			if (lost_ns)
				cr_expect(eq(u64, findings->rows[0].lost_ns, lost_ns));
			cr_expect(ne(u64, findings->rows[0].id, 0));
		}
	}
	dwell_answer_free(answer);
	free(script->text);
	script->text = NULL;
}
