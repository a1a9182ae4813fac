#ifndef DWELL_MODEL_CPUS_H
#define DWELL_MODEL_CPUS_H

/* How many CPUs this process may run on: at least one. */
unsigned cpus_allowed(void);

#endif
