#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/trace.h"
#include "dwell/text.h"

int cmd_dump(struct request *request)
{
	struct trace trace;
	struct dwell_sink *text = NULL;
	int status = trace_open(&trace, trace_path(request, 0));

	if (status)
		return status;

	int err = dwell_text_sink_new(&text, stdout);

	if (!err)
		err = dwell_source_drive(trace.import.source, NULL, text);
	if (err && ferror(stdout))
		status = complain(STATUS_REFUSED, "stdout", "%s", strerror(errno));
	else if (err)
		status = input_complain(
			trace.path, err, trace.import.source->ops->diag(trace.import.source));
	dwell_text_sink_free(text);
	trace_close(&trace);
	return status;
}
