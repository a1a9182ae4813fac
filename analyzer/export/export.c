/* Driving a source into an export. */
#include "export/export.h"

#include <stdlib.h>
#include <string.h>

static const struct export_ops *const kinds[DWELL_EXPORT_KIND_COUNT] = {
	[DWELL_EXPORT_PERFETTO] = &export_perfetto,
	[DWELL_EXPORT_CHROME] = &export_chrome,
	[DWELL_EXPORT_CSV] = &export_csv,
	[DWELL_EXPORT_SQLITE] = &export_sqlite,
};

static int fold_make(void **fold, const struct model *model)
{
	*fold = (void *)model; /* the export that it is the first member of */
	return DWELL_OK;
}

static void fold_free(void *fold)
{
	(void)fold;
}

static int fold_event(void *fold, const struct dwell_event *event)
{
	struct export *export = fold;

	if (!(export->ops->kinds >> event->kind & 1))
		return DWELL_OK;
	if (event->task && !wants_task(&export->model, event->task))
		return DWELL_OK;
	return export->ops->event(export, event);
}

static int fold_interval(void *fold, const struct dwell_interval *interval)
{
	struct export *export = fold;
	struct dwell_interval clipped = *interval;

	if (clipped.start_ns < export->model.from_ns)
		clipped.start_ns = export->model.from_ns;
	if (clipped.start_ns >= clipped.end_ns || !wants_task(&export->model, clipped.task))
		return DWELL_OK;
	return export->ops->interval ? export->ops->interval(export, &clipped) : DWELL_OK;
}

static int fold_wait(void *fold, const struct dwell_wait *wait)
{
	struct export *export = fold;

	if (!export->ops->wait || !wants_wait(&export->model, wait))
		return DWELL_OK;
	return export->ops->wait(export, wait);
}

static int fold_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_OK;
}

/* What any of the kinds may want: each leaves out what it does not. */
static const struct fold_ops fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END |
		 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_COUNTER | 1u << DWELL_EVENT_LOSS,
	.make = fold_make,
	.free = fold_free,
	.event = fold_event,
	.interval = fold_interval,
	.wait = fold_wait,
	.merge = fold_merge,
};

static int check(unsigned kind, const struct dwell_query *query, struct dwell_diag *diag)
{
	const struct dwell_selection *s = &query->selection;

	if (kind >= DWELL_EXPORT_KIND_COUNT)
		return dwell_diag_set(diag, DWELL_EINVAL, UINT64_MAX, 0, "no such form");
	if (s->to_ns && s->to_ns <= s->from_ns)
		return dwell_diag_set(
			diag, DWELL_EINVAL, UINT64_MAX, 0, "the window ends before it begins");
	return DWELL_OK;
}

int dwell_export_events(unsigned kind, const struct dwell_export_target *target,
	struct dwell_source *source, const struct dwell_query *query, struct dwell_diag *diag)
{
	int err = check(kind, query, diag);

	if (err)
		return err;

	struct export export = {
		.model = {
			.source = source,
			.selection = query->selection,
			.query = query,
			.threads = 1,
			.progress = query->progress,
			.progress_context = query->progress_context,
			.ops = { &fold },
			.fold_count = 1,
		},
		.ops = kinds[kind],
		.target = *target,
	};

	err = export.ops->begin ? export.ops->begin(&export) : DWELL_OK;
	if (!err)
		err = model_run(&export.model, diag);
	if (!err)
		err = export.ops->end(&export);
	if (!err && target->file && ferror(target->file))
		err = DWELL_EIO;
	if (export.failed.what[0] && diag)
		*diag = export.failed;
	if (export.ops->drop)
		export.ops->drop(&export);
	model_release(&export.model);
	return err;
}

uint32_t export_process_pid(const struct export *export, uint32_t id)
{
	const struct dwell_catalog_process *process =
		dwell_catalog_process(export_catalog(export), id);

	if (process && process->pid >= 0 && process->pid < EXPORT_MADE)
		return (uint32_t)process->pid;
	return EXPORT_MADE | (id & (EXPORT_MADE - 1));
}

uint32_t export_pid(const struct export *export, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(export_catalog(export), id);

	return export_process_pid(export, task ? task->process : 0);
}

uint32_t export_tid(const struct export *export, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(export_catalog(export), id);

	if (task && task->tid >= 0 && task->tid < EXPORT_MADE)
		return (uint32_t)task->tid;
	return EXPORT_MADE | (id & (EXPORT_MADE - 1));
}

const char *export_state_text(const struct dwell_interval *interval, char out[64])
{
	const char *state = dwell_state_name(interval->state);
	const char *reason = dwell_reason_name(interval->reason);

	if (interval->state == DWELL_BLOCKED && interval->reason && reason)
		snprintf(out, 64, "blocked: %s", reason);
	else
		snprintf(out, 64, "%s", state ? state : "unknown");
	return out;
}

int export_span_begin(struct export_spans *spans, const struct dwell_event *event)
{
	if (spans->count == spans->cap) {
		const size_t cap = spans->cap ? spans->cap * 2 : 64;
		struct export_span *open = realloc(spans->open, cap * sizeof(*open));

		if (!open)
			return DWELL_ENOMEM;
		spans->open = open;
		spans->cap = cap;
	}
	spans->open[spans->count++] = (struct export_span){
		.id = event->value,
		.start_ns = event->time_ns,
		.task = event->task,
		.label = event->object,
		.kind = event->reason,
	};
	return DWELL_OK;
}

/* The youngest first: spans nest, so what ends is mostly the last that began. */
bool export_span_end(
	struct export_spans *spans, const struct dwell_event *event, struct export_span *out)
{
	size_t found = SIZE_MAX;

	for (size_t i = spans->count; i--;) {
		if (spans->open[i].id != event->value)
			continue;
		if (found == SIZE_MAX)
			found = i;
		if (spans->open[i].task == event->task) {
			found = i;
			break;
		}
	}
	if (found == SIZE_MAX)
		return false;
	*out = spans->open[found];
	memmove(&spans->open[found], &spans->open[found + 1],
		(spans->count - found - 1) * sizeof(*spans->open));
	spans->count--;
	return true;
}

void export_spans_release(struct export_spans *spans)
{
	free(spans->open);
	*spans = (struct export_spans){ 0 };
}
