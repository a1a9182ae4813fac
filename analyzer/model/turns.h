#ifndef DWELL_MODEL_TURNS_H
#define DWELL_MODEL_TURNS_H

#include "model/run.h"

/*
 * Folds that must see all rows in their order, on several threads: each follows the states of a
 * part of its own, and it is one after the other's turn to fold what they told. What is told
 * before the turn of its part is kept until then, so all of a part is done by one thread, and no
 * row goes from core to core; what the folds know does, once a part.
 *
 * What a fold looks at in the states it does in its turn. What it skips depends on rows before; of
 * a part that was told with other skips than are right when its turn has come all is told again.
 */

/* Is there more than one part, and can these folds be done so? */
bool turns_can(const struct model *model);
/* All parts of the model, on its threads. *last: as crew_drive. */
int turns_drive(struct model *model, struct run **last);

/* A batch of rows: folded, if it is the part's turn. */
int turns_rows(struct run *run, const struct dwell_event *rows, size_t count);
/* The window has begun, and it is the part's turn: is it for the folds to begin, too? If not, they
 * go on with this run's states. */
bool turns_begin(struct run *run);

#endif
