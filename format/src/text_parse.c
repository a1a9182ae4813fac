/* Text to fields. */
#include "src/text_private.h"

#include <stdarg.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

int text_wrong(struct text_in *in, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(in->what, sizeof(in->what), format, args);
	va_end(args);
	return err;
}

bool text_at_end(struct text_in *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\r'))
		in->at++;
	return in->at == in->end || *in->at == '#';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

size_t text_word(struct text_in *in, const char **word)
{
	*word = in->at;
	while (in->at < in->end && is_word(*in->at))
		in->at++;
	return (size_t)(in->at - *word);
}

static bool take(struct text_in *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static int digit(char c, unsigned base)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value < (int)base ? value : -1;
}

int text_number(struct text_in *in, uint64_t *out, bool *negative)
{
	unsigned base = 10;
	uint64_t number = 0;

	*negative = take(in, '-');
	if (in->end - in->at > 2 && in->at[0] == '0' && in->at[1] == 'x') {
		base = 16;
		in->at += 2;
	}
	if (in->at == in->end || digit(*in->at, base) < 0)
		return text_wrong(in, DWELL_EFORMAT, "a number is missing");
	for (int d; in->at < in->end && (d = digit(*in->at, base)) >= 0; in->at++) {
		if (number > (UINT64_MAX - (unsigned)d) / base)
			return text_wrong(in, DWELL_ELIMIT, "the number is too large");
		number = number * base + (unsigned)d;
	}
	if (*negative && number > (uint64_t)INT64_MAX + 1)
		return text_wrong(in, DWELL_ELIMIT, "the number is too small");
	*out = *negative ? -number : number;
	return DWELL_OK;
}

static int number_up_to(struct text_in *in, uint64_t limit, uint64_t *out)
{
	bool negative;
	const int err = text_number(in, out, &negative);

	if (err)
		return err;
	if (negative || *out > limit)
		return text_wrong(in, DWELL_ELIMIT, "the number is not between 0 and %llu",
			(unsigned long long)limit);
	return DWELL_OK;
}

int text_id(struct text_in *in, enum text_table table, uint32_t *out)
{
	const struct text_table_info *info = &text_tables[table];
	uint64_t id;
	int err;

	if (!take(in, info->letter))
		return text_wrong(in, DWELL_EFORMAT, "the id of a %s (%c1) is missing", info->name,
			info->letter);
	err = number_up_to(in, info->limit, &id);
	if (err)
		return err;
	if (!id)
		return text_wrong(in, DWELL_EFORMAT, "ids begin with 1");
	*out = (uint32_t)id;
	return DWELL_OK;
}

static int escape(struct text_in *in, char *out)
{
	static const char from[] = "ntr\"\\", to[] = "\n\t\r\"\\";
	const char *at = in->at < in->end ? memchr(from, *in->at, sizeof(from) - 1) : NULL;

	if (at) {
		*out = to[at - from];
		in->at++;
		return DWELL_OK;
	}
	if (!take(in, 'x') || in->end - in->at < 2 || digit(in->at[0], 16) < 0 ||
		digit(in->at[1], 16) < 0)
		return text_wrong(
			in, DWELL_EFORMAT, "a backslash is followed by none of n t r \" \\ xHH");
	*out = (char)(digit(in->at[0], 16) << 4 | digit(in->at[1], 16));
	in->at += 2;
	return DWELL_OK;
}

/* A string lies in the line itself where it has no escapes, else in the spare room. */
static int string(struct text_in *in, struct dwell_string *out)
{
	char *to = in->spare;
	int err;

	if (!take(in, '"'))
		return text_wrong(in, DWELL_EFORMAT, "a string in quotes is missing");
	for (;;) {
		if (in->at == in->end)
			return text_wrong(in, DWELL_EFORMAT, "the string does not end");
		if (take(in, '"'))
			break;
		*to = *in->at++;
		if (*to == '\\') {
			err = escape(in, to);
			if (err)
				return err;
		}
		to++;
	}
	if (to - in->spare > DWELL_MAX_STRING)
		return text_wrong(
			in, DWELL_ELIMIT, "the string is longer than %d bytes", DWELL_MAX_STRING);
	*out = (struct dwell_string){ in->spare, (size_t)(to - in->spare) };
	in->spare = to;
	return DWELL_OK;
}

static int frames(struct text_in *in, struct dwell_stack *stack)
{
	do {
		if (stack->count == DWELL_MAX_FRAMES)
			return text_wrong(in, DWELL_ELIMIT, "a stack has more than %d frames",
				DWELL_MAX_FRAMES);

		const int err = text_id(in, TEXT_LOCATION, &in->frames[stack->count]);
		if (err)
			return err;
		stack->count++;
	} while (take(in, ','));
	stack->locations = in->frames;
	return DWELL_OK;
}

static int one_line(struct text_in *in, struct dwell_line *line)
{
	uint64_t number;
	int err = string(in, &line->function);

	if (!err && !take(in, ':'))
		return text_wrong(in, DWELL_EFORMAT, "a colon is missing after the function");
	if (!err)
		err = string(in, &line->file);
	if (!err && !take(in, ':'))
		return text_wrong(in, DWELL_EFORMAT, "a colon is missing after the file");
	if (!err)
		err = number_up_to(in, UINT32_MAX, &number);
	if (!err)
		line->line = (uint32_t)number;
	return err;
}

static int lines(struct text_in *in, struct dwell_location *location)
{
	do {
		if (location->line_count == DWELL_MAX_INLINE_LINES)
			return text_wrong(in, DWELL_ELIMIT, "a location has more than %d lines",
				DWELL_MAX_INLINE_LINES);

		const int err = one_line(in, &in->lines[location->line_count]);
		if (err)
			return err;
		location->line_count++;
	} while (take(in, ','));
	location->lines = in->lines;
	return DWELL_OK;
}

static bool same(const char *word, size_t length, const char *name)
{
	return name && strlen(name) == length && memcmp(word, name, length) == 0;
}

/* A name of a small table, or a number. */
static int named(struct text_in *in, const char *(*name)(unsigned), uint64_t *out)
{
	const char *word = in->at;
	size_t length;

	if (in->at < in->end && digit(*in->at, 10) >= 0)
		return number_up_to(in, UINT8_MAX, out);
	length = text_word(in, &word);
	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		if (same(word, length, name(i))) {
			*out = i;
			return DWELL_OK;
		}
	}
	return text_wrong(in, DWELL_EFORMAT, "'%.*s' is none of the names here",
		length < 40 ? (int)length : 40, word);
}

static int one_bit(struct text_in *in, const char *(*name)(unsigned), uint64_t limit, uint64_t *out)
{
	const char *word;
	size_t length;

	if (in->at < in->end && digit(*in->at, 10) >= 0)
		return number_up_to(in, limit, out);
	length = text_word(in, &word);
	for (uint64_t bit = 1; bit <= limit; bit <<= 1) {
		if (same(word, length, name((unsigned)bit))) {
			*out = bit;
			return DWELL_OK;
		}
	}
	return text_wrong(in, DWELL_EFORMAT, "'%.*s' is none of the names here",
		length < 40 ? (int)length : 40, word);
}

static int bits(struct text_in *in, const char *(*name)(unsigned), uint64_t limit, uint64_t *out)
{
	uint64_t one;

	*out = 0;
	do {
		const int err = one_bit(in, name, limit, &one);
		if (err)
			return err;
		*out |= one;
	} while (take(in, ','));
	return DWELL_OK;
}

static int signed_between(struct text_in *in, int64_t low, int64_t high, uint64_t *out)
{
	bool negative;
	const int err = text_number(in, out, &negative);

	if (err)
		return err;
	if (negative ? (int64_t)*out < low : *out > (uint64_t)high)
		return text_wrong(in, DWELL_ELIMIT, "the number is not between %lld and %lld",
			(long long)low, (long long)high);
	return DWELL_OK;
}

/* Values that are one number in the end. */
static int number_value(struct text_in *in, const struct text_field *field,
	const union text_row *row, uint64_t *out)
{
	uint32_t id = 0;
	int err;

	switch (field->type) {
	case TEXT_ID:
	case TEXT_WHAT:
		err = text_id(in,
			field->type == TEXT_ID ? field->table : text_what_table(row->event.kind),
			&id);
		*out = id;
		return err;
	case TEXT_U8:
		return number_up_to(in, UINT8_MAX, out);
	case TEXT_I8:
		return signed_between(in, INT8_MIN, INT8_MAX, out);
	case TEXT_U32:
		return number_up_to(in, UINT32_MAX, out);
	case TEXT_I64:
		return signed_between(in, INT64_MIN, INT64_MAX, out);
	case TEXT_NAME:
		return named(in, field->name, out);
	case TEXT_REASON:
		return named(in, text_reason_names(row->event.kind), out);
	case TEXT_BITS8:
		return bits(in, field->name, UINT8_MAX, out);
	case TEXT_BITS32:
		return bits(in, field->name, UINT32_MAX, out);
	case TEXT_VALUE:
		if (text_value_signed(row->event.kind))
			return signed_between(in, INT64_MIN, INT64_MAX, out);
		return number_up_to(in, UINT64_MAX, out);
	default:
		return number_up_to(in, UINT64_MAX, out);
	}
}

static void store(const struct text_field *field, union text_row *row, uint64_t number)
{
	char *at = (char *)row + field->offset;
	const uint32_t narrow = (uint32_t)number;

	switch (field->type) {
	case TEXT_ID:
	case TEXT_U32:
	case TEXT_BITS32:
	case TEXT_WHAT:
		memcpy(at, &narrow, sizeof(narrow));
		break;
	case TEXT_U64:
	case TEXT_HEX:
	case TEXT_VALUE:
	case TEXT_I64:
		memcpy(at, &number, sizeof(number));
		break;
	default:
		*at = (char)number;
		break;
	}
}

static int value(struct text_in *in, const struct text_field *field, union text_row *row)
{
	uint64_t number = 0;
	int err;

	switch (field->type) {
	case TEXT_STRING:
		return string(in, (void *)((char *)row + field->offset));
	case TEXT_FRAMES:
		return frames(in, &row->stack);
	case TEXT_LINES:
		return lines(in, &row->location);
	default:
		err = number_value(in, field, row, &number);
		if (!err)
			store(field, row, number);
		return err;
	}
}

static const struct text_field *find(
	const struct text_kind *kind, const char *word, size_t length, uint32_t *seen)
{
	for (size_t i = 0; i < kind->count; i++) {
		if (!same(word, length, kind->fields[i].key) || (*seen & 1u << i))
			continue;
		*seen |= 1u << i;
		return &kind->fields[i];
	}
	return NULL;
}

static int one_field(
	struct text_in *in, const struct text_kind *kind, union text_row *row, uint32_t *seen)
{
	const char *word;
	const size_t length = text_word(in, &word);
	const struct text_field *field = find(kind, word, length, seen);
	const int shown = length < 40 ? (int)length : 40;
	int err;

	if (!field)
		return text_wrong(in, DWELL_EFORMAT, "%s: no field '%.*s', or twice", kind->word,
			shown, word);
	if (field->type == TEXT_BOOL) {
		store(field, row, 1);
	} else {
		if (!take(in, '='))
			return text_wrong(in, DWELL_EFORMAT, "%s: = is missing after %s",
				kind->word, field->key);
		err = value(in, field, row);
		if (err)
			return err;
	}
	if (in->at < in->end && *in->at != ' ' && *in->at != '\t' && *in->at != '\r')
		return text_wrong(in, DWELL_EFORMAT, "%s: a space is missing after %s", kind->word,
			field->key);
	return DWELL_OK;
}

int text_fields(struct text_in *in, const struct text_kind *kind, union text_row *row)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < kind->count; i++)
		if (kind->fields[i].type == TEXT_I64)
			store(&kind->fields[i], row, UINT64_MAX);
	while (!text_at_end(in)) {
		const int err = one_field(in, kind, row, &seen);
		if (err)
			return err;
	}
	return DWELL_OK;
}
