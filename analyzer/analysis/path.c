/* The critical path of a task over an interval. */
#include <stdlib.h>

#include "analysis/gains.h"
#include "model/run.h"
#include "model/spares.h"

static struct unless unless_share(const struct shares *shares, const struct shared *of)
{
	struct unless out = {
		.state = of->is.state,
		.reason = of->is.reason,
		.class_id = of->is.class_id,
		.task = of->is.task,
		.object = of->is.object,
		.site = of->site,
		.any_reason = true,
	};

	switch (shares->by) {
	case DWELL_SHARE_BY_DEFAULT:
		out.any_reason = out.state != DWELL_BLOCKED;
		out.by_site = out.state == DWELL_BLOCKED;
		break;
	case DWELL_SHARE_BY_REASON:
		out.any_reason = false;
		out.state = DWELL_BLOCKED;
		break;
	case DWELL_SHARE_BY_SITE:
		out.by_site = true;
		out.state = DWELL_BLOCKED;
		break;
	case DWELL_SHARE_BY_OBJECT:
		out.by_object = true;
		out.state = DWELL_BLOCKED;
		break;
	default:
		break;
	}
	return out;
}

/* Some shares stand for no wait and no doing that could be left out. */
static bool can_gain(const struct shares *shares, const struct shared *of)
{
	switch (shares->by) {
	case DWELL_SHARE_BY_REASON:
		return of->is.reason;
	case DWELL_SHARE_BY_SITE:
		return of->is.stack;
	case DWELL_SHARE_BY_OBJECT:
		return of->is.object;
	case DWELL_SHARE_BY_CLASS:
		return of->is.class_id;
	default:
		return true;
	}
}

static int find_gains(struct shares *shares, struct model *view, const struct dwell_path *path,
	struct spares *spares)
{
	struct gains *gains = calloc(1, sizeof(*gains));
	uint64_t *into[GAIN_LANES];
	const uint64_t whole_ns = path->to_ns - path->from_ns;
	int err = gains ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	gains->spares = spares;
	gains->shares = shares;
	for (size_t i = 0; i < shares->count && i < DWELL_GAINS; i++) {
		struct shared *of = &shares->shares[i];

		if (!can_gain(shares, of))
			continue;
		of->is.has_gain = true;
		into[gains->lanes] = &of->is.gain_ns;
		gains->unless[gains->lanes++] = unless_share(shares, of);
	}
	for (size_t i = 0; i < shares->wait_count && i < DWELL_GAINS; i++) {
		struct shared_wait *of = &shares->waits[i];

		of->is.has_gain = true;
		into[gains->lanes] = &of->is.gain_ns;
		gains->unless[gains->lanes++] = (struct unless){
			.state = DWELL_BLOCKED,
			.reason = of->is.reason,
			.object = of->is.object,
			.by_object = true,
			.by_site = true,
			.site = of->site,
		};
	}
	err = gains_find(gains, view, path->task, path->from_ns, path->to_ns);
	for (unsigned i = 0; i < gains->lanes && !err; i++)
		*into[i] = whole_ns - gains->length_ns[i];
	free(gains);
	return err;
}

static int take_rows(struct dwell_path *path, struct shares *shares)
{
	path->shares = calloc(shares->count + 1, sizeof(*path->shares));
	path->waits = calloc(shares->wait_count + 1, sizeof(*path->waits));
	if (!path->shares || !path->waits)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < shares->count; i++)
		path->shares[i] = shares->shares[i].is;
	for (size_t i = 0; i < shares->wait_count; i++) {
		path->waits[i] = shares->waits[i].is;
		path->waits[i].longest_id = id_of(
			shares->catalog, "wait", path->waits[i].task, path->waits[i].longest_at_ns);
	}
	path->share_count = shares->count;
	path->wait_count = shares->wait_count;
	path->steps = shares->steps;
	path->step_count = shares->step_count;
	path->all_steps = shares->all_steps;
	shares->steps = NULL;
	return DWELL_OK;
}

static int walk_path(struct dwell_path *path, struct shares *shares, struct model *view,
	const struct dwell_path_query *query, struct spares *spares)
{
	struct walk walk = {
		.spares = spares, .step = shares_step, .wait = shares_wait, .context = shares
	};
	int err = walk_back(&walk, view, query->task, query->from_ns, view->end_ns);

	/* The path ends where the interval begins; the facts are of all of it. */
	while (!err && walk.chapters.left)
		err = chapters_back(&walk.chapters);
	if (!err)
		err = shares_finish(shares);
	if (!err) {
		path->task = query->task;
		path->from_ns = walk.from_ns;
		path->to_ns = walk.to_ns;
		view->tally = walk.chapters.tally;
		walk.chapters.tally = (struct tally){ 0 };
		model_count_lives(view);
		facts_fill(&path->trace, view);
	}
	tally_release(&view->tally);
	view->tally = (struct tally){ 0 };
	walk_release(&walk);
	return err;
}

static int walk_twice(struct dwell_path *path, struct shares *shares, struct model *view,
	const struct dwell_path_query *query)
{
	struct spares *spares = spares_new();
	int err = spares ? walk_path(path, shares, view, query, spares) : DWELL_ENOMEM;

	if (!err && !query->no_gains)
		err = find_gains(shares, view, path, spares);
	spares_free(spares);
	return err;
}

int dwell_path_find(struct dwell_path **out, struct dwell_study *study,
	const struct dwell_path_query *query, struct dwell_diag *diag)
{
	struct dwell_path *path = calloc(1, sizeof(*path));
	struct shares shares;
	struct model view;
	int err = path ? model_view(&study->model, query->from_ns, query->to_ns, &view)
		       : DWELL_ENOMEM;

	shares_init(&shares, study->model.catalog, query->by, query->steps);
	if (!err && query->threads)
		view.threads = query->threads;
	if (!err)
		err = walk_twice(path, &shares, &view, query);
	if (!err)
		err = take_rows(path, &shares);
	shares_release(&shares);
	if (!err) {
		*out = path;
		return DWELL_OK;
	}
	dwell_path_free(path);
	if (err == DWELL_EINVAL)
		return dwell_diag_set(
			diag, err, UINT64_MAX, 0, "the task did not live between these times");
	if (err == DWELL_ELIMIT)
		return dwell_diag_set(diag, err, UINT64_MAX, 0,
			"too much happened to be held in memory: `dwell convert` makes a trace "
			"that is read in parts, --from and --to choose less");
	return model_complain(&study->model, err, diag);
}

void dwell_path_free(struct dwell_path *path)
{
	if (!path)
		return;
	free(path->steps);
	free(path->shares);
	free(path->waits);
	free(path);
}
