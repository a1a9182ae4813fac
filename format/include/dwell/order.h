#ifndef DWELL_ORDER_H
#define DWELL_ORDER_H

#include <stdint.h>

#include "dwell/sink.h"

/*
 * A sink that puts rows in order of time before it hands them on: for sources
 * that read several rings. Rows are held until a watermark passes them and are
 * then told sorted by (time, executor, task, arrival from that ring). Definitions go through
 * at once. A row earlier than a watermark that was already passed on is told at that watermark's
 * time and counted.
 *
 * Cross-thread order: a wake is never told after the switch-in it caused; where the
 * clocks of two CPUs say so by a few nanoseconds, the wake is moved before it and counted.
 *
 * A loss of an executor or of everything that is told at its end is told ahead, at its start,
 * if no watermark lies between: so that what other rings say inside of it is not taken for
 * the whole truth.
 *
 * The memory is bounded: beyond max_rows the oldest rows are handed on early.
 */
struct dwell_order;

int dwell_order_new(struct dwell_order **out, struct dwell_sink *next, size_t max_rows);
void dwell_order_free(struct dwell_order *order);

/* The sink to drive. It forwards begin, definitions and end. */
struct dwell_sink *dwell_order_sink(struct dwell_order *order);

/* How many rows were moved in time so far. */
uint64_t dwell_order_repairs(const struct dwell_order *order);

#endif
