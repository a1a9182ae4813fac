#include <stdlib.h>
#include <string.h>

#include "dwell/types.h"
#include "import/go/go.h"

static int damaged(struct go_reader *reader, const struct go_cursor *in, const char *what)
{
	const uint64_t offset = reader->base_offset + (uint64_t)(in->at - reader->base);

	return dwell_diag_set(&reader->source.diag, DWELL_EFORMAT, offset, 0, "Go trace: %s", what);
}

static int add_text(struct go_reader *reader, struct go_cursor *in)
{
	uint64_t id, size;

	if (!go_varint(in, &id) || !go_varint(in, &size) || size > GO_MAX_TEXT ||
		size > (size_t)(in->end - in->at))
		return damaged(reader, in, "bad entry in the string table");
	if (go_map_get(&reader->text_by_id, id) != GO_NOBODY)
		return damaged(reader, in, "a string defined twice");
	if (!GO_RESERVE(&reader->texts) ||
		!go_map_put(&reader->text_by_id, id, (uint32_t)reader->texts.count))
		return DWELL_ENOMEM;
	reader->texts.at[reader->texts.count++] =
		(struct go_text){ .at = (const char *)in->at, .size = (uint32_t)size };
	in->at += size;
	return 0;
}

static int add_stack(struct go_reader *reader, struct go_cursor *in)
{
	uint64_t id, count, skip;

	if (!go_varint(in, &id) || !go_varint(in, &count) || count > GO_MAX_FRAMES)
		return damaged(reader, in, "bad entry in the stack table");

	const uint8_t *frames = in->at;
	for (uint64_t i = 0; i < count * 4; i++)
		if (!go_varint(in, &skip))
			return damaged(reader, in, "a stack cut short");
	if (go_map_get(&reader->stack_by_id, id) != GO_NOBODY)
		return damaged(reader, in, "a stack defined twice");
	if (!GO_RESERVE(&reader->stacks) ||
		!go_map_put(&reader->stack_by_id, id, (uint32_t)reader->stacks.count))
		return DWELL_ENOMEM;
	reader->stacks.at[reader->stacks.count++] =
		(struct go_stack){ .frames = { frames, in->at }, .count = (uint32_t)count };
	return 0;
}

static int add_sample(struct go_reader *reader, struct go_cursor *in)
{
	struct go_sample sample = { .index = (uint32_t)reader->samples.count };
	uint64_t thread;

	if (!go_varint(in, &sample.time) || !go_varint(in, &thread) || !go_varint(in, &sample.p) ||
		!go_varint(in, &sample.g) || !go_varint(in, &sample.stack))
		return damaged(reader, in, "a CPU sample cut short");
	if (!GO_RESERVE(&reader->samples))
		return DWELL_ENOMEM;
	reader->samples.at[reader->samples.count++] = sample;
	return 0;
}

int go_tables_add(struct go_reader *reader, uint8_t *bytes, size_t size, uint64_t offset)
{
	static int (*const add[])(struct go_reader *, struct go_cursor *) = {
		[GO_STRINGS] = add_text,
		[GO_STACKS] = add_stack,
		[GO_CPU_SAMPLES] = add_sample,
	};
	struct go_cursor data = { bytes + 1, bytes + size };
	const uint8_t kind = bytes[0];
	int err = 0;

	if (!GO_RESERVE(&reader->table_bytes)) {
		free(bytes);
		return DWELL_ENOMEM;
	}
	reader->table_bytes.at[reader->table_bytes.count++] = bytes;
	reader->base = bytes;
	reader->base_offset = offset;
	/* The type of an entry is the one above its table's. */
	while (!err && data.at < data.end) {
		if (*data.at++ != kind + 1)
			return damaged(reader, &data, "an entry of another table");
		err = add[kind](reader, &data);
	}
	return err;
}

void go_tables_clear(struct go_reader *reader)
{
	for (size_t i = 0; i < reader->table_bytes.count; i++)
		free(reader->table_bytes.at[i]);
	reader->table_bytes.count = 0;
	reader->texts.count = reader->stacks.count = reader->samples.count = 0;
	go_map_clear(&reader->text_by_id);
	go_map_clear(&reader->stack_by_id);
}

const struct go_text *go_text(const struct go_reader *reader, uint64_t id)
{
	static const struct go_text none = { .at = "", .size = 0 };
	const uint32_t i = go_map_get(&reader->text_by_id, id);

	return i == GO_NOBODY ? &none : &reader->texts.at[i];
}

uint32_t go_label_id(struct go_reader *reader, const char *at, size_t size)
{
	bool fresh = false;
	const uint32_t id = go_intern(&reader->labels, at, size, &fresh);
	const struct dwell_label label = { .id = id, .text = { at, size } };

	if (id && fresh && reader->sink->ops->label &&
		reader->sink->ops->label(reader->sink, &label))
		return 0;
	return id;
}

/* One frame of a stack as it stands in the file. */
struct frame {
	uint64_t pc, line;
	const struct go_text *function, *file;
};

static struct frame next_frame(const struct go_reader *reader, struct go_cursor *in)
{
	struct frame frame = { 0 };
	uint64_t function = 0, file = 0;

	/* They were checked when the table was read. */
	go_varint(in, &frame.pc);
	go_varint(in, &function);
	go_varint(in, &file);
	go_varint(in, &frame.line);
	frame.function = go_text(reader, function);
	frame.file = go_text(reader, file);
	return frame;
}

static uint32_t location_id(struct go_reader *reader, const struct frame *frame)
{
	uint8_t key[16 + 2 * GO_MAX_TEXT];
	size_t size = 16;
	bool fresh = false;

	memcpy(key, &frame->pc, 8);
	memcpy(key + 8, &frame->line, 8);
	memcpy(key + size, frame->function->at, frame->function->size);
	size += frame->function->size;
	memcpy(key + size, frame->file->at, frame->file->size);
	size += frame->file->size;

	const uint32_t id = go_intern(&reader->locations, key, size, &fresh);
	if (!id || !fresh || !reader->sink->ops->location)
		return id;

	const struct dwell_line line = {
		.function = { frame->function->at, frame->function->size },
		.file = { frame->file->at, frame->file->size },
		.line = (uint32_t)(frame->line < UINT32_MAX ? frame->line : 0),
	};
	const struct dwell_location location = {
		.id = id, .address = frame->pc, .lines = &line, .line_count = 1
	};
	return reader->sink->ops->location(reader->sink, &location) ? 0 : id;
}

static struct go_stack *find_stack(struct go_reader *reader, uint64_t id)
{
	const uint32_t i = id ? go_map_get(&reader->stack_by_id, id) : GO_NOBODY;

	return i == GO_NOBODY ? NULL : &reader->stacks.at[i];
}

static uint32_t define_stack(struct go_reader *reader, struct go_stack *stack)
{
	uint32_t locations[GO_MAX_FRAMES];
	struct go_cursor in = stack->frames;
	bool fresh = false;

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct frame frame = next_frame(reader, &in);

		if (!(locations[i] = location_id(reader, &frame)))
			return 0;
		stack->root_name =
			(struct dwell_string){ frame.function->at, frame.function->size };
	}
	stack->root = stack->count ? locations[stack->count - 1] : 0;
	stack->id = go_intern(
		&reader->stack_ids, locations, stack->count * sizeof(locations[0]), &fresh);

	const struct dwell_stack definition = {
		.id = stack->id,
		.locations = locations,
		.count = stack->count,
		.truncated = stack->count == GO_MAX_FRAMES,
	};
	if (stack->id && fresh && reader->sink->ops->stack &&
		reader->sink->ops->stack(reader->sink, &definition))
		return 0;
	return stack->id;
}

uint32_t go_stack_id(struct go_reader *reader, uint64_t id)
{
	struct go_stack *stack = find_stack(reader, id);

	if (!stack || !stack->count)
		return 0;
	return stack->id ? stack->id : define_stack(reader, stack);
}

bool go_stack_is_whole(struct go_reader *reader, uint64_t id)
{
	const struct go_stack *stack = find_stack(reader, id);

	return stack && stack->count && stack->count < GO_MAX_FRAMES;
}

uint32_t go_stack_root(struct go_reader *reader, uint64_t id, struct dwell_string *name)
{
	struct go_stack *stack = find_stack(reader, id);

	*name = (struct dwell_string){ "", 0 };
	if (!stack || !stack->count || (!stack->id && !define_stack(reader, stack)))
		return 0;
	*name = stack->root_name;
	return stack->root;
}

static bool text_is(const struct go_text *text, const char *word)
{
	return text->size == strlen(word) && !memcmp(text->at, word, text->size);
}

struct word {
	const char *text;
	uint8_t reason;
};

static const struct word reason_words[] = {
	{ "chan receive", DWELL_REASON_CHANNEL_RECEIVE },
	{ "chan send", DWELL_REASON_CHANNEL_SEND },
	{ "select", DWELL_REASON_SELECT },
	{ "sleep", DWELL_REASON_SLEEP },
	{ "network", DWELL_REASON_NET },
	{ "sync.(*Cond).Wait", DWELL_REASON_COND },
	{ "sync", DWELL_REASON_SEMAPHORE },
	{ "GC mark assist wait for work", DWELL_REASON_GC },
	{ "GC background sweeper wait", DWELL_REASON_GC },
	{ "GC weak to strong wait", DWELL_REASON_GC },
	{ "wait until GC ends", DWELL_REASON_GC },
	{ "GC (fractional)", DWELL_REASON_GC },
	{ "GC worker (active)", DWELL_REASON_GC },
	{ "GC worker (idle)", DWELL_REASON_GC },
};

/* What Go calls "sync" is told apart by who waits there. */
static const struct word sync_functions[] = {
	{ "sync.(*Mutex).Lock", DWELL_REASON_MUTEX },
	{ "internal/sync.(*Mutex).Lock", DWELL_REASON_MUTEX },
	{ "internal/sync.(*Mutex).lockSlow", DWELL_REASON_MUTEX },
	{ "sync.(*Mutex).lockSlow", DWELL_REASON_MUTEX },
	{ "sync.(*RWMutex).Lock", DWELL_REASON_RWLOCK },
	{ "sync.(*RWMutex).RLock", DWELL_REASON_RWLOCK },
	{ "sync.(*WaitGroup).Wait", DWELL_REASON_JOIN },
	{ "sync.(*Once).doSlow", DWELL_REASON_MUTEX },
	/* Whoever allocates may have to begin or end a cycle, one at a time. */
	{ "runtime.gcStart", DWELL_REASON_GC },
	{ "runtime.gcMarkDone", DWELL_REASON_GC },
	{ "runtime.stopTheWorldGC", DWELL_REASON_GC },
};

static uint8_t look_up(const struct word *words, size_t count, const struct go_text *text)
{
	for (size_t i = 0; i < count; i++)
		if (text_is(text, words[i].text))
			return words[i].reason;
	return 0;
}

#define LOOK_UP(words, text) look_up(words, sizeof(words) / sizeof((words)[0]), text)

static uint8_t reason_of_sync(struct go_reader *reader, uint64_t stack_id)
{
	struct go_stack *stack = find_stack(reader, stack_id);
	uint8_t found = 0;

	if (!stack)
		return DWELL_REASON_SEMAPHORE;
	if (stack->sync)
		return stack->sync;

	struct go_cursor in = stack->frames;
	for (uint32_t i = 0; i < stack->count && i < 4; i++) {
		const struct frame frame = next_frame(reader, &in);
		const uint8_t reason = LOOK_UP(sync_functions, frame.function);

		/* A RWMutex waits in its own Mutex for other writers: the outer one is meant. */
		found = reason ? reason : found;
	}
	stack->sync = found ? found : DWELL_REASON_SEMAPHORE;
	return stack->sync;
}

uint8_t go_reason(struct go_reader *reader, uint64_t text_id, uint64_t stack)
{
	const uint32_t i = go_map_get(&reader->text_by_id, text_id);

	if (i == GO_NOBODY)
		return DWELL_REASON_OTHER;

	struct go_text *text = &reader->texts.at[i];
	if (!text->reason) {
		text->reason = LOOK_UP(reason_words, text);
		if (!text->reason)
			text->reason = DWELL_REASON_OTHER;
	}
	return text->reason == DWELL_REASON_SEMAPHORE ? reason_of_sync(reader, stack)
						      : text->reason;
}
