#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"

const char *trace_path(const struct request *request, size_t operand)
{
	return operand < request->operand_count ? request->operands[operand] : "dwell.trace";
}

int input_complain(const char *path, int err, const struct dwell_diag *diag)
{
	const int status = err == DWELL_ENOMEM ? STATUS_REFUSED : STATUS_INPUT;

	if (err == DWELL_EIO)
		return complain(status, path, "%s", strerror(errno));
	if (!diag || !*diag->what)
		return complain(status, path, "%s", dwell_strerror(err));
	if (diag->line)
		return complain(status, path, "line %" PRIu32 ": %s", diag->line, diag->what);
	if (diag->offset != UINT64_MAX)
		return complain(status, path, "at byte %" PRIu64 ": %s", diag->offset, diag->what);
	return complain(status, path, "%s", diag->what);
}

int trace_open(struct trace *trace, const char *path)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	const int err = dwell_import_open(&trace->import, path, &diag);

	trace->path = path;
	return err ? input_complain(path, err, &diag) : STATUS_DONE;
}

void trace_close(struct trace *trace)
{
	dwell_import_close(&trace->import);
}
