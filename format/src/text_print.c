/* Fields to text. */
#include "src/text_private.h"

#include <stdlib.h>
#include <string.h>

static void hold(struct text_out *out)
{
	const size_t need = out->held_count + out->count;

	if (!out->count)
		return;
	if (need > out->held_cap) {
		char *held = realloc(out->held, need * 2);

		if (!held) {
			out->failed = true;
			return;
		}
		out->held = held;
		out->held_cap = need * 2;
	}
	memcpy(out->held + out->held_count, out->at, out->count);
	out->held_count = need;
}

void text_flush(struct text_out *out)
{
	if (!out->file)
		hold(out);
	else if (out->count && fwrite(out->at, 1, out->count, out->file) != out->count)
		out->failed = true;
	out->count = 0;
}

void text_put(struct text_out *out, const char *at, size_t size)
{
	while (size) {
		size_t n = sizeof(out->at) - out->count;

		n = size < n ? size : n;
		memcpy(out->at + out->count, at, n);
		out->count += n;
		at += n;
		size -= n;
		if (out->count == sizeof(out->at))
			text_flush(out);
	}
}

void text_put_char(struct text_out *out, char c)
{
	out->at[out->count++] = c;
	if (out->count == sizeof(out->at))
		text_flush(out);
}

static void put_word(struct text_out *out, const char *word)
{
	text_put(out, word, strlen(word));
}

void text_put_number(struct text_out *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_put(out, digits + at, sizeof(digits) - at);
}

static void put_signed(struct text_out *out, int64_t number)
{
	if (number < 0)
		text_put_char(out, '-');
	text_put_number(out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

static void put_hex(struct text_out *out, uint64_t number, unsigned least_digits)
{
	char digits[16];
	size_t at = sizeof(digits);

	while (number || sizeof(digits) - at < least_digits) {
		digits[--at] = "0123456789abcdef"[number % 16];
		number /= 16;
	}
	text_put(out, digits + at, sizeof(digits) - at);
}

/* The length of the printable UTF-8 character at `at`; 0: it is none. */
static size_t printable(const unsigned char *at, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = at[0];
	size_t length;

	if (code < 0x80)
		return code >= 0x20 && code != 0x7f;
	length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
	if (code < 0xc2 || code > 0xf4 || length > size)
		return 0;
	code &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3fu);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* Controls, and marks that turn the direction of what follows on a terminal. */
	if (code < 0xa0 || (code >= 0x200b && code <= 0x200f) ||
		(code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return length;
}

static void put_escaped(struct text_out *out, unsigned char c)
{
	text_put_char(out, '\\');
	switch (c) {
	case '\n':
		text_put_char(out, 'n');
		break;
	case '\t':
		text_put_char(out, 't');
		break;
	case '\r':
		text_put_char(out, 'r');
		break;
	case '"':
	case '\\':
		text_put_char(out, (char)c);
		break;
	default:
		text_put_char(out, 'x');
		put_hex(out, c, 2);
		break;
	}
}

void text_put_string(struct text_out *out, const struct dwell_string *string)
{
	const unsigned char *at = (const unsigned char *)string->at;

	text_put_char(out, '"');
	for (size_t i = 0; i < string->size;) {
		const size_t length = printable(at + i, string->size - i);

		if (!length || at[i] == '"' || at[i] == '\\') {
			put_escaped(out, at[i++]);
		} else {
			text_put(out, string->at + i, length);
			i += length;
		}
	}
	text_put_char(out, '"');
}

static void put_id(struct text_out *out, unsigned table, uint32_t id)
{
	text_put_char(out, text_tables[table].letter);
	text_put_number(out, id);
}

static void put_name(struct text_out *out, const char *name, uint64_t number)
{
	if (name)
		put_word(out, name);
	else
		text_put_number(out, number);
}

static void put_bits(struct text_out *out, const struct text_field *field, uint32_t bits)
{
	bool first = true;

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(bits & bit))
			continue;
		if (!first)
			text_put_char(out, ',');
		put_name(out, field->name(bit), bit);
		first = false;
	}
}

static void put_frames(struct text_out *out, const struct dwell_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		if (i)
			text_put_char(out, ',');
		put_id(out, TEXT_LOCATION, stack->locations[i]);
	}
}

static void put_lines(struct text_out *out, const struct dwell_location *location)
{
	for (size_t i = 0; i < location->line_count; i++) {
		if (i)
			text_put_char(out, ',');
		text_put_string(out, &location->lines[i].function);
		text_put_char(out, ':');
		text_put_string(out, &location->lines[i].file);
		text_put_char(out, ':');
		text_put_number(out, location->lines[i].line);
	}
}

/* A field's bytes as a number, where it is one. */
static uint64_t number_of(const struct text_field *field, const union text_row *row)
{
	const char *at = (const char *)row + field->offset;
	uint64_t wide;
	uint32_t narrow;

	switch (field->type) {
	case TEXT_ID:
	case TEXT_U32:
	case TEXT_BITS32:
	case TEXT_WHAT:
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	case TEXT_U64:
	case TEXT_HEX:
	case TEXT_VALUE:
	case TEXT_I64:
		memcpy(&wide, at, sizeof(wide));
		return wide;
	default:
		return (unsigned char)*at;
	}
}

static bool absent(const struct text_field *field, const union text_row *row)
{
	const struct dwell_string *string = (const void *)((const char *)row + field->offset);

	switch (field->type) {
	case TEXT_STRING:
		return !string->size;
	case TEXT_FRAMES:
		return !row->stack.count;
	case TEXT_LINES:
		return !row->location.line_count;
	case TEXT_I64:
		return number_of(field, row) == UINT64_MAX;
	default:
		return !number_of(field, row);
	}
}

static void put_value(
	struct text_out *out, const struct text_field *field, const union text_row *row)
{
	const struct dwell_event *event = &row->event;
	const uint64_t number =
		field->type < TEXT_STRING || field->type > TEXT_LINES ? number_of(field, row) : 0;

	switch (field->type) {
	case TEXT_ID:
		put_id(out, field->table, (uint32_t)number);
		break;
	case TEXT_I8:
		put_signed(out, (int8_t)number);
		break;
	case TEXT_HEX:
		text_put(out, "0x", 2);
		put_hex(out, number, 1);
		break;
	case TEXT_I64:
		put_signed(out, (int64_t)number);
		break;
	case TEXT_NAME:
		put_name(out, field->name((unsigned)number), number);
		break;
	case TEXT_BITS8:
	case TEXT_BITS32:
		put_bits(out, field, (uint32_t)number);
		break;
	case TEXT_STRING:
		text_put_string(out, (const void *)((const char *)row + field->offset));
		break;
	case TEXT_FRAMES:
		put_frames(out, &row->stack);
		break;
	case TEXT_LINES:
		put_lines(out, &row->location);
		break;
	case TEXT_REASON:
		put_name(out, text_reason_names(event->kind)((unsigned)number), number);
		break;
	case TEXT_WHAT:
		put_id(out, text_what_table(event->kind), (uint32_t)number);
		break;
	case TEXT_VALUE:
		if (text_value_signed(event->kind))
			put_signed(out, (int64_t)number);
		else
			text_put_number(out, number);
		break;
	default:
		text_put_number(out, number);
		break;
	}
}

void text_put_fields(struct text_out *out, const struct text_kind *kind, const union text_row *row)
{
	for (size_t i = 0; i < kind->count; i++) {
		const struct text_field *field = &kind->fields[i];

		if (absent(field, row))
			continue;
		text_put_char(out, ' ');
		put_word(out, field->key);
		if (field->type == TEXT_BOOL)
			continue;
		text_put_char(out, '=');
		put_value(out, field, row);
	}
}
