/* The event format files of the recording machine, as perf keeps them in its tracing data. */
#include "import/perf/formats.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

struct wanted {
	const char *name;
	const char *fields[PERF_FIELD_COUNT];
};

#define COMMON [PERF_FIELD_FLAGS] = "common_flags", [PERF_FIELD_TID] = "common_pid"
#define WHOM                                                                                       \
	{                                                                                          \
		COMMON, [PERF_FIELD_COMM] = "comm", [PERF_FIELD_PID] = "pid",                      \
			[PERF_FIELD_PRIO] = "prio"                                                 \
	}

static const struct wanted wanted[PERF_EVENT_OF_COUNT] = {
	[PERF_EVENT_SWITCH] = { "sched_switch",
		{ COMMON, [PERF_FIELD_COMM] = "prev_comm", [PERF_FIELD_PID] = "prev_pid",
			[PERF_FIELD_PRIO] = "prev_prio", [PERF_FIELD_STATE] = "prev_state",
			[PERF_FIELD_COMM2] = "next_comm", [PERF_FIELD_PID2] = "next_pid",
			[PERF_FIELD_PRIO2] = "next_prio" } },
	[PERF_EVENT_WAKING] = { "sched_waking", WHOM },
	[PERF_EVENT_WAKEUP] = { "sched_wakeup", WHOM },
	[PERF_EVENT_WAKEUP_NEW] = { "sched_wakeup_new", WHOM },
	[PERF_EVENT_FORK] = { "sched_process_fork",
		{ COMMON, [PERF_FIELD_COMM] = "parent_comm", [PERF_FIELD_PID] = "parent_pid",
			[PERF_FIELD_COMM2] = "child_comm", [PERF_FIELD_PID2] = "child_pid" } },
	[PERF_EVENT_EXIT] = { "sched_process_exit", WHOM },
	[PERF_EVENT_RENAME] = { "task_rename",
		{ COMMON, [PERF_FIELD_PID] = "pid", [PERF_FIELD_COMM] = "newcomm" } },
	[PERF_EVENT_PRINT] = { "print", { COMMON, [PERF_FIELD_TEXT] = "buf" } },
};

/* A piece of text, as in the wire but not ended by NUL. */
struct text {
	const char *at;
	size_t left;
};

static bool starts(const struct text *text, const char *with)
{
	const size_t size = strlen(with);

	return text->left >= size && !memcmp(text->at, with, size);
}

static struct text take_line(struct text *text)
{
	const char *end = text->left ? memchr(text->at, '\n', text->left) : NULL;
	const struct text line = { text->at, end ? (size_t)(end - text->at) : text->left };
	const size_t taken = line.left + (end ? 1 : 0);

	text->at += taken;
	text->left -= taken;
	return line;
}

/* The text after a word, wherever that stands in it. */
static bool after(const struct text *text, const char *word, struct text *out)
{
	const size_t size = strlen(word);

	for (size_t i = 0; i + size <= text->left; i++) {
		if (memcmp(text->at + i, word, size))
			continue;
		*out = (struct text){ text->at + i + size, text->left - i - size };
		return true;
	}
	return false;
}

/* A number in C's notation, at most 2^32 - 1; false where there is none. */
static bool take_number(struct text *text, uint64_t *out)
{
	char digits[16];
	size_t n = text->left < sizeof(digits) - 1 ? text->left : sizeof(digits) - 1;
	char *end;

	memcpy(digits, text->at, n);
	digits[n] = '\0';
	if (*digits < '0' || *digits > '9')
		return false;

	const unsigned long long value = strtoull(digits, &end, 0);
	if (value > UINT32_MAX)
		return false;
	*out = value;
	text->at += end - digits;
	text->left -= (size_t)(end - digits);
	return true;
}

static bool number_after(const struct text *line, const char *word, uint64_t *out)
{
	struct text rest;

	return after(line, word, &rest) && take_number(&rest, out);
}

/* The name in "field:char prev_comm[16];": the word before the bracket or semicolon. */
static struct text field_name(const struct text *line)
{
	size_t end = 0, start;

	while (end < line->left && line->at[end] != ';' && line->at[end] != '[')
		end++;
	for (start = end; start && line->at[start - 1] != ' ';)
		start--;
	return (struct text){ line->at + start, end - start };
}

static bool has_size(enum perf_field field, uint64_t size)
{
	switch (field) {
	case PERF_FIELD_COMM:
	case PERF_FIELD_COMM2:
		return size == 16; /* else a string elsewhere */
	case PERF_FIELD_FLAGS:
		return size == 1;
	case PERF_FIELD_STATE:
		return size == 8 || size == 4;
	case PERF_FIELD_TEXT:
		return true;
	default:
		return size == 4;
	}
}

static void read_field(struct perf_format *format, const struct text *line)
{
	const struct text name = field_name(line);
	uint64_t offset, size;

	if (!number_after(line, "offset:", &offset) || !number_after(line, "size:", &size) ||
		offset > 4096 || size > 4096)
		return;
	for (unsigned i = 0; i < PERF_FIELD_COUNT; i++) {
		const char *field = wanted[format->event].fields[i];

		if (!field || strlen(field) != name.left || memcmp(field, name.at, name.left) ||
			!has_size(i, size))
			continue;
		format->offset[i] = (uint16_t)offset;
		format->wide_state = format->wide_state || (i == PERF_FIELD_STATE && size == 8);
		if (offset + size > format->size)
			format->size = (uint16_t)(offset + size);
	}
}

/* In "{ 0x0001, \"S\" }, { 0x0010, \"X\" }": what each bit of prev_state is called. */
static void read_states(struct perf_format *format, struct text line)
{
	struct text pair;
	uint64_t bits;

	while (after(&line, "{ ", &pair)) {
		line = pair;
		if (!take_number(&pair, &bits) || !starts(&pair, ", \"") || pair.left < 4)
			continue;
		if (strchr("XxZ", pair.at[3]))
			format->exited |= bits;
		else if (pair.at[3] == 'T')
			format->stopped |= bits;
		format->blocked |= bits;
	}
}

static uint8_t event_named(const struct text *name)
{
	for (uint8_t i = 1; i < PERF_EVENT_OF_COUNT; i++)
		if (wanted[i].name && strlen(wanted[i].name) == name->left &&
			!memcmp(wanted[i].name, name->at, name->left))
			return i;
	return PERF_EVENT_OTHER;
}

static bool complete(const struct perf_format *format)
{
	const bool second = format->event == PERF_EVENT_SWITCH || format->event == PERF_EVENT_FORK;

	if (format->event == PERF_EVENT_PRINT)
		return perf_has(format, PERF_FIELD_TEXT);
	return perf_has(format, PERF_FIELD_PID) && (!second || perf_has(format, PERF_FIELD_PID2)) &&
	       (format->event != PERF_EVENT_SWITCH || perf_has(format, PERF_FIELD_STATE));
}

/* False: not an event that is understood. */
static bool read_format(struct perf_format *format, struct text text)
{
	uint64_t id = UINT64_MAX;

	*format = (struct perf_format){ .event = PERF_EVENT_OTHER };
	memset(format->offset, 0xff, sizeof(format->offset));
	while (text.left) {
		struct text line = take_line(&text);

		if (starts(&line, "name: ")) {
			line = (struct text){ line.at + 6, line.left - 6 };
			format->event = event_named(&line);
			if (!format->event)
				return false;
		} else if (starts(&line, "ID: ")) {
			number_after(&line, "ID: ", &id);
		} else if (starts(&line, "\tfield:")) {
			read_field(format, &line);
		} else if (starts(&line, "print fmt:")) {
			read_states(format, line);
		}
	}
	if (!format->blocked) { /* the states as Linux 4.14 and later number them */
		format->blocked = 0xff;
		format->exited = 0x30;
		format->stopped = 0x04;
	}
	format->id = (uint32_t)id;
	return id <= UINT32_MAX && complete(format);
}

static int keep(struct perf_formats *formats, const struct perf_format *format)
{
	struct perf_format *grown;

	if (perf_formats_find(formats, format->id))
		return DWELL_OK;
	grown = realloc(formats->all, (formats->count + 1) * sizeof(*grown));
	if (!grown)
		return DWELL_ENOMEM;
	grown[formats->count++] = *format;
	formats->all = grown;
	return DWELL_OK;
}

int perf_formats_add(struct perf_formats *formats, const void *at, size_t size)
{
	struct perf_format format;

	return read_format(&format, (struct text){ at, size }) ? keep(formats, &format) : DWELL_OK;
}

/* A length of 8 bytes, and so many bytes. */
static int take_file(struct perf_wire *in, struct perf_wire *out)
{
	uint64_t size;

	return perf_u64(in, &size) && perf_take(in, size, out) ? DWELL_OK : DWELL_ETRUNCATED;
}

static int read_system(struct perf_formats *formats, struct perf_wire *in, bool wanted_system)
{
	uint32_t count;

	if (!perf_u32(in, &count))
		return DWELL_ETRUNCATED;
	for (uint32_t i = 0; i < count; i++) {
		struct perf_wire file = { .at = NULL };
		int err = take_file(in, &file);

		if (!err && wanted_system)
			err = perf_formats_add(formats, file.at, file.left);
		if (err)
			return err;
	}
	return DWELL_OK;
}

static int skip_start(struct perf_wire *in)
{
	static const uint8_t magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };
	struct perf_wire part;
	const char *text;
	size_t size;

	if (!perf_take(in, sizeof(magic), &part))
		return DWELL_ETRUNCATED;
	if (memcmp(part.at, magic, sizeof(magic)))
		return DWELL_EFORMAT;
	/* Version; byte order, width of a long, size of a page. */
	if (!perf_text(in, &text, &size) || !perf_take(in, 6, &part))
		return DWELL_ETRUNCATED;
	in->big = part.at[0] == 1;
	for (int i = 0; i < 2; i++) /* "header_page", "header_event" */
		if (!perf_text(in, &text, &size) || take_file(in, &part))
			return DWELL_ETRUNCATED;
	return DWELL_OK;
}

int perf_formats_read(struct perf_formats *formats, struct perf_wire in)
{
	uint32_t systems;
	int err = skip_start(&in);

	if (!err) /* ftrace's own events */
		err = read_system(formats, &in, false);
	if (err)
		return err;
	if (!perf_u32(&in, &systems))
		return DWELL_ETRUNCATED;
	for (uint32_t i = 0; i < systems && !err; i++) {
		const char *name;
		size_t size;

		if (!perf_text(&in, &name, &size))
			return DWELL_ETRUNCATED;
		err = read_system(formats, &in, !strcmp(name, "sched"));
	}
	return err;
}

void perf_formats_release(struct perf_formats *formats)
{
	free(formats->all);
	*formats = (struct perf_formats){ .all = NULL };
}

const struct perf_format *perf_formats_find(const struct perf_formats *formats, uint64_t id)
{
	for (size_t i = 0; i < formats->count; i++)
		if (formats->all[i].id == id)
			return &formats->all[i];
	return NULL;
}
