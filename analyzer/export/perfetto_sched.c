/*
 * Scheduling for Perfetto, made of what is known to have run and not of the rows: so a loss is a
 * gap there too.
 */
#include "export/perfetto.h"

/* States as sched_switch has them. */
enum { STATE_RUNNABLE = 0, STATE_SLEEPING = 1, STATE_DEAD = 0x10, STATE_IDLE = 0x80 };

static int64_t left_for(unsigned state)
{
	switch (state) {
	case DWELL_RUNNABLE:
		return STATE_RUNNABLE;
	case DWELL_BLOCKED:
		return STATE_SLEEPING;
	case DWELL_EXITED:
		return STATE_DEAD;
	default:
		return STATE_IDLE; /* unknown: a state that no program's task has */
	}
}

/* Executors of one kind are the CPUs; others get numbers beyond them. */
static uint32_t cpu_of(struct export *export, uint32_t id)
{
	struct perfetto *perfetto = perfetto_of(export);
	const struct dwell_catalog_executor *executor =
		dwell_catalog_executor(export_catalog(export), id);

	if (!executor)
		return id ? 2048 + id : 0;
	if (!perfetto->cpu_kind)
		perfetto->cpu_kind = executor->kind;
	return executor->kind == perfetto->cpu_kind ? executor->number : 2048 + id;
}

static int put_ftrace(struct export *export, uint32_t executor, FtraceEvent *event)
{
	FtraceEventBundle bundle = FTRACE_EVENT_BUNDLE__INIT;
	TracePacket packet = TRACE_PACKET__INIT;

	event->has_timestamp = event->has_pid = 1;
	bundle.has_cpu = 1;
	bundle.cpu = cpu_of(export, executor);
	bundle.n_event = 1;
	bundle.event = &event;
	packet.ftrace_events = &bundle;
	return perfetto_put(export, &packet);
}

static char *name_of(struct export *export, uint32_t id, char out[PERFETTO_TEXT])
{
	static const struct dwell_string idle = { "swapper", 7 };
	const struct dwell_catalog_task *task = dwell_catalog_task(export_catalog(export), id);

	return perfetto_text(out, task ? task->name : idle);
}

/* 0 is idle. */
static int put_switch(struct export *export, uint32_t executor, uint64_t time_ns, uint32_t prev,
	unsigned state, uint32_t next)
{
	SchedSwitchFtraceEvent change = SCHED_SWITCH_FTRACE_EVENT__INIT;
	FtraceEvent event = FTRACE_EVENT__INIT;
	char names[2][PERFETTO_TEXT];

	event.timestamp = time_ns;
	event.pid = prev ? export_tid(export, prev) : 0;
	event.sched_switch = &change;
	change.has_prev_pid = change.has_next_pid = change.has_prev_state = 1;
	change.has_prev_prio = change.has_next_prio = 1;
	change.prev_pid = (int32_t)event.pid;
	change.next_pid = next ? (int32_t)export_tid(export, next) : 0;
	change.prev_state = prev ? left_for(state) : STATE_RUNNABLE;
	change.prev_prio = change.next_prio = 120;
	change.prev_comm = name_of(export, prev, names[0]);
	change.next_comm = name_of(export, next, names[1]);
	return put_ftrace(export, executor, &event);
}

int perfetto_running(struct export *export, const struct dwell_interval *interval)
{
	struct lane *lane;
	int err = DWELL_OK;

	if (!interval->executor)
		return DWELL_OK; /* nobody knows where */
	lane = table_make(&perfetto_of(export)->lanes, interval->executor);
	if (!lane)
		return DWELL_ENOMEM;

	const bool follows = lane->pending && lane->end_ns == interval->start_ns;
	if (lane->pending && !follows)
		err = put_switch(
			export, interval->executor, lane->end_ns, lane->task, lane->next, 0);
	if (!err)
		err = put_switch(export, interval->executor, interval->start_ns,
			follows ? lane->task : 0, lane->next, interval->task);
	*lane = (struct lane){
		.end_ns = interval->end_ns,
		.task = interval->task,
		.next = interval->flags & DWELL_INTERVAL_PREEMPTED ? DWELL_RUNNABLE
								   : interval->next,
		.pending = !(interval->flags & DWELL_INTERVAL_OPEN),
	};
	return err;
}

int perfetto_runnable(struct export *export, const struct dwell_interval *interval)
{
	SchedWakingFtraceEvent wake = SCHED_WAKING_FTRACE_EVENT__INIT;
	FtraceEvent event = FTRACE_EVENT__INIT;
	char name[PERFETTO_TEXT];

	if (interval->cause == DWELL_CAUSE_PREEMPTED)
		return DWELL_OK; /* its switch says so */
	event.timestamp = interval->start_ns;
	event.pid = interval->waker ? export_tid(export, interval->waker) : 0;
	event.sched_waking = &wake;
	wake.has_pid = wake.has_success = wake.has_target_cpu = wake.has_prio = 1;
	wake.pid = (int32_t)export_tid(export, interval->task);
	wake.success = 1;
	wake.prio = 120;
	wake.target_cpu = (int32_t)cpu_of(export, interval->executor);
	wake.comm = name_of(export, interval->task, name);
	return put_ftrace(export, interval->executor, &event);
}

int perfetto_leave_all(struct export *export)
{
	struct perfetto *perfetto = perfetto_of(export);
	int err = DWELL_OK;

	for (uint32_t id = 1; id < perfetto->lanes.end && !err; id++) {
		const struct lane *lane = table_get(&perfetto->lanes, id);

		if (lane && lane->pending)
			err = put_switch(export, id, lane->end_ns, lane->task, lane->next, 0);
	}
	return err;
}
