/*
 * Of many groups none is in a cache when its next wait comes, and a wait touches a dozen lines, one
 * found through the other. So before a batch all lines of one kind are asked for at once, then
 * those that these lead to: what the processor waits for then comes together. Nothing is changed
 * but places that are worked out once.
 */
#include "analysis/waits.h"
#include "model/histogram_add.h"

/* The compiler takes a function that only fetches for one without effect, and drops its calls. */
#define always_inline __attribute__((always_inline)) static inline

enum { MANY = 1 << 9, LINE = 64, AT_ONCE = 256 };

/* A wait that is about to be folded. */
struct coming {
	uint64_t ns;
	uint32_t task, waker;
	struct group **slot;
};

always_inline void fetch(const void *at)
{
	__builtin_prefetch(at);
}

always_inline void fetch_slot(
	struct waits *waits, struct coming *coming, const struct dwell_interval *wait)
{
	const struct waits_view *view = &waits->views[0];
	uint32_t id;

	*coming = (struct coming){
		.ns = wait->end_ns - wait->start_ns,
		.task = wait->task,
		.waker = wait->waker,
		.slot = groups_first_slot(
			&view->groups, waits_key(waits, view, wait->task, wait->object, wait->stack,
					       wait->reason, &id)),
	};
	fetch(coming->slot);
	fetch(table_get(&waits->waiters, wait->task));
	fetch(table_get(&waits->waiters, wait->waker));
}

/* Those that count, of the batch's own waits; returns how many. */
static size_t fetch_slots(
	struct waits *waits, struct coming coming[AT_ONCE], const struct dwell_told *told)
{
	size_t count = 0;

	for (size_t i = 0; i < told->own_count && count < AT_ONCE; i++) {
		const struct dwell_interval *wait = &told->intervals[told->own_waits[i]];

		if (wants_task(waits->model, wait->task))
			fetch_slot(waits, &coming[count++], wait);
	}
	return count;
}

always_inline void fetch_group(const struct group *group)
{
	for (size_t at = 0; group && at < sizeof(*group); at += LINE)
		fetch((const char *)group + at);
}

always_inline void fetch_parts(const struct group *group, const struct coming *coming)
{
	const unsigned bucket = histogram_bucket(coming->ns);

	if (group->waits.pages)
		fetch(&group->waits.pages[bucket / HISTOGRAM_SUB]);
	if (group->tasks.bits && coming->task / 64 < group->tasks.words)
		fetch(&group->tasks.bits[coming->task / 64]);
	for (uint32_t i = 0; i < group->waker_count; i += LINE / sizeof(*group->wakers))
		fetch(&group->wakers[i]);
	if (group->rest)
		fetch(&group->rest->wakers);
}

/* Where tasks mostly wait as they did before, it costs more than it saves. */
static bool is_worth_it(const struct waits *waits, const struct dwell_told *told)
{
	return waits->views[0].groups.count >= MANY && waits->strangers * 8 >= told->own_count;
}

void waits_fetch(struct waits *waits, const struct dwell_told *told)
{
	struct coming coming[AT_ONCE];
	const bool worth_it = is_worth_it(waits, told);
	size_t count;

	waits->strangers = 0;
	if (!worth_it)
		return;
	if (waits->past.begun)
		past_fetch(&waits->past, told->intervals, told->count);
	count = fetch_slots(waits, coming, told);
	for (size_t i = 0; i < count; i++)
		fetch_group(*coming[i].slot);
	for (size_t i = 0; i < count; i++)
		if (*coming[i].slot)
			fetch_parts(*coming[i].slot, &coming[i]);
	for (size_t i = 0; i < count; i++)
		if (*coming[i].slot)
			histogram_fetch(&(*coming[i].slot)->waits, coming[i].ns);
}
