#ifndef DWELL_PRELOAD_JAVA_H
#define DWELL_PRELOAD_JAVA_H

/* From now on stacks of this process have Java's methods in them, if it has a HotSpot in it that
 * the recorder knows. Once, at start, in a constructor. */
void dwell_java_begin(void);

#endif
