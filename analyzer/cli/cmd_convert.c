#include "cli/commands.h"
#include "cli/message.h"
#include "cli/output.h"
#include "dwell/symbol.h"
#include "dwell/text.h"

/* What zstd gives for time that nobody waits for. */
enum { REPACK_LEVEL = 19 };

const struct option convert_options[] = {
	{ .name = "repack",
		.type = OPTION_FLAG,
		.target = offsetof(struct convert_request, repack),
		.help = "compress as much as is possible" },
	{ .name = NULL },
};

/*
 * All of a source into a file of ours. Says what is wrong; an exit status. named: what the source
 * did not find names for gets those that this machine's files have.
 */
static int write_source(const char *path, struct dwell_source *source, const char *to,
	const struct dwell_encoder_options *options, bool named)
{
	struct dwell_sink *names = NULL;
	struct dwell_encoder *encoder;
	struct output output;
	int status = output_open(&output, to, path);

	if (status)
		return status;
	if (dwell_encoder_new(&encoder, &output.output, options))
		return output_close(&output, complain(STATUS_REFUSED, path, "out of memory"));
	if (named && dwell_symbol_sink_new(&names, dwell_encoder_sink(encoder), NULL))
		status = complain(STATUS_REFUSED, path, "out of memory");
	else
		status = output_encode(&output, path, source, NULL,
			names ? names : dwell_encoder_sink(encoder), encoder);
	dwell_symbol_sink_free(names);
	dwell_encoder_free(encoder);
	return output_close(&output, status);
}

int cmd_convert(struct request *request)
{
	const struct convert_request *convert = (const struct convert_request *)request;
	const struct dwell_encoder_options options = { .level =
							       convert->repack ? REPACK_LEVEL : 0 };
	struct trace trace;
	int status = trace_open(&trace, trace_path(request, 0));

	if (status)
		return status;
	/* A program that recorded itself had nobody to look for names. */
	status = write_source(trace.path, trace.import.source, request->output, &options,
		trace.import.reader != NULL);
	trace_close(&trace);
	return status;
}

int cmd_assemble(struct request *request)
{
	const char *path = request->operands[0];
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_source *source;
	struct dwell_bytes *bytes;
	int status = input_open(&bytes, path);

	if (status)
		return status;

	const int err = dwell_text_source_open(&source, bytes, &diag);

	if (err)
		return input_complain(path, err, &diag);
	status = write_source(path, source, request->output, NULL, false);
	dwell_source_close(source);
	return status;
}
