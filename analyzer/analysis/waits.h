#ifndef DWELL_ANALYSIS_WAITS_H
#define DWELL_ANALYSIS_WAITS_H

#include "analysis/active.h"
#include "analysis/groups.h"
#include "analysis/past.h"
#include "analysis/releases.h"

enum { WAITS_VIEWS = RELEASED_VIEWS, WAITS_GOT = 4 };

/* Waits put into groups. */
struct waits_view {
	unsigned by;    /* enum dwell_by: what groups have in common */
	bool held_only; /* only waits for something that may be held, and nobody asks who woke */
	struct groups groups;
	uint64_t holders; /* in all of them */
};

/* What a stack is as a place where a lock is waited for that no object tells. */
struct waits_place {
	uint64_t hash; /* of its names; 0: not worked out */
	uint8_t asked; /* for which reason: 0, none yet */
	bool handed;
};

/* Folds waits into groups, with who held what was waited for, and who woke. */
struct waits {
	const struct model *model;
	struct waits_view views[WAITS_VIEWS];
	unsigned view_count;
	bool held_only;     /* all views are */
	bool only_sums;     /* nobody asks how long waits were distributed */
	bool any;           /* all of these are wanted, whatever the task, reason and object */
	uint32_t strangers; /* of a batch: waits unlike the one before of the same task */
	struct past past;
	struct releases releases;
	struct active active;
	struct table waiters; /* struct waiter: waiter_of */
	struct table gots;    /* by task: struct waits_gots */
	struct table places;  /* by stack: struct waits_place */
	const struct dwell_states *states;
	uint64_t begin_ns;
	struct table
		lived; /* unsigned char *, by page of tasks: varints, of those that were settled */
	/* The first of each page of these of which something is kept, and how many it was last. */
	uint32_t *ended;
	size_t ended_count, ended_cap, ended_kept;
};

/* What a task waits for now, and whom it dealt with last. What nearly every row needs is the first
 * cache line. */
struct waiter {
	_Alignas(64) struct active_task active;
	uint64_t woken_ns; /* when `woken_by` woke it last */
	uint64_t awake_ns; /* the end of its last wait */
	uint32_t woken_by;
	/* Its last wait that was folded, and the groups of that: mostly the next one is like it. */
	uint32_t object, stack;
	uint8_t reason;
	bool for_lock; /* a semaphore whose holder was read, by its latest word */
	struct group *groups[WAITS_VIEWS];
	uint32_t queued; /* object in whose queue it counts */
};

_Static_assert(offsetof(struct waiter, groups[1]) == 64, "the first cache line of a waiter");

/* The last waits of a task for something held that have ended: a ring. */
struct waits_gots {
	struct waits_got {
		uint64_t time_ns;
		uint32_t giver, giver_stack;
	} last[WAITS_GOT];
	uint32_t count; /* ever */
};

int waits_make(void **fold, const struct model *model, unsigned by, bool held_only);
/* The same waits by something else, too. */
void waits_add_view(struct waits *waits, unsigned by, bool held_only);
void waits_drop(void *fold);
int waits_begin(void *fold, const struct fold_start *start);
void waits_go_on(void *fold, const struct dwell_states *states);
int waits_ahead(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds);
bool waits_looks(const void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds);
uint32_t waits_skips(const void *fold);
bool waits_firsts(const void *fold);
int waits_batch(void *fold, const struct fold_batch *batch);
int waits_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count);
/* How long tasks that were settled lived, 0 of others; one after the other is quick. All zero at
 * first. */
struct waits_lived {
	uint64_t ns[TABLE_PAGE];
	uint32_t page; /* one more than the page whose these are */
};
static inline uint64_t sum_of(const struct dwell_task_sums *sums)
{
	return sums->unknown_ns + sums->running_ns + sums->runnable_ns + sums->blocked_ns;
}
uint64_t waits_lived(const struct waits *waits, struct waits_lived *last, uint32_t task);
void waits_drop_lived(struct waits *waits);
/* Never called: the fold is serial. */
int waits_merge(void *into, void *from);

/* What waits of a group have in common, as a hash; *id: of a group that is of one task, object or
 * reason. */
uint64_t waits_key(struct waits *waits, const struct waits_view *view, uint32_t task,
	uint32_t object, uint32_t stack, unsigned reason, uint32_t *id);
struct group *waits_group(struct waits *waits, struct waits_view *view, uint32_t task,
	uint32_t object, uint32_t stack, unsigned reason);
/* Ask for what the waits of a batch will touch, where that is not near. */
void waits_fetch(struct waits *waits, const struct dwell_told *told);

/* What tells the rows apart that a wait belongs to; task: only of one without a stack. */
struct wait_key {
	uint32_t task, object, stack;
	uint8_t reason;
};
/* The id of a lock's row. */
uint64_t lock_id(const struct dwell_catalog *catalog, uint32_t object, uint32_t stack);
/* Does the wait belong to the row of blocked (by site, object, reason) or of locks that has this
 * id? */
bool wait_has_key(const struct dwell_catalog *catalog, const struct wait_key *key, uint64_t id);
/* And do waits of this task belong to the row of blocked by task or class that has it? */
bool task_has_key(const struct dwell_catalog *catalog, uint32_t task, uint64_t id);

/* Bits by reason: what such a wait is for is something that a task holds; */
enum {
	REASONS_HELD = 1 << DWELL_REASON_MUTEX | 1 << DWELL_REASON_RWLOCK,
	/* the same, or it may be used as one: who held it shows; */
	REASONS_MAYBE_HELD = REASONS_HELD | 1 << DWELL_REASON_SEMAPHORE | 1 << DWELL_REASON_FUTEX,
	/* the same, or a lock may be built upon it, as Python's is upon a condition: its turns
	 * show. */
	REASONS_MAYBE_LOCK = REASONS_MAYBE_HELD | 1 << DWELL_REASON_COND
};

static inline bool is_of(unsigned reason, unsigned reasons)
{
	return reason < 32 && reasons >> reason & 1;
}

static inline bool is_held(unsigned reason)
{
	return is_of(reason, REASONS_HELD);
}

static inline bool may_be_held(unsigned reason)
{
	return is_of(reason, REASONS_MAYBE_HELD);
}

static inline bool may_be_lock(unsigned reason)
{
	return is_of(reason, REASONS_MAYBE_LOCK);
}

static inline bool waits_shows(const struct waits_view *view, unsigned reason)
{
	return !view->held_only || may_be_lock(reason);
}

/* A call that the program told of and that went on running all the while: no wait, the kernel says.
 */
bool never_waited(const struct dwell_wait *wait);

/* NULL: no memory. */
static inline struct waiter *waiter_of(struct waits *waits, uint32_t task)
{
	const size_t page = task >> TABLE_BITS;

	if (page < waits->waiters.page_count && waits->waiters.pages[page])
		return (struct waiter *)waits->waiters.pages[page] + (task & (TABLE_PAGE - 1));
	return table_make(&waits->waiters, task);
}

/* The task waits in the queue of an object from now on, or of none. 0 or DWELL_ENOMEM. */
int waits_queue(struct waits *waits, struct waiter *waiter, uint32_t object);
/* An interval has ended, maybe a wait of its own; a wait of the program's has; one goes on at the
 * end. 0 or DWELL_ENOMEM. */
int waits_interval(struct waits *waits, const struct dwell_interval *interval);
int waits_wait(struct waits *waits, const struct dwell_wait *wait);
/* The same of an interval that is a wait, where nobody asks what tasks did before. */
int waits_own(struct waits *waits, const struct dwell_interval *interval);
int waits_open(struct waits *waits, const struct dwell_interval *interval);
/* Rows from *at to `end`, all of them plain, and the waits that they ended, from *own on; while
 * nobody waits for what may be held. 0 or DWELL_ENOMEM. */
int waits_plain(
	struct waits *waits, const struct fold_batch *batch, size_t *at, size_t end, size_t *own);

/* The object is given up: what was to learn of it is told. 0 or DWELL_ENOMEM. */
int waits_release(struct waits *waits, struct released *of, const struct release *release);
/* Split a wait over who held its object: into its groups, of each view or NULL. 0 or DWELL_ENOMEM.
 */
int waits_blame(struct waits *waits, struct group *const groups[WAITS_VIEWS],
	const struct dwell_wait *wait);
/* The same of one that has not ended, within the window. */
int waits_blame_open(struct waits *waits, struct group *const groups[WAITS_VIEWS],
	const struct dwell_wait *wait);
/* At the end: of a group without a sign that what it waits for is held, forget the holders. */
void waits_doubt(const struct waits *waits, unsigned view, struct group *group);

#endif
