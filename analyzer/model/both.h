#ifndef DWELL_MODEL_BOTH_H
#define DWELL_MODEL_BOTH_H

/* Calls work once with each: at the same time, where there is a CPU and a thread for that. */
void in_both(void (*work)(void *context), void *a, void *b);

#endif
