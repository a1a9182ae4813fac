#include <stdlib.h>
#include <string.h>

#include "dwell/importer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes everything, keeps nothing; rows must be in order of time, as sink.h says. */
struct order_sink {
	struct dwell_sink sink;
	uint64_t last_ns;
};

static int check_order(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct order_sink *order = (struct order_sink *)sink;

	for (size_t i = 0; i < count; i++) {
		if (events[i].time_ns < order->last_ns)
			__builtin_trap();
		order->last_ns = events[i].time_ns;
	}
	return 0;
}

struct input {
	struct dwell_bytes base;
	const uint8_t *at;
};

static int input_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const uint64_t left = offset < bytes->size ? bytes->size - offset : 0;

	*got = size < left ? size : (size_t)left;
	if (*got)
		memcpy(out, ((const struct input *)bytes)->at + offset, *got);
	return 0;
}

static void input_close(struct dwell_bytes *bytes)
{
	(void)bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dwell_bytes_ops input_ops = { .read = input_read,
		.close = input_close };
	static const struct dwell_sink_ops ops = { .events = check_order };
	struct order_sink order = { .sink = { &ops } };
	struct input input = { .base = { &input_ops, size }, .at = data };
	struct dwell_import import = { 0 };

	if (size < 16 || memcmp(data, "go 1.", 5))
		return 0;
	if (dwell_import_open_bytes(&import, &input.base, NULL))
		return 0;
	dwell_source_drive(import.source, NULL, &order.sink);
	dwell_import_close(&import);
	return 0;
}
