#ifndef DWELL_FLAME_H
#define DWELL_FLAME_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dwell/tables.h"

/*
 * Weighted stacks as one tree of frames, and its two forms: folded lines and an interactive
 * SVG. The same stacks give the same bytes, in whatever order they were added.
 */
struct dwell_flame;

/* DWELL_ENOMEM. dwell_flame_free takes NULL. */
int dwell_flame_new(struct dwell_flame **out);
void dwell_flame_free(struct dwell_flame *flame);

/* Add weight to a stack, outermost frame first; the names are copied. Frames beyond
 * DWELL_MAX_FRAMES + 8 are left out. DWELL_ENOMEM, after which the tree is of no use. */
int dwell_flame_add(struct dwell_flame *flame, const struct dwell_string *frames, size_t count,
	uint64_t weight);

uint64_t dwell_flame_total(const struct dwell_flame *flame);

/* "outer;inner 123" a line, in order of names. A ';' in a name becomes ':'. */
void dwell_flame_folded(struct dwell_flame *flame, FILE *file);

/* What stands around the picture. */
struct dwell_flame_look {
	const char *title;
	const char *subtitle;  /* what trace it is of; escaped */
	uint16_t hue;          /* 0 .. 359, of all frames */
	unsigned duration : 1; /* weights are nanoseconds; else counts */
};

/*
 * One file without anything from elsewhere: a click zooms, a search marks and adds up. Frames
 * below a hundredth of a pixel are left out.
 */
void dwell_flame_svg(struct dwell_flame *flame, FILE *file, const struct dwell_flame_look *look);

#endif
