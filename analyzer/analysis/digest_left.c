/* Tasks that were made in a run and are alive at its end: whose, who made them, where they wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/digest_fold.h"

enum { LEFT_MOST = 100 }; /* subjects */

/* Alike, until they are named. */
struct left {
	uint32_t class_id, maker, creation_stack; /* maker: a class */
	uint32_t stack;
	uint8_t state, reason;
	uint32_t task;     /* the first, */
	uint64_t since_ns; /* and since when it does what it does at the end */
	uint64_t count;
};

static int in_order(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	if (x->class_id != y->class_id)
		return x->class_id < y->class_id ? -1 : 1;
	if (x->maker != y->maker)
		return x->maker < y->maker ? -1 : 1;
	if (x->creation_stack != y->creation_stack)
		return x->creation_stack < y->creation_stack ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static void condense(struct left_tasks *left)
{
	size_t kept = 0;

	if (left->count)
		qsort(left->at, left->count, sizeof(*left->at), in_order);
	for (size_t i = 0; i < left->count; i++) {
		struct left *last = kept ? &left->at[kept - 1] : NULL;

		if (!last || in_order(last, &left->at[i])) {
			left->at[kept++] = left->at[i];
			continue;
		}
		last->count += left->at[i].count;
		if (left->at[i].task < last->task) {
			last->task = left->at[i].task;
			last->since_ns = left->at[i].since_ns;
		}
	}
	left->count = kept;
}

/* Those alike become one before more room is made: there may be very many tasks. */
static int make_room(struct left_tasks *left)
{
	size_t cap = left->cap ? left->cap : 512;
	struct left *at;

	condense(left);
	if (left->count * 2 < left->cap)
		return DWELL_OK;
	cap *= 2;
	at = realloc(left->at, cap * sizeof(*at));
	if (!at)
		return DWELL_ENOMEM;
	left->at = at;
	left->cap = cap;
	return DWELL_OK;
}

int left_tasks_add(struct left_tasks *left, const struct dwell_catalog *catalog, uint32_t id,
	const struct digest_task *task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, id);

	if (left->count == left->cap && make_room(left))
		return DWELL_ENOMEM;
	left->at[left->count++] = (struct left){
		.class_id = of->class_id,
		.maker = group_of(catalog, DWELL_BY_CLASS, of->parent),
		.creation_stack = of->creation_stack,
		.stack = task->end_stack,
		.state = task->end_state,
		.reason = task->end_reason,
		.task = id,
		.since_ns = task->end_since_ns,
		.count = 1,
	};
	return DWELL_OK;
}

/* "server/conn-# serve, made in accept_all < main", else "..., made by server/main". */
static void key_left(
	char key[KEY_SIZE], const struct dwell_catalog *catalog, const struct left *left)
{
	char who[KEY_SIZE], maker[KEY_SIZE];
	const char *how = ", made in ";

	key_of_class(who, catalog, left->class_id);
	key_place(maker, catalog, left->creation_stack, 2);
	if (!*maker) {
		key_of_class(maker, catalog, left->maker);
		how = ", made by ";
	}
	snprintf(key, KEY_SIZE, "%.110s%s%.110s", who, *maker ? how : "", maker);
}

/* "poll at read_request < serve", "running"; "" where it is not known. */
static void say_where(
	char where[KEY_SIZE], const struct dwell_catalog *catalog, const struct left *left)
{
	const char *what = left->state == DWELL_UNKNOWN ? "" : dwell_state_name(left->state);
	char place[KEY_SIZE] = "";

	if (left->state == DWELL_BLOCKED) {
		if (left->reason)
			what = dwell_reason_name(left->reason);
		key_place(place, catalog, left->stack, 3);
	}
	snprintf(where, KEY_SIZE, "%s%s%.200s", what, *place ? " at " : "", place);
}

/* Tasks by key and place: those that read alike count together. */
static int name_all(struct left_tasks *left, const struct dwell_catalog *catalog,
	struct subjects *whose, struct subjects *places)
{
	for (size_t i = 0; i < left->count; i++) {
		const struct left *of = &left->at[i];
		const uint64_t id = moment_id(catalog, of->task, of->since_ns);
		char key[KEY_SIZE], where[KEY_SIZE], both[KEY_SIZE * 2];
		struct dwell_digest_subject *into;

		key_left(key, catalog, of);
		into = subjects_get(whose, DWELL_SUBJECT_LEFT, key);
		if (!into)
			return DWELL_ENOMEM;
		into->has_value = true;
		into->value += (double)of->count;
		into->tasks += (uint32_t)of->count;
		if (!into->id)
			into->id = id;
		say_where(where, catalog, of);
		if (!*where)
			continue;
		snprintf(both, sizeof(both), "%s\n%s", key, where);
		into = subjects_get(places, DWELL_SUBJECT_LEFT, both);
		if (!into)
			return DWELL_ENOMEM;
		into->value += (double)of->count;
		if (!into->id)
			into->id = id;
	}
	return DWELL_OK;
}

/* Where most of them wait, how many, and the first of these. */
static int place_all(struct subjects *whose, const struct subjects *places)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < places->count && !err; i++) {
		const struct dwell_digest_subject *place = &places->at[i];
		const char *where = strchr(place->key, '\n');
		const uint64_t count = (uint64_t)place->value;
		struct dwell_digest_subject *into;
		char key[KEY_SIZE];

		snprintf(key, sizeof(key), "%.*s", (int)(where - place->key), place->key);
		into = subjects_find(whose, DWELL_SUBJECT_LEFT, key);
		if (!into || count <= into->blame.holder_ns)
			continue;
		into->blame.holder_ns = count;
		into->id = place->id;
		err = subject_text(&into->blame.waker, where + 1);
	}
	return err;
}

static int most_first(const void *a, const void *b)
{
	const struct dwell_digest_subject *x = a, *y = b;

	if (x->value > y->value || x->value < y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->key, y->key);
}

static int hand_over(struct subjects *subjects, struct subjects *whose)
{
	if (whose->count)
		qsort(whose->at, whose->count, sizeof(*whose->at), most_first);
	for (size_t i = 0; i < whose->count && i < LEFT_MOST; i++) {
		struct dwell_digest_subject *from = &whose->at[i];
		struct dwell_digest_subject *into =
			subjects_get(subjects, DWELL_SUBJECT_LEFT, from->key);

		if (!into)
			return DWELL_ENOMEM;
		into->has_value = true;
		into->value = from->value;
		into->tasks = from->tasks;
		into->id = from->id;
		into->blame = from->blame;
		from->blame = (struct dwell_blame){ 0 };
	}
	return DWELL_OK;
}

int left_tasks_take(
	struct left_tasks *left, const struct dwell_catalog *catalog, struct subjects *subjects)
{
	struct subjects whose = { 0 }, places = { 0 };
	int err;

	condense(left);
	err = name_all(left, catalog, &whose, &places);
	if (!err)
		err = place_all(&whose, &places);
	if (!err)
		err = hand_over(subjects, &whose);
	subjects_release(&whose);
	subjects_release(&places);
	return err;
}

void left_tasks_release(struct left_tasks *left)
{
	free(left->at);
	*left = (struct left_tasks){ 0 };
}
