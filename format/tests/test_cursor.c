#include "dwell/error.h"
#include "src/cursor.h"
#include "tests/harness.h"

struct varint_case {
	const char *name;
	uint8_t bytes[11];
	size_t len;
	int err;
	uint64_t value;
};

static const struct varint_case varint_cases[] = {
	{ "zero", { 0x00 }, 1, DWELL_OK, 0 },
	{ "two bytes", { 0x80, 0x01 }, 2, DWELL_OK, 128 },
	{ "largest", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 10, DWELL_OK,
		UINT64_MAX },
	{ "empty", { 0 }, 0, DWELL_ETRUNCATED, 0 },
	{ "cut short", { 0x80 }, 1, DWELL_ETRUNCATED, 0 },
	{ "65 bits", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 }, 10,
		DWELL_EFORMAT, 0 },
	{ "eleven bytes", { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 11,
		DWELL_EFORMAT, 0 },
};

Test(cursor, varint)
{
	for (size_t i = 0; i < sizeof(varint_cases) / sizeof(varint_cases[0]); i++) {
		const struct varint_case *c = &varint_cases[i];
		struct dwell_cursor in = { .at = c->bytes, .left = c->len };
		uint64_t got = 0;

		cr_expect(eq(int, dwell_cursor_varint(&in, &got), c->err), "%s", c->name);
		cr_expect(eq(u64, got, c->value), "%s", c->name);
		if (c->err)
			cr_expect(eq(sz, in.left, c->len), "%s: a failed read moves nothing",
				c->name);
	}
}
