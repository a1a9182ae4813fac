#ifndef DWELL_PRELOAD_PYTHON_H
#define DWELL_PRELOAD_PYTHON_H

/*
 * Whether this process has a CPython that we can read (3.11, 3.12, 3.13; as released, neither a
 * debug nor a free-threaded build): then its frames stand in stacks, and its lock has a name. Once,
 * at start, in a constructor.
 */
void dwell_python_find(void);

#endif
