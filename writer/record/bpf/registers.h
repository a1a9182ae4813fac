#ifndef DWELL_RECORD_BPF_REGISTERS_H
#define DWELL_RECORD_BPF_REGISTERS_H

/* What a task entered the kernel with: its registers, which every machine names otherwise, and its
 * stack. */
#include <linux/bpf.h>
#include <linux/futex.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel_types.h"
#include "shared.h"

enum { PAGE = 4096 };

/* The numbers of futex(2) and sched_yield(2). */
#if defined(__TARGET_ARCH_x86)
enum { FUTEX_CALL = 202, YIELD_CALL = 24 };
#else
enum { FUTEX_CALL = 98, YIELD_CALL = 124 };
#endif

/*
 * The system call and its first argument from the registers with which the task entered the
 * kernel. Both are types that the verifier knows, so fields are plain loads: no calls of helpers.
 */
static __always_inline __u64 why_of(struct task_struct *task, __u64 *compat)
{
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);
	__u64 call, argument;

#if defined(__TARGET_ARCH_x86)
	call = regs->orig_ax;
	*compat = (task->thread_info.status & COMPAT) != 0;
	argument = *compat ? regs->bx : regs->di;
#elif defined(__TARGET_ARCH_arm64)
	call = (__u64)regs->syscallno;
	*compat = 0;
	argument = regs->orig_x0;
#else
	call = DWELL_KERNEL_NO_CALL;
	argument = 0;
	*compat = 0;
#endif
	return (argument & 0xffffffffffff) | (call & 0xffff) << 48;
}

/*
 * Is the task that runs about to wake more than one of those who wait for a futex? A lock is given
 * to one at a time.
 */
static __always_inline int wakes_several(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);
	__u64 call, operation, count;

#if defined(__TARGET_ARCH_x86)
	if (task->thread_info.status & COMPAT)
		return 0;
	call = regs->orig_ax;
	operation = regs->si;
	count = regs->dx;
#elif defined(__TARGET_ARCH_arm64)
	call = (__u64)regs->syscallno;
	operation = regs->regs[1];
	count = regs->regs[2];
#else
	return 0;
#endif
	operation &= FUTEX_CMD_MASK;
	return call == FUTEX_CALL && (operation == FUTEX_WAKE || operation == FUTEX_WAKE_BITSET) &&
	       (int)count > 1 && !(task->flags & KERNEL_THREAD);
}

/* enum dwell_kernel_leave; of YIELDED it is not known whether it asked to. */
static __always_inline __u64 leave_kind(int preempt, unsigned int state)
{
	/* Preempted is runnable, whatever it was about to become. */
	if (preempt)
		return DWELL_LEAVE_PREEMPTED;
	if ((state & ~TASK_NEW) == 0)
		return DWELL_LEAVE_YIELDED;
	if (state & TASK_DEAD_OR_ZOMBIE)
		return DWELL_LEAVE_DEAD;
	if (state & TASK_STOPPED_OR_TRACED)
		return DWELL_LEAVE_STOPPED;
	if (state & TASK_UNINTERRUPTIBLE)
		return DWELL_LEAVE_DISK;
	/* Also the state of a task that is woken at this moment: it was about to sleep. */
	return DWELL_LEAVE_SLEEPS;
}

/* Where its registers say that it was. false: not known on this machine. */
static __always_inline int read_registers(
	struct task_struct *task, struct dwell_kernel_stack *stack)
{
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_x86)
	stack->ip = regs->ip;
	stack->sp = regs->sp;
	stack->fp = regs->bp;
	return 1;
#elif defined(__TARGET_ARCH_arm64)
	stack->ip = regs->pc;
	stack->sp = regs->sp;
	stack->fp = regs->regs[29];
	return 1;
#else
	return 0;
#endif
}

/*
 * Copy a stack, page by page since nobody says where it ends. A page that cannot be read was never
 * written to (it reads as zeros, and that is what is left in its place) or lies beyond the end;
 * where none behind it can be read, that is remembered, since trying is slow, until more is wished.
 * All that ways to it or through it differ in lies in maps, of whose values the verifier knows
 * nothing: else it would look through each way by itself.
 */
static __always_inline void copy_stack(
	struct dwell_kernel_note *note, struct dwell_kernel_stack *stack, __u64 most)
{
	volatile __u64 *size = &stack->size;
	const __u64 from = stack->sp;
	__u64 done = 0, end;

	*size = 0;
	if (most > note->stack_wished)
		note->stack_end = 0;
	end = *(volatile __u64 *)&note->stack_end;
	for (int i = 0; i < DWELL_KERNEL_STACK_MOST / PAGE && done < most; i++) {
		const __u64 at = from + done;
		const __u64 piece = PAGE - (at & (PAGE - 1));

		if (at == end)
			break;
		if (bpf_probe_read_user(stack->bytes + done, piece, (const void *)at) == 0)
			*size = done + piece;
		done += piece;
	}
	if (*size < done) {
		note->stack_end = from + *size;
		note->stack_wished = most;
	}
}

#endif
