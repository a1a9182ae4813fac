#ifndef DWELL_MODEL_FOLD_OPS_H
#define DWELL_MODEL_FOLD_OPS_H

#include "dwell/states.h"

struct model;

/* Where a fold begins: the states at that moment. */
struct fold_start {
	const struct model *model;
	const struct dwell_states *states; /* to look at while events come one by one */
	uint64_t time_ns;
	size_t part;
	const struct dwell_task_state *keyframe;
	size_t count;
};

struct fold_batch {
	const struct dwell_event *rows;
	size_t count;   /* 0: what is told are the states that go on at the end; no lists of them */
	uint32_t kinds; /* bits 1 << enum dwell_event_kind of what may be among the rows */
	const struct dwell_told *told; /* what they ended */
	/* Tasks of whose states nothing was told before, and others, each once, as they are after
	 * the rows. Only where a fold asks for them. */
	const struct dwell_task_state *firsts;
	size_t first_count;
};

/*
 * A fold is told of what rows ended either in batches, which is quicker, or one by one by
 * `interval` and `wait`. Each row of its kinds is told by `event` before it is applied to the
 * states: many of them are slow, as a batch ends before each.
 */
struct fold_ops {
	bool serial;
	/* What ends is folded by another thread than follows the states: they are looked at in
	 * `begin`, in `ahead`, when tasks are settled, and when the last row has come.
	 * Has no `event`. When it is to have firsts, `looks` and `skips` say no more. */
	bool apart;
	uint32_t kinds; /* bits 1 << enum dwell_event_kind that `event` wants */
	int (*make)(void **fold, const struct model *model);
	void (*free)(void *fold); /* NULL is allowed */
	/* All but make, free and merge may be NULL. 0 or a negative enum dwell_error. */
	/* What parts before this one were merged into so far: what it has may be left out here. */
	void (*follow)(void *fold, const void *merged);
	int (*begin)(void *fold, const struct fold_start *start);
	/* The rows that come next are told by other states, at the same place. */
	void (*go_on)(void *fold, const struct dwell_states *states);
	/* Rows before they are applied; states may be looked at. */
	int (*ahead)(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds);
	int (*batch)(void *fold, const struct fold_batch *batch);
	/* Both see only what `begin` and `ahead` change. Of the next batch: */
	bool (*looks)(const void *fold, const struct dwell_event *rows, size_t count,
		uint32_t kinds);             /* has `ahead` anything to do? NULL: it has */
	uint32_t (*skips)(const void *fold); /* bits of enum dwell_told_skip */
	bool (*firsts)(const void *fold);    /* is it to have them? */
	int (*event)(void *fold, const struct dwell_event *event);
	int (*interval)(void *fold, const struct dwell_interval *interval);
	int (*wait)(void *fold, const struct dwell_wait *wait);
	/* `from` goes on where `into` ended; it is freed by the caller. */
	int (*merge)(void *into, void *from);
	/*
	 * Tasks first to first + 63 have ended, and this is all that was told of them: `settle`
	 * adds up what the fold knows of each, and forgets it. The catalog packs them then, and the
	 * model forgets their lives, unless a fold looks at all of these at the end: keeps_lives;
	 * that one is not told. Where every fold says that it names none of them again the catalog
	 * forgets them, too.
	 */
	int (*settle)(void *fold, uint32_t first, const struct dwell_life *lives, size_t count);
	bool (*keeps_lives)(const void *fold);
	bool settles_some; /* settle minds which tasks were asked for */
	bool names_none;
};

#endif
