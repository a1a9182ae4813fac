#ifndef DWELL_RECORD_BPF_SHARED_H
#define DWELL_RECORD_BPF_SHARED_H

/*
 * What the kernel's programs write and the recorder reads: one area for each CPU in a mapped array,
 * and a ring of rare records that all CPUs share. Compiled for BPF too, so: the kernel's types.
 *
 * An area has a header, a ring of 16-byte slots and a ring of copied stacks. Both rings have one
 * writer, because the tracepoints that write there run with interrupts off, and overwrite the
 * oldest; the reader finds out by `head` before and after it copied, and by the lap bits.
 *
 * Positions in the ring of stacks count bytes. A copy begins where its position says and is never
 * split: the ring is followed by room for one more.
 *
 * A slot: word 0 = time since the start << 8 | lap << 7 | enum dwell_kernel_slot; word 1 as the
 * kind says. Word 0 is stored last.
 */
#include <linux/types.h>

enum dwell_kernel_slot {
	/*
	 * The low three bits say how `prev` left: enum dwell_kernel_leave. prev << 32 | next.
	 * What the slots of other kinds but WAKE before it say belongs to it.
	 */
	DWELL_KERNEL_SWITCH = 0x00,
	/* waker << 32 | woken. Low bits: enum dwell_kernel_waking */
	DWELL_KERNEL_WAKE = 0x08,
	/* System call << 48 | its first argument; the lowest bit: of a 32-bit program. With an
	 * argument that is a file's descriptor: the file's type (S_IFMT >> 12) << 44 | the low bits
	 * of its inode's number << 20 | the descriptor, where the kernel looked: type 0: it did
	 * not. */
	DWELL_KERNEL_WHY = 0x10,
	/* The position of a copy of its stack in the ring of stacks. */
	DWELL_KERNEL_STACK = 0x18,
	/* When `prev` entered: that was not told. */
	DWELL_KERNEL_ENTERED = 0x20,
	/* When `next` was woken: that was not told. */
	DWELL_KERNEL_READY = 0x28
};
#define DWELL_KERNEL_KIND_MASK 0x78
#define DWELL_KERNEL_LOW_MASK 0x07
#define DWELL_KERNEL_LAP 0x80
#define DWELL_KERNEL_NO_CALL 0xffff /* as a system call's number: in none (a page fault) */

#define DWELL_KERNEL_TYPE_SHIFT 44
#define DWELL_KERNEL_INODE_SHIFT 20
#define DWELL_KERNEL_INODES (1 << 24)
#define DWELL_KERNEL_FDS (1 << 20)
#define DWELL_KERNEL_ABOVE_FD 0xffff00000000 /* a register's upper half is anything */

enum dwell_kernel_leave {
	DWELL_LEAVE_PREEMPTED = 0,
	DWELL_LEAVE_YIELDED = 1, /* it asked to, by sched_yield */
	DWELL_LEAVE_SLEEPS = 2,
	DWELL_LEAVE_DISK = 3,    /* uninterruptible */
	DWELL_LEAVE_STOPPED = 4, /* by a signal or a tracer */
	DWELL_LEAVE_DEAD = 5
};

enum dwell_kernel_waking {
	DWELL_WAKING_INTERRUPT = 1, /* in a hardware interrupt: the waker was just there */
	DWELL_WAKING_SEVERAL = 2    /* whoever waits for a futex: more than one may be woken */
};

enum {
	DWELL_KERNEL_HEADER_BYTES = 4096,
	DWELL_KERNEL_SLOTS = 1 << 17,
	DWELL_KERNEL_STACKS = 1 << 20,       /* bytes of the ring */
	DWELL_KERNEL_STACK_MOST = 64 << 10,  /* bytes of one stack that are copied */
	DWELL_KERNEL_STACK_FIRST = 16 << 10, /* as long as nothing is wished */
	DWELL_KERNEL_STACK_ALIGN = 64,
	DWELL_KERNEL_NOTES = 1 << 15,
	DWELL_KERNEL_FORECASTS = 1 << 15
};

/* The registers with which a thread entered the kernel, and what lay above its stack pointer. */
struct dwell_kernel_stack {
	__u64 ip, sp, fp;
	__u64 size; /* of bytes; 0: none could be read */
	__u8 bytes[DWELL_KERNEL_STACK_MOST];
};
#define DWELL_KERNEL_STACK_HEAD 32 /* what comes before `bytes` */

struct dwell_kernel_header {
	__u64 head;          /* slots ever written */
	__u64 stack_head;    /* bytes of stacks ever written */
	__u64 rare_lost;     /* records of the shared ring that found no room */
	__u64 interrupt_end; /* of the last one */
	__u32 interrupt;     /* 1: in a hardware interrupt */
	__u32 deferred;      /* enum dwell_kernel_deferred */
	__u64 entered;       /* when the last one entered, and who */
	__u32 current;
	__u32 fresh;    /* an interrupt has ended, maybe just now */
	__s64 distance; /* our clock minus that of the kernel's own account; 0: not known */
};

/* Work that interrupts leave for later. */
enum dwell_kernel_deferred {
	DWELL_DEFERRED_NETWORK = 1, /* done by a task that sends to its own machine */
	DWELL_DEFERRED_AFTER_INTERRUPT,
	DWELL_DEFERRED_OTHER
};

#define DWELL_KERNEL_STACK_OFFSET (DWELL_KERNEL_HEADER_BYTES + DWELL_KERNEL_SLOTS * 16)
#define DWELL_KERNEL_AREA_BYTES                                                                    \
	(DWELL_KERNEL_STACK_OFFSET + DWELL_KERNEL_STACKS + DWELL_KERNEL_STACK_MOST + 4096)

/* The shared ring's records. */
enum dwell_kernel_rare_kind {
	DWELL_RARE_FORK = 1, /* tid, tgid: the child's; parent: who made it, of parent_tgid */
	DWELL_RARE_EXEC,     /* parent: the tid that it had before; parent_tgid: the CPU */
	DWELL_RARE_EXIT,     /* code: as wait(2) has it */
	DWELL_RARE_NAME,
	DWELL_RARE_FILE /* a struct dwell_kernel_file */
};

struct dwell_kernel_rare {
	__u64 time;
	__u32 kind; /* enum dwell_kernel_rare_kind */
	__u32 tid, tgid;
	__u32 parent, parent_tgid;
	__u32 code;
	__u32 inside; /* FORK, of who is followed: its number in the innermost pid namespace, */
	__u32 space;  /* and which that is; 0: not known */
	char name[16];
};
#define DWELL_KERNEL_RARE_REST (5 * 4 + 16) /* bytes from `parent` on */

/* A file that a thread waits on, not the one that it waited on before. */
enum { DWELL_KERNEL_PARTS = 4, DWELL_KERNEL_PART = 48 };
struct dwell_kernel_file {
	__u64 time;
	__u32 kind;   /* DWELL_RARE_FILE */
	__u32 device; /* major << 20 | minor */
	__u64 inode;
	__u32 count; /* parts of its path that are told, the last one first */
	__u32 whole; /* they are all, below where its file system is mounted */
	char part[DWELL_KERNEL_PARTS][DWELL_KERNEL_PART];
};

/* What is known of the thread with this number: index tid % DWELL_KERNEL_NOTES. */
struct dwell_kernel_note {
	__u32 tid;
	__u32 followed;     /* 1: of the recorded program: reasons and stacks are wanted */
	__u64 left;         /* when it began to wait, or 0 */
	__u64 stack_end;    /* where reading its stack ended, or 0 */
	__u64 stack_wished; /* when so much was wished */
	__u32 forecast;     /* index of the forecast for this wait */
	__u16 woken;        /* since it left */
	__u16 on_futex;     /* 1: that is what it waits for */
	__u64 file;         /* inode of the file that was told last */
};

/* Beside the notes, by the recorder. */
struct dwell_kernel_wish {
	__u64 bytes; /* of the thread's stack are needed, xor DWELL_KERNEL_STACK_FIRST */
	__u64 told;  /* where the thread says of its waits itself: its address there; 0: nowhere */
	__u32 tid;   /* whose that is */
	__u32 unused;
};

/* What is there: the state word and what stands beside it (ring/ring.h). */
struct dwell_kernel_told {
	__u64 state; /* the lowest byte: why it waits, or 0 */
	__u64 object, refused[2], what;
	__u64 caller; /* the highest bit: its stack is known */
};

/* What waits of one thread in one system call on one object were like. */
struct dwell_kernel_forecast {
	__u32 key;    /* hash of the three */
	__u16 longer; /* so many more are worth a stack: one lasted */
	__u16 count;  /* waits since then */
};

/* Set before the programs are loaded. */
struct dwell_kernel_config {
	__u64 start_ns; /* CLOCK_MONOTONIC that times count from */
	__u64 long_ns;  /* a wait that lasts this long makes the next one worth a stack */
	__u32 cpus;     /* areas that there are */
	__u32 all;      /* reasons of every program, not only of those followed */
	__u32 stacks;   /* stacks are wanted */
	__u32 unused;
	__u64 files[8]; /* bits: system calls whose first argument may be a file's descriptor */
};
#define DWELL_KERNEL_CALLS 512

#endif
