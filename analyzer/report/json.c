#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dwell/report.h"

/* Values down to this depth take a line of their own. */
enum { LINES_TO_DEPTH = 2 };

/* Numbers and keys are most of a long answer: without printf they take a third of the time. */
static void put_number(FILE *file, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	fwrite(digits + at, 1, sizeof(digits) - at, file);
}

/* How many bytes stand as they are. */
static size_t plain_length(const char *at, size_t size)
{
	size_t i = 0;

	/* A char is signed on some machines only. */
	const unsigned char *bytes = (const unsigned char *)at;

	while (i < size && bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' &&
		bytes[i] != '\\')
		i++;
	return i;
}

static void put_text(FILE *file, const char *at, size_t size)
{
	putc('"', file);
	for (size_t i = 0; i < size;) {
		const size_t plain = plain_length(at + i, size - i);
		uint32_t c;

		fwrite(at + i, 1, plain, file);
		i += plain;
		if (i == size)
			break;

		const size_t used = dwell_utf8_decode(at + i, size - i, &c);

		if (c == UINT32_MAX)
			fputs("\\ufffd", file);
		else if (c == '"' || c == '\\')
			fprintf(file, "\\%c", (char)c);
		/* Besides what JSON forbids: what a terminal might take for a command. */
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			fprintf(file, "\\u%04" PRIx32, c);
		else
			fwrite(at + i, 1, used, file);
		i += used;
	}
	putc('"', file);
}

static void put_line(const struct dwell_json *json)
{
	putc('\n', json->file);
	for (unsigned i = 0; i < json->depth; i++)
		fputs("  ", json->file);
}

/* Everything that comes before a value: comma, line, key. */
static void before_value(struct dwell_json *json, const char *key)
{
	if (json->depth) {
		bool *empty = &json->empty[json->depth - 1];

		if (!*empty)
			putc(',', json->file);
		if (json->depth <= LINES_TO_DEPTH)
			put_line(json);
		else if (!*empty)
			putc(' ', json->file);
		*empty = false;
	}
	if (key) {
		putc('"', json->file);
		fwrite(key, 1, strlen(key), json->file);
		fwrite("\": ", 1, 3, json->file);
	}
}

static void open_value(struct dwell_json *json, const char *key, char bracket)
{
	before_value(json, key);
	putc(bracket, json->file);
	assert(json->depth < DWELL_JSON_DEPTH);
	json->empty[json->depth++] = true;
}

static void close_value(struct dwell_json *json, char bracket)
{
	json->depth--;
	if (json->depth < LINES_TO_DEPTH && !json->empty[json->depth])
		put_line(json);
	putc(bracket, json->file);
	if (!json->depth)
		putc('\n', json->file);
}

void dwell_json_init(struct dwell_json *json, FILE *file)
{
	*json = (struct dwell_json){ .file = file };
}

void dwell_json_object(struct dwell_json *json, const char *key)
{
	open_value(json, key, '{');
}

void dwell_json_array(struct dwell_json *json, const char *key)
{
	open_value(json, key, '[');
}

void dwell_json_end_object(struct dwell_json *json)
{
	close_value(json, '}');
}

void dwell_json_end_array(struct dwell_json *json)
{
	close_value(json, ']');
}

void dwell_json_double(struct dwell_json *json, const char *key, double number)
{
	if (!isfinite(number)) {
		dwell_json_null(json, key);
		return;
	}
	before_value(json, key);
	fprintf(json->file, "%.6g", number);
}

void dwell_json_number(struct dwell_json *json, const char *key, uint64_t number)
{
	before_value(json, key);
	put_number(json->file, number);
}

void dwell_json_signed(struct dwell_json *json, const char *key, int64_t number)
{
	before_value(json, key);
	fprintf(json->file, "%" PRId64, number);
}

void dwell_json_scaled(struct dwell_json *json, const char *key, int64_t number, int exponent)
{
	dwell_json_signed(json, key, number);
	if (exponent)
		fprintf(json->file, "e%d", exponent);
}

void dwell_json_microseconds(struct dwell_json *json, const char *key, uint64_t ns)
{
	before_value(json, key);
	fprintf(json->file, "%" PRIu64 ".%03" PRIu64, ns / 1000, ns % 1000);
}

void dwell_json_share(struct dwell_json *json, const char *key, uint64_t ppm)
{
	before_value(json, key);
	fprintf(json->file, "%" PRIu64 ".%06" PRIu64, ppm / 1000000, ppm % 1000000);
}

void dwell_json_bool(struct dwell_json *json, const char *key, bool value)
{
	before_value(json, key);
	fputs(value ? "true" : "false", json->file);
}

void dwell_json_null(struct dwell_json *json, const char *key)
{
	before_value(json, key);
	fputs("null", json->file);
}

void dwell_json_bytes(struct dwell_json *json, const char *key, const char *at, size_t size)
{
	before_value(json, key);
	put_text(json->file, at, size);
}

void dwell_json_string(struct dwell_json *json, const char *key, const char *text)
{
	if (text)
		dwell_json_bytes(json, key, text, strlen(text));
	else
		dwell_json_null(json, key);
}
