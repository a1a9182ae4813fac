/* What the kernel wrote into perf's rings. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/shared.h"
#include "dwell/error.h"
#include "perf_private.h"

/* At the end of each record, as sample_type has it. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
};

static int enqueue(struct perf_cpu *cpu, const struct perf_told *told)
{
	if (cpu->first + cpu->count == cpu->room) {
		const size_t room = cpu->room ? cpu->room * 2 : 1024;
		void *larger;

		if (cpu->first > cpu->room / 2) {
			memmove(cpu->queue, cpu->queue + cpu->first,
				cpu->count * sizeof(*cpu->queue));
			cpu->first = 0;
		} else {
			larger = realloc(cpu->queue, room * sizeof(*cpu->queue));
			if (!larger)
				return DWELL_ENOMEM;
			cpu->queue = larger;
			cpu->room = room;
		}
	}
	cpu->queue[cpu->first + cpu->count++] = *told;
	return 0;
}

static void take_switch(
	const struct perf_event_header *header, uint32_t tid, struct dwell_kernel_event *event)
{
	event->kind = DWELL_KERNEL_EVENT_SWITCH;
	if (!(header->misc & PERF_RECORD_MISC_SWITCH_OUT)) {
		event->peer = tid;
		return;
	}
	event->tid = tid;
	event->leave = header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT ? DWELL_LEAVE_PREEMPTED
									  : DWELL_LEAVE_SLEEPS;
}

/* Fork and exit: pid, ppid, tid, ptid. */
static void take_life(const struct perf_event_header *header, const uint8_t *body,
	struct dwell_kernel_event *event)
{
	uint32_t words[4];

	memcpy(words, body, sizeof(words));
	event->kind = header->type == PERF_RECORD_FORK ? DWELL_KERNEL_EVENT_FORK
						       : DWELL_KERNEL_EVENT_GONE;
	event->process = words[0];
	event->tid = words[2];
	event->peer = words[3];
}

/* Nothing says that a thread which was enabled by its exec runs: but it does. */
static int enter_first(struct dwell_perf *perf, struct perf_cpu *cpu, const struct perf_told *exec)
{
	const struct perf_told enter = { .event = { .kind = DWELL_KERNEL_EVENT_SWITCH,
						 .time_ns = exec->event.time_ns,
						 .cpu = exec->event.cpu,
						 .peer = exec->event.tid } };

	if (perf->machine || perf->entered || exec->event.tid != perf->pid)
		return 0;
	perf->entered = true;
	return enqueue(cpu, &enter);
}

/* When and where, which every record says: samples at their begin, others at their end. */
static bool take_id(const struct perf_event_header *header, struct sample_id *id)
{
	const uint8_t *body = (const uint8_t *)(header + 1);
	const size_t size = header->size - sizeof(*header);

	if (size < sizeof(*id))
		return false;
	memcpy(id, header->type == PERF_RECORD_SAMPLE ? body : body + size - sizeof(*id),
		sizeof(*id));
	return true;
}

static bool take_sample(const struct dwell_perf *perf, const struct perf_event_header *header,
	const struct sample_id *id, struct dwell_kernel_event *event)
{
	const uint8_t *body = (const uint8_t *)(header + 1) + sizeof(*id);
	const size_t left = header->size - sizeof(*header) - sizeof(*id);
	uint32_t size;

	if (left < sizeof(size))
		return false;
	memcpy(&size, body, sizeof(size));
	return size <= left - sizeof(size) && dwell_tracepoints_take(&perf->tracepoints,
						      body + sizeof(size), size, id->tid, event);
}

static bool take_name(const struct perf_event_header *header, struct perf_told *told)
{
	const uint8_t *body = (const uint8_t *)(header + 1);
	const size_t size = header->size - sizeof(*header) - sizeof(struct sample_id);

	if (size < 8)
		return false;
	told->event.kind = header->misc & PERF_RECORD_MISC_COMM_EXEC ? DWELL_KERNEL_EVENT_EXEC
								     : DWELL_KERNEL_EVENT_NAME;
	/* Whose name it is; another thread may have given it. */
	memcpy(&told->event.process, body, 4);
	memcpy(&told->event.tid, body + 4, 4);
	/* Both are filled up with zeros. */
	memcpy(told->name, body + 8, size - 8 < 15 ? size - 8 : 15);
	return true;
}

/* False: it says nothing of interest. */
static bool take_body(const struct dwell_perf *perf, struct perf_cpu *cpu,
	const struct perf_event_header *header, const struct sample_id *id, struct perf_told *told)
{
	const size_t size = header->size - sizeof(*header) - sizeof(*id);
	uint64_t words[2];

	switch (header->type) {
	case PERF_RECORD_SAMPLE:
		return perf->machine && take_sample(perf, header, id, &told->event);
	case PERF_RECORD_SWITCH:
		take_switch(header, id->tid, &told->event);
		return true;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		/* Where its last switch is still to come, that says it. */
		if (size < 16 || (perf->machine && header->type == PERF_RECORD_EXIT))
			return false;
		take_life(header, (const uint8_t *)(header + 1), &told->event);
		return true;
	case PERF_RECORD_COMM:
		return take_name(header, told);
	case PERF_RECORD_LOST:
		if (size < sizeof(words))
			return false;
		memcpy(words, header + 1, sizeof(words));
		told->event.kind = DWELL_KERNEL_EVENT_OVERWRITTEN;
		told->event.lost = words[1];
		told->event.from_ns = cpu->last_ns;
		return true;
	default:
		return false;
	}
}

static int take_record(
	struct dwell_perf *perf, struct perf_cpu *cpu, const struct perf_event_header *header)
{
	struct sample_id id;
	struct perf_told told = { 0 };

	if (!take_id(header, &id) || (perf->machine && id.time < perf->zero_ns))
		return 0;
	told.event.cpu = id.cpu;
	told.event.time_ns = id.time > perf->zero_ns ? id.time - perf->zero_ns : 0;
	if (!take_body(perf, cpu, header, &id, &told))
		return 0;
	/* Clocks of one CPU do not go back. */
	if (told.event.time_ns < cpu->last_ns)
		told.event.time_ns = cpu->last_ns;
	cpu->last_ns = told.event.time_ns;
	if (enqueue(cpu, &told) != 0)
		return DWELL_ENOMEM;
	return told.event.kind == DWELL_KERNEL_EVENT_EXEC ? enter_first(perf, cpu, &told) : 0;
}

/* Copy from a ring that turns over. */
static void copy(const struct perf_cpu *cpu, uint64_t from, void *out, size_t size)
{
	const uint8_t *ring = (const uint8_t *)cpu->page + sysconf(_SC_PAGESIZE);
	const size_t at = from & (cpu->bytes - 1);
	const size_t run = size < cpu->bytes - at ? size : cpu->bytes - at;

	memcpy(out, ring + at, run);
	memcpy((uint8_t *)out + run, ring, size - run);
}

static int take_cpu(struct dwell_perf *perf, struct perf_cpu *cpu)
{
	const uint64_t head = __atomic_load_n(&cpu->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = cpu->page->data_tail;
	int err = 0;

	if ((head - tail) * 100 / cpu->bytes > perf->fill)
		perf->fill = (unsigned)((head - tail) * 100 / cpu->bytes);
	while (!err && tail < head) {
		struct perf_event_header *header = (void *)perf->record;

		copy(cpu, tail, header, sizeof(*header));
		if (header->size < sizeof(*header))
			break;
		copy(cpu, tail, perf->record, header->size);
		err = take_record(perf, cpu, header);
		tail += header->size;
	}
	/* Now the kernel may write there again. */
	__atomic_store_n(&cpu->page->data_tail, tail, __ATOMIC_RELEASE);
	return err;
}

static struct perf_cpu *earliest(struct dwell_perf *perf, uint64_t until_ns)
{
	struct perf_cpu *best = NULL;

	for (uint32_t i = 0; i < perf->cpu_count; i++) {
		struct perf_cpu *cpu = &perf->cpus[i];

		if (cpu->count > 0 && cpu->queue[cpu->first].event.time_ns < until_ns) {
			until_ns = cpu->queue[cpu->first].event.time_ns;
			best = cpu;
		}
	}
	return best;
}

int dwell_perf_pass(
	struct dwell_perf *perf, uint64_t until_ns, dwell_kernel_tell tell, void *context)
{
	struct perf_cpu *cpu;
	int err = 0;

	perf->fill = 0;
	for (uint32_t i = 0; !err && i < perf->cpu_count; i++)
		if (perf->cpus[i].page)
			err = take_cpu(perf, &perf->cpus[i]);
	while (!err && (cpu = earliest(perf, until_ns))) {
		struct perf_told told = cpu->queue[cpu->first];

		told.event.name = told.name;
		cpu->first++;
		if (--cpu->count == 0)
			cpu->first = 0;
		err = tell(context, &told.event);
	}
	return err;
}

unsigned dwell_perf_fill(const struct dwell_perf *perf)
{
	return perf->fill;
}
