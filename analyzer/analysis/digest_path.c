/* The critical path of a run, in its digest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fold.h"
#include "analysis/history.h"
#include "analysis/subjects.h"
#include "dwell/causes.h"

enum { PARTS_MOST = 100 };

/* More events, or so many in one piece, take too much memory. */
#define EVENTS_MOST UINT64_C(100000000)
#define EVENTS_AT_ONCE UINT64_C(1000000)

/* "server/worker-# run: mutex at take < serve", "server/worker-# run: running". */
static void key_share(
	char key[KEY_SIZE], const struct dwell_catalog *catalog, const struct dwell_share *share)
{
	const char *reason = dwell_reason_name(share->reason);
	const char *what =
		share->state == DWELL_BLOCKED && reason ? reason : dwell_state_name(share->state);
	char who[KEY_SIZE], where[KEY_SIZE];

	key_of_class(who, catalog, share->class_id);
	key_place(where, catalog, share->stack, 3);
	snprintf(key, KEY_SIZE, "%.90s: %s%s%.130s", who, what, *where ? " at " : "", where);
}

/* Shares are told by stacks; those that read alike are one part. */
static int add_share(struct subjects *into, const struct dwell_catalog *catalog,
	const struct dwell_share *share, uint64_t whole_ns)
{
	struct dwell_digest_subject *part;
	char key[KEY_SIZE];

	key_share(key, catalog, share);
	part = subjects_find(into, DWELL_SUBJECT_PATH, key);
	if (!part && into->count == PARTS_MOST)
		return DWELL_OK; /* the longest come first */
	if (!part)
		part = subjects_get(into, DWELL_SUBJECT_PATH, key);
	if (!part)
		return DWELL_ENOMEM;
	part->reason = share->reason;
	/* The longest share comes first: its longest step is where to look. */
	if (!part->id)
		part->id = moment_id(catalog, share->longest_task, share->longest_at_ns);
	part->has_value = true;
	part->value += (double)share->ns / (double)whole_ns;
	add_state(&part->times, share->state, share->ns);
	return DWELL_OK;
}

/* Kinds are in order, and this is the last one. */
static int append(struct dwell_digest *digest, struct subjects *parts)
{
	const size_t count = digest->count + parts->count;
	struct dwell_digest_subject *all =
		realloc(digest->subjects, (count + 1) * sizeof(*digest->subjects));

	if (!all)
		return DWELL_ENOMEM;
	memcpy(all + digest->count, parts->at, parts->count * sizeof(*all));
	digest->subjects = all;
	digest->count = count;
	parts->count = 0;
	digest_sort(digest);
	return DWELL_OK;
}

static int take_path(
	struct dwell_digest *digest, const struct dwell_path *path, const struct dwell_study *study)
{
	const struct dwell_catalog *catalog = dwell_study_catalog(study);
	const uint64_t whole_ns = path->to_ns - path->from_ns;
	struct subjects parts = { 0 };
	int err = DWELL_OK;

	for (size_t i = 0; i < path->share_count && whole_ns && !err; i++)
		err = add_share(&parts, catalog, &path->shares[i], whole_ns);
	if (!err && parts.count)
		err = append(digest, &parts);
	subjects_release(&parts);
	if (!err)
		digest->kinds |= 1u << DWELL_SUBJECT_PATH;
	return err;
}

static bool is_too_much(const struct dwell_digest *digest, const struct dwell_study *study)
{
	const uint64_t events = digest->trace.events;
	const size_t parts = study->model.parts ? study->model.parts : 1;

	return events > EVENTS_MOST || events / parts > EVENTS_AT_ONCE;
}

int dwell_digest_add_path(struct dwell_digest *digest, struct dwell_source *source,
	const struct dwell_selection *selection, unsigned threads, struct dwell_diag *diag)
{
	struct dwell_path_query query = {
		.from_ns = digest->trace.begin_ns,
		.to_ns = digest->trace.end_ns,
		.no_gains = true,
		.threads = threads,
	};
	struct dwell_study *study = NULL;
	struct dwell_path *path = NULL;
	int err;

	if (digest->trace.events > EVENTS_MOST)
		return DWELL_OK;
	err = dwell_study_open(&study, source, diag);
	if (!err && !is_too_much(digest, study))
		query.task = dwell_study_main(study, selection);
	if (!err && query.task)
		err = dwell_path_find(&path, study, &query, diag);
	/* It did not live then, or does not fit into memory. */
	if (err == DWELL_EINVAL || err == DWELL_ELIMIT)
		err = DWELL_OK;
	if (path)
		err = take_path(digest, path, study);
	dwell_path_free(path);
	dwell_study_close(study);
	return err;
}
