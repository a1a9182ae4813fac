/* Who was to blame: what the analyses of waits know of a digest's subjects. */
#include <stdio.h>

#include "analysis/fold.h"
#include "analysis/subjects.h"

static unsigned most_of(const uint64_t by_reason[DWELL_REASON_COUNT])
{
	unsigned most = 0;

	for (unsigned reason = 1; reason < DWELL_REASON_COUNT; reason++)
		if (by_reason[reason] > by_reason[most])
			most = reason;
	return most;
}

/* "redis-server/bio_# at flush < run": its class, and where it gave up what it held. */
static int say_holder(
	char **into, const struct dwell_catalog *catalog, const struct dwell_holder *holder)
{
	char who[KEY_SIZE], where[KEY_SIZE], text[KEY_SIZE * 2 + 8];

	key_class(who, catalog, holder->task);
	key_place(where, catalog, holder->stack, 2);
	snprintf(text, sizeof(text), "%s%s%s", who, *where ? " at " : "", where);
	return subject_text(into, text);
}

/* Several rows may be one subject: the longest of them names who it was. */
static int add_holders(struct dwell_blame *blame, const struct dwell_catalog *catalog,
	const struct dwell_holder *holders, size_t count)
{
	uint64_t by_reason[DWELL_REASON_COUNT] = { 0 };
	int err = DWELL_OK;

	for (size_t i = 0; i < count; i++) {
		add_times(&blame->times, &holders[i].times);
		for (size_t j = 0; j < holders[i].reason_count; j++)
			by_reason[holders[i].reasons[j].reason] += holders[i].reasons[j].ns;
	}
	if (count && holders[0].task && holders[0].total_ns > blame->holder_ns) {
		blame->holder_ns = holders[0].total_ns;
		blame->reason = (uint8_t)most_of(by_reason);
		err = say_holder(&blame->holder, catalog, &holders[0]);
	}
	return err;
}

/* Of rows that read alike the one of the longest time says what they are, and where to look. */
static bool is_longest(struct dwell_digest_subject *subject, uint64_t total_ns)
{
	if (subject->id && (double)total_ns <= subject->value_of)
		return false;
	subject->value_of = (double)total_ns;
	return true;
}

static int blame_site(struct subjects *subjects, const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row)
{
	char who[KEY_SIZE], key[KEY_SIZE];
	struct dwell_digest_subject *subject;
	int err;

	key_text(who, row->key.text);
	key_site(key, catalog, row->reason, row->stack, who, 3);
	subject = subjects_find(subjects, DWELL_SUBJECT_SITE, key);
	if (!subject)
		return DWELL_OK;
	if (is_longest(subject, row->waits.total_ns)) {
		subject->id = row->id;
		subject->role = row->role;
		subject->harmless = row->role == DWELL_ROLE_WORK || row->role == DWELL_ROLE_TIME;
	}
	subject->tasks += row->tasks;
	err = add_holders(&subject->blame, catalog, row->holders, row->holder_count);
	if (!err && !subject->blame.waker && row->waker_count && row->wakers[0].task) {
		key_class(who, catalog, row->wakers[0].task);
		err = subject_text(&subject->blame.waker, who);
	}
	return err;
}

static int blame_lock(struct subjects *subjects, const struct dwell_catalog *catalog,
	const struct dwell_lock_row *row, const struct table *locks)
{
	const uint32_t *known = row->object ? table_get(locks, row->object) : NULL;
	struct dwell_digest_subject *subject = known && *known ? &subjects->at[*known - 1] : NULL;
	char key[KEY_SIZE];

	if (!row->object) {
		key_lock(key, catalog, 0, row->reason, row->stack);
		subject = subjects_find(subjects, DWELL_SUBJECT_LOCK, key);
	}
	if (!subject)
		return DWELL_OK;
	if (is_longest(subject, row->waits.total_ns))
		subject->id = row->id;
	subject->tasks += row->waiters;
	return add_holders(&subject->blame, catalog, row->holders, row->holder_count);
}

static void share_span(struct subjects *subjects, const struct dwell_span_row *row)
{
	const unsigned kind =
		row->kind >= DWELL_SPAN_GC_CYCLE ? DWELL_SUBJECT_PAUSE : DWELL_SUBJECT_SPAN;
	char key[KEY_SIZE];
	struct dwell_digest_subject *subject;

	key_text(key, row->text);
	subject = subjects_find(subjects, kind, key);
	if (!subject)
		return;
	add_times(&subject->times, &row->times);
	if (!subject->id)
		subject->id = row->id;
}

/* Who had the executor for longest while the class's worst ones were ready: not itself, and not
 * nobody. */
static const struct dwell_occupant *most_instead(const struct dwell_worst *worst)
{
	const struct dwell_occupant *most = NULL;

	for (size_t i = 0; i < worst->ran_count; i++) {
		const struct dwell_occupant *ran = &worst->ran_instead[i];

		if (ran->task && ran->task != worst->task && (!most || ran->ns > most->ns))
			most = ran;
	}
	return most;
}

/* Of the class, and of all tasks together: the longest first, so what is named first stays. */
static int blame_latency(struct subjects *subjects, const struct dwell_catalog *catalog,
	const struct dwell_worst *worst)
{
	const struct dwell_occupant *ran = most_instead(worst);
	char key[KEY_SIZE], who[KEY_SIZE];
	int err = DWELL_OK;

	key_class(key, catalog, worst->task);
	key_class(who, catalog, ran ? ran->task : 0);
	for (unsigned kind = DWELL_SUBJECT_RUN; kind <= DWELL_SUBJECT_CLASS && !err; kind++) {
		struct dwell_digest_subject *subject =
			subjects_find(subjects, kind, kind == DWELL_SUBJECT_CLASS ? key : "");

		if (!subject)
			continue;
		if (!subject->id)
			subject->id = worst->id;
		if (!ran || subject->blame.holder)
			continue;
		subject->blame.holder_ns = ran->ns;
		err = subject_text(&subject->blame.holder, who);
	}
	return err;
}

int blame_subjects(struct subjects *subjects, const struct dwell_answer *answer,
	const struct dwell_catalog *catalog, const struct table *locks)
{
	int err = DWELL_OK;

	for (size_t i = 0; answer->blocked && i < answer->blocked->count && !err; i++)
		err = blame_site(subjects, catalog, &answer->blocked->rows[i]);
	for (size_t i = 0; answer->locks && i < answer->locks->count && !err; i++)
		err = blame_lock(subjects, catalog, &answer->locks->rows[i], locks);
	for (size_t i = 0; answer->latency && i < answer->latency->worst_count && !err; i++)
		err = blame_latency(subjects, catalog, &answer->latency->worst[i]);
	for (size_t i = 0; answer->spans && i < answer->spans->count; i++)
		share_span(subjects, &answer->spans->rows[i]);
	return err;
}
