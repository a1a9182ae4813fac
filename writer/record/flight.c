#include "flight.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dwell/error.h"
#include "dwell/filter.h"
#include "dwell/reader.h"
#include "dwell/symbol.h"

/* Below this, dropping costs more than keeping. */
#define LEAST_BYTES (UINT64_C(1) << 20)

static int open_reader(const struct dwell_file_output *file, struct dwell_reader **out)
{
	struct dwell_bytes *bytes;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	err = dwell_bytes_open_file(&bytes, path);
	return err ? err : dwell_reader_open(out, bytes, NULL);
}

/* So far everything was handed on to the encoder: what is still held back comes after it. */
static uint64_t handed_on(const struct dwell_recording *recording)
{
	const uint64_t slack_ns = 20000; /* the order buffer's, twice */

	return recording->sched.told_ns > slack_ns ? recording->sched.told_ns - slack_ns : 0;
}

/* Where what is kept begins: so long ago, or so many bytes, as generations allow. */
static uint64_t kept_from(const struct dwell_recording *recording, struct dwell_reader *reader)
{
	const uint64_t now_ns = dwell_monotonic_ns() - recording->zero_ns;
	const struct dwell_record_options *options = recording->options;
	const size_t count = dwell_reader_generations(reader);
	uint64_t from_ns = 0;

	if (options->flight_ns != 0) {
		from_ns = now_ns > options->flight_ns ? now_ns - options->flight_ns : 0;
		return from_ns < handed_on(recording) ? from_ns : handed_on(recording);
	}
	for (size_t i = 0; i < count; i++) {
		const struct dwell_generation *part = dwell_reader_generation(reader, i);

		from_ns = part->first_ns;
		if (recording->file->bytes - part->offset <= options->flight_bytes)
			break;
	}
	return from_ns;
}

/* Tell what is kept to a sink, but for the end: that is still to come. */
static int tell_kept(struct dwell_recording *recording, struct dwell_sink *sink)
{
	struct dwell_filter_options options = { 0 };
	struct dwell_filter *filter = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_tick open_ended;
	int err = dwell_encoder_flush(recording->encoder);

	if (!err)
		err = open_reader(recording->file, &reader);
	if (err)
		return err;
	options.from_ns = kept_from(recording, reader);
	dwell_tick_init(&open_ended, sink, 1);
	open_ended.hold_end = true;
	err = dwell_filter_new(&filter, &open_ended.relay.sink, &options);
	if (!err)
		err = dwell_source_drive(
			dwell_reader_source(reader), NULL, dwell_filter_sink(filter));
	dwell_filter_free(filter);
	dwell_reader_close(reader);
	return err;
}

static bool full(const struct dwell_recording *recording)
{
	const struct dwell_record_options *options = recording->options;
	const uint64_t now_ns = dwell_monotonic_ns() - recording->zero_ns;

	if (options->flight_ns != 0)
		return now_ns - recording->trimmed_ns > 2 * options->flight_ns;
	return recording->file->bytes > LEAST_BYTES &&
	       recording->file->bytes > 2 * options->flight_bytes;
}

int dwell_flight_trim(struct dwell_recording *recording)
{
	struct dwell_file_output *other =
		&recording->files[recording->file == &recording->files[0]];
	struct dwell_encoder *encoder = NULL;
	int err;

	if (!full(recording))
		return 0;
	recording->trimmed_ns = dwell_monotonic_ns() - recording->zero_ns;
	err = dwell_file_output_memory(other);
	if (!err)
		err = dwell_encoder_new(&encoder, &other->output, &dwell_flight_encoding);
	if (!err)
		err = tell_kept(recording, dwell_encoder_sink(encoder));
	if (err) {
		dwell_encoder_free(encoder);
		(void)dwell_file_output_close(other);
		return err;
	}
	/* From here on rows go to the new one. */
	recording->outlet.relay.next = dwell_encoder_sink(encoder);
	dwell_encoder_free(recording->encoder);
	(void)dwell_file_output_close(recording->file);
	recording->encoder = encoder;
	recording->file = other;
	return 0;
}

/* All of it: what is kept, symbols, notes, end. */
static int tell_all(struct dwell_recording *recording, struct dwell_sink *out)
{
	const struct dwell_trace_end end = { .end_ns = dwell_monotonic_ns() - recording->zero_ns,
		.closed = true };
	const struct dwell_symbol_options symbols = dwell_recording_symbols(recording);
	struct dwell_sink *sink;
	int err = dwell_symbol_sink_new(&sink, out, &symbols);

	if (err)
		return err;
	err = tell_kept(recording, sink);
	if (!err)
		err = dwell_recording_tell_notes(recording, sink);
	if (!err)
		err = sink->ops->end(sink, &end);
	dwell_symbol_sink_free(sink);
	return err;
}

int dwell_flight_write(struct dwell_recording *recording, const char *path)
{
	struct dwell_file_output file;
	struct dwell_encoder *encoder = NULL;
	int err = dwell_recording_settle(recording);

	if (!err)
		err = dwell_file_output_open(&file, path);
	if (!err)
		err = dwell_encoder_new(&encoder, &file.output, NULL);
	if (!err)
		err = tell_all(recording, dwell_encoder_sink(encoder));
	dwell_encoder_free(encoder);
	if (dwell_file_output_close(&file) != 0 && !err)
		err = DWELL_EIO;
	errno = file.error ? file.error : errno;
	recording->written_bytes = file.bytes;
	return err;
}
