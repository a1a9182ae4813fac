/* Who held and who woke, in a group of waits. */
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"

static void take_longer(struct dwell_worst_stretch *into, const struct dwell_worst_stretch *from)
{
	if (from->ns > into->ns)
		*into = *from;
}

static int add_reason(struct dwell_holder *into, const struct dwell_reason_time *from)
{
	const size_t count = into->reason_count;
	struct dwell_reason_time *reasons = into->reasons;

	for (size_t i = 0; i < count; i++)
		if (reasons[i].reason == from->reason) {
			reasons[i].ns += from->ns;
			return DWELL_OK;
		}
	reasons = realloc(reasons, (count + 1) * sizeof(*reasons));
	if (!reasons)
		return DWELL_ENOMEM;
	reasons[count] = *from;
	into->reasons = reasons;
	into->reason_count++;
	return DWELL_OK;
}

static int add_holder(struct dwell_holder *into, const struct dwell_holder *from)
{
	int err = DWELL_OK;

	take_longer(&into->blocked, &from->blocked);
	take_longer(&into->preempted, &from->preempted);
	into->preempted_ns += from->preempted_ns;
	into->late_ns += from->late_ns;
	into->count += from->count;
	into->total_ns += from->total_ns;
	add_times(&into->times, &from->times);
	for (size_t i = 0; i < from->reason_count && !err; i++)
		err = add_reason(into, &from->reasons[i]);
	return err;
}

static void add_waker(struct dwell_waker *into, const struct dwell_waker *from)
{
	into->count += from->count;
	into->total_ns += from->total_ns;
}

static struct group_rest *rest_of(struct group *group)
{
	if (!group->rest)
		group->rest = calloc(1, sizeof(*group->rest));
	return group->rest;
}

static int add_to_rest(struct group *group, const struct dwell_holder *holder)
{
	struct group_rest *rest = rest_of(group);

	return rest ? add_holder(&rest->holders, holder) : DWELL_ENOMEM;
}

static int add_waker_to_rest(struct group *group, const struct dwell_waker *waker)
{
	struct group_rest *rest = rest_of(group);

	if (rest)
		add_waker(&rest->wakers, waker);
	return rest ? DWELL_OK : DWELL_ENOMEM;
}

uint64_t group_held_ns(const struct group *group)
{
	uint64_t held_ns = group->rest ? group->rest->holders.total_ns : 0;

	for (uint32_t i = 0; i < group->holder_count; i++)
		held_ns += group->holders[i].total_ns;
	return held_ns;
}

bool group_is_held(const struct group *group)
{
	const uint64_t held_ns = group_held_ns(group);

	return held_ns - group->open_held_ns > group->waits.sum / 2 ||
	       (group->open_held_ns && held_ns > (group->waits.sum + group->open_ns) / 2);
}

void group_forget_holders(struct group *group)
{
	for (uint32_t i = 0; i < group->holder_count; i++)
		free(group->holders[i].reasons);
	group->holder_count = 0;
	group->unproven_ns = 0;
	group->open_held_ns = 0;
	if (!group->rest)
		return;
	free(group->rest->holders.reasons);
	group->rest->holders = (struct dwell_holder){ 0 };
}

static bool holder_room(struct group *group)
{
	if (group->holder_count < group->holder_cap)
		return true;

	const uint32_t cap = group->holder_cap ? group->holder_cap * 2 : 1;
	struct dwell_holder *holders = realloc(group->holders, cap * sizeof(*holders));
	uint64_t *keys = realloc(group->holder_keys, cap * sizeof(*keys));

	if (holders)
		group->holders = holders;
	if (keys)
		group->holder_keys = keys;
	if (!holders || !keys)
		return false;
	group->holder_cap = cap;
	return true;
}

static uint64_t holder_key(const struct dwell_holder *holder)
{
	return (uint64_t)holder->task << 32 | holder->stack;
}

/* A place for one more: the least is added to the rest where there are too many. */
static struct dwell_holder *holder_place(struct group *group, uint32_t most)
{
	struct dwell_holder *least;

	if (group->holder_count < most)
		return holder_room(group) ? &group->holders[group->holder_count++] : NULL;
	least = &group->holders[0];
	for (uint32_t i = 1; i < group->holder_count; i++)
		if (group->holders[i].total_ns < least->total_ns)
			least = &group->holders[i];
	if (add_to_rest(group, least))
		return NULL;
	free(least->reasons);
	return least;
}

int group_add_holder(struct group *group, const struct dwell_holder *holder, uint32_t most)
{
	const uint64_t key = holder_key(holder);
	struct dwell_holder *place;

	if (!holder->task)
		return add_to_rest(group, holder);
	for (uint32_t i = 0; i < group->holder_count; i++)
		if (group->holder_keys[i] == key && group->holders[i].how == holder->how)
			return add_holder(&group->holders[i], holder);
	place = holder_place(group, most);
	if (!place)
		return DWELL_ENOMEM;
	group->holder_keys[place - group->holders] = key;
	*place = (struct dwell_holder){
		.task = holder->task,
		.stack = holder->stack,
		.how = holder->how,
	};
	return add_holder(place, holder);
}

static bool waker_room(struct group *group)
{
	if (group->waker_count < group->waker_cap)
		return true;

	const uint32_t cap = group->waker_cap ? group->waker_cap * 2 : 1;
	struct dwell_waker *wakers = realloc(group->wakers, cap * sizeof(*wakers));

	if (!wakers)
		return false;
	group->wakers = wakers;
	group->waker_cap = cap;
	return true;
}

static struct dwell_waker *waker_place(struct groups *groups, struct group *group)
{
	const bool many = groups && groups->wakers >= GROUPS_WAKERS;
	struct dwell_waker *least;

	if (group->waker_count < (many ? GROUP_FEW : GROUP_PEOPLE)) {
		if (groups)
			groups->wakers++;
		return waker_room(group) ? &group->wakers[group->waker_count++] : NULL;
	}
	least = &group->wakers[0];
	for (uint32_t i = 1; i < group->waker_count; i++)
		if (group->wakers[i].total_ns < least->total_ns)
			least = &group->wakers[i];
	return add_waker_to_rest(group, least) ? NULL : least;
}

int group_add_waker(struct groups *groups, struct group *group, const struct dwell_waker *waker)
{
	if (!waker->task)
		return add_waker_to_rest(group, waker);
	for (uint32_t i = 0, at = group->last_waker; i < group->waker_count; i++, at++) {
		struct dwell_waker *of;

		at = at < group->waker_count ? at : 0;
		of = &group->wakers[at];
		if (of->task == waker->task && of->stack == waker->stack) {
			group->last_waker = at;
			add_waker(of, waker);
			return DWELL_OK;
		}
	}

	struct dwell_waker *place = waker_place(groups, group);
	if (!place)
		return DWELL_ENOMEM;
	*place = *waker;
	return DWELL_OK;
}

/* What stands for the group is that of the member with the longest total. */
static void take_lead(struct group *into, const struct group *from)
{
	const uint64_t ns = from->waits.sum + from->open_ns;

	into->several |= from->several || (into->tasks.count && into->object != from->object);
	if (into->tasks.count && ns <= into->lead_ns)
		return;
	into->lead_ns = ns;
	into->reason = from->reason;
	into->object = from->object;
	into->stack = from->stack;
}

int group_merge(struct group *into, const struct group *from)
{
	int err;

	take_lead(into, from);
	into->id = from->id;
	add_times(&into->times, &from->times);
	if (from->last_ns && (!into->last_ns || from->first_ns < into->first_ns)) {
		into->first_ns = from->first_ns;
		into->first_task = from->first_task;
	}
	if (from->last_ns > into->last_ns)
		into->last_ns = from->last_ns;
	into->timed_out += from->timed_out;
	into->replies += from->replies;
	into->woken += from->woken;
	into->underused_ns += from->underused_ns;
	into->open_count += from->open_count;
	into->open_ns += from->open_ns;
	into->open_held_ns += from->open_held_ns;
	into->unproven_ns += from->unproven_ns;
	err = from->rest ? add_to_rest(into, &from->rest->holders) : DWELL_OK;
	if (!err && from->rest)
		err = add_waker_to_rest(into, &from->rest->wakers);
	if (!err)
		err = dwell_histogram_merge(&into->waits, &from->waits);
	for (uint32_t i = 0; i < from->holder_count && !err; i++)
		err = group_add_holder(into, &from->holders[i], GROUP_PEOPLE);
	for (uint32_t i = 0; i < from->waker_count && !err; i++)
		err = group_add_waker(NULL, into, &from->wakers[i]);
	return err ? err : idset_merge(&into->tasks, &from->tasks);
}

static int holders_order(const void *a, const void *b)
{
	const struct dwell_holder *x = a, *y = b;

	if (!x->task != !y->task)
		return x->task ? -1 : 1;
	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static int wakers_order(const void *a, const void *b)
{
	const struct dwell_waker *x = a, *y = b;

	if (!x->task != !y->task)
		return x->task ? -1 : 1;
	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static size_t count_reasons(const struct dwell_holder *holders, size_t count)
{
	size_t reasons = 0;

	for (size_t i = 0; i < count; i++)
		reasons += holders[i].reason_count;
	return reasons;
}

/* Their reasons go behind them. */
static void copy_holders(struct dwell_holder *into, const struct group *group, size_t count)
{
	struct dwell_reason_time *reasons = (struct dwell_reason_time *)(into + count);

	for (size_t i = 0; i < count; i++) {
		struct dwell_holder *of = &into[i];

		*of = i < group->holder_count ? group->holders[i] : group->rest->holders;
		if (of->reason_count)
			memcpy(reasons, of->reasons, of->reason_count * sizeof(*reasons));
		of->reasons = of->reason_count ? reasons : NULL;
		reasons += of->reason_count;
	}
	qsort(into, count, sizeof(*into), holders_order);
}

int group_take_holders(struct group *group, struct dwell_holder **out, size_t *count)
{
	const bool more = group->rest && group->rest->holders.count;
	size_t reasons = count_reasons(group->holders, group->holder_count);

	*out = NULL;
	*count = group->holder_count + more;
	if (!*count)
		return DWELL_OK;
	if (more)
		reasons += group->rest->holders.reason_count;
	*out = malloc(*count * sizeof(**out) + reasons * sizeof(struct dwell_reason_time));
	if (!*out) {
		*count = 0;
		return DWELL_ENOMEM;
	}
	copy_holders(*out, group, *count);
	group_forget_holders(group);
	free(group->holders);
	free(group->holder_keys);
	group->holders = NULL;
	group->holder_keys = NULL;
	group->holder_cap = 0;
	return DWELL_OK;
}

int group_take_wakers(struct group *group, struct dwell_waker **out, size_t *count)
{
	const bool more = group->rest && group->rest->wakers.count;

	*out = NULL;
	*count = 0;
	if (!group->waker_count && !more)
		return DWELL_OK;

	struct dwell_waker *wakers =
		realloc(group->wakers, (group->waker_count + 1) * sizeof(*wakers));
	if (!wakers)
		return DWELL_ENOMEM;
	if (more)
		wakers[group->waker_count] = group->rest->wakers;
	*out = wakers;
	*count = group->waker_count + more;
	group->wakers = NULL;
	group->waker_count = 0;
	qsort(wakers, *count, sizeof(*wakers), wakers_order);
	return DWELL_OK;
}
