/* dial9's frames made by hand: each field that can be wrong, and a trace of dial9's own writer. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/dial9/wire.h"

struct bytes {
	uint8_t at[4096];
	size_t size;
};

static void put(struct bytes *to, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		to->at[to->size++] = (uint8_t)(value >> 8 * i);
}

static void text(struct bytes *to, size_t width, const char *words)
{
	put(to, strlen(words), width);
	memcpy(to->at + to->size, words, strlen(words));
	to->size += strlen(words);
}

static void begin(struct bytes *to)
{
	memcpy(to->at + to->size, "TRC\0\1", 5);
	to->size += 5;
}

/* A layout with one field. */
static void schema(
	struct bytes *to, uint16_t number, const char *name, const char *field, uint8_t type)
{
	put(to, 1, 1);
	put(to, number, 2);
	text(to, 2, name);
	put(to, 1, 1);
	put(to, 1, 2);
	text(to, 2, field);
	put(to, type, 1);
}

static void event(struct bytes *to, uint16_t number, uint32_t delta)
{
	put(to, 2, 1);
	put(to, number, 2);
	put(to, delta, 3);
}

static int next(struct bytes *bytes, struct dial9_event *out, size_t skip, char what[64])
{
	struct dial9_wire wire;
	int err = dial9_wire_init(&wire, bytes->at, bytes->size);

	do
		err = err ? err : dial9_wire_next(&wire, out);
	while (!err && skip--);
	snprintf(what, 64, "%s", wire.what ? wire.what : "");
	dial9_wire_release(&wire);
	return err;
}

Test(dial9, times_add_up_and_reset)
{
	struct bytes bytes = { .size = 0 };
	struct dial9_event out;
	char what[64];

	begin(&bytes);
	schema(&bytes, 7, "PollEndEvent", "worker_id", 9);
	put(&bytes, 5, 1);
	put(&bytes, 1000000, 8);
	event(&bytes, 7, 5);
	put(&bytes, 3, 1);
	event(&bytes, 7, 6);
	put(&bytes, 0x81, 1);
	put(&bytes, 1, 1);
	cr_assert_eq(next(&bytes, &out, 0, what), 0);
	cr_expect_eq(out.time_ns, 1000005);
	cr_expect_eq(out.values[DIAL9_WORKER], 3);
	cr_assert_eq(next(&bytes, &out, 1, what), 0);
	cr_expect_eq(out.time_ns, 1000011);
	cr_expect_eq(out.values[DIAL9_WORKER], 129);
	cr_expect_eq(next(&bytes, &out, 2, what), DWELL_END);
}

Test(dial9, a_value_of_every_type_is_passed)
{
	for (uint8_t type = 1; type <= 15; type++) {
		struct bytes bytes = { .size = 0 };
		struct dial9_event out;
		char what[64];
		static const uint8_t fixed[] = { [1] = 8,
			[2] = 8,
			[3] = 1,
			[6] = 4,
			[7] = 4,
			[11] = 1,
			[12] = 2,
			[13] = 4,
			[15] = 0 };

		begin(&bytes);
		schema(&bytes, 1, "x", "task_id", type);
		schema(&bytes, 2, "TaskTerminateEvent", "task_id", 0x80 | 9);
		event(&bytes, 1, 1);
		if (fixed[type])
			put(&bytes, 1, fixed[type]);
		else if (type == 9)
			put(&bytes, 5, 1);
		else if (type == 4 || type == 5)
			text(&bytes, 4, "abc");
		else if (type == 8) {
			put(&bytes, 2, 4);
			put(&bytes, 0, 8);
			put(&bytes, 0, 8);
		} else if (type == 10) {
			put(&bytes, 1, 4);
			text(&bytes, 4, "key");
			text(&bytes, 4, "value");
		} else {
			put(&bytes, 1, 4); /* a list of a number; a map of a number to a list */
			put(&bytes, 9, 1);
			put(&bytes, 4, 1);
			if (type == 15) {
				put(&bytes, 14, 1);
				put(&bytes, 0, 4);
			}
		}
		event(&bytes, 2, 1);
		put(&bytes, 1, 1); /* it is there */
		put(&bytes, 77, 1);
		event(&bytes, 2, 1);
		put(&bytes, 0, 1); /* it is not */
		cr_assert_eq(next(&bytes, &out, 1, what), 0, "type %d: %s", type, what);
		cr_expect_eq(out.kind, DIAL9_TERMINATE);
		cr_expect_eq(out.values[DIAL9_TASK], 77, "type %d", type);
		cr_assert_eq(next(&bytes, &out, 2, what), 0, "type %d: %s", type, what);
		cr_expect_eq(out.has, 0);
		/* Cut anywhere: an error, and none of what lies behind. */
		for (; bytes.size > 5; bytes.size--)
			cr_expect_neq(next(&bytes, &out, 9, what), 0);
	}
}

Test(dial9, texts_are_pooled_until_the_next_batch)
{
	struct bytes bytes = { .size = 0 };
	struct dial9_event out;
	char what[64];

	begin(&bytes);
	put(&bytes, 3, 1);
	put(&bytes, 1, 4);
	put(&bytes, 9, 4);
	text(&bytes, 4, "here");
	for (int i = 0; i < 2; i++) {
		schema(&bytes, 1, "TaskSpawnEvent", "spawn_loc", 7);
		event(&bytes, 1, 1);
		put(&bytes, 9, 4);
		begin(&bytes);
	}
	cr_assert_eq(next(&bytes, &out, 0, what), 0);
	cr_expect_eq(out.location.size, 4);
	cr_assert_eq(next(&bytes, &out, 1, what), 0);
	cr_expect_eq(out.location.size, 0);
}

/* One for each thing that can be wrong. */
Test(dial9, what_is_refused)
{
	static const struct {
		const char *frames;
		size_t size;
		int err;
		const char *what;
	} cases[] = {
		{ "\x07", 1, DWELL_EFORMAT, "a frame of an unknown kind" },
		{ "TRX\0\1", 5, DWELL_EFORMAT, "a frame of an unknown kind" },
		{ "TRC\0\2", 5, DWELL_EVERSION, "a version other than 1" },
		{ "TRC", 3, DWELL_ETRUNCATED, "it ends within a frame" },
		{ "\2\5\0", 3, DWELL_EFORMAT, "an event of no known layout" },
		{ "\1\5\0\0\0\1\1\0\0\0\x10", 11, DWELL_EFORMAT, "a field of an unknown type" },
		{ "\1\5\0\0\0\1\1\0\0\0\0", 11, DWELL_EFORMAT, "a field of an unknown type" },
		{ "\1\5\0\xff\xff", 5, DWELL_ETRUNCATED, "it ends within a frame" },
		{ "\1\5\0\0\0\1\1\0\0\0\x09\2\5\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
			27, DWELL_EFORMAT, "a number of more than 64 bits" },
		{ "\1\5\0\0\0\1\1\0\0\0\x0e\2\5\0\0\0\0\1\0\0\0\x10", 22, DWELL_EFORMAT,
			"a value of an unknown type" },
		{ "\3\1\0\0\0\0\0\x40\0\0\0\0\0", 13, DWELL_ELIMIT,
			"a pool of more than 4,194,304 texts" },
		{ "\3\xff\xff\xff\xff", 5, DWELL_ETRUNCATED, "it ends within a frame" },
		{ "\4\1\0\0\0\1\0\0\0\xff\xff\xff\xff", 13, DWELL_ETRUNCATED,
			"it ends within a frame" },
		{ "\5\1\1", 3, DWELL_ETRUNCATED, "it ends within a frame" },
		{ "\6\5\1\0\0\0\1", 7, DWELL_ETRUNCATED, "it ends within a frame" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes bytes = { .size = 0 };
		struct dial9_event out;
		char what[64];

		begin(&bytes);
		memcpy(bytes.at + bytes.size, cases[i].frames, cases[i].size);
		bytes.size += cases[i].size;
		cr_expect_eq(next(&bytes, &out, 0, what), cases[i].err, "case %zu", i);
		cr_expect_str_eq(what, cases[i].what, "case %zu", i);
	}
}

Test(dial9, lists_in_lists_end)
{
	struct bytes bytes = { .size = 0 };
	struct dial9_event out;
	char what[64];

	begin(&bytes);
	schema(&bytes, 1, "x", "y", 14);
	event(&bytes, 1, 0);
	for (int i = 0; i < 100; i++) {
		put(&bytes, 1, 4);
		put(&bytes, 14, 1);
	}
	cr_expect_eq(next(&bytes, &out, 0, what), DWELL_ELIMIT);
}
