/* A trace as tables of SQLite: everything that is known of it, for questions that nobody foresaw.
 */
#include "export/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "export/sqlite_schema.h"

static const char *const inserts[TABLE_COUNT] = {
	[TABLE_META] = "INSERT INTO meta VALUES(?,?)",
	[TABLE_PROCESS] = "INSERT INTO process VALUES(?,?,?,?,?)",
	[TABLE_TASK] = "INSERT INTO task VALUES(?,?,?,?,?,?,?,?,?,?)",
	[TABLE_EXECUTOR] = "INSERT INTO executor VALUES(?,?,?,?)",
	[TABLE_OBJECT] = "INSERT INTO object VALUES(?,?,?,?,?)",
	[TABLE_FRAME] = "INSERT INTO frame VALUES(?,?,?,?,?,?,?)",
	[TABLE_STATE] = "INSERT INTO state VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[TABLE_WAIT] = "INSERT INTO wait VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[TABLE_SPAN] = "INSERT INTO span VALUES(?,?,?,?,?,?,?)",
	[TABLE_MARK] = "INSERT INTO mark VALUES(?,?,?,?)",
	[TABLE_COUNTER] = "INSERT INTO counter VALUES(?,?,?,?,?)",
	[TABLE_COUNTER_VALUE] = "INSERT INTO counter_value VALUES(?,?,?,?,?)",
	[TABLE_LOSS] = "INSERT INTO loss VALUES(?,?,?,?,?,?)",
};

static struct sqlite *sqlite_of(struct export *export)
{
	return export->own;
}

int sqlite_failed(struct export *export)
{
	sqlite3 *db = sqlite_of(export)->db;

	if (!db || sqlite3_errcode(db) == SQLITE_NOMEM)
		return DWELL_ENOMEM;
	return dwell_diag_set(
		&export->failed, DWELL_EIO, UINT64_MAX, 0, "SQLite: %s", sqlite3_errmsg(db));
}

/* What is made is the whole file or nothing: no journal is needed to go back to. */
static const char setup[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
			    "PRAGMA locking_mode = EXCLUSIVE; BEGIN;" TABLES_SQL;

static int sqlite_begin(struct export *export)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

	if (!sqlite)
		return DWELL_ENOMEM;
	export->own = sqlite;
	if (sqlite3_open(export->target.path, &sqlite->db) != SQLITE_OK ||
		sqlite3_exec(sqlite->db, setup, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(export);
	for (int i = 0; i < TABLE_COUNT; i++)
		if (sqlite3_prepare_v2(sqlite->db, inserts[i], -1, &sqlite->inserts[i], NULL))
			return sqlite_failed(export);
	return DWELL_OK;
}

struct sqlite_row sqlite_row(struct export *export, enum sqlite_table table)
{
	return (struct sqlite_row){ export, sqlite_of(export)->inserts[table], 0 };
}

void sqlite_signed(struct sqlite_row *row, int64_t number)
{
	sqlite3_bind_int64(row->insert, ++row->column, number);
}

void sqlite_number(struct sqlite_row *row, uint64_t number)
{
	sqlite_signed(row, (int64_t)number);
}

void sqlite_null(struct sqlite_row *row)
{
	sqlite3_bind_null(row->insert, ++row->column);
}

void sqlite_id(struct sqlite_row *row, uint64_t id)
{
	if (id)
		sqlite_number(row, id);
	else
		sqlite_null(row);
}

void sqlite_word(struct sqlite_row *row, const char *word)
{
	sqlite3_bind_text(row->insert, ++row->column, word, -1, SQLITE_STATIC);
}

void sqlite_text(struct sqlite_row *row, struct dwell_string text)
{
	if (text.size)
		sqlite3_bind_text(
			row->insert, ++row->column, text.at, (int)text.size, SQLITE_TRANSIENT);
	else
		sqlite_null(row);
}

int sqlite_put(struct sqlite_row *row)
{
	const int done = sqlite3_step(row->insert);

	sqlite3_reset(row->insert);
	return done == SQLITE_DONE ? DWELL_OK : sqlite_failed(row->export);
}

static const char *word_of(const char *(*name)(unsigned), unsigned number)
{
	return number ? name(number) : NULL;
}

static int sqlite_interval(struct export *export, const struct dwell_interval *interval)
{
	struct sqlite_row row = sqlite_row(export, TABLE_STATE);

	sqlite_number(&row, interval->task);
	sqlite_number(&row, interval->start_ns);
	sqlite_number(&row, interval->end_ns);
	sqlite_word(&row, dwell_state_name(interval->state));
	sqlite_word(&row, word_of(dwell_reason_name, interval->reason));
	sqlite_id(&row, interval->object);
	sqlite_id(&row, interval->stack);
	sqlite_id(&row, interval->executor);
	sqlite_id(&row, interval->waker);
	sqlite_id(&row, interval->waker_stack);
	sqlite_id(&row, interval->holder);
	sqlite_word(&row, word_of(dwell_cause_name, interval->cause));
	sqlite_number(&row, interval->flags & DWELL_INTERVAL_OPEN ? 1 : 0);
	return sqlite_put(&row);
}

static int sqlite_wait(struct export *export, const struct dwell_wait *wait)
{
	static const char *const how[] = { NULL, "read", "inferred" };
	struct sqlite_row row = sqlite_row(export, TABLE_WAIT);

	sqlite_number(&row, wait->task);
	sqlite_number(&row, wait->start_ns);
	sqlite_number(&row, wait->end_ns);
	sqlite_word(&row, word_of(dwell_reason_name, wait->reason));
	sqlite_id(&row, wait->object);
	sqlite_id(&row, wait->stack);
	sqlite_id(&row, wait->holder);
	sqlite_word(&row, wait->holder && wait->holder_how < 3 ? how[wait->holder_how] : NULL);
	sqlite_id(&row, wait->waker);
	sqlite_id(&row, wait->waker_stack);
	sqlite_number(&row, wait->blocked_ns);
	sqlite_number(&row, wait->runnable_ns);
	sqlite_number(&row, wait->running_ns);
	sqlite_number(&row, wait->unknown_ns);
	sqlite_number(&row, wait->flags & DWELL_EVENT_TIMED_OUT ? 1 : 0);
	return sqlite_put(&row);
}

static int put_span(
	struct export *export, const struct export_span *span, uint64_t end_ns, bool open)
{
	struct sqlite_row row = sqlite_row(export, TABLE_SPAN);

	sqlite_number(&row, span->id);
	sqlite_id(&row, span->task);
	sqlite_word(&row, word_of(dwell_span_kind_name, span->kind));
	sqlite_text(&row, dwell_catalog_label(export_catalog(export), span->label));
	sqlite_number(&row, span->start_ns);
	sqlite_number(&row, end_ns);
	sqlite_number(&row, open);
	return sqlite_put(&row);
}

static int put_mark(struct export *export, const struct dwell_event *event)
{
	struct sqlite_row row = sqlite_row(export, TABLE_MARK);

	sqlite_id(&row, event->task);
	sqlite_number(&row, event->time_ns);
	sqlite_text(&row, dwell_catalog_label(export_catalog(export), event->object));
	sqlite_id(&row, event->stack);
	return sqlite_put(&row);
}

static int put_value(struct export *export, const struct dwell_event *event)
{
	struct sqlite_row row = sqlite_row(export, TABLE_COUNTER_VALUE);

	sqlite_number(&row, event->object);
	sqlite_id(&row, event->task);
	sqlite_id(&row, event->executor);
	sqlite_number(&row, event->time_ns);
	sqlite_signed(&row, (int64_t)event->value);
	return sqlite_put(&row);
}

static int put_loss(struct export *export, const struct dwell_event *event)
{
	const bool ahead = event->extra > event->time_ns;
	struct sqlite_row row = sqlite_row(export, TABLE_LOSS);

	sqlite_number(&row, ahead ? event->time_ns : event->extra);
	sqlite_number(&row, ahead ? event->extra : event->time_ns);
	sqlite_word(&row, word_of(dwell_loss_cause_name, event->reason));
	sqlite_id(&row, event->value);
	sqlite_id(&row, event->task);
	sqlite_id(&row, event->executor);
	return sqlite_put(&row);
}

static int sqlite_event(struct export *export, const struct dwell_event *event)
{
	struct export_spans *spans = &sqlite_of(export)->spans;
	struct export_span span;

	switch (event->kind) {
	case DWELL_EVENT_SPAN_BEGIN:
		return export_span_begin(spans, event);
	case DWELL_EVENT_SPAN_END:
		return export_span_end(spans, event, &span)
			       ? put_span(export, &span, event->time_ns, false)
			       : DWELL_OK;
	case DWELL_EVENT_MARK:
		return put_mark(export, event);
	case DWELL_EVENT_COUNTER:
		return put_value(export, event);
	default:
		return put_loss(export, event);
	}
}

static int sqlite_end(struct export *export)
{
	struct sqlite *sqlite = sqlite_of(export);
	int err = DWELL_OK;

	for (size_t i = 0; i < sqlite->spans.count && !err; i++)
		err = put_span(export, &sqlite->spans.open[i], export->model.end_ns, true);
	if (!err)
		err = sqlite_catalog(export);
	if (!err && sqlite3_exec(sqlite->db, VIEWS_SQL "COMMIT;", NULL, NULL, NULL))
		err = sqlite_failed(export);
	return err;
}

static void sqlite_drop(struct export *export)
{
	struct sqlite *sqlite = sqlite_of(export);

	if (!sqlite)
		return;
	for (int i = 0; i < TABLE_COUNT; i++)
		sqlite3_finalize(sqlite->inserts[i]);
	sqlite3_close(sqlite->db);
	export_spans_release(&sqlite->spans);
	free(sqlite);
}

const struct export_ops export_sqlite = {
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END |
		 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_COUNTER | 1u << DWELL_EVENT_LOSS,
	.begin = sqlite_begin,
	.event = sqlite_event,
	.interval = sqlite_interval,
	.wait = sqlite_wait,
	.end = sqlite_end,
	.drop = sqlite_drop,
};
