#ifndef DWELL_GO_WIRE_H
#define DWELL_GO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Event types on the wire. */
enum go_type {
	GO_EVENT_BATCH = 1,
	GO_STACKS,
	GO_STACK,
	GO_STRINGS,
	GO_STRING,
	GO_CPU_SAMPLES,
	GO_CPU_SAMPLE,
	GO_FREQUENCY,
	GO_PROCS_CHANGE,
	GO_PROC_START,
	GO_PROC_STOP,
	GO_PROC_STEAL,
	GO_PROC_STATUS,
	GO_CREATE,
	GO_CREATE_SYSCALL,
	GO_START,
	GO_DESTROY,
	GO_DESTROY_SYSCALL,
	GO_STOP,
	GO_BLOCK,
	GO_UNBLOCK,
	GO_SYSCALL_BEGIN,
	GO_SYSCALL_END,
	GO_SYSCALL_END_BLOCKED,
	GO_STATUS,
	GO_STW_BEGIN,
	GO_STW_END,
	GO_GC_ACTIVE,
	GO_GC_BEGIN,
	GO_GC_END,
	GO_SWEEP_ACTIVE,
	GO_SWEEP_BEGIN,
	GO_SWEEP_END,
	GO_ASSIST_ACTIVE,
	GO_ASSIST_BEGIN,
	GO_ASSIST_END,
	GO_HEAP_ALLOC,
	GO_HEAP_GOAL,
	GO_LABEL,
	GO_TASK_BEGIN,
	GO_TASK_END,
	GO_REGION_BEGIN,
	GO_REGION_END,
	GO_LOG,
	GO_SWITCH,
	GO_SWITCH_DESTROY,
	GO_CREATE_BLOCKED,
	GO_STATUS_STACK,
	GO_EXPERIMENTAL_BATCH,
	GO_SYNC,
	GO_CLOCK_SNAPSHOT,
	GO_END_OF_GENERATION,
	GO_FIRST_EXPERIMENTAL = 128,
	GO_LAST_EXPERIMENTAL = 136
};

enum { GO_MAX_BATCH = 64 << 10, GO_MAX_FRAMES = 128, GO_MAX_TEXT = 1 << 10, GO_ARGS = 5 };

/* Numbers that the wire uses for goroutines' and Ps' statuses. */
enum go_status { GO_BAD, GO_RUNNABLE, GO_RUNNING, GO_SYSCALL, GO_WAITING };
enum go_proc_status { GO_P_BAD, GO_P_RUNNING, GO_P_IDLE, GO_P_SYSCALL, GO_P_ABANDONED };

enum { GO_NOBODY = UINT32_MAX };

/* Untrusted bytes. */
struct go_cursor {
	const uint8_t *at, *end;
};

bool go_varint_long(struct go_cursor *in, uint64_t *out);

/* Most numbers are below 128. A failed read moves nothing. */
static inline bool go_varint(struct go_cursor *in, uint64_t *out)
{
	if (in->at < in->end && *in->at < 0x80) {
		*out = *in->at++;
		return true;
	}
	return go_varint_long(in, out);
}

#endif
