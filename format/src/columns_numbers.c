#include "src/columns_private.h"

#include "dwell/error.h"
#include "dwell/limits.h"

#include <stdlib.h>
#include <string.h>

/* An array of `size` bytes each that holds index `number`, new ones zero. */
static int grow(void **array, uint32_t *cap, uint32_t number, size_t size)
{
	if (number < *cap)
		return DWELL_OK;

	uint32_t more = *cap ? *cap : 16;

	while (more <= number)
		more *= 2;

	uint8_t *grown = realloc(*array, more * size);

	if (!grown)
		return DWELL_ENOMEM;
	memset(grown + *cap * size, 0, (more - *cap) * size);
	*array = grown;
	*cap = more;
	return DWELL_OK;
}

static int grow_tasks(struct columns *c, uint32_t number)
{
	uint32_t cap = c->task_cap;

	if (number < cap)
		return DWELL_OK;
	if (grow((void **)&c->follow, &cap, number, sizeof(*c->follow)))
		return DWELL_ENOMEM;
	cap = c->task_cap;
	if (grow((void **)&c->detail, &cap, number, sizeof(*c->detail)))
		return DWELL_ENOMEM;
	c->task_cap = cap;
	return DWELL_OK;
}

static int grow_objects(struct columns *c, uint32_t number)
{
	uint32_t cap = c->object_cap;

	if (number < cap)
		return DWELL_OK;
	if (grow((void **)&c->object_values, &cap, number, sizeof(*c->object_values)))
		return DWELL_ENOMEM;
	cap = c->object_cap;
	if (grow((void **)&c->object_ids, &cap, number, sizeof(*c->object_ids)))
		return DWELL_ENOMEM;
	c->object_cap = cap;
	return DWELL_OK;
}

/* Number 0 is always there. */
static int init_numbers(struct columns *c)
{
	if (grow_tasks(c, 0) || grow_objects(c, 0) ||
		grow((void **)&c->on, &c->on_cap, 0, sizeof(*c->on)))
		return DWELL_ENOMEM;
	dwell_columns_clear(c);
	return DWELL_OK;
}

int dwell_columns_init(struct columns *c, uint32_t max_rows)
{
	*c = (struct columns){ .max_rows = max_rows, .tick = 1 };
	if (dwell_dict_init(&c->tasks) || dwell_dict_init(&c->executors) ||
		dwell_dict_init(&c->stacks) || dwell_dict_init(&c->objects[0]) ||
		dwell_dict_init(&c->objects[1]) || dwell_dict_init(&c->objects[2]))
		return DWELL_ENOMEM;
	c->shape = malloc(max_rows);
	c->delta = malloc(max_rows * sizeof(*c->delta));
	c->value = malloc(max_rows * sizeof(*c->value));
	c->extra = malloc(max_rows * sizeof(*c->extra));
	if (!c->shape || !c->delta || !c->value || !c->extra)
		return DWELL_ENOMEM;
	for (int i = 0; i < COLUMNS_EXPLICIT; i++) {
		c->number[i] = malloc(max_rows * sizeof(*c->number[i]));
		if (!c->number[i])
			return DWELL_ENOMEM;
	}
	return init_numbers(c);
}

void dwell_columns_release(struct columns *c)
{
	dwell_dict_release(&c->tasks);
	dwell_dict_release(&c->executors);
	dwell_dict_release(&c->stacks);
	for (int i = 0; i < WIRE_SPACE_COUNT; i++)
		dwell_dict_release(&c->objects[i]);
	for (int i = 0; i < COLUMNS_EXPLICIT; i++)
		free(c->number[i]);
	free(c->object_ids);
	free(c->on);
	free(c->follow);
	free(c->detail);
	free(c->object_values);
	free(c->shape);
	free(c->delta);
	free(c->value);
	free(c->extra);
	free(c->occupants);
}

static int add_task(struct columns *c, uint32_t id, uint32_t *out)
{
	if (id > DWELL_MAX_TASKS)
		return DWELL_EINVAL;
	*out = dwell_dict_add(&c->tasks, id);
	if (*out == UINT32_MAX || grow_tasks(c, *out))
		return DWELL_ENOMEM;
	c->follow[*out] = (struct rows_follow){ 0 };
	c->detail[*out] = (struct rows_detail){ 0 };
	return DWELL_OK;
}

int dwell_columns_task(struct columns *c, uint32_t id, uint32_t *out)
{
	*out = dwell_dict_find(&c->tasks, id);
	return *out != UINT32_MAX ? DWELL_OK : add_task(c, id, out);
}

static int add_executor(struct columns *c, uint32_t id, uint32_t *out)
{
	if (id > DWELL_MAX_EXECUTORS)
		return DWELL_EINVAL;
	*out = dwell_dict_add(&c->executors, id);
	if (*out == UINT32_MAX || grow((void **)&c->on, &c->on_cap, *out, sizeof(*c->on)))
		return DWELL_ENOMEM;
	c->on[*out] = (struct columns_executor){ .key = dwell_columns_executor_key(c, *out) };
	return grow((void **)&c->occupants, &c->occupant_cap, id, sizeof(*c->occupants));
}

int dwell_columns_executor(struct columns *c, uint32_t id, uint32_t *out)
{
	*out = dwell_dict_find(&c->executors, id);
	return *out != UINT32_MAX ? DWELL_OK : add_executor(c, id, out);
}

static int find_stack(struct columns *c, uint32_t id, uint32_t *out)
{
	*out = dwell_dict_find(&c->stacks, id);
	if (*out == UINT32_MAX)
		*out = dwell_dict_add(&c->stacks, id);
	return *out == UINT32_MAX ? DWELL_ENOMEM : DWELL_OK;
}

static int find_object(struct columns *c, unsigned space, uint32_t id, uint32_t *out)
{
	struct dict *dict = &c->objects[space];

	*out = dwell_dict_find(dict, id);
	if (*out != UINT32_MAX)
		return DWELL_OK;
	/* The three dictionaries share one sequence of numbers. */
	while (dict->cap <= c->object_count) {
		uint32_t *ids = realloc(dict->ids, 2 * (size_t)dict->cap * sizeof(*ids));

		if (!ids)
			return DWELL_ENOMEM;
		dict->ids = ids;
		dict->cap *= 2;
	}
	while (dict->count < c->object_count)
		dict->ids[dict->count++] = 0;
	*out = dwell_dict_add(dict, id);
	if (*out == UINT32_MAX || grow_objects(c, *out))
		return DWELL_ENOMEM;
	c->object_count = *out + 1;
	c->object_ids[*out] = (uint64_t)id << 2 | space;
	c->object_values[*out] = 0;
	return DWELL_OK;
}

/* Objects and stacks, which most rows of schedulers do not have. */
static int find_details(struct columns *c, const struct dwell_event *row, struct numbers *out)
{
	static const uint32_t max_object[] = { DWELL_MAX_OBJECTS, DWELL_MAX_LABELS,
		DWELL_MAX_COUNTERS };
	const unsigned space = dwell_space_of(row->kind);

	if (row->object > max_object[space] || row->stack > DWELL_MAX_STACKS)
		return DWELL_EINVAL;
	if ((row->object && find_object(c, space, row->object, &out->n[ROWS_OBJECT])) ||
		(row->stack && find_stack(c, row->stack, &out->n[ROWS_STACK])))
		return DWELL_ENOMEM;
	return DWELL_OK;
}

int dwell_columns_numbers(struct columns *c, const struct dwell_event *row, struct numbers *out)
{
	int err = dwell_columns_task(c, row->task, &out->n[ROWS_TASK]);

	if (err || (err = dwell_columns_task(c, row->peer, &out->n[ROWS_PEER])) ||
		(err = dwell_columns_executor(c, row->executor, &out->n[ROWS_EXECUTOR])))
		return err;
	if (row->kind == 0 || row->kind >= DWELL_EVENT_KIND_COUNT)
		return DWELL_EINVAL;
	out->n[ROWS_OBJECT] = 0;
	out->n[ROWS_STACK] = 0;
	out->who = rows_who(row->kind, out->n[ROWS_TASK], out->n[ROWS_PEER]);
	return row->object | row->stack ? find_details(c, row, out) : DWELL_OK;
}
