#include "core/request.h"

#include <stdio.h>
#include <string.h>

const struct request_row request_rows[] = {
#undef REQUEST_GROUP
#define REQUEST_GROUP(title) { title, NULL, NULL, NULL, REQUEST_NONE },
#define REQUEST_ROW(name, word, keys, help) { NULL, word, keys, help, REQUEST_##name },
	REQUESTS(REQUEST_GROUP, REQUEST_ROW)
};

const size_t request_row_count = sizeof(request_rows) / sizeof(request_rows[0]);

static const struct {
	const char *name;
	uint32_t key;
} named[] = {
	{ "Left", KEY_LEFT },
	{ "Right", KEY_RIGHT },
	{ "Up", KEY_UP },
	{ "Down", KEY_DOWN },
	{ "S-Left", KEY_SHIFT_LEFT },
	{ "S-Right", KEY_SHIFT_RIGHT },
	{ "PageUp", KEY_PAGE_UP },
	{ "PageDown", KEY_PAGE_DOWN },
	{ "Home", KEY_HOME },
	{ "End", KEY_END },
	{ "S-Tab", KEY_SHIFT_TAB },
	{ "F1", KEY_F1 },
	{ "Backspace", KEY_BACKSPACE },
	{ "Enter", KEY_ENTER },
	{ "Escape", KEY_ESCAPE },
	{ "Tab", KEY_TAB },
	{ "Space", ' ' },
};

uint32_t key_of_name(const char *name, size_t size)
{
	if (size == 1)
		return (unsigned char)*name;
	if (size == 2 && *name == '^')
		return (uint32_t)name[1] & 0x1f;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strlen(named[i].name) == size && !memcmp(named[i].name, name, size))
			return named[i].key;
	return KEY_NONE;
}

/* Keys to requests, filled from the table once. */
static enum request bound[0x80], special[KEY_F1 - KEY_NONE + 1];

static void bind(const struct request_row *row)
{
	const char *at = row->keys;

	while (at && *at) {
		const size_t size = strcspn(at, " ");
		const uint32_t key = key_of_name(at, size);

		if (key < 0x80)
			bound[key] = row->request;
		else
			special[key - KEY_NONE] = row->request;
		at += size;
		at += *at == ' ';
	}
}

enum request request_of_key(uint32_t key)
{
	if (!bound['q'])
		for (size_t i = 0; i < request_row_count; i++)
			bind(&request_rows[i]);
	if (key == '\n')
		key = KEY_ENTER;
	if (key == 0x08)
		key = KEY_BACKSPACE;
	if (key < 0x80)
		return bound[key];
	return key >= KEY_NONE && key <= KEY_F1 ? special[key - KEY_NONE] : REQUEST_NONE;
}

const char *request_key(enum request request, char out[16])
{
	*out = '\0';
	for (size_t i = 0; i < request_row_count; i++) {
		const struct request_row *row = &request_rows[i];

		if (row->request == request && row->keys)
			snprintf(out, 16, "%.*s", (int)strcspn(row->keys, " "), row->keys);
	}
	return out;
}
