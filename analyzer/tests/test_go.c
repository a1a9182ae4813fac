#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/importer.h"
#include "import/input.h"

/* The totals of every trace as Go's own reader gives them (testdata/README.md). */
static const struct truth {
	const char *name;
	unsigned goroutines;
	uint64_t end_ns, running_ns, runnable_ns, blocked_ns;
} truths[] = {
	{ "convoy-go1.23", 20, 371496449, 37132225, 15469760, 7282360519 },
	{ "checkout-go1.25", 177, 1258171969, 13739009, 10835776, 11857789576 },
	{ "selects-go1.21", 20, 250723042, 1204558, 7502355, 3208517129 },
	{ "rwcond-go1.19", 17, 252946455, 1516862, 29025997, 4120370733 },
	{ "pipes-go1.11", 12, 85469669, 165549079, 4597320, 754937430 },
};

enum { TASKS = 1024 };

/* States straight from the rows, as naively as can be. */
struct sums {
	struct dwell_sink sink;
	uint64_t ns[DWELL_STATE_COUNT], since[TASKS], end_ns, spans, marks;
	uint8_t state[TASKS];
	unsigned tasks;
	bool closed;
};

static void enter(struct sums *sums, uint32_t task, uint8_t state, uint64_t time)
{
	cr_assert(task && task < TASKS);
	sums->ns[sums->state[task]] += time - sums->since[task];
	sums->state[task] = state;
	sums->since[task] = time;
}

static void apply(struct sums *sums, const struct dwell_event *e)
{
	if (e->kind == DWELL_EVENT_SWITCH && e->task)
		enter(sums, e->task, e->state, e->time_ns);
	if (e->kind == DWELL_EVENT_SWITCH && e->peer)
		enter(sums, e->peer, DWELL_RUNNING, e->time_ns);
	if (e->kind == DWELL_EVENT_WAKE || e->kind == DWELL_EVENT_STATE ||
		e->kind == DWELL_EVENT_CREATE)
		enter(sums, e->task, e->state, e->time_ns);
	if (e->kind == DWELL_EVENT_EXIT)
		enter(sums, e->task, DWELL_EXITED, e->time_ns);
	sums->spans += e->kind == DWELL_EVENT_SPAN_BEGIN;
	sums->marks += e->kind == DWELL_EVENT_MARK;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		apply((struct sums *)sink, &events[i]);
	return 0;
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct sums *sums = (struct sums *)sink;

	cr_assert_lt(task->id, TASKS);
	sums->since[task->id] = task->created_ns;
	sums->tasks++;
	return 0;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct sums *sums = (struct sums *)sink;

	for (uint32_t task = 1; task <= sums->tasks; task++)
		if (sums->state[task] != DWELL_EXITED)
			enter(sums, task, DWELL_EXITED, end->end_ns);
	sums->end_ns = end->end_ns;
	sums->closed = end->closed;
	return 0;
}

static const struct dwell_sink_ops ops = { .task = on_task, .events = on_events, .end = on_end };

struct input {
	struct dwell_bytes base;
	const uint8_t *at;
};

static int input_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const struct input *input = (const struct input *)bytes;
	const uint64_t left = offset < bytes->size ? bytes->size - offset : 0;

	*got = size < left ? size : (size_t)left;
	memcpy(out, input->at + offset, *got);
	return 0;
}

static void input_close(struct dwell_bytes *bytes)
{
	free(bytes);
}

static const struct dwell_bytes_ops input_ops = { .read = input_read, .close = input_close };

static struct dwell_bytes *memory(const uint8_t *at, size_t size)
{
	struct input *input = malloc(sizeof(*input));

	*input = (struct input){ .base = { &input_ops, size }, .at = at };
	return &input->base;
}

static size_t load(const char *name, uint8_t *out, size_t size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/import/go/%s.trace", DWELL_TESTDATA, name);
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	const size_t got = fread(out, 1, size, file);
	fclose(file);
	return got;
}

static int read_trace(struct sums *sums, const uint8_t *at, size_t size, struct dwell_diag *diag)
{
	struct dwell_import import = { 0 };
	int err;

	*sums = (struct sums){ .sink = { &ops } };
	if ((err = dwell_import_open_bytes(&import, memory(at, size), diag)))
		return err;
	cr_assert_str_eq(import.kind, "go");
	err = dwell_source_drive(import.source, NULL, &sums->sink);
	*diag = *import.source->ops->diag(import.source);
	dwell_import_close(&import);
	return err;
}

static bool near(uint64_t got, uint64_t want)
{
	/* Equal time stamps have no order: Go's reader orders some of them by chance, 1 ns apart.
	 */
	return got <= want + 20 && want <= got + 20;
}

static uint8_t data[1 << 16];
static struct sums sums;

Test(go, agrees_with_gos_own_reader)
{
	struct dwell_diag diag;

	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		const struct truth *truth = &truths[i];
		const size_t size = load(truth->name, data, sizeof(data));

		cr_expect_eq(read_trace(&sums, data, size, &diag), 0, "%s", truth->name);
		cr_expect(sums.closed, "%s", truth->name);
		cr_expect_eq(sums.tasks, truth->goroutines, "%s", truth->name);
		cr_expect_eq(sums.end_ns, truth->end_ns, "%s", truth->name);
		cr_expect(near(sums.ns[DWELL_RUNNING], truth->running_ns), "%s", truth->name);
		cr_expect(near(sums.ns[DWELL_RUNNABLE], truth->runnable_ns), "%s", truth->name);
		cr_expect(near(sums.ns[DWELL_BLOCKED], truth->blocked_ns), "%s", truth->name);
	}
}

Test(go, can_be_driven_again)
{
	const size_t size = load("convoy-go1.23", data, sizeof(data));
	struct dwell_import import = { 0 };

	cr_assert_eq(dwell_import_open_bytes(&import, memory(data, size), NULL), 0);
	for (int i = 0; i < 2; i++) {
		sums = (struct sums){ .sink = { &ops } };
		cr_assert_eq(dwell_source_drive(import.source, NULL, &sums.sink), 0);
		cr_expect(near(sums.ns[DWELL_BLOCKED], truths[0].blocked_ns));
	}
	dwell_import_close(&import);
}

Test(go, user_tasks_regions_and_logs_are_spans_and_marks)
{
	const size_t size = load("checkout-go1.25", data, sizeof(data));
	struct dwell_diag diag;

	cr_assert_eq(read_trace(&sums, data, size, &diag), 0);
	/* 84 of each task (checkout, notify) and region (validate, validate.card, charge, mail). */
	cr_expect_geq(sums.spans, 84u * 6);
	cr_expect_eq(sums.marks, 168u);
}

/* Lengths of a file: refused with a reason, or read with what is missing shown. */
Test(go, a_cut_trace_is_never_taken_for_whole)
{
	static const char *const names[] = { "convoy-go1.23", "selects-go1.21" };
	struct dwell_diag diag;

	for (size_t i = 0; i < 2; i++) {
		const size_t size = load(names[i], data, sizeof(data));

		for (size_t cut = 16; cut < size; cut += size - cut < 64 ? 1 : 61) {
			diag.what[0] = '\0';
			const int err = read_trace(&sums, data, cut, &diag);

			if (err)
				cr_expect(err < 0 && diag.what[0], "%s cut at %zu: %d", names[i],
					cut, err);
			else
				cr_expect(!sums.closed, "%s cut at %zu", names[i], cut);
		}
	}
}

/* One field after the other of a small trace. */
static const struct defect {
	const char *name, *file;
	size_t offset;
	uint8_t byte;
	int err;
	const char *what;
} defects[] = {
	{ "version of the future", "convoy-go1.23", 5, '9', DWELL_EVERSION, "version" },
	{ "version that never was", "convoy-go1.23", 6, '4', DWELL_EUNSUPPORTED, "version" },
	{ "no batch", "convoy-go1.23", 16, 0xee, DWELL_EFORMAT, "no batch" },
	{ "v1: no event type", "selects-go1.21", 16, 0x3f, DWELL_EFORMAT, "unknown type" },
	{ "v1: batch of three", "selects-go1.21", 16, 0x81, DWELL_EFORMAT, "batch" },
};

Test(go, one_defect_after_the_other)
{
	struct dwell_diag diag;

	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		const struct defect *d = &defects[i];
		const size_t size = load(d->file, data, sizeof(data));

		data[d->offset] = d->byte;
		cr_expect_eq(read_trace(&sums, data, size, &diag), d->err, "%s", d->name);
		cr_expect(strstr(diag.what, d->what) != NULL, "%s: %s", d->name, diag.what);
	}
}
