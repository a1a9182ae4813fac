#ifndef DWELL_DIGEST_H
#define DWELL_DIGEST_H

#include "dwell/error.h"
#include "dwell/keys.h"
#include "dwell/model.h"
#include "dwell/waits.h"

/*
 * A digest: what is compared of a trace, in a few kilobytes. Subjects are what has figures
 * (classes, sites, locks, spans, counters and the run itself), under keys made of names, so that
 * they match in another build. Of each there are distributions: of the whole run at 1 %, and
 * of stretches of it (windows) in coarse buckets. docs/digest.md has the file.
 *
 * A digest owns its memory and does not change once it was made: any number of threads may read it.
 */

enum dwell_digest_kind {
	DWELL_SUBJECT_RUN = 1, /* key "": all tasks; series: runnable to running */
	DWELL_SUBJECT_CLASS,   /* series: runnable to running; states of its tasks */
	DWELL_SUBJECT_SITE,    /* series: waits there; states within them */
	DWELL_SUBJECT_LOCK,    /* series: waits for it; hold: from getting it to giving it up */
	DWELL_SUBJECT_SPAN,    /* series: durations; states within them */
	DWELL_SUBJECT_PAUSE, /* the same of a runtime's own spans: collections, the world stopped */
	DWELL_SUBJECT_COUNTER, /* value */
	DWELL_SUBJECT_LEAK,    /* value: tasks that outlived their use, of one kind at one place */
	DWELL_SUBJECT_POOL,    /* value: share of the gets that what had been made before served */
	DWELL_SUBJECT_PATH,    /* value: share of the run's critical path; times: of this part */
	DWELL_SUBJECT_REASON,  /* series: waits for it at all sites that are not harmless */
	DWELL_SUBJECT_LEFT, /* value: tasks of the run alive at its end; see struct dwell_blame */
	DWELL_SUBJECT_KIND_COUNT
};
/* Bits of those that every digest has looked for; others it may not have. */
enum { DWELL_KINDS_ALWAYS = (1 << (DWELL_SUBJECT_COUNTER + 1)) - 2 };
const char *dwell_digest_kind_name(unsigned kind);

/* Buckets of windows: four to each power of two. Of states: the state. */
struct dwell_window_cell {
	uint8_t window, bucket;
	uint32_t count;
	uint64_t total_ns;
};

/* Windows have one length in a digest, a power of two of ns; a window number is below this. */
enum { DWELL_WINDOWS = 64 };

struct dwell_windows {
	struct dwell_window_cell *cells; /* by window, then bucket */
	size_t count, cap;
	uint8_t shift; /* of their length */
};

struct dwell_series {
	struct dwell_histogram whole;
	struct dwell_windows windows;
};

/*
 * Who was to blame in most of the time, as names: empty where nobody is known.
 *
 * Of tasks that are left `waker` is where most of them wait, and `holder_ns` how many do. Of leaks
 * `waker` is whose tasks they are and who made them, and `holder` why nobody ends their wait. Of
 * pools `waker` is where most was got and not put back. Of counters `waker` is the class of the
 * task that most of it comes from.
 */
struct dwell_blame {
	char *holder; /* its class, and where it gave up what it held */
	char *waker;  /* its class */
	uint64_t holder_ns;
	struct dwell_times times; /* what the holders did meanwhile; all 0: no holder is known */
	uint8_t reason;           /* holders blocked: most of it on this */
};

/* Who ran meanwhile, of latencies that were looked into: in all of them together. */
struct dwell_instead {
	uint64_t latencies, total_ns; /* those that were looked into; the sum of their lengths */
	struct dwell_ran {
		char *who; /* a class */
		uint64_t ns;
	} * ran; /* who ran most first; the others, idle and unknown time are left of total_ns */
	size_t count;
};
enum { DWELL_INSTEAD = 8 }; /* at most */

struct dwell_digest_subject {
	uint8_t kind;   /* enum dwell_digest_kind */
	uint8_t reason; /* of sites and locks */
	uint8_t role;   /* of sites: enum dwell_role */
	bool harmless;  /* of sites: waits for work or time */
	bool has_value;
	char *key;   /* names: what it is matched by */
	char *alias; /* what it may be recognized by where no key matches; may be "" */
	uint64_t id; /* to open the trace at; 0: none */
	uint32_t tasks;
	struct dwell_times times;
	struct dwell_windows states; /* of times, bucket: enum dwell_state */
	struct dwell_series series, hold;
	double value; /* counters: mean of a gauge, growth per second of a sum; leaks, pools, path
		       */
	double value_of; /* while it is made: gets of pools so far, the longest row of a site or
			    lock */
	struct dwell_blame blame;
	struct dwell_instead instead; /* of run and classes */
};

struct dwell_digest {
	struct dwell_trace_facts trace; /* source is the digest's */
	uint8_t window_shift;           /* a window is 1 << this ns; the first one holds begin_ns */
	bool of_command;                /* only what the recorder ran counts, not its neighbours */
	uint64_t born, left;            /* tasks made in the run; of them alive at its end */
	uint64_t omitted;               /* subjects that were added up to make it fit */
	uint32_t kinds;                 /* bits by kind: these were looked for */
	struct dwell_digest_subject *subjects; /* by kind, then key */
	size_t count;
};

void dwell_digest_free(struct dwell_digest *digest);

struct dwell_source;

/*
 * Add the critical path of the run, as far as the digest's trace has it: of its first process's
 * main task, of those selected. Where too much happened to be walked through in the time and memory
 * that a digest may take, or there is no such task, nothing is added, and nobody looked for it. The
 * source is read once more. 0, DWELL_ENOMEM, or what the source returned.
 */
int dwell_digest_add_path(struct dwell_digest *digest, struct dwell_source *source,
	const struct dwell_selection *selection, unsigned threads, struct dwell_diag *diag);

/* A digest is at most this long as a file: the least of its subjects are added up until it is. */
enum { DWELL_DIGEST_BYTES = 100000 };
/* The key of what was added up, one of each kind: it is no thing, and is not compared. */
#define DWELL_DIGEST_REST "(the rest)"

/* The file of a digest in *out, to be freed. 0, DWELL_ENOMEM. */
int dwell_digest_encode(const struct dwell_digest *digest, unsigned char **out, size_t *size);

/*
 * Read one. Returns 0, DWELL_ENOMEM, DWELL_EFORMAT (no digest, damaged, impossible),
 * DWELL_EVERSION, DWELL_ELIMIT; *diag, which may be NULL, has the offset and the field.
 */
int dwell_digest_decode(
	struct dwell_digest **out, const unsigned char *at, size_t size, struct dwell_diag *diag);

/* Does a file that begins with these bytes look like a digest? */
bool dwell_digest_guess(const unsigned char *at, size_t size);

/* The same distribution added up from its windows [first, last], about as coarse as they are. */
int dwell_windows_histogram(const struct dwell_windows *windows, unsigned first, unsigned last,
	struct dwell_histogram *out);

#endif
