/* What Perfetto is told of tracks, names and the clock. */
#include <stdlib.h>

#include "export/perfetto.h"

static int put_track(struct export *export, TrackDescriptor *track, uint64_t uuid)
{
	TracePacket packet = TRACE_PACKET__INIT;

	track->has_uuid = 1;
	track->uuid = uuid;
	packet.track_descriptor = track;
	return perfetto_put(export, &packet);
}

int perfetto_thread_track(struct export *export, uint32_t task)
{
	struct described *described = table_make(&perfetto_of(export)->described, task);
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	ThreadDescriptor thread = THREAD_DESCRIPTOR__INIT;
	const struct dwell_catalog_task *known = dwell_catalog_task(export_catalog(export), task);
	char name[PERFETTO_TEXT] = "";

	if (!described)
		return DWELL_ENOMEM;
	if (described->thread)
		return DWELL_OK;
	described->thread = true;
	thread.has_pid = thread.has_tid = 1;
	thread.pid = (int32_t)export_pid(export, task);
	thread.tid = export_tid(export, task);
	if (known && known->name.size)
		thread.thread_name = perfetto_text(name, known->name);
	track.thread = &thread;
	return put_track(export, &track, track_of(TRACK_THREAD, task));
}

int perfetto_waits_track(struct export *export, uint32_t task)
{
	struct described *described = table_make(&perfetto_of(export)->described, task);
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	int err;

	if (!described)
		return DWELL_ENOMEM;
	if (described->waits)
		return DWELL_OK;
	described->waits = true;
	err = perfetto_thread_track(export, task);
	track.name = (char *)"waits";
	track.has_parent_uuid = 1;
	track.parent_uuid = track_of(TRACK_THREAD, task);
	return err ? err : put_track(export, &track, track_of(TRACK_WAITS, task));
}

int perfetto_request_track(struct export *export, const struct export_span *span)
{
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	char name[PERFETTO_TEXT];

	track.name = perfetto_text(name, dwell_catalog_label(export_catalog(export), span->label));
	return put_track(export, &track, track_of(TRACK_REQUEST, span->id));
}

/* A counter's tracks: one for each owner. owners[0] is how many there are. */
static uint64_t *owner_of(struct export *export, uint32_t counter, uint64_t owner, bool *is_new)
{
	uint64_t **owners = table_make(&perfetto_of(export)->counters, counter);
	uint64_t count = owners && *owners ? (*owners)[0] : 0;
	uint64_t *grown;

	*is_new = false;
	if (!owners)
		return NULL;
	for (uint64_t i = 1; i <= count; i++)
		if ((*owners)[i] == owner)
			return &(*owners)[i];
	grown = realloc(*owners, (count + 2) * sizeof(**owners));
	if (!grown)
		return NULL;
	*owners = grown;
	grown[0] = count + 1;
	grown[count + 1] = owner;
	*is_new = true;
	return &grown[count + 1];
}

int perfetto_counter_track(struct export *export, const struct dwell_event *event, uint64_t *uuid)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(export_catalog(export), event->object);
	const uint64_t owner = (uint64_t)event->executor << 24 | event->task;
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	CounterDescriptor description = COUNTER_DESCRIPTOR__INIT;
	char name[PERFETTO_TEXT], unit[PERFETTO_TEXT];
	bool is_new;
	int err = DWELL_OK;

	*uuid = track_of(TRACK_COUNTER, (uint64_t)event->object << 40 ^ owner);
	if (!owner_of(export, event->object, owner, &is_new))
		return DWELL_ENOMEM;
	if (!is_new)
		return DWELL_OK;
	if (event->task) {
		err = perfetto_thread_track(export, event->task);
		track.has_parent_uuid = 1;
		track.parent_uuid = track_of(TRACK_THREAD, event->task);
	}
	track.name = perfetto_text(name, counter->name);
	track.counter = &description;
	if (counter->unit.size)
		description.unit_name = perfetto_text(unit, counter->unit);
	return err ? err : put_track(export, &track, *uuid);
}

int perfetto_loss_track(struct export *export)
{
	struct described *described = table_make(&perfetto_of(export)->described, 0);
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;

	if (!described)
		return DWELL_ENOMEM;
	if (described->thread)
		return DWELL_OK;
	described->thread = true;
	track.name = (char *)"records lost";
	return put_track(export, &track, track_of(TRACK_LOSS, 1));
}

static int put_process(struct export *export, uint32_t id)
{
	const struct dwell_catalog_process *process =
		dwell_catalog_process(export_catalog(export), id);
	ProcessTree__Process one = PROCESS_TREE__PROCESS__INIT, *ones = &one;
	ProcessTree tree = PROCESS_TREE__INIT;
	TracePacket packet = TRACE_PACKET__INIT;
	char name[PERFETTO_TEXT], *names = name;

	if (!process)
		return DWELL_OK;
	perfetto_text(name, process->name);
	one.has_pid = 1;
	one.pid = (int32_t)export_process_pid(export, id);
	one.has_ppid = process->parent != 0;
	one.ppid = (int32_t)export_process_pid(export, process->parent);
	one.n_cmdline = *name != 0;
	one.cmdline = &names;
	tree.n_processes = 1;
	tree.processes = &ones;
	packet.process_tree = &tree;
	return perfetto_put(export, &packet);
}

static int put_thread(struct export *export, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(export_catalog(export), id);
	ProcessTree__Thread one = PROCESS_TREE__THREAD__INIT, *ones = &one;
	ProcessTree tree = PROCESS_TREE__INIT;
	TracePacket packet = TRACE_PACKET__INIT;
	char name[PERFETTO_TEXT];

	if (!task)
		return DWELL_OK;
	one.has_tid = one.has_tgid = 1;
	one.tid = (int32_t)export_tid(export, id);
	one.tgid = (int32_t)export_pid(export, id);
	if (*perfetto_text(name, task->name))
		one.name = name;
	tree.n_threads = 1;
	tree.threads = &ones;
	packet.process_tree = &tree;
	return perfetto_put(export, &packet);
}

/* The trace's zero, where its wall clock is known. Numbers of Perfetto's built-in clocks. */
static int put_clock(struct export *export)
{
	enum { REALTIME = 1, BOOTTIME = 6 };
	ClockSnapshot__Clock clocks[2] = { CLOCK_SNAPSHOT__CLOCK__INIT,
		CLOCK_SNAPSHOT__CLOCK__INIT };
	ClockSnapshot__Clock *pointers[2] = { &clocks[0], &clocks[1] };
	ClockSnapshot snapshot = CLOCK_SNAPSHOT__INIT;
	TracePacket packet = TRACE_PACKET__INIT;

	if (!export->model.info.start_unix_ns)
		return DWELL_OK;
	for (int i = 0; i < 2; i++) {
		clocks[i].has_clock_id = clocks[i].has_timestamp = 1;
		clocks[i].clock_id = i ? BOOTTIME : REALTIME;
		clocks[i].timestamp = i ? 0 : export->model.info.start_unix_ns;
	}
	snapshot.n_clocks = 2;
	snapshot.clocks = pointers;
	packet.clock_snapshot = &snapshot;
	return perfetto_put(export, &packet);
}

int perfetto_names(struct export *export)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	int err = put_clock(export);

	for (uint32_t id = 1; id < dwell_catalog_processes(catalog) && !err; id++)
		err = put_process(export, id);
	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog) && !err; id++)
		if (wants_task(&export->model, id))
			err = put_thread(export, id);
	return err;
}
