#ifndef DWELL_DRAIN_PRIVATE_H
#define DWELL_DRAIN_PRIVATE_H

#include "across.h"
#include "descriptors.h"
#include "drain.h"
#include "fit.h"
#include "map.h"
#include "people.h"
#include "ring/intern.h"
#include "ring/reader.h"

enum {
	DWELL_DRAIN_MEMO = 4096,
	DWELL_DRAIN_ROWS = 512,
	DWELL_DRAIN_RENAMES = 64,
	DWELL_DRAIN_DETACHED = 256,
	DRAIN_GOES_ON = 1 << 8 /* beside a record's flags: its wait is not over */
};

struct drain_process {
	uint32_t generation; /* of the slot when it was taken over; 0: not known */
	uint32_t id;         /* of the registry */
	uint32_t clock;
	int64_t host_pid;
	uint64_t mapped;   /* where it has the session; 0: not known */
	uint64_t alive_ns; /* it lived then, as far as anyone looked */
	bool gone;
};

struct drain_thread {
	uint32_t generation; /* 0: none */
	uint32_t process;    /* slot */
	uint32_t task;       /* of the registry */
	uint32_t running;    /* the program's own task on this thread, or 0 */
	uint32_t worker;     /* this thread as an executor, or 0 */
	unsigned ring;       /* in the chain */
	uint64_t position;
	uint64_t hole_at; /* an unwritten slot with the head beyond it was seen here + 1 */
	uint64_t hole_since_ns;
	uint64_t begun_since; /* ticks: the wait that was begun from the state word; 0: none */
	uint32_t begun_object;
	uint64_t begun_ns;      /* as it was told */
	uint64_t dropped_since; /* ticks: the wait that was begun and then ended without a record */
	uint64_t dropped_ns;    /* and when */
	uint64_t ended_since;   /* ticks: the latest start of a wait whose record was read */
	int64_t host_tid;
	uint64_t handle;
	uint64_t last_ns; /* of the latest record */
	bool overwritten; /* flight: what came before the next record is gone */
};

struct dwell_drain {
	const struct dwell_session *session;
	struct dwell_registry *registry;
	struct dwell_sink *sink;
	struct dwell_drain_options options;
	struct dwell_fit fit;
	struct drain_process *process;
	struct drain_thread *thread;
	struct drain_fresh *fresh;  /* those of this pass */
	struct dwell_map by_native; /* (process, task of the program) to task */
	/* What entries of the arena stood for lately: they never change. */
	struct drain_memo {
		uint32_t entry, process, id;
	} memo[DWELL_DRAIN_MEMO];
	struct dwell_map by_handle; /* (process, pthread_t) to number of the latest birth */
	struct drain_birth {
		uint64_t ticks;     /* it was created */
		uint32_t task, tid; /* of the host */
		uint32_t before;    /* number of the birth before it with this pthread_t, or 0 */
		bool given_up; /* joined or detached: the pthread_t is another's from then on */
	} * birth;             /* the latest ones, by number; numbers begin with 1 */
	uint32_t births, birth_size; /* ever; a power of two */
	uint64_t met_ns;             /* the pass in which threads were looked for once more */
	struct drain_detached {      /* before they were met */
		uint64_t handle, ticks;
		uint32_t process, task; /* of the registry; task: who detached it, 0: free */
	} detached[DWELL_DRAIN_DETACHED];
	unsigned detachments;     /* ever; the oldest is overwritten */
	struct drain_rename {     /* of threads that were not met yet */
		uint32_t process; /* slot; meaningful when label is not 0 */
		uint32_t label;
		uint64_t handle;
	} rename[DWELL_DRAIN_RENAMES];
	unsigned renames; /* ever; the oldest is overwritten */
	struct dwell_descriptors *descriptors;
	struct dwell_map across;     /* dwell_across_object() */
	uint64_t pass_ns, before_ns; /* when this pass began, and the one before it */
	uint64_t latest_ns;          /* a record of a later time is doubted */
	uint64_t watermark_ns;       /* all that is earlier is told in this pass */
	struct dwell_drain_counts counts;
	int error;
	struct dwell_event *made; /* in `row`, or in room of the sink's */
	size_t rows;
	struct dwell_event row[DWELL_DRAIN_ROWS];
};

/* What a record belongs to. */
struct drain_place {
	struct dwell_drain *drain;
	struct drain_thread *thread;
	const struct drain_process *process;
};

void dwell_drain_tell(struct dwell_drain *drain);
/* Where the next row is made. Never fails: the first error is kept. */
static inline struct dwell_event *dwell_drain_next(struct dwell_drain *drain)
{
	if (drain->rows == DWELL_DRAIN_ROWS)
		dwell_drain_tell(drain);
	return &drain->made[drain->rows++];
}

/* A row more. One that was just written in parts is slow to copy: better made in its place. */
static inline void dwell_drain_put(struct dwell_drain *drain, const struct dwell_event *event)
{
	*dwell_drain_next(drain) = *event;
}

static inline uint64_t dwell_drain_since_zero(
	const struct dwell_drain *drain, uint64_t monotonic_ns)
{
	const uint64_t zero = drain->options.zero_monotonic_ns;

	return monotonic_ns > zero ? monotonic_ns - zero : 0;
}

/* A time not before latest_ns if the clock is there by now, else what it shows. */
uint64_t dwell_drain_doubt(struct dwell_drain *drain, uint64_t ns);
/* Ticks of a record of that process to the trace's time. */
static inline uint64_t dwell_drain_stamp(
	struct dwell_drain *drain, const struct drain_process *process, uint64_t ticks)
{
	const struct dwell_session *session = drain->session;
	uint64_t ns;

	if (process->clock == DWELL_CLOCK_MONOTONIC && session->clock != DWELL_CLOCK_MONOTONIC)
		ns = session->start_monotonic_ns + ticks;
	else
		ns = dwell_fit_ns(&drain->fit, session->start_ticks + ticks);
	ns = dwell_drain_since_zero(drain, ns);
	return __builtin_expect(ns < drain->latest_ns, 1) ? ns : dwell_drain_doubt(drain, ns);
}

/* A record as rows. */
void dwell_drain_record(const struct drain_place *place, const struct dwell_record *record);
/* As many of the next records before `stop` as are plain. Returns how many. */
uint64_t dwell_drain_plain(
	const struct drain_place *place, struct dwell_ring_reader *reader, uint64_t stop);
/* Of the program's own tasks; of threads and processes. row->kind 0: none. */
uint32_t dwell_drain_task_of_tid(const struct drain_place *place, uint64_t tid);
void dwell_drain_decode_priority(const struct drain_place *place, const struct dwell_record *record,
	struct dwell_event *row);
void dwell_drain_decode_task(const struct drain_place *place, const struct dwell_record *record,
	struct dwell_event *row);
void dwell_drain_decode_life(const struct drain_place *place, const struct dwell_record *record,
	struct dwell_event *row);

/* What a thread says of its open wait. */
struct drain_word {
	uint64_t state[2];
	uint64_t caller;
	uint32_t what, holder;
};

/* Begin the wait that a state word tells, if it is one not begun yet. */
void dwell_drain_state(const struct drain_place *place, const struct drain_word *word);

/* One thread names another, which may not have been met yet. */
void dwell_drain_rename_other(const struct drain_place *place, uint64_t handle, uint32_t label);

/* A thread was met. */
void dwell_drain_born(struct dwell_drain *drain, const struct drain_thread *thread, uint64_t ticks);
/* Which thread had that pthread_t at a time and was not given up; NULL where that is not known.
 * Valid until the next is met. */
struct drain_birth *dwell_drain_of_handle(
	const struct drain_place *place, uint64_t handle, uint64_t ticks);
/* A thread not met yet is detached: told when it is met. */
void dwell_drain_detach_later(const struct drain_place *place, uint64_t handle, uint64_t ticks);

/* Ids of the registry for what records name. */
uint32_t dwell_drain_object(const struct drain_place *place, unsigned kind, uint64_t native);
/* The same, of what flags may say is a descriptor: SYSCALL as *reason becomes that of its kind. */
uint32_t dwell_drain_object_of(const struct drain_place *place, unsigned kind, unsigned flags,
	uint64_t native, uint8_t *reason);
uint32_t dwell_drain_stack(const struct drain_place *place, uint32_t entry);
uint32_t dwell_drain_label(const struct drain_place *place, uint32_t entry);
bool dwell_drain_text(const struct dwell_drain *drain, uint32_t entry, struct dwell_string *out);
void dwell_drain_module(const struct drain_place *place, uint32_t entry);

/* Read one thread's rings; last: nobody writes them any more. */
void dwell_drain_rings(struct dwell_drain *drain, uint32_t index, bool last);

#endif
