#include "fuzz/importer.h"

#include <stdlib.h>
#include <string.h>

struct memory {
	struct dwell_bytes base;
	const uint8_t *at;
};

static int memory_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const struct memory *self = (const struct memory *)bytes;

	*got = offset >= bytes->size ? 0 : (size_t)(bytes->size - offset);
	if (*got > size)
		*got = size;
	if (*got)
		memcpy(out, self->at + offset, *got);
	return DWELL_OK;
}

static void memory_close(struct dwell_bytes *bytes)
{
	((struct memory *)bytes)->at = NULL;
}

static uint64_t last_ns;

/* Rows in order is what every sink relies on. */
static int events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	(void)sink;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].time_ns < last_ns)
			abort();
		last_ns = rows[i].time_ns;
	}
	return DWELL_OK;
}

void fuzz_source(struct dwell_source *source)
{
	static const struct dwell_sink_ops sink_ops = { .events = events };
	struct dwell_sink sink = { &sink_ops };

	last_ns = 0;
	(void)dwell_source_drive(source, NULL, &sink);
	dwell_source_close(source);
}

int fuzz_importer(const struct importer *importer, const uint8_t *data, size_t size)
{
	static const struct dwell_bytes_ops bytes_ops = { .read = memory_read,
		.close = memory_close };
	struct memory bytes = { { &bytes_ops, size }, data };
	struct dwell_import import = { .kind = NULL };
	struct dwell_diag diag;

	if (!importer->open(&import, &bytes.base, &diag))
		fuzz_source(import.source);
	return 0;
}
