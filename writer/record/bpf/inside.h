#ifndef DWELL_RECORD_BPF_INSIDE_H
#define DWELL_RECORD_BPF_INSIDE_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kernel_types.h"
#include "shared.h"

/* What its program calls it, where it is in a pid namespace of its own. */
static __always_inline void tell_inside(struct dwell_kernel_rare *record, struct task_struct *task)
{
	struct pid *pid;
	struct upid *number;

	if (!bpf_core_field_exists(task->thread_pid) || !bpf_core_type_exists(struct upid))
		return;
	pid = BPF_CORE_READ(task, thread_pid);
	number = (void *)pid + bpf_core_field_offset(pid->numbers);
	number = (void *)number + BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	record->inside = BPF_CORE_READ(number, nr);
	record->space = BPF_CORE_READ(number, ns, ns.inum);
}

#endif
