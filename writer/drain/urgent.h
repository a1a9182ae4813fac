#ifndef DWELL_DRAIN_URGENT_H
#define DWELL_DRAIN_URGENT_H

/*
 * Let this thread come to its turn soon though others want all of the CPUs: it needs little of
 * them, but what it did not write yet is lost when it is killed. Of its niceness so many steps are
 * taken, where that is allowed (root); all may ask for short slices, which Linux 6.12 and later
 * grant: the next one comes the sooner. A thread that is of another scheduling class than most is
 * left as it is.
 *
 * Returns how many steps were taken: what dwell_urgent_end gives back.
 */
int dwell_urgent_begin(int steps);
void dwell_urgent_end(int steps);

#endif
