#ifndef DWELL_TESTS_TAMPERED_H
#define DWELL_TESTS_TAMPERED_H

#include "answers.h"

/*
 * Generated histories hardly have a wait for a task that ends in it: on their way to the sink some
 * waits become joins and waits for children, and some of those waited for end. The same for the
 * same options; of fewer than 128 tasks, one at a time.
 */
void drive_tampered(const struct gen_options *options, struct dwell_sink *sink);

/* Nor one that runs out of time and is begun again: here many waits are like the task's last one,
 * many run out of time, and many wakes are nobody's. */
void drive_again(const struct gen_options *options, struct dwell_sink *sink);

#endif
