#ifndef DWELL_ANALYSIS_STORY_H
#define DWELL_ANALYSIS_STORY_H

#include "analysis/walk.h"
#include "dwell/explain.h"

/* What makes a walk a story. Both take steps and waits in order of time. */

/* Who held the executors that runnable steps waited for. view: of the story. */
int story_add_ran(struct dwell_story *story, struct model *view);

/* Since when those who were waited for had what was waited for: looks back before the story, so far
 * as it takes, at most some parts of the trace. */
int story_add_since(struct dwell_story *story, const struct dwell_study *study);

#endif
