#ifndef DWELL_RECORD_BPF_INTERRUPTS_H
#define DWELL_RECORD_BPF_INTERRUPTS_H

/*
 * Who wakes a task in an interrupt is not the task that runs there. The interrupt's count of
 * preempt_count cannot be read on every kernel, its tracepoints can.
 *
 * Deferred work is done at the end of an interrupt, or by a task that sent a packet to this very
 * machine: the latter is a waker. So network work counts as an interrupt's only right after one.
 * A server does it for each packet: the clock is read only where an interrupt has come since.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "shared.h"

enum {
	NET_TX = 2, /* of softirqs */
	NET_RX = 3,
	JUST_NOW_NS = 3000
};

static __always_inline int interrupted(const struct dwell_kernel_header *header)
{
	if (header->interrupt || header->deferred == DWELL_DEFERRED_OTHER)
		return 1;
	return header->deferred == DWELL_DEFERRED_AFTER_INTERRUPT;
}

static __always_inline void end_interrupt(struct dwell_kernel_header *header)
{
	header->interrupt_end = bpf_ktime_get_ns();
	header->fresh = 1;
}

static __always_inline void begin_deferred(struct dwell_kernel_header *header, unsigned int number)
{
	__u32 kind = DWELL_DEFERRED_NETWORK;

	if (number != NET_TX && number != NET_RX)
		kind = DWELL_DEFERRED_OTHER;
	else if (header->fresh && bpf_ktime_get_ns() - header->interrupt_end < JUST_NOW_NS)
		kind = DWELL_DEFERRED_AFTER_INTERRUPT;
	else
		header->fresh = 0;
	header->deferred = kind;
}

#endif
