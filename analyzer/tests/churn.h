#ifndef DWELL_TESTS_CHURN_H
#define DWELL_TESTS_CHURN_H

#include "dwell/sink.h"
#include "dwell/states.h"

/* A trace of very many tasks that each live for a moment. */
enum { TASKS = 40000, STEP_NS = 100, SEEN = 20 };

struct churn {
	struct dwell_source source;
	struct dwell_source_ops ops;
};

extern uint64_t churn_scale; /* all times are so many times as long */
extern bool churn_marks;     /* one process was to be recorded, the smallest */

/* `source.ops` is to be set to its `ops`. foreign: as another program's trace. */
struct churn new_churn(bool foreign);

#endif
