#include "src/keyframe.h"

#include "dwell/error.h"
#include "dwell/limits.h"

#include <stdlib.h>

/* The fields in their order in the file. Each has a bit in a row's mask; 0 is not written. */
struct field {
	size_t offset;
	uint8_t size;
	uint32_t max;
};

#define FIELD(name, max)                                                                           \
	{                                                                                          \
		offsetof(struct dwell_task_state, name),                                           \
			sizeof(((struct dwell_task_state *)0)->name), max                          \
	}

static const struct field fields[] = {
	FIELD(since_ns, 0),
	FIELD(created_ns, 0),
	FIELD(wake_ns, 0),
	FIELD(lost_ns, 0),
	FIELD(wait_since_ns, 0),
	FIELD(wait_blocked_ns, 0),
	FIELD(wait_runnable_ns, 0),
	FIELD(wait_running_ns, 0),
	FIELD(executor, DWELL_MAX_EXECUTORS),
	FIELD(object, DWELL_MAX_OBJECTS),
	FIELD(stack, DWELL_MAX_STACKS),
	FIELD(waker, DWELL_MAX_TASKS),
	FIELD(waker_stack, DWELL_MAX_STACKS),
	FIELD(wait_object, DWELL_MAX_OBJECTS),
	FIELD(wait_stack, DWELL_MAX_STACKS),
	FIELD(wait_holder, DWELL_MAX_TASKS),
	FIELD(wait_waker, DWELL_MAX_TASKS),
	FIELD(wait_waker_stack, DWELL_MAX_STACKS),
	FIELD(state, DWELL_STATE_COUNT - 1),
	FIELD(reason, UINT8_MAX),
	FIELD(cause, UINT8_MAX),
	FIELD(wait_reason, UINT8_MAX),
	FIELD(wait_flags, UINT8_MAX),
	FIELD(wait_waker_how, DWELL_WAKER_HOW_COUNT - 1),
	FIELD(own_word, 1),
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static uint64_t get(const struct dwell_task_state *state, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)state + field->offset;

	if (field->size == 8)
		return *(const uint64_t *)(const void *)at;
	return field->size == 4 ? *(const uint32_t *)(const void *)at : *at;
}

static void set(struct dwell_task_state *state, const struct field *field, uint64_t value)
{
	uint8_t *at = (uint8_t *)state + field->offset;

	if (field->size == 8)
		*(uint64_t *)(void *)at = value;
	else if (field->size == 4)
		*(uint32_t *)(void *)at = (uint32_t)value;
	else
		*at = (uint8_t)value;
}

static void write_state(struct dwell_buffer *out, const struct dwell_task_state *state)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < FIELDS; i++)
		mask |= (uint64_t)(get(state, &fields[i]) != 0) << i;
	dwell_buffer_varint(out, mask);
	for (unsigned i = 0; i < FIELDS; i++) {
		const uint64_t value = get(state, &fields[i]);

		if (value)
			dwell_buffer_varint(out, value);
	}
}

void dwell_keyframe_write(
	struct dwell_buffer *out, const struct dwell_task_state *states, size_t count)
{
	uint32_t before = 0;

	for (size_t i = 0; i < count; i++) {
		dwell_buffer_varint(out, states[i].task - before);
		before = states[i].task;
		write_state(out, &states[i]);
	}
}

static int read_state(struct dwell_cursor *in, struct dwell_task_state *state)
{
	uint64_t mask, value;
	int err = dwell_cursor_varint(in, &mask);

	if (!err && mask >> FIELDS)
		return DWELL_EFORMAT;
	for (unsigned i = 0; i < FIELDS && !err; i++) {
		if (!(mask >> i & 1))
			continue;
		err = dwell_cursor_varint(in, &value);
		if (!err && fields[i].max && value > fields[i].max)
			return DWELL_ELIMIT;
		if (!err)
			set(state, &fields[i], value);
	}
	return err;
}

int dwell_keyframe_read(struct dwell_cursor in, size_t count, struct dwell_task_state **out)
{
	/* A state takes two bytes at least. */
	if (count > in.left / 2)
		return DWELL_EFORMAT;

	struct dwell_task_state *states = calloc(count ? count : 1, sizeof(*states));
	uint64_t task = 0;
	int err = states ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < count && !err; i++) {
		uint64_t step = 0;

		err = dwell_cursor_varint(&in, &step);
		if (!err && (step == 0 || step > DWELL_MAX_TASKS - task))
			err = DWELL_EFORMAT;
		task += step;
		states[i].task = (uint32_t)task;
		if (!err)
			err = read_state(&in, &states[i]);
	}
	if (!err && in.left)
		err = DWELL_EFORMAT;
	if (err)
		free(states);
	else
		*out = states;
	return err;
}
