/* The path, added up. */
#include "analysis/shares.h"

#include <stdlib.h>

/* Steps that are kept at most: 320 MB would be too much of an answer. */
enum { MOST_STEPS = 1000000 };

void shares_init(struct shares *shares, const struct dwell_catalog *catalog, unsigned by,
	uint64_t steps_wanted)
{
	*shares = (struct shares){
		.catalog = catalog,
		.by = by,
		.steps_wanted = steps_wanted < MOST_STEPS ? steps_wanted : (uint64_t)MOST_STEPS,
		.sites = { .item = sizeof(uint64_t) },
	};
}

void shares_release(struct shares *shares)
{
	free(shares->shares);
	free(shares->waits);
	free(shares->share_slots.at);
	free(shares->wait_slots.at);
	free(shares->steps);
	table_release(&shares->sites);
}

int site_of(struct shares *shares, uint32_t stack, uint64_t *site)
{
	uint64_t *known = stack ? table_make(&shares->sites, stack) : NULL;

	*site = 0;
	if (!known)
		return stack ? (int)DWELL_ENOMEM : (int)DWELL_OK;
	if (!*known)
		*known = catalog_stack_hash(shares->catalog, stack) | 1;
	*site = *known;
	return DWELL_OK;
}

/* Room in an array and its slots for one more; the hashes are worked out anew by `hash`. */
static int grow(void **at, size_t *cap, size_t item, struct slots *slots)
{
	const size_t more = *cap ? *cap * 2 : 32;
	void *grown = realloc(*at, more * item);
	uint32_t *slot = calloc(more * 2, sizeof(*slot));

	if (grown)
		*at = grown;
	if (!grown || !slot) {
		free(slot);
		return DWELL_ENOMEM;
	}
	free(slots->at);
	*slots = (struct slots){ slot, more * 2 };
	*cap = more;
	return DWELL_OK;
}

static uint64_t share_hash(const struct shared *s)
{
	uint64_t hash = hash_mix(hash_mix(1, s->is.state), s->is.reason);

	hash = hash_mix(hash_mix(hash, s->is.class_id), s->is.task);
	return hash_mix(hash_mix(hash, s->is.object), s->site);
}

static bool same_share(const struct shared *a, const struct shared *b)
{
	return a->is.state == b->is.state && a->is.reason == b->is.reason &&
	       a->is.class_id == b->is.class_id && a->is.task == b->is.task &&
	       a->is.object == b->is.object && a->site == b->site;
}

static uint32_t *share_slot(const struct shares *s, const struct shared *key)
{
	size_t i = share_hash(key) & (s->share_slots.count - 1);

	while (s->share_slots.at[i] && !same_share(&s->shares[s->share_slots.at[i] - 1], key))
		i = (i + 1) & (s->share_slots.count - 1);
	return &s->share_slots.at[i];
}

static int add_share(struct shares *s, const struct shared *key, const struct dwell_step *step)
{
	const uint64_t ns = step->end_ns - step->start_ns;
	struct dwell_share *share;
	uint32_t *slot;

	if (s->count == s->cap) {
		if (grow((void **)&s->shares, &s->cap, sizeof(*s->shares), &s->share_slots))
			return DWELL_ENOMEM;
		for (size_t i = 0; i < s->count; i++)
			*share_slot(s, &s->shares[i]) = (uint32_t)i + 1;
	}
	slot = share_slot(s, key);
	if (!*slot) {
		s->shares[s->count++] = *key;
		*slot = (uint32_t)s->count;
	}
	share = &s->shares[*slot - 1].is;
	share->ns += ns;
	share->steps++;
	if (ns > share->longest_ns) {
		share->longest_ns = ns;
		share->longest_at_ns = step->start_ns;
		share->longest_task = step->task;
	}
	return DWELL_OK;
}

static int key_of_step(struct shares *s, const struct dwell_step *step, struct shared *key)
{
	/* What the path waits for here: itself, or as part of a wait. */
	const bool own = step->state == DWELL_BLOCKED;
	const uint32_t stack = own ? step->stack : step->for_stack;

	*key = (struct shared){ 0 };
	switch (s->by) {
	case DWELL_SHARE_BY_CLASS:
		key->is.class_id = group_of(s->catalog, DWELL_BY_CLASS, step->task);
		return DWELL_OK;
	case DWELL_SHARE_BY_TASK:
		key->is.task = step->task;
		return DWELL_OK;
	case DWELL_SHARE_BY_STATE:
		key->is.state = step->state;
		return DWELL_OK;
	case DWELL_SHARE_BY_REASON:
		key->is.reason = own ? step->reason : step->for_reason;
		return DWELL_OK;
	case DWELL_SHARE_BY_OBJECT:
		key->is.object = own ? step->object : step->for_object;
		return DWELL_OK;
	case DWELL_SHARE_BY_SITE:
		key->is.stack = stack;
		return site_of(s, stack, &key->site);
	default:
		key->is.class_id = group_of(s->catalog, DWELL_BY_CLASS, step->task);
		key->is.state = step->state;
		key->is.reason = step->reason;
		key->is.stack = own ? step->stack : DWELL_NONE;
		return site_of(s, key->is.stack, &key->site);
	}
}

static bool shorter(const struct dwell_step *a, const struct dwell_step *b)
{
	const uint64_t x = a->end_ns - a->start_ns, y = b->end_ns - b->start_ns;

	return x != y ? x < y : a->start_ns > b->start_ns;
}

static void swap(struct dwell_step *a, struct dwell_step *b)
{
	const struct dwell_step was = *a;

	*a = *b;
	*b = was;
}

static void sink_down(struct dwell_step *heap, size_t count)
{
	for (size_t i = 0, least = 0;; i = least) {
		for (size_t child = 2 * i + 1; child < count && child <= 2 * i + 2; child++)
			if (shorter(&heap[child], &heap[least]))
				least = child;
		if (least == i)
			return;
		swap(&heap[i], &heap[least]);
	}
}

static int keep_step(struct shares *s, const struct dwell_step *step)
{
	if (!s->steps_wanted)
		return DWELL_OK;
	if (s->step_count == s->steps_wanted) {
		if (shorter(&s->steps[0], step)) {
			s->steps[0] = *step;
			sink_down(s->steps, s->step_count);
		}
		return DWELL_OK;
	}
	if (s->step_count == s->step_cap) {
		const size_t cap = s->step_cap ? s->step_cap * 2 : 64;
		struct dwell_step *steps = realloc(s->steps, cap * sizeof(*steps));

		if (!steps)
			return DWELL_ENOMEM;
		s->steps = steps;
		s->step_cap = cap;
	}
	s->steps[s->step_count] = *step;
	for (size_t i = s->step_count++; i && shorter(&s->steps[i], &s->steps[(i - 1) / 2]);
		i = (i - 1) / 2)
		swap(&s->steps[i], &s->steps[(i - 1) / 2]);
	return DWELL_OK;
}

static bool alike(const struct dwell_step *a, const struct dwell_step *b)
{
	return a->task == b->task && a->state == b->state && a->reason == b->reason &&
	       a->object == b->object && a->stack == b->stack && a->stop == b->stop &&
	       a->depth == b->depth && a->for_task == b->for_task && a->executor == b->executor &&
	       a->for_object == b->for_object && a->for_stack == b->for_stack &&
	       a->for_reason == b->for_reason && a->entry == b->entry;
}

static int end_pending(struct shares *s)
{
	if (!s->pending.task)
		return DWELL_OK;
	s->all_steps++;
	return keep_step(s, &s->pending);
}

int shares_step(void *context, const struct dwell_step *step)
{
	struct shares *s = context;
	struct shared key;
	int err = key_of_step(s, step, &key);

	if (!err)
		err = add_share(s, &key, step);
	if (err)
		return err;
	if (s->pending.task && s->pending.start_ns == step->end_ns && alike(&s->pending, step)) {
		s->pending.start_ns = step->start_ns;
		return DWELL_OK;
	}
	err = end_pending(s);
	s->pending = *step;
	return err;
}

static uint32_t *wait_slot(const struct shares *s, const struct shared_wait *key)
{
	const uint64_t hash = hash_mix(hash_mix(key->is.reason, key->is.object), key->site);
	size_t i = hash & (s->wait_slots.count - 1);

	for (; s->wait_slots.at[i]; i = (i + 1) & (s->wait_slots.count - 1)) {
		const struct shared_wait *of = &s->waits[s->wait_slots.at[i] - 1];

		if (of->is.reason == key->is.reason && of->is.object == key->is.object &&
			of->site == key->site)
			break;
	}
	return &s->wait_slots.at[i];
}

static struct shared_wait *wait_of(struct shares *s, const struct dwell_stretch *wait)
{
	struct shared_wait key = {
		.is = { .reason = wait->reason, .object = wait->object, .stack = wait->stack }
	};
	uint32_t *slot;

	if (site_of(s, wait->stack, &key.site))
		return NULL;
	if (s->wait_count == s->wait_cap) {
		if (grow((void **)&s->waits, &s->wait_cap, sizeof(*s->waits), &s->wait_slots))
			return NULL;
		for (size_t i = 0; i < s->wait_count; i++)
			*wait_slot(s, &s->waits[i]) = (uint32_t)i + 1;
	}
	slot = wait_slot(s, &key);
	if (!*slot) {
		s->waits[s->wait_count++] = key;
		*slot = (uint32_t)s->wait_count;
	}
	return &s->waits[*slot - 1];
}

int shares_wait(void *context, const struct dwell_stretch *wait, uint64_t at_ns, bool entered)
{
	struct shares *s = context;
	struct shared_wait *of = wait_of(s, wait);
	/* One that was begun again is left before it began the last time. */
	const uint64_t length_ns = wait->end_ns - (at_ns < wait->start_ns ? at_ns : wait->start_ns);

	if (!of)
		return DWELL_ENOMEM;
	if (entered) {
		/* What follows its release is the same wait. */
		of->is.count += at_ns == wait->end_ns || wait->let_go_ns != at_ns;
		if (!of->open++)
			of->since_ns = at_ns;
		return DWELL_OK;
	}
	if (!--of->open)
		of->is.ns += of->since_ns - at_ns;
	if (length_ns > of->is.longest_ns) {
		of->is.longest_ns = length_ns;
		of->is.longest_at_ns = wait->start_ns;
		of->is.task = wait->task;
	}
	return DWELL_OK;
}

static int by_length(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;

	if (x->is.ns != y->is.ns)
		return x->is.ns > y->is.ns ? -1 : 1;
	if (x->is.class_id != y->is.class_id)
		return x->is.class_id < y->is.class_id ? -1 : 1;
	if (x->is.task != y->is.task)
		return x->is.task < y->is.task ? -1 : 1;
	if (x->is.state != y->is.state)
		return x->is.state < y->is.state ? -1 : 1;
	if (x->is.reason != y->is.reason)
		return x->is.reason < y->is.reason ? -1 : 1;
	if (x->is.object != y->is.object)
		return x->is.object < y->is.object ? -1 : 1;
	return (x->is.stack > y->is.stack) - (x->is.stack < y->is.stack);
}

static int waits_by_length(const void *a, const void *b)
{
	const struct shared_wait *x = a, *y = b;

	if (x->is.ns != y->is.ns)
		return x->is.ns > y->is.ns ? -1 : 1;
	if (x->is.reason != y->is.reason)
		return x->is.reason < y->is.reason ? -1 : 1;
	if (x->is.object != y->is.object)
		return x->is.object < y->is.object ? -1 : 1;
	return (x->is.stack > y->is.stack) - (x->is.stack < y->is.stack);
}

static int by_time(const void *a, const void *b)
{
	const struct dwell_step *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

int shares_finish(struct shares *s)
{
	const int err = end_pending(s);

	if (err)
		return err;
	if (s->count)
		qsort(s->shares, s->count, sizeof(*s->shares), by_length);
	if (s->wait_count)
		qsort(s->waits, s->wait_count, sizeof(*s->waits), waits_by_length);
	if (s->step_count)
		qsort(s->steps, s->step_count, sizeof(*s->steps), by_time);
	return DWELL_OK;
}
