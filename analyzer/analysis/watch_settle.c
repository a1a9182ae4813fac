/*
 * What the watch keeps of tasks that have ended: they are added up with those that are alike. One
 * by one are kept those of which something may be asked still: who led a stretch, took turns,
 * gave way often or waited first at a place, and who woke a task whose wait goes on.
 */
#include <stdlib.h>

#include "analysis/python.h"
#include "analysis/watch.h"

static struct team_member member_of(const struct watch *watch, uint32_t task, uint64_t created_ns,
	uint64_t ended_ns, const struct dwell_task_sums *sums)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(watch->model->catalog, task);
	const struct watch_task *of = table_get(&watch->tasks, task);

	return (struct team_member){
		.running_ns = sums->running_ns,
		.runnable_ns = sums->runnable_ns,
		.blocked_ns = sums->blocked_ns,
		.waited_ns = of ? of->waited_ns : 0,
		.created_ns =
			known && known->created_ns < created_ns ? known->created_ns : created_ns,
		.ended_ns = ended_ns,
		.task = task,
	};
}

static bool is_main(const struct dwell_catalog *catalog, const struct dwell_catalog_task *task)
{
	const struct dwell_catalog_process *in = dwell_catalog_process(catalog, task->process);

	return in && task->kind == DWELL_TASK_THREAD && task->tid == in->pid;
}

/* Who ran most in its process, and who was ready for longest of all: of two alike who is listed
 * first. */
static void compare_member(
	struct watch *watch, struct watch_process *process, const struct team_member *member)
{
	struct team_member *victim = &watch->victim;
	struct team_member *busiest = process ? &process->busiest : NULL;

	watch->active_ns += member->running_ns + member->runnable_ns;
	if (!victim->task || member->runnable_ns > victim->runnable_ns ||
		(member->runnable_ns == victim->runnable_ns && member_is_before(member, victim)))
		*victim = *member;
	if (busiest && member->running_ns &&
		(member->running_ns > busiest->running_ns ||
			(member->running_ns == busiest->running_ns &&
				member_is_before(member, busiest))))
		*busiest = *member;
}

/* class_id: its class, or as long as that has no name its shape. */
static int count_member(struct watch *watch, struct teams *teams, const struct team_member *member,
	uint32_t class_id)
{
	const struct dwell_catalog *catalog = watch->model->catalog;
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, member->task);
	const struct watch_task *of = table_get(&watch->tasks, member->task);
	struct alike alike = { .class_id = class_id };

	compare_member(watch, known ? table_get(&watch->processes, known->process) : NULL, member);
	if (!known || is_main(catalog, known))
		return DWELL_OK;
	alike.process = known->process;
	alike.python = python_starts(catalog, member->task);
	alike.job = alike.python && of ? of->job : 0;
	return teams_add(teams, &alike, member);
}

int watch_finish(struct watch *watch, struct model *model)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < watch->settled.count && !err; i++) {
		struct alike alike = watch->settled.at[i].alike;

		alike.class_id = catalog_class_of_shape(model->catalog, alike.class_id);
		err = teams_join(&watch->teams, &alike, &watch->settled.at[i]);
	}
	for (uint32_t task = 1; task < model->tally.lives.end && !err; task++) {
		const struct task_life *life = model_life(model, task);
		struct team_member member;

		if (!life || !wants_task(model, task))
			continue;
		member = member_of(watch, task, life->created_ns, life->ended_ns, &life->sums);
		err = count_member(watch, &watch->teams, &member,
			group_of(model->catalog, DWELL_BY_CLASS, task));
	}
	return err;
}

/* Tasks by page, as bits. */
static int need(struct table *needed, uint32_t task)
{
	uint64_t *bits = task ? table_make(needed, task >> TABLE_BITS) : NULL;

	if (bits)
		*bits |= UINT64_C(1) << (task & (TABLE_PAGE - 1));
	return bits || !task ? DWELL_OK : DWELL_ENOMEM;
}

static int need_leaders(const struct watch *watch, struct table *needed)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < watch->processes.end; id++) {
		const struct watch_process *process = table_get(&watch->processes, id);

		for (size_t i = 0; process && process->stretches && i < WATCH_STRETCHES && !err;
			i++)
			err = need(needed, process->stretches[i].leader);
	}
	return err;
}

/* Who took turns, and with whom, and who gave way again and again. */
static int need_busybodies(const struct watch *watch, struct table *needed)
{
	int err = DWELL_OK;

	for (uint32_t id = 0; id < watch->tasks.end && !err; id++) {
		const struct watch_task *task = table_get(&watch->tasks, id);

		if (!task) {
			id |= TABLE_PAGE - 1;
			continue;
		}
		if (task->most_turns >= WATCH_TURNS || task->yields >= WATCH_YIELDS)
			err = need(needed, id);
		if (task->most_turns >= WATCH_TURNS && !err)
			err = need(needed, task->most_partner);
	}
	return err;
}

/* Who woke those that are in a wait of the program: it is told when that ends. */
static int need_wakers(const struct watch *watch, struct table *needed)
{
	const uint32_t end = dwell_states_end(watch->states);
	int err = DWELL_OK;

	for (uint32_t id = dwell_states_next(watch->states, 1); id < end && !err;
		id = dwell_states_next(watch->states, id + 1)) {
		const struct dwell_task_state *state = dwell_states_get(watch->states, id);

		if (!state || !state->wait_reason)
			continue;
		err = need(needed, state->waker);
		if (!err)
			err = need(needed, state->wait_waker);
	}
	return err;
}

static int need_first(const struct watch *watch, struct table *needed)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < watch->sites.cap && !err; i++)
		err = need(needed, watch->sites.at[i].task);
	return err;
}

static int sweep(struct watch *watch)
{
	struct table needed = { .item = sizeof(uint64_t) };
	int err = need_leaders(watch, &needed);
	size_t kept = 0;

	if (!err)
		err = need_busybodies(watch, &needed);
	if (!err)
		err = need_wakers(watch, &needed);
	if (!err)
		err = need_first(watch, &needed);
	for (size_t i = 0; i < watch->ended_count && !err; i++) {
		const uint32_t first = watch->ended[i];
		const uint64_t *bits = table_get(&needed, first >> TABLE_BITS);

		if (bits && *bits)
			watch->ended[kept++] = first;
		else
			table_drop(&watch->tasks, first);
	}
	watch->ended_count = watch->ended_kept = kept;
	table_release(&needed);
	return err;
}

static int add_ended(struct watch *watch, uint32_t first)
{
	enum { LEAST = 64 };

	if (watch->ended_count == watch->ended_cap) {
		const size_t cap = watch->ended_cap ? watch->ended_cap * 2 : LEAST;
		uint32_t *ended = realloc(watch->ended, cap * sizeof(*ended));

		if (!ended)
			return DWELL_ENOMEM;
		watch->ended = ended;
		watch->ended_cap = cap;
	}
	watch->ended[watch->ended_count++] = first;
	return watch->ended_count < LEAST + 2 * watch->ended_kept ? DWELL_OK : sweep(watch);
}

uint64_t watch_led_ns(const struct watch *watch, uint32_t leader)
{
	const struct watch_task *of = table_get(&watch->tasks, leader);
	uint64_t ns = of ? of->led_ns : 0;

	for (uint32_t id = 1; id < watch->tasks.end; id++) {
		const struct watch_task *task = table_get(&watch->tasks, id);

		if (task && task->leader == leader)
			ns += task->running_ns - task->led_from_ns;
	}
	return ns;
}

/* What it did since it was led last it will not add to any more. */
static void follow_no_more(struct watch *watch, struct watch_task *task)
{
	struct watch_task *leader = task->leader ? table_get(&watch->tasks, task->leader) : NULL;

	if (leader)
		leader->led_ns += task->running_ns - task->led_from_ns;
	task->leader = 0;
}

int watch_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct watch *watch = fold;
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err; i++) {
		const struct team_member member = member_of(watch, lives[i].task,
			lives[i].created_ns, lives[i].ended_ns, &lives[i].sums);

		err = count_member(watch, &watch->settled, &member,
			catalog_shape(watch->model->catalog, lives[i].task));
	}
	for (uint32_t id = first; id < first + TABLE_PAGE && table_get(&watch->tasks, id); id++)
		follow_no_more(watch, table_get(&watch->tasks, id));
	/* Who signalled, or made another, is looked up later then. */
	return err || watch->looks_back ? err : add_ended(watch, first);
}
