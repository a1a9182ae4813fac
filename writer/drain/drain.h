#ifndef DWELL_DRAIN_DRAIN_H
#define DWELL_DRAIN_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"
#include "registry.h"
#include "ring/session.h"

/*
 * Slots to rows. Reads every ring of a session and tells what it finds as rows, not in order of
 * time over the rings: put dwell/order.h behind it.
 *
 * A record of a wait becomes WAIT_BEGIN and WAIT_END; a wait that lasts when the drain looks is
 * begun from the thread's state word, and its record then only ends it.
 */
struct dwell_drain;

struct dwell_drain_options {
	/* Nothing else tells the states of threads: waits say BLOCKED and RUNNING (else
	   DWELL_STATE_SAME), and threads are created and ended by rows of the drain. */
	bool states;
	/* The kernel's own events tell which file a call that is over was on. */
	bool files_told;
	/* CLOCK_MONOTONIC at the trace's zero. */
	uint64_t zero_monotonic_ns;
	void *context;
	/* The pid and tid as the recorder's kernel numbers them; NULL: the same. 0: not known. */
	int64_t (*host_pid)(void *context, const struct dwell_process_slot *process);
	int64_t (*host_tid)(void *context, int64_t host_pid, int32_t tid);
	/* The task that has a lock of the file for which a process waits in that descriptor of its
	   own, now; 0: not known; may be NULL. */
	uint32_t (*file_holder)(void *context, int64_t host_pid, uint32_t fd, bool shared);
	/* A process appeared (or exec'd), at started_ns, with the last part of its path as name:
	   time to read its /proc; may be NULL. */
	void (*process_seen)(void *context, uint32_t process, int64_t host_pid,
		struct dwell_process_slot *slot, struct dwell_string name, uint64_t started_ns);
	/* A thread appeared, which says what it waits for at that address of its own memory; may be
	   NULL. */
	void (*thread_seen)(void *context, int64_t host_tid, uint64_t address);
	/* Whether that process still runs, where nothing else tells of its end; may be NULL. Asked
	   in each pass. */
	bool (*lives)(void *context, int64_t host_pid);
	/* A stack that was not met before is about to be told, whole or cut off: time to define
	   what is mapped at these addresses; may be NULL. */
	void (*stack_seen)(void *context, uint32_t process, int64_t host_pid,
		const uint64_t *addresses, size_t count, bool cut);
};

/* session, registry and sink must outlive the drain. DWELL_ENOMEM. */
int dwell_drain_new(struct dwell_drain **out, const struct dwell_session *session,
	struct dwell_registry *registry, struct dwell_sink *sink,
	const struct dwell_drain_options *options);
void dwell_drain_free(struct dwell_drain *drain);

/*
 * Read what all rings hold now. *watermark_ns: no row earlier than this will come any more (but for
 * a thread that was stopped for longer than one pass between reading the clock and writing, which
 * dwell_order counts as a repair). Returns a negative enum dwell_error of the sink.
 */
int dwell_drain_pass(struct dwell_drain *drain, uint64_t *watermark_ns);

/* The process is gone (killed, exited without a word): read what it left, end its threads. */
int dwell_drain_process_gone(struct dwell_drain *drain, int64_t host_pid, uint64_t time_ns);

/* Recording ends: a last pass over all, taking every unwritten slot as one that never will be. */
int dwell_drain_finish(struct dwell_drain *drain, uint64_t *end_ns);

/* The time of a reading of the session's clock, for others who stamp with it (BPF). */
uint64_t dwell_drain_time_ns(struct dwell_drain *drain, uint64_t ticks);

/* Whether that thread tells of its waits itself. */
bool dwell_drain_hears(const struct dwell_drain *drain, int64_t host_tid);

/* Now, on the trace's clock. */
uint64_t dwell_drain_now_ns(struct dwell_drain *drain);

struct dwell_drain_counts {
	uint64_t records;
	uint64_t lost;    /* refused or overwritten */
	uint64_t holes;   /* slots reserved and never written */
	uint64_t hostile; /* records that make no sense */
	uint64_t session_losses[DWELL_SESSION_LOSS_COUNT];
	uint64_t other_version; /* processes whose library is of another one and records nothing */
	uint64_t older, newer;  /* processes whose library has another minor number: they told less
				   than this one knows, or than they could */
};
void dwell_drain_counts(const struct dwell_drain *drain, struct dwell_drain_counts *out);

/*
 * Make a session in a memfd (sealed against resizing) or, with a path, in a new file (of mode 0600;
 * for programs that may not open /proc/PID/fd of the recorder), map it and format it. The
 * options' clock, start and thresholds are filled in: stack_ns and call_ns are converted. *fd stays
 * open and is the caller's. DWELL_EIO.
 */
int dwell_session_make(struct dwell_session *session, int *fd, const char *path,
	struct dwell_session_options *options, uint64_t stack_ns, uint64_t call_ns);
void dwell_session_unmap(struct dwell_session *session);

#endif
