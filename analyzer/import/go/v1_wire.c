#include "import/go/v1.h"

enum { MAX_ARGUMENT_BYTES = 2048, MAX_LOG = 1000000, MAX_V1_FRAMES = 1000 };

const struct go_v1_shape go_v1_shapes[GO1_TYPES] = {
	[GO1_GOMAXPROCS] = { 1, true },
	[GO1_PROC_START] = { 1, false },
	[GO1_GC_START] = { 1, true },
	[GO1_STW_START] = { 1, false },
	[GO1_SWEEP_START] = { 0, true },
	[GO1_SWEEP_DONE] = { 2, false },
	[GO1_CREATE] = { 2, true },
	[GO1_START] = { 2, false },
	[GO1_STOP] = { 0, true },
	[GO1_SCHED] = { 0, true },
	[GO1_PREEMPT] = { 0, true },
	[GO1_SLEEP] = { 0, true },
	[GO1_BLOCK] = { 0, true },
	[GO1_UNBLOCK] = { 2, true },
	[GO1_BLOCK_SEND] = { 0, true },
	[GO1_BLOCK_RECV] = { 0, true },
	[GO1_BLOCK_SELECT] = { 0, true },
	[GO1_BLOCK_SYNC] = { 0, true },
	[GO1_BLOCK_COND] = { 0, true },
	[GO1_BLOCK_NET] = { 0, true },
	[GO1_SYSCALL] = { 0, true },
	[GO1_SYSCALL_EXIT] = { 3, false },
	[GO1_WAITING] = { 1, false },
	[GO1_IN_SYSCALL] = { 1, false },
	[GO1_HEAP_ALLOC] = { 1, false },
	[GO1_HEAP_GOAL] = { 1, false },
	[GO1_START_LOCAL] = { 1, false },
	[GO1_UNBLOCK_LOCAL] = { 1, true },
	[GO1_SYSCALL_EXIT_LOCAL] = { 2, false },
	[GO1_START_LABEL] = { 3, false },
	[GO1_BLOCK_GC] = { 0, true },
	[GO1_ASSIST_START] = { 0, true },
	[GO1_TASK_CREATE] = { 3, true },
	[GO1_TASK_END] = { 1, true },
	[GO1_REGION] = { 3, true },
	[GO1_LOG] = { 2, true },
	[GO1_CPU_SAMPLE] = { 3, true },
};

static int damaged(struct go_reader *reader, const uint8_t *at, const char *what)
{
	return dwell_diag_set(&reader->source.diag, DWELL_EFORMAT, (uint64_t)(at - reader->base), 0,
		"Go trace: %s", what);
}

static int add_text(struct go_reader *reader, struct go_cursor *in)
{
	const uint8_t *from = in->at;
	uint64_t id, size;

	if (!go_varint(in, &id) || !go_varint(in, &size) || !id || !size || size > MAX_LOG ||
		size > (size_t)(in->end - in->at))
		return damaged(reader, from, "bad entry in the string table");
	if (go_map_get(&reader->text_by_id, id) != GO_NOBODY)
		return damaged(reader, from, "a string defined twice");
	if (!GO_RESERVE(&reader->texts) ||
		!go_map_put(&reader->text_by_id, id, (uint32_t)reader->texts.count))
		return DWELL_ENOMEM;
	/* Names longer than a newer trace may have are cut. */
	reader->texts.at[reader->texts.count++] = (struct go_text){
		.at = (const char *)in->at,
		.size = (uint32_t)(size < GO_MAX_TEXT ? size : GO_MAX_TEXT),
	};
	in->at += size;
	return 0;
}

static bool skip_text(struct go_cursor *in)
{
	uint64_t size;

	if (!go_varint(in, &size) || size > MAX_LOG || size > (size_t)(in->end - in->at))
		return false;
	in->at += size;
	return true;
}

/* Arguments with their length in bytes before them. */
static int long_arguments(struct go_reader *reader, struct go_cursor *in, struct go_v1_raw *out)
{
	const uint8_t *from = in->at;
	uint64_t bytes;

	if (!go_varint(in, &bytes) || bytes > (size_t)(in->end - in->at) ||
		(bytes > MAX_ARGUMENT_BYTES && out->type != GO1_STACK))
		return damaged(reader, from, "an event longer than the trace");

	struct go_cursor args = { in->at, in->at + bytes };
	in->at += bytes;
	while (args.at < args.end) {
		uint64_t value;

		if (out->type == GO1_STACK && out->count == 2)
			break;
		if (!go_varint(&args, &value))
			return damaged(reader, from, "an argument cut short");
		if (out->count < 8)
			out->args[out->count] = value;
		out->count++;
	}
	out->rest = args;
	if (out->type != GO1_LOG)
		return 0;
	out->text = (uint64_t)(in->at - reader->base);
	return skip_text(in) ? 0 : damaged(reader, from, "a log cut short");
}

static int short_arguments(
	struct go_reader *reader, struct go_cursor *in, unsigned count, struct go_v1_raw *out)
{
	out->rest = (struct go_cursor){ in->at, in->at };
	for (; out->count < count; out->count++)
		if (!go_varint(in, &out->args[out->count]))
			return damaged(reader, in->at, "an argument cut short");
	return 0;
}

int go_v1_next(struct go_reader *reader, struct go_cursor *in, struct go_v1_raw *out)
{
	const uint8_t *from = in->at;

	if (in->at == in->end)
		return DWELL_END;

	const uint8_t byte = *in->at++;
	/* Two bits count the arguments without the time, 3 stands for "length first". */
	const unsigned count = (unsigned)(byte >> 6) + 1;
	*out = (struct go_v1_raw){ .type = byte & 0x3f };
	/* The flag that makes wakes futile was set by nobody any more since Go 1.11. */
	if (!out->type || out->type >= GO1_TYPES || out->type == GO1_FUTILE_WAKEUP ||
		(out->type == GO1_CPU_SAMPLE && reader->version < 19))
		return damaged(reader, from, "an event of unknown type");
	if (out->type == GO1_STRING)
		return add_text(reader, in);
	if (out->type == GO1_BATCH && count != 2)
		return damaged(reader, from, "bad start of a batch");
	return count <= 3 ? short_arguments(reader, in, count, out)
			  : long_arguments(reader, in, out);
}

static int add_stack(struct go_reader *reader, const struct go_v1_raw *raw)
{
	struct go_cursor in = raw->rest;
	uint64_t skip;

	if (raw->count < 2 || raw->args[1] > MAX_V1_FRAMES)
		return damaged(reader, raw->rest.at, "bad stack");
	for (uint64_t i = 0; i < raw->args[1] * 4; i++)
		if (!go_varint(&in, &skip))
			return damaged(reader, raw->rest.at, "a stack cut short");
	if (!raw->args[0] || !raw->args[1])
		return 0;
	if (!GO_RESERVE(&reader->stacks) ||
		!go_map_put(&reader->stack_by_id, (uint32_t)raw->args[0],
			(uint32_t)reader->stacks.count))
		return DWELL_ENOMEM;
	reader->stacks.at[reader->stacks.count++] = (struct go_stack){
		.frames = raw->rest,
		.count = (uint32_t)(raw->args[1] < GO_MAX_FRAMES ? raw->args[1] : GO_MAX_FRAMES),
	};
	return 0;
}

static struct go_v1_proc *proc_of(struct go_v1 *v1, int32_t p)
{
	for (size_t i = 0; i < v1->procs.count; i++)
		if (v1->procs.at[i].p == p)
			return &v1->procs.at[i];
	if (!GO_RESERVE(&v1->procs))
		return NULL;
	v1->procs.at[v1->procs.count] =
		(struct go_v1_proc){ .p = p, .first = GO_NOBODY, .last = GO_NOBODY };
	return &v1->procs.at[v1->procs.count++];
}

static void end_batch(struct go_reader *reader, size_t b, const uint8_t *at)
{
	struct go_batch *batch = &reader->batches.at[b];

	batch->size = (uint32_t)((uint64_t)(at - reader->base) - batch->offset);
}

static int add_batch(struct go_v1 *v1, const struct go_v1_raw *raw, const uint8_t *at)
{
	struct go_reader *reader = v1->reader;
	const uint32_t b = (uint32_t)reader->batches.count;

	if (raw->args[0] != UINT64_MAX && raw->args[0] > INT32_MAX)
		return damaged(reader, at, "a P's number is too large");

	struct go_v1_proc *proc =
		proc_of(v1, raw->args[0] == UINT64_MAX ? -1 : (int32_t)raw->args[0]);
	if (!proc || !GO_RESERVE(&reader->batches))
		return DWELL_ENOMEM;
	if (b)
		end_batch(reader, b - 1, at);
	reader->batches.at[reader->batches.count++] = (struct go_batch){
		.offset = (uint64_t)(raw->rest.at - reader->base),
		.time = raw->args[1],
		.next = GO_NOBODY,
	};
	if (proc->first == GO_NOBODY)
		proc->first = b;
	else
		reader->batches.at[proc->last].next = b;
	proc->last = b;
	return 0;
}

static int add_sample(struct go_v1 *v1, const struct go_v1_raw *raw)
{
	if (raw->count != 5)
		return damaged(v1->reader, raw->rest.at, "bad CPU sample");
	if (!GO_RESERVE(&v1->samples))
		return DWELL_ENOMEM;
	v1->samples.at[v1->samples.count] = (struct go_v1_event){
		.type = GO1_CPU_SAMPLE,
		.ts = raw->args[1],
		.p = (int32_t)raw->args[2],
		.g = raw->args[3],
		.stack = (uint32_t)raw->args[4],
		.index = (uint32_t)v1->samples.count,
	};
	v1->samples.count++;
	return 0;
}

static int add(struct go_v1 *v1, const struct go_v1_raw *raw, const uint8_t *at)
{
	switch (raw->type) {
	case GO1_BATCH:
		return add_batch(v1, raw, at);
	case GO1_STACK:
		return add_stack(v1->reader, raw);
	case GO1_CPU_SAMPLE:
		return add_sample(v1, raw);
	case GO1_FREQUENCY:
		v1->ticks_per_second = raw->args[0];
		return 0;
	case GO1_STRING:
	case GO1_TIMER_GOROUTINE:
		return 0;
	}
	return v1->reader->batches.count ? 0 : damaged(v1->reader, at, "an event before any batch");
}

int go_v1_index(struct go_v1 *v1)
{
	struct go_reader *reader = v1->reader;
	struct go_cursor in = { reader->base + reader->offset, reader->base + reader->size };
	struct go_v1_raw raw;
	int err = 0;

	while (!err) {
		const uint8_t *at = in.at;

		err = go_v1_next(reader, &in, &raw);
		if (!err) {
			if (raw.type == GO1_BATCH)
				raw.rest.at = in.at;
			err = add(v1, &raw, at);
		}
	}
	if (reader->batches.count)
		end_batch(reader, reader->batches.count - 1, in.at);
	if (err != DWELL_END)
		return err;
	return v1->ticks_per_second
		       ? 0
		       : damaged(reader, in.at, "it has no frequency: it was cut short");
}

/* Arguments of an event of a P, and which goroutine it is of. */
static int fill(struct go_v1 *v1, struct go_v1_proc *proc, const struct go_v1_raw *raw)
{
	const struct go_v1_shape *shape = &go_v1_shapes[raw->type];
	struct go_v1_event *event = &proc->event;

	if (raw->count != 1u + shape->args + shape->stack)
		return damaged(v1->reader, raw->rest.at, "wrong number of arguments");
	*event = (struct go_v1_event){ .type = raw->type, .p = proc->p, .g = proc->last_g };
	event->ts = proc->last_ts += raw->args[0];
	for (unsigned i = 0; i < shape->args; i++)
		event->args[i] = raw->args[1 + i];
	if (shape->stack)
		event->stack = (uint32_t)raw->args[1 + shape->args];
	switch (raw->type) {
	case GO1_START:
	case GO1_START_LOCAL:
	case GO1_START_LABEL:
		proc->last_g = event->g = event->args[0];
		break;
	case GO1_SYSCALL_EXIT:
	case GO1_SYSCALL_EXIT_LOCAL:
	case GO1_WAITING:
	case GO1_IN_SYSCALL:
		event->g = event->args[0];
		break;
	case GO1_END:
	case GO1_STOP:
	case GO1_SCHED:
	case GO1_PREEMPT:
	case GO1_SLEEP:
	case GO1_BLOCK:
	case GO1_BLOCK_SEND:
	case GO1_BLOCK_RECV:
	case GO1_BLOCK_SELECT:
	case GO1_BLOCK_SYNC:
	case GO1_BLOCK_COND:
	case GO1_BLOCK_NET:
	case GO1_SYSCALL_BLOCK:
	case GO1_BLOCK_GC:
		proc->last_g = 0;
		break;
	case GO1_LOG:
		event->args[3] = raw->text;
		break;
	}
	return 0;
}

static bool belongs_to_p(uint8_t type)
{
	return type != GO1_STRING && type != GO1_CPU_SAMPLE && type != GO1_STACK &&
	       type != GO1_FREQUENCY && type != GO1_TIMER_GOROUTINE;
}

/* The strings were taken by go_v1_index: here they are read over. */
static int skip_string(struct go_cursor *in)
{
	uint64_t id;

	in->at++;
	go_varint(in, &id);
	skip_text(in);
	return 0;
}

int go_v1_load(struct go_v1 *v1, struct go_v1_proc *proc)
{
	struct go_v1_raw raw;
	int err = 0;

	do {
		while (proc->data.at == proc->data.end) {
			if (proc->batch == GO_NOBODY)
				return DWELL_END;
			const struct go_batch *batch = &v1->reader->batches.at[proc->batch];
			proc->data.at = v1->reader->base + batch->offset;
			proc->data.end = proc->data.at + batch->size;
			proc->last_ts = batch->time;
			proc->batch = batch->next;
		}
		raw.type = *proc->data.at & 0x3f;
		err = raw.type == GO1_STRING ? skip_string(&proc->data)
					     : go_v1_next(v1->reader, &proc->data, &raw);
	} while (!err && !belongs_to_p(raw.type));
	return err ? err : fill(v1, proc, &raw);
}
