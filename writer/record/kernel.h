#ifndef DWELL_RECORD_KERNEL_H
#define DWELL_RECORD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The scheduler of the whole machine by BPF: loads the kernel's programs and reads their rings, in
 * order of time over all CPUs. Needs CAP_BPF and CAP_PERFMON (or root) and a kernel with BTF.
 */
struct dwell_kernel;

/* A thread that the program made, or a process, whose thread is its own. */
struct dwell_kernel_birth {
	uint32_t tid, process;
	uint32_t parent; /* process */
	uint32_t inside; /* its number in its innermost pid namespace, */
	uint32_t space;  /* and which that is: the inode of /proc/PID/ns/pid */
};

/* A regular file that a thread waited on, as the kernel saw it then. */
struct dwell_kernel_file_seen {
	uint64_t device; /* as stat(2) has it */
	uint64_t inode;
	const char *path; /* the end of it: "/..." if it is whole, else ".../..." */
};

struct dwell_kernel_options {
	uint64_t start_ns; /* CLOCK_MONOTONIC, now: nothing earlier is of interest */
	uint64_t long_ns;  /* waits that lasted this long make the next one worth a stack */
	bool all;          /* reasons and stacks of every program, not of the followed ones only */
	bool stacks;
	bool library; /* libbpf loads the programs, as where the kernel cannot */
	/* Told of each birth ahead of all that the pass tells, in any order; or NULL. */
	void (*born)(void *context, const struct dwell_kernel_birth *birth);
	/* The same of each file that is not the one which the thread waited on before; or NULL. */
	void (*file)(void *context, const struct dwell_kernel_file_seen *file);
	void *context;
};

/* One thing that happened; what the kind does not name is 0. */
struct dwell_kernel_event {
	uint64_t time_ns;
	uint64_t why;        /* SWITCH: system call << 48 | first argument, when has_why */
	uint32_t kind;       /* enum dwell_kernel_kind */
	uint32_t cpu;        /* SWITCH, WAKE, LOST, EXEC */
	uint32_t tid;        /* SWITCH: who leaves. WAKE: who is woken. Others: whose */
	uint32_t peer;       /* SWITCH: who enters. WAKE: who wakes. FORK: who made it */
	uint32_t process;    /* FORK, EXEC, EXIT, GONE, NAME: of tid */
	uint32_t code;       /* EXIT: as wait(2) has it. EXEC: the tid it had before */
	uint64_t entered_ns; /* SWITCH: when tid entered, where that was not told; else 0 */
	uint64_t ready_ns;   /* SWITCH: when peer was woken, where that was not told; else 0 */
	uint8_t leave;       /* SWITCH: enum dwell_kernel_leave */
	bool has_why, compat;
	bool interrupt;       /* WAKE: by an interrupt, peer was just there */
	bool several;         /* WAKE: of a futex, of which peer wakes more than one */
	const char *name;     /* FORK, EXEC, NAME: at most 16 bytes */
	uint64_t ip, sp, fp;  /* SWITCH: registers of who leaves, where its stack was copied, */
	const uint8_t *stack; /* else NULL; from sp on */
	size_t stack_size;
	uint64_t lost;    /* LOST: how many */
	uint64_t from_ns; /* LOST: since when */
};

enum dwell_kernel_kind {
	DWELL_KERNEL_EVENT_SWITCH = 1,
	DWELL_KERNEL_EVENT_WAKE,
	DWELL_KERNEL_EVENT_FORK,
	DWELL_KERNEL_EVENT_EXEC,
	DWELL_KERNEL_EVENT_EXIT, /* begins to end; its last switch is still to come */
	DWELL_KERNEL_EVENT_GONE, /* ended: nothing more will come of it */
	DWELL_KERNEL_EVENT_NAME,
	DWELL_KERNEL_EVENT_OVERWRITTEN, /* of cpu's ring: from_ns .. time_ns */
	DWELL_KERNEL_EVENT_MISSED       /* anywhere: the kernel refused to run a program */
};

/* Called for each event; the event and what it points to are valid for the call only. A negative
   return stops the pass and is its result. */
typedef int (*dwell_kernel_tell)(void *context, const struct dwell_kernel_event *event);

/*
 * Load and attach; from now on events are kept. Returns DWELL_ENOMEM, DWELL_EUNSUPPORTED (no BTF,
 * a kernel too old) or DWELL_EIO (refused: errno). why: one line for people.
 */
int dwell_kernel_open(struct dwell_kernel **out, const struct dwell_kernel_options *options,
	char *why, size_t why_size);

/* NULL is allowed. */
void dwell_kernel_close(struct dwell_kernel *kernel);

/* The trace's zero (CLOCK_MONOTONIC, not before start_ns): what was earlier is not told. Before the
   first pass. */
void dwell_kernel_zero(struct dwell_kernel *kernel, uint64_t zero_ns);

/* Want reasons and stacks of this thread and all it will make. DWELL_EIO. */
int dwell_kernel_follow(struct dwell_kernel *kernel, uint32_t tid);

/* So much of this thread's stack is needed; the most that was ever asked for counts. */
void dwell_kernel_wish(struct dwell_kernel *kernel, uint32_t tid, uint64_t bytes);
/* Twice as much as up to now. */
void dwell_kernel_wish_more(struct dwell_kernel *kernel, uint32_t tid);

/* From now on this thread tells of its waits itself, there in its memory: no stack is copied of one
 * whose stack it has walked. */
void dwell_kernel_told(struct dwell_kernel *kernel, uint32_t tid, uint64_t address);

/* Tell of births up to now; also while a pass tells. */
void dwell_kernel_births(struct dwell_kernel *kernel);

/* Tell what happened before until_ns and was not told yet. */
int dwell_kernel_pass(
	struct dwell_kernel *kernel, uint64_t until_ns, dwell_kernel_tell tell, void *context);

/* The fullest ring at the last pass, in percent. */
unsigned dwell_kernel_fill(const struct dwell_kernel *kernel);

#endif
