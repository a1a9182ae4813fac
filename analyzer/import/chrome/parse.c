/* The events of a file, one after the other: an array, or the member traceEvents of an object. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "import/chrome/chrome.h"

enum { PIECE = 1 << 18 };

/* Bytes of the file as they are needed. */
struct feed {
	struct chrome *chrome;
	uint64_t offset; /* of what is read next */
	size_t from, to;
	char *at;     /* PIECE bytes */
	bool between; /* two events of an array */
};

static int fill(struct feed *feed)
{
	struct dwell_bytes *bytes = feed->chrome->source.bytes;
	size_t got = 0;
	const int err = bytes->ops->read(bytes, feed->offset, feed->at, PIECE, &got);

	feed->offset += got;
	feed->from = 0;
	feed->to = got;
	return err || got ? err : DWELL_END;
}

static uint64_t place(const struct feed *feed)
{
	return feed->offset - (feed->to - feed->from);
}

/* The next character that is not white space, not taken. DWELL_END */
static int peek(struct feed *feed, char *out)
{
	for (;;) {
		while (feed->from < feed->to && isspace((unsigned char)feed->at[feed->from]))
			feed->from++;
		if (feed->from < feed->to) {
			*out = feed->at[feed->from];
			return DWELL_OK;
		}
		const int err = fill(feed);

		if (err)
			return err;
	}
}

static int refuse(struct feed *feed, const char *what)
{
	return dwell_diag_set(
		&feed->chrome->source.diag, DWELL_EFORMAT, place(feed), 0, "%s", what);
}

/* One value; the parser takes no more than that. *out is to be put. */
static int take_value(struct feed *feed, struct json_tokener *parser, struct json_object **out)
{
	uint64_t used = 0;

	json_tokener_reset(parser);
	*out = NULL;
	for (;;) {
		const size_t size = feed->to - feed->from;

		if (size) {
			*out = json_tokener_parse_ex(parser, feed->at + feed->from, (int)size);
			feed->from += json_tokener_get_parse_end(parser);
			used += size;
		}
		const enum json_tokener_error said = json_tokener_get_error(parser);

		if (size && said == json_tokener_success)
			return DWELL_OK;
		if (size && said != json_tokener_continue)
			return refuse(feed, json_tokener_error_desc(said));
		if (used > CHROME_MAX_VALUE)
			return dwell_diag_set(&feed->chrome->source.diag, DWELL_ELIMIT, place(feed),
				0, "a single value of more than 16 MiB");
		const int err = fill(feed);

		if (err)
			return err;
	}
}

static int take_events(struct feed *feed, struct json_tokener *parser)
{
	struct json_object *event;
	char c;
	int err;

	feed->from++; /* [ */
	for (;;) {
		feed->between = true;
		err = peek(feed, &c);
		if (err)
			return err;
		feed->between = false;
		if (c == ',' || c == ']') {
			feed->from++;
			if (c == ']')
				return DWELL_OK;
			continue;
		}
		err = take_value(feed, parser, &event);
		if (err)
			return err;
		err = chrome_event(feed->chrome, event);
		json_object_put(event);
		if (err)
			return err;
	}
}

/* A member's name and its colon. */
static int take_key(struct feed *feed, struct json_tokener *parser, struct json_object **key)
{
	char c;
	int err = take_value(feed, parser, key);

	if (!err && !json_object_is_type(*key, json_type_string))
		err = refuse(feed, "a member without a name");
	if (!err)
		err = peek(feed, &c);
	if (!err && c != ':')
		err = refuse(feed, "no colon behind a name");
	if (!err)
		feed->from++;
	return err;
}

/* Of an object only its events matter. */
static int take_member(struct feed *feed, struct json_tokener *parser)
{
	struct json_object *key = NULL, *value = NULL;
	int err = take_key(feed, parser, &key);
	char c;

	if (!err)
		err = peek(feed, &c);
	if (!err && c == '[' && !strcmp(json_object_get_string(key), "traceEvents"))
		err = take_events(feed, parser);
	else if (!err)
		err = take_value(feed, parser, &value);
	json_object_put(value);
	json_object_put(key);
	return err;
}

/* Of an array that is all there is, the end may be missing: the format allows it. */
static int take_file(struct feed *feed, struct json_tokener *parser)
{
	char c;
	int err = peek(feed, &c);

	if (!err && c == '[') {
		err = take_events(feed, parser);
		return err == DWELL_END && feed->between ? DWELL_OK : err;
	}
	if (!err && c != '{')
		return refuse(feed, "neither an array of events nor an object");
	feed->from++;
	while (!err) {
		err = peek(feed, &c);
		if (err || c == '}')
			break;
		if (c == ',')
			feed->from++;
		else
			err = take_member(feed, parser);
	}
	return err;
}

int chrome_parse(struct chrome *chrome)
{
	struct json_tokener *parser = json_tokener_new_ex(32);
	struct feed feed = { .chrome = chrome, .at = malloc(PIECE) };
	int err = parser && feed.at ? take_file(&feed, parser) : DWELL_ENOMEM;

	/* Writers that are killed do not close their array: what is there is whole. */
	if (err == DWELL_END) {
		chrome->cut = true;
		err = DWELL_OK;
	}
	if (parser)
		json_tokener_free(parser);
	free(feed.at);
	return err;
}

static bool has_word(const char *at, size_t size, const char *word)
{
	const size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++)
		if (!memcmp(at + i, word, length))
			return true;
	return false;
}

bool chrome_recognizes(const void *data, size_t size)
{
	const char *at = data;

	while (size && isspace((unsigned char)*at)) {
		at++;
		size--;
	}
	if (!size || (*at != '{' && *at != '['))
		return false;
	return *at == '{' ? has_word(at, size, "\"traceEvents\"") : has_word(at, size, "\"ph\"");
}
