#ifndef DWELL_MODEL_DRIVE_H
#define DWELL_MODEL_DRIVE_H

#include "dwell/error.h"
#include "dwell/model.h"
#include "dwell/states.h"
#include "model/catalog.h"
#include "model/fold_ops.h"

/*
 * Drives a source through the states into folds.
 *
 * Parts of a source are driven at the same time, each into folds of its own, which are
 * merged in order of parts: so the answer does not depend on the number of threads. Folds that must
 * see the rows in one piece say `serial`: they have a pass of their own, beside that of the rest.
 *
 * A window begins as a cut does: at its start the states are saved as a keyframe, and folds begin
 * from that. So an analysis of a window and of a cut cannot differ.
 */
enum { MODEL_FOLDS = 16 };

/* What is counted in every run. */
struct tally {
	uint64_t rows;
	uint64_t by_kind[DWELL_EVENT_KIND_COUNT];
	uint64_t lost, lost_by_cause[DWELL_LOSS_CAUSE_COUNT];
	uint64_t losses;               /* rows that tell of one before the end */
	struct dwell_told_waits waits; /* of the tasks in scope */
	uint64_t first_ns, last_ns;    /* rows */
	struct table lives;            /* struct task_life, by task */
	/* Not NULL: only sums over tasks are wanted, of this model, which is known; no lives. */
	const struct model *sums_of;
	struct table counted; /* then: uint64_t, by page of tasks: those in `tasks` */
	/* Worked out at the end, or when tasks are settled: */
	uint64_t state_ns[DWELL_STATE_COUNT]; /* of the tasks in scope */
	uint32_t tasks;                       /* of which something was told */
	uint32_t others;                      /* of these, of processes not to be recorded */
};

/* What a task did in the window; not seen where no interval of it was told. */
struct task_life {
	bool known;
	uint64_t created_ns;
	uint64_t ended_ns; /* DWELL_FOREVER: it lives */
	struct dwell_task_sums sums;
};

struct dwell_query;

struct model {
	struct dwell_source *source;
	struct dwell_selection selection;
	const struct dwell_query *query; /* of the analyses */
	unsigned threads;
	uint64_t ahead_bytes; /* for what waits for its turn; 0: as turns.c has it */
	void (*progress)(void *context, uint64_t at_ns);
	void *progress_context;

	struct dwell_catalog *catalog;
	struct dwell_trace_info info;
	struct dwell_trace_end end;
	bool ended; /* `end` was told */
	bool has_wakes;
	bool settles;     /* tasks that have ended are told to folds as such: fold_ops.settle */
	bool crowded;     /* all tasks are known, and so many that those that ended are settled, or
			   * not met: states ask for them */
	uint64_t from_ns; /* window: states are clipped to it */
	uint64_t to_ns;   /* exclusive; DWELL_FOREVER: all rows */
	uint64_t end_ns;  /* at last: where the window ends */
	uint64_t *task_bits, *object_bits; /* selected; NULL: all */
	uint64_t *scope_bits;              /* tasks that the facts are about; NULL: all */
	size_t task_words, object_words;
	bool selected;
	size_t parts;
	uint64_t *part_starts; /* time of each part's keyframe; DWELL_FOREVER: it had none */

	const struct fold_ops *ops[MODEL_FOLDS];
	void *folds[MODEL_FOLDS]; /* merged so far */
	size_t fold_count;
	struct tally tally;
};

/* Drive the source into model->ops; what comes out is in folds, tally, catalog and end_ns. */
int model_run(struct model *model, struct dwell_diag *diag);
void model_release(struct model *model);

/* The life of a task of which something was told; else NULL. */
static inline const struct task_life *model_life(const struct model *model, uint32_t task)
{
	const struct task_life *life = table_get(&model->tally.lives, task);
	const bool told = life && life->known && life->sums.intervals;

	return told && !catalog_is_other(model->catalog, task) ? life : NULL;
}

/* Say where and what an error of the source was, if it was one. Returns err. */
int model_complain(const struct model *model, int err, struct dwell_diag *diag);

/*
 * Drive parts first .. last once more, one after the other and from the keyframe of the first,
 * into one fold, which is not flushed at the end.
 */
int model_replay(
	struct model *model, size_t first, size_t last, const struct fold_ops *ops, void *fold);

/* Learn all definitions and the end, and fold nothing: then views may be made, and their parts be
 * driven by several threads where the source has several. */
int model_learn(struct model *model, struct dwell_diag *diag);

/*
 * A learned model, over another window (to_ns 0: to the end) and all tasks: a copy that shares what
 * was learned and is not to be released. DWELL_EINVAL: nothing lies between.
 */
int model_view(const struct model *model, uint64_t from_ns, uint64_t to_ns, struct model *view);

/*
 * Drive parts first .. first + count - 1 of a learned model once more, one after the other and from
 * the keyframe of the first, into one fold; the last part of all is flushed. tally may be NULL:
 * what is counted is added to it.
 */
int model_part(struct model *model, size_t first, size_t count, const struct fold_ops *ops,
	void *fold, struct tally *tally);

/* * ? and [...]; text is not ended by NUL. */
bool glob_matches(const char *glob, struct dwell_string text);

/* Is it meant by its label: NAME (NUMBER), as answers print it? */
bool label_matches(const char *label, const struct dwell_catalog_task *task);

/* Catalog, levels and selection are known: the bits of tasks and objects. */
int model_select(struct model *model);
/* Tasks were asked for by name, and none that is known has it. */
bool model_names_nobody(const struct model *model);

static inline bool bit_of(const uint64_t *bits, size_t words, uint32_t id)
{
	return id / 64 < words && (bits[id / 64] >> (id % 64) & 1);
}

static inline bool wants_task(const struct model *model, uint32_t task)
{
	return !model->task_bits || bit_of(model->task_bits, model->task_words, task);
}

/* None is asked for by its name, and all are alike to whoever asks. */
static inline bool wants_all(const struct model *model)
{
	return !model->task_bits && !model->scope_bits;
}

static inline bool in_scope(const struct model *model, uint32_t task)
{
	return !model->scope_bits || bit_of(model->scope_bits, model->task_words, task);
}

static inline bool wants_wait(const struct model *model, const struct dwell_wait *wait)
{
	const uint32_t reasons = model->selection.reasons;

	if (reasons && !(reasons >> wait->reason & 1))
		return false;
	if (model->object_bits && !bit_of(model->object_bits, model->object_words, wait->object))
		return false;
	return wants_task(model, wait->task);
}

/* How much of [start, end) lies in the window. */
static inline uint64_t in_window(const struct model *model, uint64_t start_ns, uint64_t end_ns)
{
	if (start_ns < model->from_ns)
		start_ns = model->from_ns;
	return end_ns > start_ns ? end_ns - start_ns : 0;
}

#endif
