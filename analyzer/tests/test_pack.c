/* The catalog's tasks in little room: packed as they end, or as they are told. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "dwell/states_ask.h"
#include "model/catalog.h"

static size_t unpacked_tasks(const struct dwell_catalog *catalog)
{
	size_t count = 0;

	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++)
		count += table_get(&catalog->tasks, id) != NULL;
	return count;
}

/* Who is looked for while others are still told of counts once. */
Test(pack, counts)
{
	struct dwell_catalog *catalog = NULL;
	struct dwell_task task = { .process = 1, .tid = 7, .name = { "one", 3 } };

	cr_assert(zero(int, catalog_new(&catalog)));
	for (task.id = 1; task.id < 2 * TABLE_PAGE; task.id++) {
		task.created_ns = 1000 - task.id;
		cr_assert(zero(int, catalog_put_task(catalog, 1, &task)));
	}
	cr_assert(zero(int, catalog_pack(catalog, TABLE_PAGE + 3)));
	cr_assert(zero(int, catalog_pack(catalog, 1)));
	cr_assert(zero(int, catalog_pack(catalog, 2))); /* with the one before */
	cr_expect(zero(sz, unpacked_tasks(catalog)));
	cr_expect(eq(u64, catalog_first_created(catalog, 1), 1001 - 2 * TABLE_PAGE));
	cr_assert(dwell_catalog_task(catalog, 9) != NULL);
	task = (struct dwell_task){ .id = TABLE_PAGE + 1, .process = 2, .name = { "two", 3 } };
	cr_assert(zero(int, catalog_put_task(catalog, 2, &task)));
	cr_assert(zero(int, catalog_pack(catalog, 1)));
	cr_assert(zero(int, catalog_finish(catalog)));
	cr_assert(eq(u32, dwell_catalog_classes(catalog), 3));
	cr_expect(eq(u32, dwell_catalog_class(catalog, 1)->tasks, 2 * TABLE_PAGE - 2));
	cr_expect(eq(u32, dwell_catalog_class(catalog, 2)->tasks, 1));
	cr_expect(eq(u32, dwell_catalog_task(catalog, 1)->class_id, 1));
	cr_expect(eq(u32, dwell_catalog_task(catalog, TABLE_PAGE + 1)->class_id, 2));
	catalog_free(catalog);
}

enum { TOLD = 2 * CATALOG_MANY + 5, NEVER = CATALOG_MANY + 77 };

static void tell(struct dwell_catalog *catalog, uint32_t id, const char *name)
{
	const struct dwell_task task = { .id = id,
		.process = 1,
		.tid = -1,
		.created_ns = UINT64_C(1000) * id + id % 7,
		.name = { name, 3 } };

	cr_assert(zero(int, catalog_put_task(catalog, 0, &task)));
	cr_assert(zero(int, catalog_pack_told(catalog, id)));
}

static void tell_many(struct dwell_catalog *catalog)
{
	for (uint32_t id = 1; id < TOLD; id++)
		if (id != NEVER)
			tell(catalog, id, id % 3 ? "one" : "two");
}

/* When they were created is told of those that are packed as of others. */
Test(pack, told)
{
	struct dwell_catalog *catalog = NULL;
	uint64_t created_ns[TABLE_PAGE];

	cr_assert(zero(int, catalog_new(&catalog)));
	tell_many(catalog);
	cr_expect(lt(sz, unpacked_tasks(catalog), CATALOG_MANY + TABLE_PAGE));
	for (uint32_t id = 1; id < TOLD + TABLE_PAGE; id++) {
		const uint64_t bits =
			catalog_created(catalog, id & ~(uint32_t)(TABLE_PAGE - 1), created_ns);
		const bool there = bits >> id % TABLE_PAGE & 1;

		cr_assert(eq(int, there, id != NEVER && id < TOLD), "%u", id);
		if (there)
			cr_assert(
				eq(u64, created_ns[id % TABLE_PAGE], UINT64_C(1000) * id + id % 7));
	}
	cr_assert(zero(int, catalog_unpack_all(catalog)));
	cr_expect(eq(sz, unpacked_tasks(catalog), dwell_catalog_tasks(catalog) - 1));
	catalog_free(catalog);
}

/* A class of a name that nobody has any more is none. */
Test(pack, renamed)
{
	struct dwell_catalog *catalog = NULL;

	cr_assert(zero(int, catalog_new(&catalog)));
	tell_many(catalog);
	tell(catalog, TOLD, "abc");
	tell(catalog, 1, "one"); /* of another page: this one's is packed */
	tell(catalog, TOLD, "xyz");
	cr_assert(zero(int, catalog_finish(catalog)));
	cr_assert(eq(u32, dwell_catalog_classes(catalog), 4));
	for (uint32_t id = 1; id < 4; id++)
		cr_expect(gt(u32, dwell_catalog_class(catalog, id)->tasks, 0));
	cr_expect(eq(u32, dwell_catalog_class(catalog, 3)->tasks, 1));
	cr_expect(eq(u32, dwell_catalog_task(catalog, TOLD)->class_id, 3));
	catalog_free(catalog);
}
