#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/output.h"
#include "dwell/verify.h"

static const char *const level_names[] = {
	[DWELL_VERIFY_NOTE] = "note",
	[DWELL_VERIFY_LOSS] = "loss",
	[DWELL_VERIFY_DAMAGE] = "damage",
};

/* Findings are told as they come: a file may be wrong in a million places. */
struct verifying {
	struct dwell_style style;
	struct dwell_json json;
	bool to_json;
	uint64_t found[3];
};

static void tell_json(
	struct dwell_json *json, enum dwell_verify_level level, const struct dwell_diag *diag)
{
	dwell_json_object(json, NULL);
	dwell_json_string(json, "level", level_names[level]);
	if (diag->offset == UINT64_MAX)
		dwell_json_null(json, "offset");
	else
		dwell_json_number(json, "offset", diag->offset);
	dwell_json_string(json, "what", diag->what);
	dwell_json_end_object(json);
}

static void tell(void *context, enum dwell_verify_level level, const struct dwell_diag *diag)
{
	struct verifying *verifying = context;
	const struct dwell_style *style = &verifying->style;

	verifying->found[level]++;
	if (verifying->to_json) {
		tell_json(&verifying->json, level, diag);
		return;
	}
	dwell_style_tone(style, level == DWELL_VERIFY_DAMAGE ? DWELL_TONE_BAD : DWELL_TONE_PLAIN);
	printf("%-7s", level_names[level]);
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	if (diag->offset != UINT64_MAX)
		printf(" at byte %" PRIu64 ":", diag->offset);
	putchar(' ');
	dwell_print_escaped(style, diag->what, strlen(diag->what));
	putchar('\n');
}

static void begin_json(struct verifying *verifying, const char *path, uint64_t size)
{
	struct dwell_json *json = &verifying->json;

	dwell_json_init(json, stdout);
	dwell_json_object(json, NULL);
	dwell_json_string(json, "schema", "dwell.verify/1");
	dwell_json_object(json, "trace");
	dwell_json_string(json, "path", path);
	dwell_json_number(json, "bytes", size);
	dwell_json_end_object(json);
	dwell_json_array(json, "findings");
}

static int finish(struct verifying *verifying, const char *path, int err)
{
	const bool damaged = verifying->found[DWELL_VERIFY_DAMAGE];

	if (verifying->to_json) {
		dwell_json_end_array(&verifying->json);
		dwell_json_string(&verifying->json, "verdict", damaged ? "damaged" : "good");
		dwell_json_end_object(&verifying->json);
	}
	if (err && err != DWELL_EFORMAT)
		return input_complain(path, err, NULL);
	if (!verifying->to_json && damaged) {
		next_step(&verifying->style, "what can be read of it: dwell repair -o FILE", path);
	} else if (!verifying->to_json) {
		dwell_print_escaped(&verifying->style, path, strlen(path));
		puts(": no damage");
	}
	return damaged ? STATUS_NO : STATUS_DONE;
}

int cmd_verify(struct request *request)
{
	const char *path = trace_path(request, 0);
	struct verifying verifying = { .style = terminal_style(), .to_json = request->json };
	struct dwell_bytes *bytes;
	const int status = input_open(&bytes, path);

	if (status)
		return status;
	if (verifying.to_json)
		begin_json(&verifying, path, bytes->size);

	const int err = dwell_verify(bytes, tell, &verifying);

	dwell_bytes_close(bytes);
	return finish(&verifying, path, err);
}

int cmd_repair(struct request *request)
{
	const char *path = trace_path(request, 0);
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_bytes *bytes;
	struct output output;
	int status = input_open(&bytes, path);

	if (status)
		return status;
	status = output_open(&output, request->output, path);
	if (!status) {
		const int err = dwell_repair(bytes, &output.output, &diag);

		if (err && ferror(output.file))
			status = complain(STATUS_REFUSED, output.path, "%s", strerror(errno));
		else if (err)
			status = input_complain(path, err, &diag);
		status = output_close(&output, status);
	}
	dwell_bytes_close(bytes);
	return status;
}
