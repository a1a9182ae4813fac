/* One line for each stretch of a task's life. */
#include <inttypes.h>
#include <string.h>

#include "dwell/report.h"
#include "export/export.h"

static void put_text(FILE *file, const char *text)
{
	putc(',', file);
	dwell_csv_text(file, text, strlen(text));
}

static void put_number(FILE *file, uint64_t number)
{
	fprintf(file, ",%" PRIu64, number);
}

static int csv_begin(struct export *export)
{
	fputs("task,tid,name,process,class,state,start_ns,end_ns,duration_ns,reason,object,site,"
	      "executor,waker,holder,cause,open\r\n",
		export->target.file);
	return DWELL_OK;
}

static void put_task(struct export *export, uint32_t id)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const struct dwell_catalog_process *process =
		task ? dwell_catalog_process(catalog, task->process) : NULL;
	char text[DWELL_NAME_SIZE];
	FILE *file = export->target.file;

	fprintf(file, "%" PRIu32 ",", id);
	if (task && task->tid >= 0)
		fprintf(file, "%" PRId64, task->tid);
	putc(',', file);
	if (task)
		dwell_csv_text(file, task->name.at, task->name.size);
	putc(',', file);
	if (process)
		dwell_csv_text(file, process->name.at, process->name.size);
	put_text(file, dwell_name_class(text, catalog, id));
}

/* Who is 0 is not known, and no name. */
static void put_person(struct export *export, uint32_t task)
{
	char text[DWELL_NAME_SIZE];

	put_text(export->target.file, dwell_name_task(text, export_catalog(export), task));
}

static int csv_interval(struct export *export, const struct dwell_interval *interval)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	const char *reason = interval->reason ? dwell_reason_name(interval->reason) : NULL;
	const char *cause = interval->cause ? dwell_cause_name(interval->cause) : NULL;
	const char *state = dwell_state_name(interval->state);
	char text[DWELL_NAME_SIZE];
	FILE *file = export->target.file;

	put_task(export, interval->task);
	put_text(file, state ? state : "unknown");
	put_number(file, interval->start_ns);
	put_number(file, interval->end_ns);
	put_number(file, interval->end_ns - interval->start_ns);
	put_text(file, reason ? reason : "");
	put_text(file, dwell_name_object(text, catalog, interval->object));
	put_text(file, dwell_name_site(text, catalog, interval->stack));
	put_text(file, dwell_name_executor(text, catalog, interval->executor));
	put_person(export, interval->waker);
	put_person(export, interval->holder);
	put_text(file, cause ? cause : "");
	put_number(file, interval->flags & DWELL_INTERVAL_OPEN ? 1 : 0);
	fputs("\r\n", file);
	return ferror(file) ? DWELL_EIO : DWELL_OK;
}

static int csv_end(struct export *export)
{
	return fflush(export->target.file) ? DWELL_EIO : DWELL_OK;
}

const struct export_ops export_csv = {
	.begin = csv_begin,
	.interval = csv_interval,
	.end = csv_end,
};
