#ifndef DWELL_IMPORT_FTRACE_FTRACE_H
#define DWELL_IMPORT_FTRACE_FTRACE_H

#include "dwell/error.h"
#include "dwell/sink.h"
#include "import/ftrace/line.h"
#include "import/intern.h"
#include "import/lines.h"
#include "import/perf/tasks.h"
#include "import/source.h"

enum { FTRACE_ROWS = 1024, FTRACE_DEPTH = 64, FTRACE_CPUS = 1 << 16 };

/* Regions that a thread's marks opened, innermost last. */
struct ftrace_regions {
	uint32_t count;
	uint64_t spans[FTRACE_DEPTH];
};

struct ftrace {
	struct import_source source;
	struct import_lines lines;
	/* Of a look ahead: which events tell wakes and new tasks. */
	bool waking, newborn;
	bool begun; /* the first line of a trace stands in `line` */
	struct ftrace_line line;
	uint64_t zero_ns, last_ns; /* on its clock; of the trace */
	uint32_t tick_ns;

	struct dwell_sink *sink;
	struct perf_tasks tasks;
	struct import_intern labels, counters;
	struct import_map regions; /* slot to struct ftrace_regions * */
	struct import_map async;   /* hash of process, name and cookie to span */
	uint64_t spans;
	uint64_t *cpu_last_ns; /* + 1; 0: the CPU is not defined yet */
	uint64_t *cpu_lost;    /* records, + 1, that the CPU's next line ends the loss of */
	struct dwell_event rows[FTRACE_ROWS];
	size_t row_count;
	uint64_t malformed, ignored, late;
};

/* rows.c */
int ftrace_rows_line(struct ftrace *ftrace, const struct ftrace_line *line);
int ftrace_rows_flush(struct ftrace *ftrace);
int ftrace_put(struct ftrace *ftrace, const struct dwell_event *row);
/* A thread that a line names, alive; slot 0 where it is idle. */
int ftrace_thread(struct ftrace *ftrace, int32_t tid, struct dwell_string comm, uint32_t *slot);

/* marks.c: what a program wrote: B|, E, C|, S|, F| as Android's tools do; else a mark. */
int ftrace_mark(struct ftrace *ftrace, const struct ftrace_line *line, uint32_t slot);
void ftrace_marks_release(struct ftrace *ftrace);

#endif
