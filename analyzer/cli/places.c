/* Places by the ids of answers. */
#include "cli/places.h"

#include <string.h>

#include "cli/message.h"
#include "dwell/analysis.h"
#include "dwell/explain.h"

enum { MANY = 1000 }; /* of the worst latencies: what a finding is of may be far down */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool place_parse(const char *text, uint64_t *id)
{
	size_t count = 0;

	*id = 0;
	for (; hex_digit(text[count]) >= 0; count++)
		*id = *id << 4 | (uint64_t)hex_digit(text[count]);
	return count && count <= 16 && !text[count];
}

static int analyze(struct dwell_answer **out, struct trace *trace, unsigned analyses)
{
	const struct dwell_query query = { .analyses = analyses, .worst = MANY };
	struct dwell_diag diag = { .offset = UINT64_MAX };
	const int err = dwell_analyze(out, trace->import.source, &query, &diag);

	return err ? input_complain(trace->path, err, &diag) : STATUS_DONE;
}

int place_finding(struct dwell_finding *out, bool *found, struct trace *trace, uint64_t id)
{
	struct dwell_answer *answer;
	int status = analyze(&answer, trace, DWELL_ANALYZE_FINDINGS);

	*found = false;
	if (status)
		return status;
	for (size_t i = 0; i < answer->findings->count && !*found; i++) {
		*found = answer->findings->rows[i].id == id;
		*out = answer->findings->rows[i];
	}
	out->evidence_count = 0;
	*out->title = '\0';
	dwell_answer_free(answer);
	return STATUS_DONE;
}

static int find_span(struct place *out, bool *found, struct trace *trace, uint64_t id)
{
	struct dwell_answer *answer;
	int status = analyze(&answer, trace, DWELL_ANALYZE_SPANS);

	if (status)
		return status;
	for (size_t i = 0; i < answer->spans->count && !*found; i++) {
		const struct dwell_span_row *row = &answer->spans->rows[i];

		if ((*found = row->id == id))
			*out = (struct place){ row->longest_at_ns,
				row->longest_at_ns + row->longest_ns };
	}
	dwell_answer_free(answer);
	return STATUS_DONE;
}

static bool is_moment(const struct dwell_study *study, uint64_t id, uint64_t *at_ns)
{
	const struct dwell_study_facts *facts = dwell_study_facts(study);
	uint32_t task;

	return dwell_moment_of_id(
		dwell_study_catalog(study), id, facts->begin_ns, facts->end_ns, &task, at_ns);
}

/* Waits, latencies, moments, rows of blocked and locks. */
static int find_subject(struct place *out, bool *found, struct trace *trace, uint64_t id)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_study *study = NULL;
	struct dwell_subject subject;
	uint64_t at_ns;
	int err = dwell_study_open(&study, trace->import.source, &diag);

	if (!err)
		err = dwell_subject_of_id(&subject, study, id, &diag);
	*found = !err;
	if (!err)
		*out = (struct place){ subject.start_ns, subject.end_ns };
	if (err == DWELL_END && is_moment(study, id, &at_ns)) {
		*found = true; /* of no task */
		*out = (struct place){ at_ns, at_ns };
	}
	dwell_study_close(study);
	return err && err != DWELL_END ? input_complain(trace->path, err, &diag) : STATUS_DONE;
}

int place_find(struct place *out, struct trace *trace, const char *text)
{
	struct dwell_finding finding;
	bool found = false, is_finding = false;
	uint64_t id;
	int status;

	if (*text != '@' || !place_parse(text + 1, &id))
		return complain(STATUS_ASKED, text, "is no id");
	status = find_subject(out, &found, trace, id);
	if (!status && !found)
		status = find_span(out, &found, trace, id);
	if (!status && !found)
		status = place_finding(&finding, &is_finding, trace, id);
	if (!status && is_finding)
		out->start_ns = out->end_ns = finding.at_ns;
	if (!status && !found && !is_finding)
		status = complain(STATUS_ASKED, text, "nothing in this trace has this id");
	return status;
}
