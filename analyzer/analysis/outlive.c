/* Tasks that outlive their use: ended and never joined, waiting while others like them end, more
 * and more of them. */
#include <stdlib.h>

#include "analysis/leaks.h"

/* Those that were settled are not looked for in the catalog: it would unpack them all. */
static const struct dwell_catalog_task *known_of(
	const struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	return of ? dwell_catalog_task(judge->catalog, task) : NULL;
}

/* Created by the program itself, where its library saw joins too. */
static bool is_joinable(const struct dwell_catalog_task *task)
{
	return task->kind == DWELL_TASK_THREAD && task->born && task->creation_stack &&
	       task->start_location;
}

/* It ended by itself: not by its process's end, which kills what runs at about the same time. */
static bool ended_before(const struct leak_process *process, const struct leak_task *of)
{
	const uint64_t slack_ns = 1000000;

	return of->died_ns != DWELL_FOREVER && !of->reason &&
	       of->died_ns + slack_ns < process->end_ns;
}

/* How many threads of one place of creation were given up, and how many ended and were not. */
struct place {
	uint32_t process, stack;
	uint32_t joined, unjoined;
};

static struct place *place_of(struct place *places, size_t *count, uint32_t process, uint32_t stack)
{
	for (size_t i = 0; i < *count; i++)
		if (places[i].process == process && places[i].stack == stack)
			return &places[i];
	places[*count] = (struct place){ .process = process, .stack = stack };
	return &places[(*count)++];
}

static size_t count_places(const struct leak_judge *judge, struct place *places)
{
	size_t count = 0;

	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		const struct dwell_catalog_task *known = known_of(judge, id, of);
		struct place *place;

		if (!of || !is_joinable(known))
			continue;
		place = place_of(places, &count, known->process, known->creation_stack);
		if (of->given_up)
			place->joined++;
		else if (ended_before(&judge->processes[known->process], of))
			place->unjoined++;
	}
	return count;
}

/* Where a process goes on, or was killed, a join may have been to come: many must be missing. */
static bool is_unjoined(const struct leak_judge *judge, const struct place *place)
{
	enum { MANY = 16 };
	const struct leak_process *process = &judge->processes[place->process];

	/* As many joins as that, of threads that are not known, may have been of these. */
	if (place->unjoined <= process->joins)
		return false;
	return (process->ended && !process->killed) || (place->unjoined >= MANY && !place->joined);
}

static int add_unjoined(struct leak_judge *judge, uint32_t id, const struct leak_task *of)
{
	struct dwell_leak *row = leak_row(judge, DWELL_LEAK_NEVER_JOINED, id);

	if (!row)
		return DWELL_ENOMEM;
	row->since_ns = of->died_ns;
	row->creation_stack = dwell_catalog_task(judge->catalog, id)->creation_stack;
	return leak_add_task(row, id);
}

int leaks_find_unjoined(struct leak_judge *judge)
{
	struct place *places = calloc(judge->task_count + 1, sizeof(*places));
	size_t count = places ? count_places(judge, places) : 0;
	int err = places ? DWELL_OK : DWELL_ENOMEM;

	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		const struct dwell_catalog_task *known = known_of(judge, id, of);

		if (!of || !is_joinable(known) || of->given_up ||
			!ended_before(&judge->processes[known->process], of))
			continue;
		if (is_unjoined(
			    judge, place_of(places, &count, known->process, known->creation_stack)))
			err = add_unjoined(judge, id, of);
	}
	free(places);
	return err;
}

/* Tasks of one process that were made alike. */
struct kin {
	uint32_t process, class;
	uint32_t born, ended; /* seen to be */
	uint32_t first;       /* task */
	uint64_t longest_ns;  /* life of those that ended */
};

static int by_kin(const void *a, const void *b)
{
	const struct kin *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->class > y->class) - (x->class < y->class);
}

static void add_kin(struct kin *into, const struct kin *from)
{
	into->born += from->born;
	into->ended += from->ended;
	if (from->first < into->first)
		into->first = from->first;
	if (from->longest_ns > into->longest_ns)
		into->longest_ns = from->longest_ns;
}

/* Those that were settled, by shapes. */
static size_t settled_kin(const struct leak_judge *judge, struct kin *kin)
{
	const struct leaks *leaks = judge->leaks;
	size_t count = 0;

	for (size_t i = 0; i < leaks->ended_count; i++) {
		struct leak_ended *ended = &leaks->ended[i];

		if (ended->born && !ended->counted && !leak_ended_left(judge, ended)) {
			leak_kin_end(table_get(&leaks->shapes, ended->shape), ended);
			ended->counted = true;
		}
	}
	for (uint32_t id = 1; id < leaks->shapes.end; id++) {
		const struct leak_shape *of = table_get(&leaks->shapes, id);
		const struct dwell_catalog_task *like =
			of && of->born ? catalog_like(judge->catalog, id) : NULL;

		if (like)
			kin[count++] = (struct kin){ like->process, like->class_id, of->born,
				of->ended, of->first_task, of->longest_ns };
	}
	return count;
}

/* One for each task, sorted, then those alike added up. */
static size_t count_kin(const struct leak_judge *judge, struct kin *kin)
{
	size_t count = settled_kin(judge, kin), kept = 0;

	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		const struct dwell_catalog_task *known = known_of(judge, id, of);
		bool ended;

		if (!known || !known->born)
			continue;
		ended = of->died_ns != DWELL_FOREVER && !leak_is_left(judge, id, of);
		kin[count++] = (struct kin){ known->process, known->class_id, 1, ended, id,
			ended ? of->died_ns - known->created_ns : 0 };
	}
	if (count)
		qsort(kin, count, sizeof(*kin), by_kin);
	for (size_t i = 0; i < count; i++)
		if (kept && !by_kin(&kin[kept - 1], &kin[i]))
			add_kin(&kin[kept - 1], &kin[i]);
		else
			kin[kept++] = kin[i];
	return kept;
}

/* Room for one of each task and shape. */
static struct kin *room_for_kin(const struct leak_judge *judge)
{
	return calloc((size_t)judge->task_count + judge->leaks->shapes.end + 1, sizeof(struct kin));
}

static const struct kin *kin_of(
	const struct kin *kin, size_t count, uint32_t process, uint32_t class)
{
	const struct kin key = { .process = process, .class = class };

	return bsearch(&key, kin, count, sizeof(*kin), by_kin);
}

/*
 * Most of its kind end, none of them lived as long as this one waits, and it waits for another
 * task: one that came late, or that is about to end, is no leak.
 */
static bool is_forgotten(const struct leak_judge *judge, uint32_t id, const struct leak_task *of,
	const struct kin *kin)
{
	enum { ENDED = 3, TIMES = 10 };
	const uint64_t least_ns = 1000000000;
	const uint64_t end_ns = judge->processes[kin->process].end_ns;
	const uint64_t waits_ns = end_ns > of->since_ns ? end_ns - of->since_ns : 0;

	if (!leak_is_left(judge, id, of) || !leak_waits(of) || of->why || of->in_circle)
		return false;
	return kin->ended >= ENDED && kin->ended > kin->born / 2 && waits_ns >= least_ns &&
	       waits_ns / TIMES > kin->longest_ns;
}

int leaks_find_alive(struct leak_judge *judge)
{
	struct kin *kin = room_for_kin(judge);
	const size_t count = kin ? count_kin(judge, kin) : 0;
	int err = kin ? DWELL_OK : DWELL_ENOMEM;

	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		const struct dwell_catalog_task *known = known_of(judge, id, of);
		const struct kin *mine;
		struct dwell_leak *row;

		if (!known || !known->born)
			continue;
		mine = kin_of(kin, count, known->process, known->class_id);
		if (!mine || !is_forgotten(judge, id, of, mine))
			continue;
		row = leak_row(judge, DWELL_LEAK_ALIVE_AT_END, id);
		if (!row)
			return DWELL_ENOMEM;
		row->reason = of->reason;
		leak_task_of(judge, id)->named = true;
		err = leak_add_step(judge, row, id);
	}
	free(kin);
	return err;
}

/* How many of a class are alive at least, in each of as many parts of the process's life. */
enum { PARTS = LEAK_PARTS, GROWS = 8 };

struct life {
	uint32_t process, class, task;
	uint64_t from_ns, to_ns; /* DWELL_FOREVER: it is left */
};

static int by_life(const void *a, const void *b)
{
	const struct life *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

/* Those alive throughout a part are at most as many as are alive at any moment of it. */
static uint32_t alive_in(const struct life *lives, size_t count, uint64_t from_ns, uint64_t to_ns)
{
	uint32_t alive = 0;

	for (size_t i = 0; i < count; i++)
		alive += lives[i].from_ns <= from_ns && lives[i].to_ns >= to_ns;
	return alive;
}

static bool grows(const struct life *lives, size_t count, uint64_t from_ns, uint64_t to_ns)
{
	const uint64_t least_ns = 1000000000;
	uint32_t before = 0, first = 0;

	if (to_ns < from_ns + least_ns)
		return false;
	for (uint32_t part = 0; part < PARTS; part++) {
		const uint64_t length_ns = (to_ns - from_ns) / PARTS;
		const uint32_t now = alive_in(
			lives, count, from_ns + part * length_ns, from_ns + (part + 1) * length_ns);

		if (part && now <= before)
			return false;
		if (part == 1)
			first = now;
		before = now;
	}
	return before >= first + GROWS;
}

static uint64_t process_begin(const struct leak_judge *judge, uint32_t process)
{
	const uint64_t begin_ns = catalog_first_created(judge->catalog, process);

	return begin_ns > judge->leaks->model->from_ns ? begin_ns : judge->leaks->model->from_ns;
}

/* first: of all of them, some of which may have been settled. */
static int add_growing(
	struct leak_judge *judge, const struct life *lives, size_t count, uint32_t first)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(judge->catalog, first);
	struct dwell_leak *row = leak_row(judge, DWELL_LEAK_GROWING, first);
	int err = row ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	row->since_ns = known->created_ns;
	row->creation_stack = known->creation_stack;
	for (size_t i = 0; i < count && !err; i++) {
		struct leak_task *of = leak_task_of(judge, lives[i].task);

		if (lives[i].to_ns != DWELL_FOREVER)
			continue;
		if (of)
			of->named = true;
		err = leak_add_task(row, lives[i].task);
	}
	if (!row->count)
		judge->out->count--;
	return err;
}

/* Of those that were settled only who lived for long or is left. */
static size_t settled_lives(const struct leak_judge *judge, struct life *lives)
{
	size_t count = 0;

	for (size_t i = 0; i < judge->leaks->ended_count; i++) {
		const struct leak_ended *ended = &judge->leaks->ended[i];

		if (ended->born)
			lives[count++] = (struct life){ ended->process,
				catalog_class_of_shape(judge->catalog, ended->shape), ended->task,
				ended->created_ns,
				leak_ended_left(judge, ended) ? DWELL_FOREVER : ended->died_ns };
	}
	return count;
}

static size_t collect_lives(const struct leak_judge *judge, struct life *lives)
{
	size_t count = settled_lives(judge, lives);

	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		const struct dwell_catalog_task *known = known_of(judge, id, of);

		if (!known || !known->born)
			continue;
		lives[count++] =
			(struct life){ known->process, known->class_id, id, known->created_ns,
				leak_is_left(judge, id, of) ? DWELL_FOREVER : of->died_ns };
	}
	if (count)
		qsort(lives, count, sizeof(*lives), by_life);
	return count;
}

int leaks_find_growing(struct leak_judge *judge)
{
	struct life *lives = calloc(judge->task_count + 1, sizeof(*lives));
	struct kin *kin = room_for_kin(judge);
	const size_t kinds = kin ? count_kin(judge, kin) : 0;
	const size_t count = lives ? collect_lives(judge, lives) : 0;
	int err = lives && kin ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0, n; i < count && !err; i += n) {
		const uint32_t process = lives[i].process;
		const struct kin *of = kin_of(kin, kinds, process, lives[i].class);

		for (n = 1; i + n < count && lives[i + n].process == process &&
			    lives[i + n].class == lives[i].class;
			n++)
			continue;
		if (of && of->born >= 2 * GROWS &&
			grows(lives + i, n, process_begin(judge, process),
				judge->processes[process].end_ns))
			err = add_growing(judge, lives + i, n, of->first);
	}
	free(lives);
	free(kin);
	return err;
}
