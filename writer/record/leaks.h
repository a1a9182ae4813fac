#ifndef DWELL_RECORD_LEAKS_H
#define DWELL_RECORD_LEAKS_H

#include <stdbool.h>

/*
 * Run `dwell leaks` on a trace that was just written; what it finds goes to stderr, nothing where
 * quiet. The command's status, which becomes 1 where it was 0 and there are leaks, and 5 where
 * nobody could look.
 */
int dwell_leak_check(const char *path, bool quiet, int status);

#endif
