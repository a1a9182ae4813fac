#ifndef DWELL_EXPORT_EXPORT_H
#define DWELL_EXPORT_EXPORT_H

#include "dwell/exporter.h"
#include "dwell/names.h"
#include "model/catalog.h"
#include "model/drive.h"

/*
 * An export is a fold over the whole of a source in one piece: rows, intervals and waits in the
 * order in which they are told. Definitions that were told so far are in the catalog; all of them
 * are at the end.
 */
struct export
{
	struct model model; /* first: the fold is made from it */
	const struct export_ops *ops;
	struct dwell_export_target target;
	void *own;                /* of the kind */
	struct dwell_diag failed; /* what is wrong with the target, where the kind knows */
};

/* All but `end` may be NULL. 0 or a negative enum dwell_error. */
struct export_ops {
	uint32_t kinds; /* bits 1 << enum dwell_event_kind that `event` wants */
	int (*begin)(struct export *export);
	int (*event)(struct export *export, const struct dwell_event *event);
	/* Of a selected task, clipped to the window and longer than 0. */
	int (*interval)(struct export *export, const struct dwell_interval *interval);
	/* Selected. */
	int (*wait)(struct export *export, const struct dwell_wait *wait);
	int (*end)(struct export *export);
	/* After begin, whatever happened. */
	void (*drop)(struct export *export);
};

extern const struct export_ops export_perfetto, export_chrome, export_csv, export_sqlite;

static inline const struct dwell_catalog *export_catalog(const struct export *export)
{
	return export->model.catalog;
}

/* Numbers that other tools tell tasks and processes by: the kernel's where there are any, else
 * ones that no kernel gives. */
enum { EXPORT_MADE = 1 << 30 };
uint32_t export_tid(const struct export *export, uint32_t task);
uint32_t export_pid(const struct export *export, uint32_t task);
uint32_t export_process_pid(const struct export *export, uint32_t process);

/* "blocked: mutex", "running": what a stretch is called. */
const char *export_state_text(const struct dwell_interval *interval, char out[64]);

/* A span that goes on. */
struct export_span {
	uint64_t id, start_ns;
	uint32_t task, label;
	uint8_t kind; /* enum dwell_span_kind */
};

struct export_spans {
	struct export_span *open;
	size_t count, cap;
};

/* 0 or DWELL_ENOMEM */
int export_span_begin(struct export_spans *spans, const struct dwell_event *event);
/* False where it was never seen to begin. Of two of one id, the task's own, then the last. */
bool export_span_end(
	struct export_spans *spans, const struct dwell_event *event, struct export_span *out);
void export_spans_release(struct export_spans *spans);

#endif
