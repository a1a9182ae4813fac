/* Bytes of terminals as keys; whatever comes, they are taken off. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "term/keys.h"

static uint32_t one_key(const char *bytes)
{
	struct key_input in = { .size = strlen(bytes) };
	struct tui_mouse mouse;
	uint32_t key = 0;

	memcpy(in.bytes, bytes, in.size);
	cr_assert_eq(keys_next(&in, true, &key, &mouse), KEY_EVENT_KEY);
	cr_assert_eq(in.size, 0);
	return key;
}

Test(keys, of_terminals)
{
	static const struct {
		const char *bytes;
		uint32_t key;
	} rows[] = {
		{ "a", 'a' },
		{ "\x1b[A", KEY_UP },
		{ "\x1bOA", KEY_UP },
		{ "\x1b[1;2C", KEY_SHIFT_RIGHT },
		{ "\x1b[5~", KEY_PAGE_UP },
		{ "\x1b[6~", KEY_PAGE_DOWN },
		{ "\x1b[H", KEY_HOME },
		{ "\x1b[1~", KEY_HOME },
		{ "\x1b[4~", KEY_END },
		{ "\x1b[Z", KEY_SHIFT_TAB },
		{ "\x1bOP", KEY_F1 },
		{ "\x1b[11~", KEY_F1 },
		{ "\x1b", KEY_ESCAPE },
		{ "\x7f", KEY_BACKSPACE },
		{ "\xc3\xa9", 0xe9 },
		{ "\xf0\x9f\x98\x80", 0x1f600 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(one_key(rows[i].bytes), rows[i].key, "row %zu", i);
}

Test(keys, mouse)
{
	struct key_input in = { .size = 0 };
	struct tui_mouse mouse = { .x = 0 };
	uint32_t key;
	static const struct {
		const char *bytes;
		enum tui_mouse_kind kind;
	} rows[] = {
		{ "\x1b[<0;12;5M", MOUSE_PRESS },
		{ "\x1b[<32;12;5M", MOUSE_DRAG },
		{ "\x1b[<0;12;5m", MOUSE_RELEASE },
		{ "\x1b[<64;12;5M", MOUSE_WHEEL_UP },
		{ "\x1b[<65;12;5M", MOUSE_WHEEL_DOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.size = strlen(rows[i].bytes);
		memcpy(in.bytes, rows[i].bytes, in.size);
		cr_assert_eq(keys_next(&in, false, &key, &mouse), KEY_EVENT_MOUSE);
		cr_assert_eq(mouse.kind, rows[i].kind);
		cr_assert_eq(mouse.x, 11);
		cr_assert_eq(mouse.y, 4);
		cr_assert_eq(in.size, 0);
	}
}

Test(keys, a_sequence_in_parts)
{
	struct key_input in = { .size = 0 };
	struct tui_mouse mouse;
	uint32_t key = 0;
	const char *bytes = "\x1b[1;2D";

	for (size_t i = 0; i + 1 < strlen(bytes); i++) {
		in.bytes[in.size++] = (unsigned char)bytes[i];
		cr_assert_eq(keys_next(&in, false, &key, &mouse), KEY_EVENT_PART);
	}
	in.bytes[in.size++] = 'D';
	cr_assert_eq(keys_next(&in, false, &key, &mouse), KEY_EVENT_KEY);
	cr_assert_eq(key, KEY_SHIFT_LEFT);
}

/* What the terminal says of its background: in pieces, with digits as it likes; then a key. */
Test(keys, background)
{
	static const struct {
		const char *bytes;
		enum key_event event;
	} rows[] = {
		{ "\x1b]11;rgb:ffff/ffff/ffff\x1b\\q", KEY_EVENT_LIGHT },
		{ "\x1b]11;rgb:ee/ee/dd\aq", KEY_EVENT_LIGHT },
		{ "\x1b]11;rgb:0000/0000/0000\x1b\\q", KEY_EVENT_NONE },
		{ "\x1b]11;rgb:1e1e/1e1e/2e2e\aq", KEY_EVENT_NONE },
		{ "\x1b]11;?\aq", KEY_EVENT_NONE },
		{ "\x1b]10;rgb:ffff/ffff/ffff\aq", KEY_EVENT_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct key_input in = { .size = 0 };
		struct tui_mouse mouse;
		uint32_t key = 0;
		const size_t size = strlen(rows[i].bytes) - 1;

		for (size_t k = 0; k < size; k++) {
			in.bytes[in.size++] = (unsigned char)rows[i].bytes[k];
			/* An escape may be all; what begins as an answer waits for its end. */
			cr_assert_eq(keys_next(&in, k > 3, &key, &mouse),
				k + 1 < size ? KEY_EVENT_PART : rows[i].event, "row %zu byte %zu",
				i, k);
		}
		in.bytes[in.size++] = 'q';
		cr_assert_eq(keys_next(&in, false, &key, &mouse), KEY_EVENT_KEY);
		cr_assert_eq(key, 'q');
	}
}

/* One that does not end is dropped before it takes all keys. */
Test(keys, an_answer_without_end)
{
	struct key_input in = { .bytes = "\x1b]1", .size = 3 };
	struct tui_mouse mouse;
	enum key_event event = KEY_EVENT_PART;
	uint32_t key = 0;

	for (size_t i = 0; i < 64 && event == KEY_EVENT_PART; i++) {
		event = keys_next(&in, true, &key, &mouse);
		if (event == KEY_EVENT_PART)
			in.bytes[in.size++] = 'j';
	}
	cr_assert_eq(event, KEY_EVENT_NONE);
	cr_assert_eq(in.size, 0);
}

Test(keys, noise)
{
	struct key_input in = { .size = 0 };
	struct tui_mouse mouse;
	uint32_t key;

	srand(7);
	for (unsigned round = 0; round < 20000; round++) {
		const size_t more = 1 + (size_t)rand() % 40;
		size_t before;

		for (size_t i = 0; i < more && in.size < sizeof(in.bytes); i++)
			in.bytes[in.size++] = (unsigned char)(rand() % 3 ? rand() : 0x1b);
		do {
			before = in.size;
			if (keys_next(&in, round % 2, &key, &mouse) == KEY_EVENT_PART)
				break;
			cr_assert_lt(in.size, before);
		} while (in.size);
		if (in.size == sizeof(in.bytes))
			keys_next(&in, true, &key, &mouse);
	}
}
