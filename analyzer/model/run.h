#ifndef DWELL_MODEL_RUN_H
#define DWELL_MODEL_RUN_H

#include "model/batch.h"
#include "model/drive.h"
#include "model/pipe.h"

/* One pass over rows in one piece: a part, or all of them. A sink. */
struct run {
	struct dwell_sink sink;
	struct model *model;
	uint32_t stage; /* of definitions: 0 before the parts, part + 1 */
	size_t part;    /* in which it began */
	struct dwell_states *states;
	bool folding;  /* the window has begun */
	bool followed; /* rows or a keyframe came: later keyframes say nothing new */
	bool silent;   /* a replay: counts nothing */
	bool again;    /* another counts, and knows definitions and keyframes: only rows are told */
	uint64_t now_ns;
	int err;
	size_t fold_count;
	const struct fold_ops *ops[MODEL_FOLDS];
	void *folds[MODEL_FOLDS];
	size_t places[MODEL_FOLDS]; /* of each among the model's */
	uint32_t kinds;             /* of rows that any of them wants one by one */
	struct pipe_batch own;      /* room for one that is folded at once */
	struct pipe *pipe;          /* to the threads that follow rows; NULL: none but this one */
	struct pipe_batch *apart;   /* that another thread will fold; NULL: this one does */
	struct turn *turn;       /* that its part waits for or has (turns.h); NULL: all is folded */
	bool may_fork;           /* when it is known what the work is */
	size_t rows, told_count; /* until then */
	uint64_t *first_bits;    /* tasks that were among the firsts */
	size_t first_words;
	bool forgets;     /* tasks that have ended, now and then */
	bool settles;     /* these, and adds up what they did */
	bool keeps_lives; /* of these, too: some fold looks at them at the end */
	bool packs;       /* these in the catalog, where somebody may name them again */
	struct tally tally;
};

/* Rows in a batch: so few that all of it stays near. */
enum { RUN_BATCH = 256 };

/* A run with folds of its own, for a part; all tasks and executors of the catalog as it is after
 * the source's start are told to its states. */
int run_init(struct run *run, struct model *model, size_t part);
void run_release(struct run *run);

/* Follow and fold rows in other threads, where that can be. run_join: all that were told are
 * folded. */
void run_fork(struct run *run);
int run_join(struct run *run);

/* A sink for the source's start and end: definitions only. */
void run_init_tables(struct run *run, struct model *model, uint32_t stage);

/* Rows of the window through the states into the folds. */
int run_rows(struct run *run, const struct dwell_event *events, size_t count);
/* Tasks that are met in the rows of a batch. 0 or DWELL_ENOMEM. */
int firsts_find(struct run *run, struct pipe_batch *batch, const struct dwell_event *rows);
/* Of a batch, step by step. May any fold look at the states before these rows? What none of them
 * looks at. Rows through the states; all: whatever folds skip, and tasks that are met. What was
 * told into the folds. */
bool run_looks(const struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds);
uint32_t run_skips(const struct run *run);
int run_tell(struct run *run, struct pipe_batch *batch, const struct dwell_event *rows,
	size_t count, bool all);
int run_fold(struct run *run, const struct fold_batch *batch);
int run_fold_own(struct run *run, const struct dwell_event *rows, size_t count);
/* All of it. */
int run_batch(struct run *run, const struct dwell_event *rows, size_t count);
/* Fold what the states told of a batch in another thread than this one. */
int run_fold_apart(struct run *run, struct pipe_batch *batch);

/* A dwell_states_ops.interval; context: the run. Intervals that are told at the end, one by one. */
void run_interval(void *context, const struct dwell_interval *interval);
/* Fold those that were told since. */
int run_told(struct run *run);

/* The last rows have come: tell open states up to the end of the window. */
int run_flush(struct run *run, uint64_t end_ns);

/* Waits of a batch. */
void tally_waits(struct tally *tally, const struct dwell_told_waits *counted);
/* Add what one run counted to what was counted before it. */
int tally_merge(struct tally *into, struct tally *from);
/* Take over what the states summed up. */
int tally_take(struct tally *tally, const struct dwell_states *states);
int tally_life(struct tally *tally, const struct dwell_life *life);
void tally_release(struct tally *tally);
void tally_sums(struct tally *tally, const struct dwell_task_sums *sums);
/* What follows from a life that is whole; when all was counted, from all in the tally. */
void model_count_life(struct model *model, uint32_t task, const struct dwell_task_sums *sums);
void model_count_lives(struct model *model);

/* The run is the only one: what it need not keep of tasks that have ended is to be forgotten. */
void run_may_forget(struct run *run);
/* Between rows: forget, if it is worth it. told: they are of the window. */
int run_forget(struct run *run, bool told);

static inline struct dwell_source_options options_of(const struct model *model)
{
	return (struct dwell_source_options){
		.from_ns = model->selection.from_ns,
		.to_ns = model->selection.to_ns,
	};
}

/* All rows of a part. */
int run_part(struct run *run, size_t part);

/*
 * All rows of the window, on the model's threads; started and selected before. *last: the run that
 * came to the end and counted; *other: one beside it that did not count, or NULL. Both are to be
 * flushed, merged and freed, on an error too.
 */
int crew_drive(struct model *model, struct run **last, struct run **other);

/* Fold what `from` holds into the model; from's folds are freed. */
int run_merge(struct model *model, struct run *from);

#endif
