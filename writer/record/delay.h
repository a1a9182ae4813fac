#ifndef DWELL_RECORD_DELAY_H
#define DWELL_RECORD_DELAY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a thread that waited was ready before it got a CPU, where the kernel does not tell of
 * wakes: from its account in /proc (schedstat: time spent ready, and how often it got a CPU). The
 * account is read while the thread waits, and again when it is seen to go on; the difference is
 * that wait's delay when it got a CPU once in between. So waits that are over before anyone looks,
 * and those after which the thread was preempted already, have none.
 */
struct dwell_delay;

/* DWELL_ENOMEM; DWELL_EUNSUPPORTED: this kernel keeps no such account. */
int dwell_delay_new(struct dwell_delay **out);
void dwell_delay_free(struct dwell_delay *delay);

/* It left its CPU to wait. */
void dwell_delay_left(struct dwell_delay *delay, uint32_t tid);

/* It got one: for how long it had been ready, 0 where that is not known. */
uint64_t dwell_delay_entered(struct dwell_delay *delay, uint32_t tid);

/* Read the accounts of those that still wait, as far as was told. */
void dwell_delay_look(struct dwell_delay *delay);

#endif
