#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/digests.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/question.h"

static int add_path(struct question *question)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	const int err = dwell_digest_add_path(question->answer->digest,
		question->trace.import.source, &question->query.selection, 1, &diag);

	return err ? input_complain(question->trace.path, err, &diag) : STATUS_DONE;
}

static int write_digest(const struct question *question, const char *path)
{
	struct output output;
	unsigned char *file;
	size_t size;
	int status;

	if (dwell_digest_encode(question->answer->digest, &file, &size))
		return complain(STATUS_REFUSED, "digest", "%s", dwell_strerror(DWELL_ENOMEM));
	status = output_open(&output, path, question->trace.path);
	if (!status) {
		const bool failed = output.output.write(&output.output, file, size) != 0;

		status = output_close(
			&output, failed ? complain(STATUS_REFUSED, path, "%s", strerror(errno))
					: STATUS_DONE);
	}
	free(file);
	return status;
}

int cmd_digest(struct request *request)
{
	struct question question;
	int status = request->output ? question_open(&question, request, digest_analyses)
				     : complain(STATUS_ASKED, "-o", "needed: where to write to");

	if (!request->output)
		return status;
	question.query.worst = DIGEST_WORST;
	question.query.only_worst = true;
	question.query.only_sums = true;
	if (!status)
		status = question_ask(&question);
	if (!status)
		status = add_path(&question);
	if (!status)
		status = write_digest(&question, request->output);
	question_close(&question);
	return status;
}
