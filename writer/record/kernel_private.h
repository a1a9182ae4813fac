#ifndef DWELL_RECORD_KERNEL_PRIVATE_H
#define DWELL_RECORD_KERNEL_PRIVATE_H

#include <bpf/libbpf.h>

#include "bpf/shared.h"
#include "kernel.h"

/* Twice the kernel's ring, in bytes: stacks wait here until their switch is told. */
enum { KERNEL_STACKS_KEPT = 2 * DWELL_KERNEL_STACKS };

/* A switch or wake, taken out of its ring and not told yet. */
struct kernel_record {
	uint64_t time_ns;
	uint64_t word; /* of its slot; LOST: how many */
	uint64_t why;
	uint64_t stack;                /* position + 1, or 0 */
	uint64_t entered_ns, ready_ns; /* 0: as was told before */
	uint8_t slot;                  /* enum dwell_kernel_slot and its low bits */
	uint8_t flags;                 /* enum kernel_record_flag */
};

enum kernel_record_flag { KERNEL_HAS_WHY = 1, KERNEL_COMPAT = 2, KERNEL_LOST = 4 };

struct kernel_queue {
	struct kernel_record *records;
	size_t first, count, room;
};

struct kernel_cpu {
	const uint8_t *area; /* mapped, written by the kernel */
	uint64_t position;   /* of the next slot to take */
	uint64_t last_ns;    /* of the last record taken */
	uint64_t switch_ns;  /* of the last switch taken */
	uint64_t zero_ns;    /* what is earlier is dropped, times count from here */
	struct kernel_queue queue;
	uint64_t stacks_seen;      /* bytes that were copied by the last pass */
	uint8_t *stacks;           /* copies, at their position modulo KERNEL_STACKS_KEPT */
	uint64_t kept_end;         /* of the last copy: what lies a turn before it is gone */
	struct kernel_record open; /* WHY and STACK slots whose switch is still to come */
};

struct kernel_rares {
	struct dwell_kernel_rare *records;
	size_t first, count, room;
	uint64_t zero_ns;
	int error;
	void (*born)(void *context, const struct dwell_kernel_birth *birth);
	void (*file)(void *context, const struct dwell_kernel_file_seen *file);
	void *context;
};

enum { KERNEL_PROGRAMS = 16 };

enum kernel_map {
	KERNEL_AREAS,
	KERNEL_NOTES,
	KERNEL_WISHES,
	KERNEL_FORECASTS,
	KERNEL_RARE,
	KERNEL_CONSTANTS,
	KERNEL_MAPS
};

struct dwell_kernel {
	/* Descriptors; 0: none. */
	int maps[KERNEL_MAPS], programs[KERNEL_PROGRAMS], links[KERNEL_PROGRAMS];
	size_t program_count;
	uint64_t start_ns;
	struct ring_buffer *rare;
	struct kernel_rares rares;
	struct kernel_cpu *cpus;
	uint32_t cpu_count;
	uint8_t *areas;
	struct dwell_kernel_wish *wishes; /* mapped; NULL: they cannot be told */
	uint64_t *scratch;                /* a copy of one ring */
	uint64_t misses;
	uint64_t misses_told_ns;
	unsigned fill;
};

/*
 * Load the programs, and leave the descriptors of them and of their maps. *step: what it was about
 * when it failed. DWELL_EIO, DWELL_EUNSUPPORTED; errno is set.
 */
int dwell_kernel_load(
	struct dwell_kernel *kernel, const struct dwell_kernel_options *options, const char **step);

/* Take all that the rings hold now into the queues. DWELL_ENOMEM. */
int dwell_kernel_take(struct dwell_kernel *kernel);

#endif
