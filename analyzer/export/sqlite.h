#ifndef DWELL_EXPORT_SQLITE_H
#define DWELL_EXPORT_SQLITE_H

#include <sqlite3.h>

#include "export/export.h"

enum sqlite_table {
	TABLE_META,
	TABLE_PROCESS,
	TABLE_TASK,
	TABLE_EXECUTOR,
	TABLE_OBJECT,
	TABLE_FRAME,
	TABLE_STATE,
	TABLE_WAIT,
	TABLE_SPAN,
	TABLE_MARK,
	TABLE_COUNTER,
	TABLE_COUNTER_VALUE,
	TABLE_LOSS,
	TABLE_COUNT
};

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *inserts[TABLE_COUNT];
	struct export_spans spans;
};

/* A row in the making: values are bound in the order of the table's columns. */
struct sqlite_row {
	struct export *export;
	sqlite3_stmt *insert;
	int column;
};

struct sqlite_row sqlite_row(struct export *export, enum sqlite_table table);
void sqlite_number(struct sqlite_row *row, uint64_t number);
void sqlite_signed(struct sqlite_row *row, int64_t number);
void sqlite_null(struct sqlite_row *row);
/* 0 is none. */
void sqlite_id(struct sqlite_row *row, uint64_t id);
/* NULL is none. */
void sqlite_word(struct sqlite_row *row, const char *word);
/* A hostile text; empty is none. Kept until the row is put. */
void sqlite_text(struct sqlite_row *row, struct dwell_string text);
/* 0, DWELL_EIO (`failed` of the export says what), DWELL_ENOMEM. */
int sqlite_put(struct sqlite_row *row);

/* What SQLite said last, as an error of ours. */
int sqlite_failed(struct export *export);

/* The catalog's tables. */
int sqlite_catalog(struct export *export);

#endif
