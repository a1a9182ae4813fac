#ifndef DWELL_MODEL_BATCH_H
#define DWELL_MODEL_BATCH_H

#include "dwell/interval.h"

/* Room for a batch of so many rows. 0 or DWELL_ENOMEM: to be left, too. */
int told_room(struct dwell_told *told, size_t rows);
void told_leave(struct dwell_told *told);

#endif
