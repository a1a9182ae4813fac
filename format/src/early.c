#include "src/early.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

enum { PAGE = 64 };

static struct early *of(struct dwell_sink *sink)
{
	return (struct early *)sink;
}

static int grow(struct early *early, size_t page)
{
	const size_t count = (page + 1) * 2;
	uint64_t *bits = realloc(early->bits, count * sizeof(*bits));

	if (bits)
		early->bits = bits;

	uint64_t **created = realloc(early->created, count * sizeof(*created));

	if (created)
		early->created = created;
	if (!bits || !created)
		return DWELL_ENOMEM;
	for (size_t i = early->page_count; i < count; i++) {
		bits[i] = 0;
		created[i] = NULL;
	}
	early->page_count = count;
	return DWELL_OK;
}

/* Told twice, the earlier time is taken. */
static int take(struct early *early, uint32_t task, uint64_t created_ns)
{
	const size_t page = task / PAGE;
	const uint64_t bit = UINT64_C(1) << task % PAGE;
	uint64_t *created = early->created[page];
	const bool known = early->bits[page] & bit;

	early->bits[page] |= bit;
	if (!created && (known || !created_ns))
		return DWELL_OK;
	if (!created)
		created = early->created[page] = calloc(PAGE, sizeof(*created));
	if (!created)
		return DWELL_ENOMEM;
	if (!known || created_ns < created[task % PAGE])
		created[task % PAGE] = created_ns;
	return DWELL_OK;
}

static int put_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct early *early = of(sink);
	int err = DWELL_OK;

	if (!task->id || task->id > DWELL_MAX_TASKS)
		return DWELL_ELIMIT;
	if (task->created_ns >= early->until_ns)
		return DWELL_OK;
	if (task->id / PAGE >= early->page_count)
		err = grow(early, task->id / PAGE);
	if (err)
		return err;
	if (task->id >= early->end)
		early->end = task->id + 1;
	return take(early, task->id, task->created_ns < early->keyframe_ns ? 0 : task->created_ns);
}

static int put_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(of(sink)->states, executor);
}

static uint64_t defined(void *context, uint32_t first, uint64_t created_ns[PAGE])
{
	const struct early *early = context;
	const size_t page = first / PAGE;

	if (page >= early->page_count || !early->bits[page])
		return 0;
	if (early->created[page])
		memcpy(created_ns, early->created[page], PAGE * sizeof(*created_ns));
	else
		memset(created_ns, 0, PAGE * sizeof(*created_ns));
	return early->bits[page];
}

void dwell_early_init(
	struct early *early, struct dwell_states *states, uint64_t keyframe_ns, uint64_t until_ns)
{
	static const struct dwell_sink_ops ops = { .task = put_task, .executor = put_executor };

	*early = (struct early){
		.sink = { &ops },
		.states = states,
		.keyframe_ns = keyframe_ns,
		.until_ns = until_ns,
	};
}

void dwell_early_release(struct early *early)
{
	for (size_t i = 0; i < early->page_count; i++)
		free(early->created[i]);
	free(early->created);
	free(early->bits);
	*early = (struct early){ 0 };
}

int dwell_early_ask(struct early *early)
{
	return dwell_states_ask(early->states, early->end, defined, early);
}
