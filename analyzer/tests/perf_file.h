#ifndef DWELL_TESTS_PERF_FILE_H
#define DWELL_TESTS_PERF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"

/*
 * Builds perf.data files in memory, record by record, in every variant that perf writes: so a test
 * can say the same recording in all of them, and damage each field.
 */
struct perf_variant {
	const char *name;
	bool big;           /* written by a big-endian machine */
	bool pipe;          /* perf record -o - */
	int packed;         /* 0; 1: COMPRESSED; 2: COMPRESSED2 records */
	bool identifier;    /* PERF_SAMPLE_IDENTIFIER instead of ID */
	uint32_t attr_size; /* of perf_event_attr: 64, 72, 80, 96, ...; 0: 128 */
	bool narrow_state;  /* prev_state of 4 bytes */
	bool old_states;    /* states numbered as before Linux 4.14 */
	bool no_thread_map;
	bool own;                        /* of one command, not the whole machine */
	bool context_switch;             /* with records of switches */
	bool no_tracepoints;             /* a dummy event only */
	bool wakeup;                     /* sched_wakeup instead of sched_waking */
	bool newborn;                    /* with sched_wakeup_new */
	bool chains;                     /* with call chains */
	bool no_cpu;                     /* samples do not say their CPU */
	bool unclosed;                   /* killed: no size of the data, no features */
	uint64_t read_format;            /* samples have values of counters, by this format */
	int clockid;                     /* -1: the default clock */
	uint64_t wall_ns, wall_clock_ns; /* feature CLOCK_DATA */
};

struct perf_file {
	const struct perf_variant *variant;
	uint8_t *data;
	size_t size, room;
	uint8_t *held; /* records on their way into a compressed one */
	size_t held_size, held_room;
	void *packer;
	size_t data_at; /* where records begin */
	/* Where fields lie, for tests that damage them. */
	size_t features_at, tracing_at;
};

/* What a record says beside itself. */
struct perf_at {
	uint64_t ns;
	uint32_t cpu;
	int32_t pid, tid;
};

enum { EVENT_SWITCH, EVENT_WAKING, EVENT_NEW, EVENT_FORK, EVENT_DUMMY, EVENT_CLOCK };

void perf_file_begin(struct perf_file *file, const struct perf_variant *variant);
/* Ends the file; its bytes belong to it. */
void perf_file_end(struct perf_file *file);
void perf_file_release(struct perf_file *file);

/* A source of bytes over the file (or its first size bytes). */
struct dwell_bytes *perf_file_bytes(const struct perf_file *file, size_t size);
struct dwell_bytes *bytes_of(const void *at, size_t size);

void perf_switch(struct perf_file *file, struct perf_at at, const char *from, int32_t prev,
	uint64_t state, const char *to, int32_t next);
void perf_wake(struct perf_file *file, struct perf_at at, const char *comm, int32_t tid,
	uint8_t common_flags);
void perf_new(struct perf_file *file, struct perf_at at, const char *comm, int32_t tid);
void perf_comm(struct perf_file *file, struct perf_at at, const char *comm, bool exec);
void perf_fork(struct perf_file *file, struct perf_at at, int32_t pid, int32_t tid, int32_t ppid,
	int32_t ptid);
void perf_exit(struct perf_file *file, struct perf_at at);
void perf_lost(struct perf_file *file, struct perf_at at, uint64_t count);
void perf_lost_samples(struct perf_file *file, struct perf_at at, uint64_t count);
void perf_in_out(struct perf_file *file, struct perf_at at, bool out, bool preempted);
void perf_mmap(struct perf_file *file, struct perf_at at, uint64_t start, uint64_t size,
	uint64_t offset, const char *path, const char *build_id);
void perf_clock_sample(struct perf_file *file, struct perf_at at, uint64_t period);
void perf_round(struct perf_file *file);
void perf_raw_record(
	struct perf_file *file, uint32_t type, uint16_t misc, const void *body, size_t size);

/* The call chain of the samples that follow (until changed). */
void perf_chain(struct perf_file *file, const uint64_t *chain, size_t count);

#endif
