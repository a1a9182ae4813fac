#ifndef DWELL_FINDINGS_H
#define DWELL_FINDINGS_H

#include "dwell/keys.h"

/*
 * What is wrong with a program, by rules: each with its evidence, ranked by the time it cost. The
 * definitions and thresholds are in docs/findings.md.
 */
enum dwell_evidence_kind {
	DWELL_EVIDENCE_NS = 1,
	DWELL_EVIDENCE_COUNT,
	DWELL_EVIDENCE_SHARE, /* millionths */
	DWELL_EVIDENCE_TASK,
	DWELL_EVIDENCE_OBJECT,
	DWELL_EVIDENCE_SITE, /* a stack */
	DWELL_EVIDENCE_TEXT
};

struct dwell_evidence {
	const char *name; /* "waited", "held at"; static */
	const char *text; /* of DWELL_EVIDENCE_TEXT; static */
	uint64_t value;   /* a number, or the id of a task, an object or a stack */
	uint8_t kind;     /* enum dwell_evidence_kind */
};

enum dwell_severity {
	DWELL_SEVERITY_LOW = 0,
	DWELL_SEVERITY_MEDIUM,
	DWELL_SEVERITY_HIGH,
	DWELL_SEVERITY_COUNT
};
const char *dwell_severity_name(unsigned severity);

enum { DWELL_FINDING_EVIDENCE = 12, DWELL_FINDING_TASKS = 16, DWELL_FINDING_TITLE = 200 };

struct dwell_finding {
	uint64_t id;
	const char *rule;                    /* static */
	uint64_t lost_ns;                    /* of tasks' time */
	uint64_t at_ns;                      /* where to look */
	uint64_t ranked_ns;                  /* lost_ns; what its cause lost, if that is less */
	uint32_t alike;                      /* others that it tells of, too */
	bool follows;                        /* from another, its cause */
	uint8_t severity;                    /* enum dwell_severity */
	char title[DWELL_FINDING_TITLE];     /* names are the trace's and may be hostile */
	uint32_t tasks[DWELL_FINDING_TASKS]; /* the first ones; who is to blame before who lost */
	size_t task_count;
	struct dwell_evidence evidence[DWELL_FINDING_EVIDENCE];
	size_t evidence_count;
};

/* A rule that could not be judged, as the trace does not hold what it needs. */
struct dwell_unjudged {
	const char *rule, *why; /* static */
};

struct dwell_findings {
	struct dwell_finding *rows; /* most time lost first */
	size_t count;
	struct dwell_unjudged *unjudged;
	size_t unjudged_count;
};

#endif
