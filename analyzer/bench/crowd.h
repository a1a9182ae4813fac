#ifndef DWELL_BENCH_CROWD_H
#define DWELL_BENCH_CROWD_H

#include "dwell/sink.h"

/*
 * Very many places where very many tasks wait: 10,000 tasks, 1,000 mutexes, 100,000 stacks, each of
 * which is a site of one mutex. Eight CPUs switch among the tasks; each that enters gives a mutex
 * up, which a task waits for, picked at random. Tell about so many rows of it.
 */
int crowd_drive(size_t rows, struct dwell_sink *sink);

#endif
