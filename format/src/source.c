#include "dwell/sink.h"

int dwell_source_drive(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	static const struct dwell_source_options everything;

	if (!options)
		options = &everything;

	int err = source->ops->start(source, options, sink);
	const size_t parts = err ? 0 : source->ops->parts(source, options);

	for (size_t part = 0; part < parts && !err; part++)
		err = source->ops->drive_part(source, options, part, sink);
	return err ? err : source->ops->finish(source, options, sink);
}

void dwell_source_close(struct dwell_source *source)
{
	if (source)
		source->ops->close(source);
}
