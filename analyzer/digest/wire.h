#ifndef DWELL_DIGEST_WIRE_H
#define DWELL_DIGEST_WIRE_H

#include "dwell/digest.h"

/* The bytes of a digest's file: docs/digest.md. */
#define DIGEST_MAGIC "dwelldgt"
enum {
	DIGEST_VERSION = 2, /* that is written */
	DIGEST_OLDEST = 1,  /* that is read */
	DIGEST_HEAD = 16,   /* magic, version, size of the body */
	DIGEST_FILE_MOST = 1 << 20,
	DIGEST_BODY_MOST = 1 << 24,
	DIGEST_SUBJECTS_MOST = 20000,
	DIGEST_TEXT_MOST = 1024,
	DIGEST_KINDS_MOST = (1 << DWELL_SUBJECT_KIND_COUNT) - 1,
	DIGEST_CELLS_MOST = DWELL_WINDOWS * 256,
	DIGEST_EXPONENT_BITS = 6,
	DIGEST_MANTISSA_BITS = 12
};

enum digest_flag {
	DIGEST_CLOSED = 1 << 0,
	DIGEST_SWITCHES = 1 << 1,
	DIGEST_WAKES = 1 << 2,
	DIGEST_OF_COMMAND = 1 << 3,
	DIGEST_FLAGS = (1 << 4) - 1
};

enum digest_subject_flag {
	DIGEST_HARMLESS = 1 << 0,
	DIGEST_VALUE = 1 << 1,
	DIGEST_HOLDER = 1 << 2,
	DIGEST_WAKER = 1 << 3,
	DIGEST_INSTEAD = 1 << 4, /* since version 2 */
	DIGEST_SUBJECT_FLAGS = (1 << 5) - 1
};

/* All figures of facts and subjects that are plain numbers, in the order of the file: visited by
 * the encoder and the decoder alike. */
#define DIGEST_FACTS(X, t)                                                                         \
	X("begin", t begin_ns)                                                                     \
	X("end", t end_ns)                                                                         \
	X("start", t start_unix_ns)                                                                \
	X("tick", t tick_ns)                                                                       \
	X("events", t events)                                                                      \
	X("lost events", t lost_events)                                                            \
	X("losses", t losses)                                                                      \
	X("tasks", t tasks)                                                                        \
	X("executors", t executors)                                                                \
	X("levels", t levels)                                                                      \
	X("coverage", t coverage_ppm)                                                              \
	X("waits", t waits.waits)                                                                  \
	X("stacks", t waits.stack_ppm)                                                             \
	X("objects", t waits.object_ppm)                                                           \
	X("holders", t waits.holder_ppm)                                                           \
	X("wakers", t waits.waker_ppm)
#define DIGEST_TIMES(X, t)                                                                         \
	X("running", t running_ns)                                                                 \
	X("runnable", t runnable_ns)                                                               \
	X("blocked", t blocked_ns)                                                                 \
	X("unknown", t unknown_ns)

#endif
