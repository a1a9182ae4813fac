#ifndef DWELL_RECORD_PERF_PRIVATE_H
#define DWELL_RECORD_PERF_PRIVATE_H

#include <linux/perf_event.h>

#include "perf.h"
#include "tracepoints.h"

enum { PERF_RECORD_ROOM = 1 << 16 };

struct perf_told {
	struct dwell_kernel_event event;
	char name[16];
};

struct perf_cpu {
	int fd;                            /* of the event whose ring this is */
	int others[DWELL_TRACEPOINTS - 1]; /* that write there too */
	struct perf_event_mmap_page *page; /* the header, the ring behind it */
	size_t bytes;                      /* of the ring */
	struct perf_told *queue;
	size_t first, count, room;
	uint64_t last_ns;
};

struct dwell_perf {
	struct perf_cpu *cpus;
	uint32_t cpu_count;
	uint32_t pid;
	bool entered; /* the program's first thread is known to run */
	bool machine; /* by tracepoints, of all programs; else of pid only */
	struct dwell_tracepoints tracepoints;
	uint64_t zero_ns;
	unsigned fill;
	uint8_t record[PERF_RECORD_ROOM];
};

#endif
