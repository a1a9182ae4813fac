#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/tracepoints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken for a description names each field within reach, of a size that can be read. */
static void check(const struct dwell_tracepoint_format *format)
{
	if (format->id == 0)
		__builtin_trap();
	for (int i = 0; i < DWELL_TRACEPOINT_FIELDS; i++) {
		const struct dwell_tracepoint_field *field = &format->fields[i];

		if (field->offset >= 1 << 16 || (field->size != 0 && field->size != 1 &&
							field->size != 4 && field->size != 8))
			__builtin_trap();
	}
}

/* A record of exactly that size, so that a byte read behind it is found. */
static void take(const struct dwell_tracepoints *tracepoints, const uint8_t *data, size_t size)
{
	struct dwell_kernel_event event = { .kind = 0 };
	uint8_t *raw = malloc(size ? size : 1);

	if (!raw)
		return;
	if (size)
		memcpy(raw, data, size);
	(void)dwell_tracepoints_take(tracepoints, raw, size, 1, &event);
	free(raw);
}

/* Which tracepoint, its description, NUL, a record. The same description stands for all three. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_tracepoints tracepoints = { .formats = { { .id = 0 } } };
	char text[4096];
	size_t length;

	if (size < 1)
		return 0;
	length = strnlen((const char *)data + 1, size - 1);
	if (length >= sizeof(text))
		return 0;
	memcpy(text, data + 1, length);
	text[length] = '\0';
	for (int i = 0; i < DWELL_TRACEPOINTS; i++)
		if (dwell_tracepoint_parse(
			    text, (enum dwell_tracepoint)i, &tracepoints.formats[i])) {
			check(&tracepoints.formats[i]);
			tracepoints.formats[i].id += i != *data % DWELL_TRACEPOINTS;
		}
	if (1 + length < size)
		take(&tracepoints, data + 2 + length, size - 2 - length);
	return 0;
}
