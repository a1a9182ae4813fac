#ifndef DWELL_RECORD_RECORDING_H
#define DWELL_RECORD_RECORDING_H

#include "clock.h"
#include "drain/drain.h"
#include "drain/flush.h"
#include "dwell/encoder.h"
#include "dwell/order.h"
#include "ends.h"
#include "kernel.h"
#include "launch.h"
#include "numbers.h"
#include "options.h"
#include "output.h"
#include "perf.h"
#include "policy.h"
#include "preload.h"
#include "sched.h"
#include "stuck.h"
#include "tick.h"
#include "watch.h"

/* One recording: sources, the way of their rows to the file, and what is told at the end. */
struct dwell_recording {
	const struct dwell_record_options *options;
	uint64_t zero_ns; /* CLOCK_MONOTONIC at the trace's zero */
	struct dwell_flush flush;
	uint64_t passed_ns; /* what happened before it was taken over, or is lost */
	uint64_t end_ns;
	bool open;       /* the file takes rows */
	const char *cut; /* why it ended before the program: NULL, or a phrase for people */
	uint32_t levels;
	uint32_t root;      /* a process that ran before us, or 0 */
	char *cgroup;       /* where the recorded control group is, or NULL */
	uint64_t looked_ns; /* at the group */
	bool group_empty;
	char kernel_why[160]; /* why there are no events of the kernel */

	struct dwell_file_output files[2]; /* the second one while a flight recorder drops */
	struct dwell_file_output *file;
	uint64_t trimmed_ns;
	bool write_at_end; /* of a flight recorder */
	uint64_t written_bytes;
	struct dwell_encoder *encoder;
	struct dwell_policy *policy; /* NULL: all is kept */
	struct dwell_budget budget;
	struct dwell_tick tick;
	struct dwell_tick outlet; /* of a flight recorder: to the encoder of the moment */
	struct dwell_order *order;
	struct dwell_sink *sink; /* where everyone tells rows and definitions */
	struct dwell_registry *registry;
	struct dwell_who *who;
	struct dwell_area area; /* tables for stacks */
	struct dwell_maps *maps;
	struct dwell_descriptors *descriptors;
	struct dwell_sched sched;
	struct dwell_kernel *kernel;  /* NULL: none */
	struct dwell_numbers numbers; /* of the drain */
	uint64_t file_locks_ns;       /* to which looks for who has files locked are paid for */
	struct dwell_perf *perf;      /* NULL: none; never beside kernel */
	char tracepoints_why[160], perf_why[160];
	struct dwell_watch *watch; /* NULL: of what ran before the kernel tells, or nothing did */
	struct dwell_stuck *stuck; /* NULL: every wait is looked at */
	bool machine; /* the scheduler of the whole machine is seen, by kernel or by perf */
	struct dwell_preload preload;
	struct dwell_ends ends;
	struct dwell_drain *drain; /* NULL: nothing is loaded into the program */
};

/* How a flight recorder writes: generations small enough to drop some. */
extern const struct dwell_encoder_options dwell_flight_encoding;

/* How symbols are found, and what that may cost. */
struct dwell_symbol_options dwell_recording_symbols(struct dwell_recording *recording);

/* Open the file and all that can be collected here. Returns 0 or a negative dwell_error; why: one
 * line for people. */
int dwell_recording_open(struct dwell_recording *recording,
	const struct dwell_record_options *options, char *why, size_t why_size);

/* From now on: the trace's zero. */
void dwell_recording_zero(struct dwell_recording *recording);

/* The same without a look at who runs. */
void dwell_recording_zero_now(struct dwell_recording *recording);

/* What the command's environment must have beside ours, ended by NULL. */
char *const *dwell_recording_environment(struct dwell_recording *recording);

/* The recorded program: a process that is about to exec, or one that runs; 0: the options' control
   group. Before begin. */
int dwell_recording_follow(struct dwell_recording *recording, uint32_t pid, bool running);

/* Of what runs already (nothing where a command is recorded): the trace's zero is now, after it was
   looked for; who it is and what it waits for, once the file has begun; who came in since. */
void dwell_recording_rezero(struct dwell_recording *recording);

/* Begin to read the recorded programs' session, where there is one. Returns 0 or DWELL_ENOMEM. */
int dwell_recording_open_drain(struct dwell_recording *recording);
void dwell_recording_find(struct dwell_recording *recording);
void dwell_recording_born(void *context, const struct dwell_kernel_birth *birth);
void dwell_recording_file(void *context, const struct dwell_kernel_file_seen *file);
void dwell_recording_look(struct dwell_recording *recording, uint64_t now_ns);
/* Look at what runs, where nobody tells of it. */
int dwell_recording_watch(struct dwell_recording *recording, uint64_t now_ns);
/* The same, if it is time for that; or at who has waited long. last: for the last time. */
int dwell_recording_look_waits(struct dwell_recording *recording, uint64_t now_ns, bool last);

/* The file begins. DWELL_EUNSUPPORTED: nothing can be collected; why: one line for people. */
int dwell_recording_begin(struct dwell_recording *recording, char *why, size_t why_size);

/* Take over what happened. After an error the file is closed and `cut` says why. */
int dwell_recording_pass(struct dwell_recording *recording);

/* Rows that are held back for others to be put before them: let them go as they are. */
int dwell_recording_settle(struct dwell_recording *recording);

/* How long to sleep until the next pass, in milliseconds. */
int dwell_recording_pause_ms(const struct dwell_recording *recording);

/* CPU time that the recorder itself used. */
uint64_t dwell_recording_cpu_ns(void);

/* Facts about the recording, for the end of a trace. */
int dwell_recording_tell_note(struct dwell_sink *sink, const char *key, const char *value);
int dwell_recording_tell_notes(struct dwell_recording *recording, struct dwell_sink *sink);

/* The last pass, notes, end of the file. */
int dwell_recording_finish(struct dwell_recording *recording);

/* For the summary: waits of the recorded program, and records that are missing. */
uint64_t dwell_recording_waits(const struct dwell_recording *recording);
uint64_t dwell_recording_lost(const struct dwell_recording *recording);
/* Processes whose libdwell is of another version: what they told of themselves. */
struct dwell_strangers {
	uint64_t mute;         /* nothing */
	uint64_t older, newer; /* less than this recorder knows; less than they could */
};
struct dwell_strangers dwell_recording_strangers(const struct dwell_recording *recording);

void dwell_recording_close(struct dwell_recording *recording);

#endif
