#ifndef DWELL_TEXT_PRIVATE_H
#define DWELL_TEXT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dwell/sink.h"
#include "dwell/states.h"

/*
 * The text form is made and read by the same tables: one row for each field of each definition,
 * of a keyframe's states and of events.
 */
enum {
	TEXT_VERSION = 1,
	TEXT_MAX_LINE = 1 << 21 /* a stack of 256 frames, or names of 64 KiB fully escaped */
};

/* What an id stands for. */
enum text_table {
	TEXT_PROCESS,
	TEXT_TASK,
	TEXT_EXECUTOR,
	TEXT_OBJECT,
	TEXT_MAPPING,
	TEXT_LOCATION,
	TEXT_STACK,
	TEXT_LABEL,
	TEXT_COUNTER,
	TEXT_TABLE_COUNT
};

struct text_table_info {
	const char *name;
	char letter;
	uint32_t limit;
};

extern const struct text_table_info text_tables[TEXT_TABLE_COUNT];

enum text_type {
	TEXT_ID,     /* uint32_t: t3 */
	TEXT_U8,     /* uint8_t */
	TEXT_I8,     /* int8_t */
	TEXT_U32,    /* uint32_t */
	TEXT_U64,    /* uint64_t */
	TEXT_HEX,    /* uint64_t, written as 0x... */
	TEXT_I64,    /* int64_t, absent when -1 */
	TEXT_BOOL,   /* a word without a value */
	TEXT_NAME,   /* uint8_t, by name; a number without a name as that */
	TEXT_BITS8,  /* uint8_t: names, or numbers, between commas */
	TEXT_BITS32, /* uint32_t: the same */
	TEXT_STRING, /* struct dwell_string, in quotes */
	TEXT_FRAMES, /* of struct dwell_stack: l1,l2 */
	TEXT_LINES,  /* of struct dwell_location: "function":"file":12,... */
	TEXT_REASON, /* of struct dwell_event: named as its kind says */
	TEXT_WHAT,   /* of struct dwell_event: the object, label or counter */
	TEXT_VALUE   /* of struct dwell_event: signed where its kind says so */
};

struct text_field {
	const char *key;
	const char *(*name)(unsigned); /* TEXT_NAME; of a bit: TEXT_BITS* */
	uint16_t offset;
	uint8_t type;
	uint8_t table; /* TEXT_ID */
};

/* A kind of line. */
struct text_kind {
	const char *word;
	const struct text_field *fields;
	size_t count;
	int table; /* of the id that follows the word; -1: none does */
	size_t id_offset;
};

enum text_line {
	TEXT_LINE_TRACE,
	TEXT_LINE_PROCESS,
	TEXT_LINE_TASK,
	TEXT_LINE_EXECUTOR,
	TEXT_LINE_OBJECT,
	TEXT_LINE_MAPPING,
	TEXT_LINE_LOCATION,
	TEXT_LINE_STACK,
	TEXT_LINE_LABEL,
	TEXT_LINE_COUNTER,
	TEXT_LINE_CLOCK,
	TEXT_LINE_NOTE,
	TEXT_LINE_KEYFRAME,
	TEXT_LINE_STATE,
	TEXT_LINE_END,
	TEXT_LINE_COUNT
};

/* Large enough for what any line holds. */
union text_row {
	struct dwell_trace_info info;
	struct dwell_process process;
	struct dwell_task task;
	struct dwell_executor executor;
	struct dwell_object object;
	struct dwell_mapping mapping;
	struct dwell_location location;
	struct dwell_stack stack;
	struct dwell_label label;
	struct dwell_counter counter;
	struct dwell_clock_pair clock;
	struct dwell_note note;
	struct dwell_task_state state;
	struct dwell_trace_end end;
	struct dwell_event event;
	uint64_t time_ns; /* keyframe */
};

extern const struct text_kind text_kinds[TEXT_LINE_COUNT];
extern const struct text_kind text_event_kind;

/* What `reason` of an event of this kind is named by. */
const char *(*text_reason_names(unsigned kind))(unsigned);
/* What `object` of an event of this kind is. */
enum text_table text_what_table(unsigned kind);
/* Is `value` of an event of this kind signed? */
bool text_value_signed(unsigned kind);

/* Text on its way to a file; without one it is held in memory. */
struct text_out {
	FILE *file;
	char *held;
	size_t held_count, held_cap;
	size_t count;
	bool failed;
	char at[1 << 16];
};

void text_put(struct text_out *out, const char *at, size_t size);
void text_put_char(struct text_out *out, char c);
void text_put_number(struct text_out *out, uint64_t number);
/* In quotes, with escapes for all that is not printable text. */
void text_put_string(struct text_out *out, const struct dwell_string *string);
/* The fields of a row that are not absent, each after a space. */
void text_put_fields(struct text_out *out, const struct text_kind *kind, const union text_row *row);
void text_flush(struct text_out *out);

/* A line being read; never past its end. */
struct text_in {
	const char *at, *end;
	char *spare; /* room for the strings of a line: as long as the line */
	uint32_t *frames;
	struct dwell_line *lines;
	char what[120]; /* what is wrong, once a function has failed */
};

/* Skip spaces; true at the end of the line or at a comment. */
bool text_at_end(struct text_in *in);
/* A word of letters, digits and dashes; its length, 0 if there is none. */
size_t text_word(struct text_in *in, const char **word);
/* These return 0, DWELL_EFORMAT or DWELL_ELIMIT, and fill in->what. */
int text_wrong(struct text_in *in, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int text_number(struct text_in *in, uint64_t *out, bool *negative);
int text_id(struct text_in *in, enum text_table table, uint32_t *out);
int text_fields(struct text_in *in, const struct text_kind *kind, union text_row *row);

#endif
