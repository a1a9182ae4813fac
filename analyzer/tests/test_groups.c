/* Sets of tasks, and who woke in groups of waits: nothing is lost where there are very many. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"

enum { IDS = 200000 };

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

struct visited {
	uint8_t *seen;
	uint32_t count;
};

static void visit(void *context, uint32_t id)
{
	struct visited *visited = context;

	cr_assert(lt(u32, id, IDS));
	visited->seen[id]++;
	visited->count++;
}

/* Some ids below `limit`, and a few around where they no longer fit into 16 bits. */
static void fill(struct idset *set, uint8_t *has, uint32_t limit, size_t adds, uint64_t *state)
{
	for (size_t i = 0; i < adds; i++) {
		uint32_t id = (uint32_t)(random_next(state) % limit);

		if (limit > UINT16_MAX && i % 16 == 7)
			id = UINT16_MAX - 2 + (uint32_t)(random_next(state) % 5);
		cr_assert(eq(int, idset_add(set, id), 0));
		cr_assert(eq(int, idset_has(set, id), true));
		has[id] = 1;
	}
}

static void expect_same(const struct idset *set, const uint8_t *has)
{
	struct visited visited = { .seen = calloc(IDS, 1) };
	uint32_t count = 0;

	idset_each(set, visit, &visited);
	for (uint32_t id = 0; id < IDS; id++) {
		count += has[id];
		if (visited.seen[id] != has[id] || idset_has(set, id) != has[id])
			cr_assert(false, "%u is %sin the set", id, has[id] ? "not " : "");
	}
	cr_expect(eq(u32, set->count, count));
	cr_expect(eq(u32, visited.count, count));
	free(visited.seen);
}

Test(groups, set_of_tasks)
{
	static const uint32_t limits[] = { 1, 5, 64, 65, 300, 10000, 65537, IDS };
	static const size_t adds[] = { 1, 3, 4, 5, 30, 100, 600, 3000 };
	uint64_t state = 1;

	for (size_t i = 0; i < 64; i++) {
		struct idset set = { 0 }, more = { 0 };
		uint8_t *has = calloc(IDS, 1);

		fill(&set, has, limits[i / 8], adds[i % 8], &state);
		expect_same(&set, has);
		fill(&more, has, limits[i % 8], adds[i / 8], &state);
		cr_assert(eq(int, idset_merge(&set, &more), 0));
		expect_same(&set, has);
		idset_release(&set);
		idset_release(&more);
		free(has);
	}
}

/* Of all groups together; those who are not told apart are added up, to the last. */
Test(groups, very_many_wakers)
{
	enum { GROUPS = 20000, EACH = 40 };
	struct groups groups = { 0 };
	size_t told_apart = 0;

	for (uint32_t i = 0; i < GROUPS * EACH; i++) {
		bool made;
		struct group *group = groups_get(&groups, 1 + i % GROUPS, &made);

		cr_assert(group != NULL);
		cr_assert(eq(int, group_add_one_waker(&groups, group, 1 + i / GROUPS, 7, i), 0));
	}
	for (size_t i = 0; i < groups.count; i++) {
		struct dwell_waker *wakers;
		uint64_t total_ns = 0, waits = 0;
		size_t count;

		cr_assert(eq(int, group_take_wakers(groups.at[i], &wakers, &count), 0));
		cr_assert(le(sz, GROUP_FEW + 1, count));
		for (size_t j = 0; j < count; j++) {
			cr_assert(eq(int, wakers[j].task == 0, j + 1 == count));
			total_ns += wakers[j].total_ns;
			waits += wakers[j].count;
		}
		told_apart += count - 1;
		cr_assert(eq(u64, waits, EACH));
		cr_assert(eq(u64, total_ns,
			(uint64_t)EACH * i + (uint64_t)GROUPS * EACH * (EACH - 1) / 2));
		free(wakers);
	}
	cr_expect(le(sz, told_apart, (size_t)GROUPS_WAKERS + (size_t)GROUPS * GROUP_FEW));
	groups_release(&groups);
}
