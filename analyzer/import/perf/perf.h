#ifndef DWELL_IMPORT_PERF_PERF_H
#define DWELL_IMPORT_PERF_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zstd.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"
#include "import/ahead.h"
#include "import/input.h"
#include "import/perf/attrs.h"
#include "import/perf/builds.h"
#include "import/perf/formats.h"
#include "import/perf/queue.h"
#include "import/perf/stacks.h"
#include "import/perf/tasks.h"
#include "import/source.h"

/* The bytes between two places of the file, read once from front to back. */
struct perf_stream {
	const uint8_t *data; /* in the buffer, or in a block that was read ahead */
	size_t from, to;     /* what of it is not taken yet */
	uint8_t *buffer;
	size_t room;
	uint64_t at, end;           /* the next byte to read; the end of the data */
	bool short_file;            /* the file ended before `end` */
	bool jumped;                /* much was skipped: to read that ahead would be in vain */
	struct import_ahead *ahead; /* NULL: not read by another thread */
};

/* What compressed records unpack to. */
struct perf_unpacked {
	ZSTD_DCtx *context;
	uint8_t *buffer;
	size_t used, room;
};

/* Mappings that records told, until their turn comes. */
struct perf_mmaps {
	struct perf_map *all;
	uint32_t count, room, waiting;
};

/* Of a record. */
struct perf_when {
	uint64_t time_ns;
	uint16_t cpu;
	bool exec; /* the task runs another program from now on */
};

enum { PERF_ROWS = 4096 };

/* What kind of recording it is: how its rows are made. */
struct perf_mode {
	bool by_tracepoint; /* sched_switch tells who runs; else context switch records */
	bool waking;        /* sched_waking tells wakes; else sched_wakeup */
	bool newborn;       /* sched_wakeup_new tells that a new task is runnable */
	bool system_wide;
	bool stacks;
};

struct perf {
	struct import_source source;
	bool big, pipe;
	uint64_t data_at, data_end;
	bool unclosed; /* the header does not say where the data ends */

	struct perf_attrs attrs;
	struct perf_formats formats;
	struct perf_builds builds;
	bool this_host, this_kernel;     /* it was recorded here, and not before an update */
	bool threads_known, threads_all; /* the thread map: was there one, is it "all" */
	int32_t clockid;
	uint64_t clock_ns, clock_unix_ns; /* one moment by both clocks; 0: not known */

	struct perf_stream stream;
	struct perf_unpacked unpacked;
	struct perf_queue queue;
	struct perf_tasks tasks;
	struct perf_stacks stacks;
	struct perf_mmaps mmaps;
	struct perf_mode mode;

	struct perf_early *early; /* NULL: records are read when rows are asked for */
	struct dwell_sink *sink;
	struct dwell_event *rows;
	size_t row_count;
	bool started; /* read to the zero, and no further */
	bool done;
	size_t ready;
	uint64_t zero_ns; /* on the recording's clock */
	uint64_t last_ns; /* of the trace */
	uint64_t *cpu_last_ns;
	uint32_t *cpu_slot; /* who is on it, by the last switch */
	bool *cpu_known;
	uint32_t cpus;
	uint64_t ignored, malformed, lost, lost_samples;
	uint8_t broken; /* enum dwell_loss_cause: why the data ended early; 0: it did not */
};

/* file.c: the file's header, and the sections behind the data. */
bool perf_recognizes(const void *at, size_t size);
int perf_open_file(struct perf *perf);
int perf_feature(struct perf *perf, uint64_t feature, struct perf_wire in);

/* stream.c */
void perf_stream_start(struct perf_stream *stream, uint64_t at, uint64_t end);
void perf_stream_release(struct perf_stream *stream);
int perf_stream_fill(struct perf_stream *stream, struct dwell_bytes *bytes, size_t size);
void perf_stream_skip(struct perf_stream *stream, uint64_t size);

/* size bytes in one piece, valid until the next call. DWELL_END: so many are not left. */
static inline int perf_stream_take(
	struct perf_stream *stream, struct dwell_bytes *bytes, size_t size, const uint8_t **out)
{
	if (stream->to - stream->from < size) {
		const int err = perf_stream_fill(stream, bytes, size);

		if (err)
			return err;
	}
	*out = stream->data + stream->from;
	return DWELL_OK;
}

/*
 * reading.c: read until some records of the queue, *ready of them, may become rows (after the
 * last record maybe none). DWELL_END: there are no more.
 */
int perf_read_on(struct perf *perf, size_t *ready);

/*
 * early.c: records read and put in order by a thread of its own while rows are made of those before
 * them. Nobody else calls perf_read_on until perf_early_stop.
 */
bool perf_early_pays(const struct perf *perf);
/* DWELL_ENOMEM: no memory, or no thread can be had. */
int perf_early_start(struct perf *perf);
/* The next items that may become rows, and slots keep up; valid until the next call. DWELL_END. */
enum { PERF_BATCH = 4096 };
struct perf_batch {
	struct perf_item *items; /* PERF_BATCH of them */
	size_t count;
	uint64_t told_ns; /* nothing older will come any more; 0: not known */
	int32_t *tids;    /* of slots that are new since the batch before */
	size_t tid_count, tid_room;
	int err; /* instead of items */
};
int perf_early_next(struct perf *perf, const struct perf_batch **out);
void perf_early_stop(struct perf *perf);

/* records.c: one record into the queue. */
struct perf_record {
	uint32_t type;
	uint16_t misc;
	struct perf_wire body;
};
int perf_record(struct perf *perf, const struct perf_record *record);

/*
 * samples_fixed.c: the records from at on, as long as they are all there before end and such that
 * it takes no more than a look at each. Returns where they end.
 */
const uint8_t *perf_samples_fixed(struct perf *perf, const uint8_t *at, const uint8_t *end);

/* samples.c */
int perf_sample(struct perf *perf, const struct perf_record *record);
/* What a record says of a slot: kept for its turn where it is new. size: of comm, at most. */
int perf_say_comm(struct perf *perf, uint32_t slot, const uint8_t *comm, size_t size,
	const struct perf_when *when);
int perf_say_new_process(
	struct perf *perf, uint32_t slot, int32_t pid, const struct perf_when *when);
static inline int perf_say_process(
	struct perf *perf, uint32_t slot, int32_t pid, const struct perf_when *when)
{
	if (!slot || pid < 1 || perf->tasks.said[slot].pid == pid)
		return DWELL_OK;
	return perf_say_new_process(perf, slot, pid, when);
}

/*
 * rows_plain.c: items from *from on, as long as they are switches and wakes, without stacks, of
 * tasks and on CPUs that are known. *from: the first that is none.
 */
int perf_rows_plain(struct perf *perf, const struct perf_item *items, size_t *from, size_t count);

/* rows.c: items in order into rows of the sink. */
int perf_rows(struct perf *perf, struct perf_item *items, size_t count);
int perf_rows_flush(struct perf *perf);
/* The rest of the trace: what the last records leave open. */
int perf_rows_end(struct perf *perf);

#endif
