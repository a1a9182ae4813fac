/*
 * Tasks that have ended, in little room: 64 neighbours are much alike. What makes their class is
 * said once, in their shape; the rest is mostly what it was of the one before, or a little more.
 */
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "model/catalog.h"

/* A task's first byte. */
enum { THERE = 1, BORN = 2, SAME_SHAPE = 4, SAME_PARENT = 8, SAME_TID = 16, NEXT_NATIVE = 32 };

enum { VARINT = 10, TASK_BYTES = 1 + 5 * VARINT };

/* What the one before was like. */
struct last {
	uint32_t shape, parent;
	int64_t tid;
	uint64_t native_id, created_ns;
};

static unsigned char *put(unsigned char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (unsigned char)(number | 0x80);
	*at++ = (unsigned char)number;
	return at;
}

static uint64_t take(const unsigned char **at)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const unsigned char byte = *(*at)++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return number;
}

/* Small where two are near, whichever is larger. */
static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t coded)
{
	return coded >> 1 ^ (coded & 1 ? UINT64_MAX : 0);
}

static unsigned char *put_task(
	unsigned char *at, const struct dwell_catalog_task *task, uint32_t shape, struct last *last)
{
	unsigned char *flags = at++;

	*flags = THERE | (task->born ? BORN : 0);
	if (shape == last->shape)
		*flags |= SAME_SHAPE;
	else
		at = put(at, shape);
	if (task->parent == last->parent)
		*flags |= SAME_PARENT;
	else
		at = put(at, task->parent);
	if (task->tid == last->tid)
		*flags |= SAME_TID;
	else
		at = put(at, zigzag((uint64_t)task->tid));
	if (task->native_id == last->native_id + 1)
		*flags |= NEXT_NATIVE;
	else
		at = put(at, zigzag(task->native_id - last->native_id));
	at = put(at, zigzag(task->created_ns - last->created_ns));
	*last = (struct last){ shape, task->parent, task->tid, task->native_id, task->created_ns };
	return at;
}

static const unsigned char *take_task(const unsigned char *at, struct dwell_catalog_task *task,
	uint32_t *shape, struct last *last)
{
	const unsigned flags = *at++;

	if (!(flags & SAME_SHAPE))
		last->shape = (uint32_t)take(&at);
	if (!(flags & SAME_PARENT))
		last->parent = (uint32_t)take(&at);
	if (!(flags & SAME_TID))
		last->tid = (int64_t)unzigzag(take(&at));
	last->native_id += flags & NEXT_NATIVE ? 1 : unzigzag(take(&at));
	last->created_ns += unzigzag(take(&at));
	*shape = last->shape;
	task->born = flags & BORN;
	task->parent = last->parent;
	task->tid = last->tid;
	task->native_id = last->native_id;
	task->created_ns = last->created_ns;
	return at;
}

/* All of the page of a task that is not packed; NULL: no memory. */
static unsigned char *put_page(
	struct dwell_catalog *catalog, uint32_t first, unsigned char bytes[TABLE_PAGE * TASK_BYTES])
{
	struct last last = { 0 };
	unsigned char *end = bytes;

	for (uint32_t id = first; id < first + TABLE_PAGE; id++) {
		const struct catalog_task *kept = table_get(&catalog->tasks, id);
		const uint32_t shape = kept->task.id ? catalog_shape(catalog, id) : 0;

		if (kept->task.id && !shape)
			return NULL;
		if (shape)
			end = put_task(end, &kept->task, shape, &last);
		else
			*end++ = 0;
	}
	return end;
}

/* Their classes count them, wherever they are. */
static int count(struct dwell_catalog *catalog, uint32_t first, bool packed)
{
	for (uint32_t id = first; id < first + TABLE_PAGE; id++) {
		const struct catalog_task *kept = table_get(&catalog->tasks, id);
		struct catalog_shape *shape;

		if (!kept || !kept->task.id)
			continue;
		shape = table_get(&catalog->shapes, catalog_shape(catalog, id));
		if (!shape)
			return DWELL_ENOMEM;
		if (packed && (!shape->packed || kept->task.created_ns < shape->first_ns))
			shape->first_ns = kept->task.created_ns;
		shape->packed += packed ? 1 : UINT32_MAX;
	}
	return DWELL_OK;
}

int catalog_forget(struct dwell_catalog *catalog, uint32_t task)
{
	const int err = count(catalog, task & ~(uint32_t)(TABLE_PAGE - 1), true);

	table_drop(&catalog->tasks, task);
	return err;
}

int catalog_pack(struct dwell_catalog *catalog, uint32_t task)
{
	const uint32_t first = task & ~(uint32_t)(TABLE_PAGE - 1);
	unsigned char bytes[TABLE_PAGE * TASK_BYTES], *end, *kept, **page;

	if (!table_get(&catalog->tasks, first))
		return DWELL_OK;
	catalog->packed.item = sizeof(*page);
	page = table_make(&catalog->packed, first >> TABLE_BITS);
	end = page ? put_page(catalog, first, bytes) : NULL;
	kept = end ? malloc((size_t)(end - bytes)) : NULL;
	if (!kept)
		return DWELL_ENOMEM;
	memcpy(kept, bytes, (size_t)(end - bytes));
	free(*page);
	*page = kept;
	return catalog_forget(catalog, first);
}

struct catalog_task *catalog_unpack(struct dwell_catalog *catalog, uint32_t task)
{
	unsigned char **page = table_get(&catalog->packed, task >> TABLE_BITS);
	const uint32_t first = task & ~(uint32_t)(TABLE_PAGE - 1);
	const unsigned char *at = page ? *page : NULL;
	struct last last = { 0 };

	if (!at || !table_make(&catalog->tasks, first))
		return NULL;
	for (uint32_t id = first; id < first + TABLE_PAGE; id++) {
		struct catalog_task *kept = table_get(&catalog->tasks, id);
		const struct catalog_shape *shape;
		uint32_t shape_id;

		if (!(*at & THERE)) {
			at++;
			continue;
		}
		at = take_task(at, &kept->task, &shape_id, &last);
		shape = table_get(&catalog->shapes, shape_id);
		catalog_take_shape(&kept->task, &shape->task);
		kept->task.id = id;
	}
	count(catalog, first, false);
	free(*page);
	*page = NULL;
	return table_get(&catalog->tasks, task);
}

bool catalog_is_packed(const struct dwell_catalog *catalog, uint32_t task)
{
	unsigned char *const *page = table_get(&catalog->packed, task >> TABLE_BITS);

	return page && *page;
}

int catalog_pack_told(struct dwell_catalog *catalog, uint32_t task)
{
	const uint32_t before = catalog->told;

	catalog->told = task;
	if (before >> TABLE_BITS == task >> TABLE_BITS || catalog->tasks.end < CATALOG_MANY)
		return DWELL_OK;
	return catalog_pack(catalog, before);
}

int catalog_unpack_all(struct dwell_catalog *catalog)
{
	for (uint32_t page = 0; page < catalog->packed.end; page++) {
		unsigned char *const *at = table_get(&catalog->packed, page);

		if (at && *at && !catalog_unpack(catalog, page << TABLE_BITS))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

static uint64_t packed_created(const unsigned char *at, uint64_t created_ns[TABLE_PAGE])
{
	struct dwell_catalog_task kept;
	struct last last = { 0 };
	uint64_t bits = 0;
	uint32_t shape;

	for (uint32_t i = 0; i < TABLE_PAGE; i++) {
		if (!(*at & THERE)) {
			at++;
			continue;
		}
		at = take_task(at, &kept, &shape, &last);
		created_ns[i] = kept.created_ns;
		bits |= UINT64_C(1) << i;
	}
	return bits;
}

uint64_t catalog_created(void *context, uint32_t first, uint64_t created_ns[TABLE_PAGE])
{
	const struct dwell_catalog *catalog = context;
	unsigned char *const *page = table_get(&catalog->packed, first >> TABLE_BITS);
	const struct catalog_task *kept = table_get(&catalog->tasks, first);
	uint64_t bits = 0;

	if (!kept)
		return page && *page ? packed_created(*page, created_ns) : 0;
	for (uint32_t i = 0; i < TABLE_PAGE; i++) {
		if (!kept[i].task.id || kept[i].first_stage)
			continue;
		created_ns[i] = kept[i].task.created_ns;
		bits |= UINT64_C(1) << i;
	}
	return bits;
}

uint32_t catalog_packed_shape(const struct dwell_catalog *catalog, uint32_t task)
{
	unsigned char *const *page = table_get(&catalog->packed, task >> TABLE_BITS);
	const unsigned char *at = page ? *page : NULL;
	struct dwell_catalog_task kept;
	struct last last = { 0 };
	uint32_t shape = 0;

	for (uint32_t id = task & ~(uint32_t)(TABLE_PAGE - 1); at && id <= task; id++) {
		shape = 0;
		if (*at & THERE)
			at = take_task(at, &kept, &shape, &last);
		else
			at++;
	}
	return shape;
}

void catalog_drop_packed(struct dwell_catalog *catalog)
{
	for (uint32_t page = 0; page < catalog->packed.end; page++) {
		unsigned char **at = table_get(&catalog->packed, page);

		if (at)
			free(*at);
	}
	table_release(&catalog->packed);
}
