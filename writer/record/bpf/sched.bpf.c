/* The kernel's side: what every CPU's scheduler does, in rings that the recorder has mapped. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "files.h"
#include "inside.h"
#include "interrupts.h"
#include "registers.h"
#include "shared.h"

/* BPF_PROG gives every program a context. */
#pragma clang diagnostic ignored "-Wunused-parameter"

/* Waits that no forecast is known for, or that were short, get a stack once in so many times. */
enum { SAMPLE_MASK = 255 };

/* After a long wait so many that follow get one, and not the next only: short ones come between
 * long ones. */
enum { AFTER_LONG = 4 };

/* The other clock's distance does not change: look at it now and then. */
enum { LEARN_MASK = 15 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set to the number of CPUs at load */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DWELL_KERNEL_AREA_BYTES);
} areas SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DWELL_KERNEL_NOTES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct dwell_kernel_note));
} notes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DWELL_KERNEL_NOTES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct dwell_kernel_wish));
} wishes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DWELL_KERNEL_FORECASTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct dwell_kernel_forecast));
} forecasts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} rare SEC(".maps");

const volatile struct dwell_kernel_config config = { 0 };

/* This CPU's area. */
static __always_inline void *area_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&areas, &cpu);
}

/* One slot. Interrupts are off: nobody else writes to this CPU's ring. */
static __always_inline void put(void *area, __u64 *head, __u64 time, __u64 kind, __u64 word)
{
	const __u64 at = *head;
	__u64 *slot = area + DWELL_KERNEL_HEADER_BYTES + (at & (DWELL_KERNEL_SLOTS - 1)) * 16;
	const __u64 first = time << 8 | kind | ((at / DWELL_KERNEL_SLOTS) & 1) << 7;

	*(volatile __u64 *)(slot + 1) = word;
	/* Now the reader may take it. */
#if defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_s390)
	*(volatile __u64 *)slot = first;
#else
	/* An atomic exchange is a full barrier; a plain store could be seen before the word. */
	__sync_lock_test_and_set(slot, first);
#endif
	*head = at + 1;
}

static __always_inline struct dwell_kernel_note *note_of(__u32 tid)
{
	__u32 index = tid & (DWELL_KERNEL_NOTES - 1);

	return bpf_map_lookup_elem(&notes, &index);
}

static __always_inline struct dwell_kernel_forecast *forecast_at(__u32 index)
{
	index &= DWELL_KERNEL_FORECASTS - 1;
	return bpf_map_lookup_elem(&forecasts, &index);
}

/* Whether a stack pays for this wait: by what the same thread, call and object did before. */
static __always_inline int worth_a_stack(struct dwell_kernel_note *note, __u64 why)
{
	const __u64 mixed = (why ^ (__u64)note->tid << 24) * 0x9e3779b97f4a7c15ULL;
	const __u32 key = mixed >> 32 | 1;
	struct dwell_kernel_forecast *forecast;

	note->forecast = mixed >> 17 & (DWELL_KERNEL_FORECASTS - 1);
	forecast = forecast_at(note->forecast);
	if (!forecast)
		return 0;
	if (forecast->key != key) {
		forecast->key = key;
		forecast->longer = 0;
		forecast->count = 0;
		return 1;
	}
	forecast->count++;
	return forecast->longer || (forecast->count & SAMPLE_MASK) == 0;
}

static __always_inline struct dwell_kernel_wish *wish_of(__u32 tid)
{
	__u32 index = tid & (DWELL_KERNEL_NOTES - 1);

	return bpf_map_lookup_elem(&wishes, &index);
}

/* The program tells of this wait itself, and has walked its stack. */
static __always_inline int is_told(const struct dwell_kernel_wish *wish, __u32 tid)
{
	struct dwell_kernel_told told;

	return wish->told && wish->tid == tid &&
	       bpf_probe_read_user(&told, sizeof(told), (const void *)wish->told) == 0 &&
	       (told.state & 0xff) != 0 && told.caller >> 63 != 0;
}

/* Another program or another thread has that number from now on. */
static __always_inline void forget_told(__u32 tid)
{
	struct dwell_kernel_wish *wish = wish_of(tid);

	if (wish)
		wish->told = 0;
}

static __always_inline void put_stack(void *area, __u64 *head, __u64 time, struct task_struct *prev)
{
	struct dwell_kernel_note *note = note_of(prev->pid);
	struct dwell_kernel_header *header = area;
	const __u64 at = header->stack_head;
	const struct dwell_kernel_wish *wish = wish_of(prev->pid);
	struct dwell_kernel_stack *stack =
		area + DWELL_KERNEL_STACK_OFFSET + (at & (DWELL_KERNEL_STACKS - 1));

	if (!note || !wish || is_told(wish, prev->pid) || !read_registers(prev, stack))
		return;
	copy_stack(note, stack, wish->bytes ^ DWELL_KERNEL_STACK_FIRST);
	header->stack_head =
		(at + DWELL_KERNEL_STACK_HEAD + stack->size + DWELL_KERNEL_STACK_ALIGN - 1) &
		~(__u64)(DWELL_KERNEL_STACK_ALIGN - 1);
	put(area, head, time, DWELL_KERNEL_STACK, at);
}

/*
 * What `prev` waits for. Of pipes and sockets nobody waits as of a disk: those need not be looked
 * at. Returns whether a stack pays.
 */
static __always_inline int leave(
	void *area, __u64 *head, __u64 time, struct task_struct *prev, __u64 kind)
{
	struct dwell_kernel_note *note = note_of(prev->pid);
	__u64 why, compat;
	int worth;

	if (!note || ((note->tid != prev->pid || !note->followed) && !config.all))
		return 0;
	if (config.all && note->tid != prev->pid) {
		note->tid = prev->pid;
		note->followed = 1;
		note->stack_end = 0;
	}
	why = why_of(prev, &compat);
	worth = !compat && worth_a_stack(note, why);
	if (may_be_on_a_file(config.files, why)) {
		why &= ~(__u64)DWELL_KERNEL_ABOVE_FD;
		if (worth || kind == DWELL_LEAVE_DISK)
			why = with_file(&rare, note, time, prev, why);
	}
	put(area, head, time, DWELL_KERNEL_WHY | compat, why);
	note->left = time;
	note->on_futex = why >> 48 == FUTEX_CALL;
	note->woken = 0; /* a wake from before is another wait's */
	return worth;
}

/* `prev` could go on: it had to leave, or asked to. *worth: does a stack pay? */
static __always_inline __u64 give_way(struct task_struct *prev, int *worth)
{
	__u64 compat;
	const __u64 why = why_of(prev, &compat) >> 48 << 48;
	struct dwell_kernel_note *note;

	if (why >> 48 != YIELD_CALL || compat)
		return DWELL_LEAVE_PREEMPTED;
	note = note_of(prev->pid);
	*worth = note && note->tid == prev->pid && note->followed && worth_a_stack(note, why);
	return DWELL_LEAVE_YIELDED;
}

/*
 * Some kernels keep switches and wakes to themselves. Their own account of them has another clock:
 * its distance to ours is learnt from the switches that are told. The account is made some moments
 * before the tracepoint, longer where the machine was stopped meanwhile: so the least distance.
 */
static __always_inline void learn_distance(
	struct dwell_kernel_header *header, struct task_struct *prev)
{
	const __s64 distance = (__s64)(header->entered - prev->sched_info.last_arrival);

	if (header->distance == 0 || distance < header->distance)
		header->distance = distance;
	else
		header->distance += (distance - header->distance) >> 4;
}

/* That time on our clock; 0: not known. */
static __always_inline __u64 accounted(const struct dwell_kernel_header *header, __u64 clock)
{
	return clock && header->distance ? clock + (__u64)header->distance : 0;
}

/* `prev` leaves: its entry, where the last that was said of this CPU is that another one entered.
 */
static __always_inline void put_entry(
	struct dwell_kernel_header *header, __u64 *head, __u64 time, struct task_struct *prev)
{
	__u64 entered;

	if (!bpf_core_field_exists(prev->sched_info.last_arrival))
		return;
	if (header->current == prev->pid) {
		if ((*head & LEARN_MASK) == 0)
			learn_distance(header, prev);
		return;
	}
	entered = prev->pid ? accounted(header, prev->sched_info.last_arrival) : 0;
	if (entered && entered < time)
		put(header, head, time, DWELL_KERNEL_ENTERED, entered);
}

/* `next` goes on: was what it waited for long? And where nobody said that it was woken: when? */
static __always_inline void enter(
	struct dwell_kernel_header *header, __u64 *head, __u64 time, struct task_struct *next)
{
	struct dwell_kernel_note *note = note_of(next->pid);
	struct dwell_kernel_forecast *forecast;
	__u64 ready = 0;

	if (!note || note->tid != next->pid || note->left == 0)
		return;
	forecast = forecast_at(note->forecast);
	if (forecast && time - note->left >= config.long_ns)
		forecast->longer = AFTER_LONG;
	else if (forecast && forecast->longer)
		forecast->longer--;
	if (!note->woken && bpf_core_field_exists(next->sched_info.last_queued))
		ready = accounted(header, next->sched_info.last_queued);
	/* The distance is known to some microseconds. */
	if (ready > note->left)
		put(header, head, time, DWELL_KERNEL_READY, ready < time ? ready : time - 1);
	note->left = 0;
	note->woken = 0;
}

static __always_inline int on_switch(
	int preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	const __u64 time = bpf_ktime_get_ns() - config.start_ns;
	struct dwell_kernel_header *header = area_here();
	__u64 kind = leave_kind(preempt, state);
	int worth = 0;
	__u64 head;

	if (!header)
		return 0;
	head = header->head;
	if (kind >= DWELL_LEAVE_SLEEPS && kind <= DWELL_LEAVE_STOPPED &&
		!(prev->flags & KERNEL_THREAD))
		worth = leave(header, &head, time, prev, kind);
	else if (kind == DWELL_LEAVE_YIELDED)
		kind = give_way(prev, &worth);
	/* Once in the program: its loop is most of what the verifier has to look through. */
	if (config.stacks && worth)
		put_stack(header, &head, time, prev);
	put_entry(header, &head, time, prev);
	header->current = next->pid;
	header->entered = time;
	enter(header, &head, time, next);
	put(header, &head, time, DWELL_KERNEL_SWITCH | kind,
		(__u64)(__u32)prev->pid << 32 | (__u32)next->pid);
	*(volatile __u64 *)&header->head = head;
	return 0;
}

/* From Linux 5.18 on the tracepoint says the state: prev's own may have changed by now. */
SEC("tp_btf/sched_switch")
int BPF_PROG(dwell_switch_told, _Bool preempt, struct task_struct *prev, struct task_struct *next,
	unsigned int prev_state)
{
	return on_switch(preempt, prev, next, prev_state);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(dwell_switch_read, _Bool preempt, struct task_struct *prev, struct task_struct *next)
{
	unsigned int state;

	if (bpf_core_field_exists(prev->__state))
		state = BPF_CORE_READ(prev, __state);
	else
		state = (unsigned int)BPF_CORE_READ((struct task_struct___old *)prev, state);
	return on_switch(preempt, prev, next, state);
}

static __always_inline int set_interrupt(__u32 on)
{
	struct dwell_kernel_header *header = area_here();

	if (!header)
		return 0;
	header->interrupt = on;
	if (!on)
		end_interrupt(header);
	return 0;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(dwell_irq_entry)
{
	return set_interrupt(1);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(dwell_irq_exit)
{
	return set_interrupt(0);
}

/* x86 only: the local timer is no device. */
SEC("tp_btf/local_timer_entry")
int BPF_PROG(dwell_timer_entry)
{
	return set_interrupt(1);
}

SEC("tp_btf/local_timer_exit")
int BPF_PROG(dwell_timer_exit)
{
	return set_interrupt(0);
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(dwell_softirq_entry, unsigned int number)
{
	struct dwell_kernel_header *header = area_here();

	if (!header)
		return 0;
	begin_deferred(header, number);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(dwell_softirq_exit)
{
	struct dwell_kernel_header *header = area_here();

	if (header)
		header->deferred = 0;
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(dwell_waking, struct task_struct *task)
{
	const __u64 time = bpf_ktime_get_ns() - config.start_ns;
	struct dwell_kernel_header *header = area_here();
	struct dwell_kernel_note *note = note_of(task->pid);
	const __u64 waker = (__u32)bpf_get_current_pid_tgid();
	__u64 head, how;

	if (!header)
		return 0;
	how = interrupted(header) ? DWELL_WAKING_INTERRUPT : 0;
	if (note && note->tid == task->pid) {
		note->woken = 1;
		if (!how && note->on_futex && wakes_several())
			how = DWELL_WAKING_SEVERAL;
	}
	head = header->head;
	put(header, &head, time, DWELL_KERNEL_WAKE | how, waker << 32 | (__u32)task->pid);
	*(volatile __u64 *)&header->head = head;
	return 0;
}

/* A record of the shared ring, with the time and the task's name; the caller submits it. */
static __always_inline struct dwell_kernel_rare *rare_begin(__u32 kind, struct task_struct *task)
{
	struct dwell_kernel_rare *record = bpf_ringbuf_reserve(&rare, sizeof(*record), 0);

	if (!record) {
		struct dwell_kernel_header *header = area_here();

		if (header)
			__sync_fetch_and_add(&header->rare_lost, 1);
		return 0;
	}
	record->time = bpf_ktime_get_ns() - config.start_ns;
	record->kind = kind;
	record->tid = task->pid;
	record->tgid = task->tgid;
	__builtin_memset(&record->parent, 0, DWELL_KERNEL_RARE_REST);
	bpf_probe_read_kernel(record->name, sizeof(record->name), task->comm);
	return record;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(dwell_fork, struct task_struct *parent, struct task_struct *child)
{
	struct dwell_kernel_note *of_parent = note_of(parent->pid);
	struct dwell_kernel_note *of_child = note_of(child->pid);
	struct dwell_kernel_rare *record;

	if (of_parent && of_child && of_parent->tid == parent->pid && of_parent->followed) {
		of_child->tid = child->pid;
		of_child->left = 0;
		of_child->stack_end = 0;
		of_child->followed = 1;
	} else if (of_child && of_child->tid == child->pid) {
		of_child->followed = 0;
	}
	forget_told(child->pid);
	record = rare_begin(DWELL_RARE_FORK, child);
	if (!record)
		return 0;
	record->parent = parent->pid;
	record->parent_tgid = parent->tgid;
	if (config.all || (of_child && of_child->tid == child->pid && of_child->followed))
		tell_inside(record, child);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(dwell_exec, struct task_struct *task, int old_pid)
{
	struct dwell_kernel_rare *record;

	forget_told(task->pid); /* first: a verifier forgets that a record was asked for NULL */
	record = rare_begin(DWELL_RARE_EXEC, task);
	if (!record)
		return 0;
	record->parent = old_pid;
	record->parent_tgid = bpf_get_smp_processor_id();
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(dwell_exit, struct task_struct *task)
{
	struct dwell_kernel_rare *record = rare_begin(DWELL_RARE_EXIT, task);

	if (!record)
		return 0;
	record->code = task->exit_code;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(dwell_rename, struct task_struct *task, const char *name)
{
	struct dwell_kernel_rare *record = rare_begin(DWELL_RARE_NAME, task);

	if (!record)
		return 0;
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), name);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
