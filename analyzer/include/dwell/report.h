#ifndef DWELL_REPORT_H
#define DWELL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dwell/tables.h"

/*
 * Answers as people and programs read them: numbers with units, tables fitted to a width, JSON
 * and CSV. Nothing here computes an answer, and nothing trusts a name: what comes from a trace
 * is escaped on its way out.
 */

/* How text for people is set. */
struct dwell_style {
	FILE *file;
	unsigned width; /* columns to fit into; 0: no limit */
	bool color;     /* escape sequences may be written */
	bool ascii;     /* nothing beyond ASCII may be written */
};

/* Colours by meaning. */
enum dwell_tone {
	DWELL_TONE_PLAIN,
	DWELL_TONE_TITLE,
	DWELL_TONE_FAINT,
	DWELL_TONE_RUNNING,
	DWELL_TONE_RUNNABLE,
	DWELL_TONE_BLOCKED,
	DWELL_TONE_UNKNOWN,
	DWELL_TONE_BAD,
	DWELL_TONE_COUNT
};

/* Switch to a tone, and back with DWELL_TONE_PLAIN; nothing without colour. */
void dwell_style_tone(const struct dwell_style *style, enum dwell_tone tone);

/* Room for any number below with its unit and the NUL. */
enum { DWELL_NUMBER_SIZE = 32 };

/* "41.2 ms": three digits and a unit. ascii: "us" for microseconds. Returns out. */
const char *dwell_format_duration(char out[DWELL_NUMBER_SIZE], uint64_t ns, bool ascii);

/* "1,234,567". Returns out. */
const char *dwell_format_count(char out[DWELL_NUMBER_SIZE], uint64_t count);

/* "3.42 MB", in powers of 1000. Returns out. */
const char *dwell_format_bytes(char out[DWELL_NUMBER_SIZE], uint64_t bytes);

/* "34.1 %" of a share in millionths. Returns out. */
const char *dwell_format_share(char out[DWELL_NUMBER_SIZE], uint64_t ppm);

/* part of whole in millionths, rounded; 0 where the whole is 0. */
uint64_t dwell_share_ppm(uint64_t part, uint64_t whole);

/*
 * Write a hostile string for people: control characters, invalid UTF-8 and characters that have
 * no place on a line or turn its direction become \n, \x1b or \u202e; with ascii, all beyond ASCII
 * does.
 */
void dwell_print_escaped(const struct dwell_style *style, const char *at, size_t size);

/*
 * The next character of a hostile string as dwell_print_escaped writes it: its bytes in out, how
 * many, and the columns it takes. Returns how many bytes of the string it was. size > 0.
 */
enum { DWELL_ESCAPE_SIZE = 16 };
size_t dwell_escape_next(const char *at, size_t size, bool ascii, char out[DWELL_ESCAPE_SIZE],
	size_t *length, int *width);

/*
 * A table. Columns are said first, then each row's cells in their order. The same rows make the
 * table for people and the CSV; a column may be in one of them only.
 *
 * Without memory the table remembers so, and printing returns it.
 */
enum dwell_table_cell {
	DWELL_CELL_TEXT,
	DWELL_CELL_COUNT,
	DWELL_CELL_DURATION, /* ns */
	DWELL_CELL_BYTES,
	DWELL_CELL_SHARE,   /* millionths, with a bar */
	DWELL_CELL_PERCENT, /* millionths, without one */
	DWELL_CELL_VALUE    /* a count that may be negative: int64_t in a uint64_t */
};

enum dwell_column_flag {
	DWELL_COLUMN_CSV_ONLY = 1 << 0,
	DWELL_COLUMN_TABLE_ONLY = 1 << 1,
	DWELL_COLUMN_OPTIONAL = 1 << 2, /* left out where the width is too small, last first */
	DWELL_COLUMN_WHOLE = 1 << 3     /* a text that is never cut */
};

struct dwell_column_spec {
	const char *title; /* for people */
	const char *key;   /* in the CSV's first row */
	uint8_t cell;      /* enum dwell_table_cell */
	uint8_t tone;      /* enum dwell_tone */
	uint8_t flags;     /* enum dwell_column_flag */
};

struct dwell_table;

/* The specs must outlive the table. NULL when there is no memory. */
struct dwell_table *dwell_table_new(const struct dwell_column_spec *columns, size_t count);
void dwell_table_free(struct dwell_table *table);

/* The next cell, of a column that holds a number. */
void dwell_table_number(struct dwell_table *table, uint64_t number);
/* The next cell, of a text column: a copy of size bytes. */
void dwell_table_bytes(struct dwell_table *table, const char *at, size_t size);
void dwell_table_string(struct dwell_table *table, const char *text);
/* printf's format. */
void dwell_table_text(struct dwell_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The next cell holds nothing: it was not collected, or does not apply. */
void dwell_table_absent(struct dwell_table *table);

size_t dwell_table_rows(const struct dwell_table *table);

/* 0 or DWELL_ENOMEM. */
int dwell_table_print(const struct dwell_table *table, const struct dwell_style *style);

/* RFC 4180. A text that a spreadsheet would take for a formula gets a ' before it. 0 or
 * DWELL_ENOMEM. */
int dwell_table_csv(const struct dwell_table *table, FILE *file);

/* One cell of such a line: quoted where it must be. */
void dwell_csv_text(FILE *file, const char *at, size_t size);

/*
 * JSON, written as it is told: an answer of any length needs no memory. Keys come before values
 * inside an object; key is NULL inside an array. Objects and arrays of the first two levels take a
 * line for each value, so that answers can be read and compared by lines.
 */
enum { DWELL_JSON_DEPTH = 16 }; /* more is a bug of the caller */

struct dwell_json {
	FILE *file;
	unsigned depth;
	bool empty[DWELL_JSON_DEPTH]; /* by depth: nothing told yet */
};

void dwell_json_init(struct dwell_json *json, FILE *file);
void dwell_json_object(struct dwell_json *json, const char *key);
void dwell_json_array(struct dwell_json *json, const char *key);
/* Ends the innermost object or array; of the outermost, the line too. */
void dwell_json_end_object(struct dwell_json *json);
void dwell_json_end_array(struct dwell_json *json);
void dwell_json_number(struct dwell_json *json, const char *key, uint64_t number);
/* Six digits; null where it is not a number. */
void dwell_json_double(struct dwell_json *json, const char *key, double number);
void dwell_json_signed(struct dwell_json *json, const char *key, int64_t number);
/* number * 10^exponent, without a loss. */
void dwell_json_scaled(struct dwell_json *json, const char *key, int64_t number, int exponent);
/* Nanoseconds as microseconds, with three decimals. */
void dwell_json_microseconds(struct dwell_json *json, const char *key, uint64_t ns);
/* A share in millionths, as a number from 0 to 1. */
void dwell_json_share(struct dwell_json *json, const char *key, uint64_t ppm);
void dwell_json_bool(struct dwell_json *json, const char *key, bool value);
void dwell_json_null(struct dwell_json *json, const char *key);
/* text may be NULL: then null. Bytes that are not UTF-8 become U+FFFD. */
void dwell_json_string(struct dwell_json *json, const char *key, const char *text);
void dwell_json_bytes(struct dwell_json *json, const char *key, const char *at, size_t size);

/* Decode one character at *at of size > 0 bytes. Returns its length and the character, or 1 and
 * UINT32_MAX where the bytes are not UTF-8. */
size_t dwell_utf8_decode(const char *at, size_t size, uint32_t *character);

#endif
