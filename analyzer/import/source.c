#include "import/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct import_source *self_of(struct dwell_source *source)
{
	return (struct import_source *)source;
}

static size_t parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static int start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	(void)options;
	return self_of(source)->ops->start(self_of(source), sink);
}

static int drive_part(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	(void)options;
	(void)part;
	return self_of(source)->ops->rows(self_of(source), sink);
}

static int finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_trace_end end = { .end_ns = 0 };
	const int err = self_of(source)->ops->finish(self_of(source), sink, &end);

	(void)options;
	return err || !sink->ops->end ? err : sink->ops->end(sink, &end);
}

static const struct dwell_diag *diag_of(struct dwell_source *source)
{
	return &self_of(source)->diag;
}

static void close_source(struct dwell_source *source)
{
	struct import_source *self = self_of(source);

	self->ops->release(self);
	if (self->bytes)
		self->bytes->ops->close(self->bytes);
	free(self);
}

int import_source_open(struct dwell_import *out, const struct import_source_ops *ops, size_t size,
	struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct dwell_source_ops base = {
		.foreign = true,
		.parts = parts,
		.start = start,
		.drive_part = drive_part,
		.finish = finish,
		.diag = diag_of,
		.close = close_source,
	};
	struct import_source *self = calloc(1, size);

	if (!self) {
		if (bytes)
			bytes->ops->close(bytes);
		return dwell_diag_set(diag, DWELL_ENOMEM, UINT64_MAX, 0, "out of memory");
	}
	*self = (struct import_source){
		.base = { .ops = &base },
		.ops = ops,
		.bytes = bytes,
		.diag = { .offset = UINT64_MAX },
	};

	const int err = ops->open ? ops->open(self) : DWELL_OK;
	if (!err) {
		out->source = &self->base;
		return DWELL_OK;
	}
	if (diag)
		*diag = self->diag;
	close_source(&self->base);
	return err;
}

int import_tell_begin(struct dwell_sink *sink, const struct dwell_trace_info *info, uint64_t zero)
{
	const struct dwell_clock_pair clock = { .clock = info->source, .value = zero };
	int err = sink->ops->begin ? sink->ops->begin(sink, info) : DWELL_OK;

	if (!err && zero && sink->ops->clock)
		err = sink->ops->clock(sink, &clock);
	return err;
}

int import_tell_note(struct dwell_sink *sink, const char *key, const char *value)
{
	const struct dwell_note note = { { key, strlen(key) }, { value, strlen(value) } };

	return sink->ops->note ? sink->ops->note(sink, &note) : DWELL_OK;
}

int import_tell_count(struct dwell_sink *sink, const char *key, uint64_t count)
{
	char value[24];

	if (!count)
		return DWELL_OK;
	snprintf(value, sizeof(value), "%" PRIu64, count);
	return import_tell_note(sink, key, value);
}
