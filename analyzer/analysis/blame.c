/* Who held the object of a wait, and what it did meanwhile. */
#include "analysis/findings.h"
#include "analysis/waits.h"

static int add_holder(
	struct waits_view *view, struct group *group, const struct dwell_holder *holder)
{
	const uint32_t before = group->holder_count;
	const int err = group_add_holder(
		group, holder, view->holders < GROUPS_HOLDERS ? GROUP_PEOPLE : GROUP_FEW);

	view->holders += group->holder_count - before;
	return err;
}

/* One holder's share of a wait for an object; NULL: of one that is not known. */
static int add_share(struct waits *waits, struct group *const groups[WAITS_VIEWS],
	const struct released *of, uint64_t from_ns, uint64_t to_ns, const struct dwell_holder *who)
{
	struct dwell_reason_time reasons[DWELL_REASON_COUNT];
	struct dwell_holder holder = *who;
	int err = DWELL_OK;

	if (to_ns <= from_ns)
		return DWELL_OK;
	holder.count = 1;
	holder.reasons = reasons;
	holder.total_ns = to_ns - from_ns;
	past_split(&waits->past, from_ns, to_ns, &holder);
	for (unsigned view = 0; view < WAITS_VIEWS && !err; view++) {
		struct group *group = groups[view];

		if (!group)
			continue;
		if (of && who->how == DWELL_HOW_INFERRED &&
			!released_is_lock(of, view, group->reason))
			group->unproven_ns += holder.total_ns;
		err = add_holder(&waits->views[view], group, &holder);
	}
	return err;
}

/* Can the one who gave it up have held it? Of a mutex always; others must have got it before. */
static bool may_have_held(
	const struct members *members, unsigned reason, const struct release *release)
{
	return release->task && (is_held(reason) || members_have(members, release->task));
}

/*
 * From one release to the next the object was held by who made the next one. Back from the wait's
 * end: what is after the last release is nobody's (the waiter was handed it), what is before the
 * oldest that is remembered is not known.
 */
static int share_out(struct waits *waits, struct group *const groups[WAITS_VIEWS],
	const struct dwell_wait *wait, const struct released *of)
{
	const struct release *release;
	int err = DWELL_OK;

	for (uint32_t i = 0; !err && (release = released_latest(of, i)) != NULL; i++) {
		const struct release *before = released_latest(of, i + 1);
		uint64_t from_ns = before ? before->time_ns : wait->start_ns;

		if (release->time_ns > wait->end_ns)
			continue;
		if (release->time_ns <= wait->start_ns)
			break;
		if (from_ns < wait->start_ns)
			from_ns = wait->start_ns;
		/* Dropped: who held it all that time cannot be told. */
		if (!before && of->count == RELEASES)
			break;

		/* At its start the owner was read: that one was waited for until it let go. */
		const bool read = from_ns == wait->start_ns && wait->holder_how == DWELL_HOW_READ;
		const struct dwell_holder who = {
			.task = read ? wait->holder : release->task,
			.stack = read && wait->holder != release->task ? 0 : release->stack,
			.how = read ? DWELL_HOW_READ : DWELL_HOW_INFERRED,
		};
		struct group *of_who[WAITS_VIEWS] = { NULL };

		for (unsigned view = 0; view < WAITS_VIEWS; view++)
			if (read || may_have_held(&of->members[view], wait->reason, release))
				of_who[view] = groups[view];
		if (of_who[0] || of_who[1])
			err = add_share(waits, of_who, of, from_ns, release->time_ns, &who);
	}
	return err;
}

static bool released_since(const struct released *of, const struct dwell_wait *wait)
{
	const struct release *latest = released_latest(of, 0);

	return latest && latest->time_ns > wait->start_ns;
}

/* The whole wait is the one's who was read, where no release tells more. */
static int blame_read(
	struct waits *waits, struct group *const groups[WAITS_VIEWS], const struct dwell_wait *wait)
{
	const struct dwell_holder who = { .task = wait->holder,
		.stack = wait->holder == wait->waker ? wait->waker_stack : 0,
		.how = DWELL_HOW_READ };

	return add_share(waits, groups, NULL, wait->start_ns, wait->end_ns, &who);
}

int waits_release(struct waits *waits, struct released *of, const struct release *release)
{
	const struct dwell_holder who = {
		.task = release->task,
		.stack = release->stack,
		.how = DWELL_HOW_INFERRED,
	};
	/* Where turns are rare, one may be a chance: tasks that put work back into their queue. */
	const bool turn = released_turn(of, release->task) && of->turns * 2 >= of->releases;
	int err = DWELL_OK;

	for (uint32_t i = 0; turn && i < of->late_count && !err; i++) {
		const struct late *late = &of->late[i];
		const uint64_t to_ns =
			late->to_ns < release->time_ns ? late->to_ns : release->time_ns;

		if (late->task != release->task)
			err = add_share(waits, late->groups, of, late->from_ns, to_ns, &who);
	}
	of->late_count = 0;
	return err ? err : released_add(of, release->time_ns, release->task, release->stack);
}

/*
 * It ran out of time: since the last release somebody held the object and gives it up later. That
 * is known by then only of who alone got it since: who puts work into a queue did not.
 */
static int defer(
	struct released *of, struct group *const groups[WAITS_VIEWS], const struct dwell_wait *wait)
{
	const struct release *latest = released_latest(of, 0);
	const struct late late = {
		.groups = { groups[0], groups[1] },
		.from_ns = latest && latest->time_ns > wait->start_ns ? latest->time_ns
								      : wait->start_ns,
		.to_ns = wait->end_ns,
		.task = wait->task,
	};

	if (!(wait->flags & DWELL_EVENT_TIMED_OUT) || wait->holder_how == DWELL_HOW_READ ||
		is_held(wait->reason) || !may_be_lock(wait->reason))
		return DWELL_OK;
	return released_defer(of, &late);
}

/*
 * A process that closes a file, or ends, gives up its lock, which no row tells. Who waited and gets
 * it says so: of the one that was read to have it, and then of who got it by a wait since.
 */
static uint32_t closer_of(
	const struct waits *waits, const struct released *of, const struct dwell_wait *wait)
{
	const struct dwell_catalog_object *object =
		dwell_catalog_object(waits->model->catalog, wait->object);

	if (!object || object->kind != DWELL_OBJECT_FILE || !is_held(wait->reason) ||
		(wait->flags & (DWELL_EVENT_INTERRUPTED | DWELL_EVENT_TIMED_OUT)) != 0)
		return 0;
	if (!released_since(of, wait))
		return wait->holder_how == DWELL_HOW_READ ? wait->holder : 0;
	return of->several ? 0 : of->owner;
}

static int note_end(struct waits *waits, struct released *of, const struct dwell_wait *wait)
{
	const uint64_t ready_ns = wait->end_ns - wait->runnable_ns;
	struct release release = {
		.time_ns = ready_ns > wait->start_ns ? ready_ns : wait->end_ns,
	};

	of->waited = true;
	released_handover(of, wait->start_ns, wait->end_ns);
	/* Who woke it gave it up, unless the object's own rows say when and who. */
	if (!of->has_rows && wait->waker && wait->waker != wait->task) {
		release.task = wait->waker;
		release.stack = wait->waker_stack;
	} else {
		release.task = closer_of(waits, of, wait);
	}
	return release.task && release.task != wait->task ? waits_release(waits, of, &release)
							  : DWELL_OK;
}

/* How it got what it held right before a moment. NULL: it had it from the start, for all that is
 * known; *forgotten: it may have got it by a wait that is not remembered. */
static const struct waits_got *got_before(
	const struct waits_gots *gots, uint64_t time_ns, bool *forgotten)
{
	for (uint32_t i = 1; gots && i <= gots->count && i <= WAITS_GOT; i++) {
		const struct waits_got *got = &gots->last[(gots->count - i) % WAITS_GOT];

		if (got->time_ns < time_ns)
			return got;
	}
	*forgotten = gots && gots->count;
	return NULL;
}

/*
 * No object is known. Who gave it up had got it at the end of its own last wait before for
 * something held, if that ended within this one: before that, it was whoever gave it to that one.
 */
static int follow_givers(
	struct waits *waits, struct group *const groups[WAITS_VIEWS], const struct dwell_wait *wait)
{
	struct dwell_holder who = {
		.task = wait->waker,
		.stack = wait->waker_stack,
		.how = DWELL_HOW_INFERRED,
	};
	uint64_t to_ns = wait->end_ns - wait->runnable_ns;
	int err = DWELL_OK;

	for (unsigned i = 0; i < RELEASES && who.task && who.task != wait->task && !err; i++) {
		bool forgotten = false;
		const struct waits_got *got =
			got_before(table_get(&waits->gots, who.task), to_ns, &forgotten);

		if (forgotten)
			return err;
		if (!got || got->time_ns <= wait->start_ns || !got->giver)
			return add_share(waits, groups, NULL, wait->start_ns, to_ns, &who);
		err = add_share(waits, groups, NULL, got->time_ns, to_ns, &who);
		to_ns = got->time_ns;
		who.task = got->giver;
		who.stack = got->giver_stack;
	}
	return err;
}

/* Who was read to hold it began to wait for it, too: readers of a queue, of which one is a moment
 * ahead. */
static bool contradicted(const struct released *of, const struct dwell_wait *wait)
{
	return of && wait->holder && wait->holder_how == DWELL_HOW_READ &&
	       of->asked == wait->holder && of->asked_ns >= wait->start_ns;
}

int waits_blame(
	struct waits *waits, struct group *const groups[WAITS_VIEWS], const struct dwell_wait *wait)
{
	struct released *of = wait->object ? releases_of(&waits->releases, wait->object) : NULL;
	struct dwell_wait unheld;
	int err = DWELL_OK;

	if (wait->object && !of)
		return DWELL_ENOMEM;
	if (contradicted(of, wait)) {
		unheld = *wait;
		unheld.holder = 0;
		unheld.holder_how = 0;
		wait = &unheld;
	}
	if (of && may_be_held(wait->reason))
		err = note_end(waits, of, wait);
	if (err)
		return err;
	if (!of && is_held(wait->reason) && wait->holder_how != DWELL_HOW_READ)
		return follow_givers(waits, groups, wait);
	if (of && released_since(of, wait))
		err = share_out(waits, groups, wait, of);
	else if (wait->holder && wait->holder_how == DWELL_HOW_READ)
		err = blame_read(waits, groups, wait);
	if (of && !err)
		err = defer(of, groups, wait);
	for (unsigned view = 0; of && view < WAITS_VIEWS; view++)
		if (groups[view])
			members_add(&of->members[view], wait->task);
	return err;
}

/*
 * Who was read to hold it when it began does so until a release; who got it then is not known while
 * nobody has given it up again.
 */
static int share_open(struct waits *waits, struct group *const groups[WAITS_VIEWS],
	const struct dwell_wait *wait, const struct released *of)
{
	if (of && released_since(of, wait))
		return share_out(waits, groups, wait, of);
	if (wait->holder && wait->holder_how == DWELL_HOW_READ)
		return blame_read(waits, groups, wait);
	return DWELL_OK;
}

int waits_blame_open(
	struct waits *waits, struct group *const groups[WAITS_VIEWS], const struct dwell_wait *wait)
{
	const struct released *of =
		wait->object ? table_get(&waits->releases.objects, wait->object) : NULL;
	uint64_t held_ns[WAITS_VIEWS] = { 0 };
	int err;

	if (contradicted(of, wait))
		return DWELL_OK;
	for (unsigned view = 0; view < WAITS_VIEWS; view++)
		held_ns[view] = groups[view] ? group_held_ns(groups[view]) : 0;
	err = wait->holder ? past_end(&waits->past, wait->holder) : DWELL_OK;
	if (!err)
		err = share_open(waits, groups, wait, of);
	for (unsigned view = 0; view < WAITS_VIEWS && !err; view++)
		if (groups[view])
			groups[view]->open_held_ns += group_held_ns(groups[view]) - held_ns[view];
	return err;
}

void waits_doubt(const struct waits *waits, unsigned view, struct group *group)
{
	const struct released *of = group->object && !group->several
					    ? table_get(&waits->releases.objects, group->object)
					    : NULL;

	if (group->unproven_ns <= group_held_ns(group) / 2)
		return;
	if ((of && released_is_lock(of, view, group->reason)) ||
		stack_is_lock(waits->model->catalog, group->reason, group->stack))
		return;
	group_forget_holders(group);
}
