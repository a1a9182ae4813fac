/* Whom a recording is about: the command, or what runs already. */
#include "recording.h"

#include "clock.h"
#include "filelocks.h"
#include "proc.h"
#include "roots.h"

/* How often to look who came into a control group. */
#define GROUP_NS UINT64_C(100000000)

static void follow_thread(void *context, uint32_t tid, uint32_t process)
{
	struct dwell_recording *recording = context;

	(void)process;
	(void)dwell_kernel_follow(recording->kernel, tid);
}

static void follow_process(void *context, uint32_t pid)
{
	const struct dwell_recording *recording = context;

	if (recording->kernel)
		dwell_proc_each_thread(pid, follow_thread, context);
}

static void find_state(void *context, uint32_t tid, uint32_t process)
{
	struct dwell_recording *recording = context;

	(void)process;
	(void)dwell_sched_find(&recording->sched, tid, dwell_monotonic_ns() - recording->zero_ns);
}

/* From now on in the trace, too. */
static void begin_process(void *context, uint32_t pid)
{
	const struct dwell_recording *recording = context;

	dwell_who_follow(recording->who, pid, 0);
	if (!recording->watch)
		dwell_proc_each_thread(pid, find_state, context);
}

/* It came into the control group by itself, or was put there. */
static void join_process(void *context, uint32_t pid)
{
	const struct dwell_recording *recording = context;

	if (dwell_who_followed(recording->who, pid))
		return;
	follow_process(context, pid);
	dwell_who_follow(recording->who, pid, dwell_monotonic_ns() - recording->zero_ns);
	dwell_proc_each_thread(pid, find_state, context);
}

static void each_root(struct dwell_recording *recording, void (*tell)(void *context, uint32_t pid))
{
	if (recording->cgroup)
		(void)dwell_roots_cgroup(recording->cgroup, tell, recording);
	else if (recording->root != 0)
		dwell_roots_tree(recording->root, tell, recording);
}

void dwell_recording_look(struct dwell_recording *recording, uint64_t now_ns)
{
	dwell_ends_look(&recording->ends);
	if (!recording->cgroup || now_ns - recording->looked_ns < GROUP_NS)
		return;
	recording->looked_ns = now_ns;
	recording->group_empty =
		dwell_roots_cgroup(recording->cgroup, join_process, recording) == 0;
}

static void watch_process(void *context, uint32_t pid)
{
	const struct dwell_recording *recording = context;

	dwell_watch_process(recording->watch, pid);
}

int dwell_recording_watch(struct dwell_recording *recording, uint64_t now_ns)
{
	int err;

	if (!recording->watch)
		return 0;
	if (dwell_watch_begin(recording->watch, now_ns))
		each_root(recording, watch_process);
	err = dwell_watch_end(recording->watch, dwell_monotonic_ns() - recording->zero_ns);
	return err ? err : dwell_sched_flush(&recording->sched);
}

int dwell_recording_look_waits(struct dwell_recording *recording, uint64_t now_ns, bool last)
{
	if (recording->watch)
		return last || dwell_watch_is_due(recording->watch, now_ns)
			       ? dwell_recording_watch(recording, now_ns)
			       : 0;
	if (!recording->stuck || (!last && !dwell_stuck_is_due(recording->stuck, now_ns)))
		return 0;
	/* Nothing that was taken over is later. */
	return dwell_stuck_look(recording->stuck, recording->drain,
		last ? now_ns : dwell_monotonic_ns() - recording->zero_ns, last);
}

int dwell_recording_follow(struct dwell_recording *recording, uint32_t pid, bool running)
{
	recording->root = running ? pid : 0;
	if (!running)
		dwell_who_expect(recording->who, pid);
	if (running && !recording->machine)
		return dwell_watch_new(&recording->watch, &recording->sched);
	if (running)
		each_root(recording, follow_process);
	else if (recording->kernel)
		follow_process(recording, pid);
	else if (!recording->machine && recording->options->kernel &&
		 dwell_perf_open(&recording->perf, pid, recording->perf_why,
			 sizeof(recording->perf_why)) == 0)
		dwell_perf_zero(recording->perf, recording->zero_ns);
	/* Without rights, all that perf tells of is the recorded program's; of wakes it does not
	 * tell. */
	if (recording->perf && !recording->machine) {
		dwell_who_follow_all(recording->who, true);
		(void)dwell_delay_new(&recording->sched.delay);
	}
	return 0;
}

void dwell_recording_rezero(struct dwell_recording *recording)
{
	if ((recording->machine || recording->watch) &&
		(recording->root != 0 || recording->cgroup || recording->options->all))
		dwell_recording_zero_now(recording);
}

void dwell_recording_find(struct dwell_recording *recording)
{
	each_root(recording, begin_process);
	if (recording->options->all)
		dwell_proc_each_thread(0, find_state, recording);
	(void)dwell_recording_watch(recording, dwell_monotonic_ns() - recording->zero_ns);
}

/* The program's library does not tell the name of its first thread. */
static void process_seen(void *context, uint32_t process, int64_t pid,
	struct dwell_process_slot *slot, struct dwell_string name, uint64_t started_ns)
{
	struct dwell_recording *recording = context;
	const uint64_t now_ns = dwell_monotonic_ns() - recording->zero_ns;

	dwell_registry_record_process(recording->registry, process);
	/* Gone before it could be found: there is nothing in /proc of it. */
	if (pid >= DWELL_NUMBERS_MADE_UP)
		return;
	dwell_who_early(recording->who, (uint32_t)pid, name, started_ns);
	if (recording->options->stacks)
		dwell_maps_follow(
			recording->maps, (uint32_t)pid, process, slot, started_ns, now_ns);
}

static void thread_seen(void *context, int64_t tid, uint64_t address)
{
	struct dwell_recording *recording = context;

	if (recording->kernel && tid < DWELL_NUMBERS_MADE_UP)
		dwell_kernel_told(recording->kernel, (uint32_t)tid, address);
}

static void stack_seen(void *context, uint32_t process, int64_t pid, const uint64_t *addresses,
	size_t count, bool cut)
{
	struct dwell_recording *recording = context;

	if (pid >= DWELL_NUMBERS_MADE_UP)
		return;
	dwell_maps_cover(recording->maps, (uint32_t)pid, process, addresses, count, cut,
		dwell_monotonic_ns() - recording->zero_ns);
}

void dwell_recording_born(void *context, const struct dwell_kernel_birth *birth)
{
	struct dwell_recording *recording = context;

	if (recording->drain)
		dwell_numbers_born(&recording->numbers, birth);
}

void dwell_recording_file(void *context, const struct dwell_kernel_file_seen *file)
{
	struct dwell_recording *recording = context;

	dwell_descriptors_name(recording->descriptors, file->device, file->inode,
		(struct dwell_string){ file->path, strlen(file->path) });
}

/* Whoever has a slot was born, and that was told. */
static void learn_births(struct dwell_recording *recording)
{
	if (recording->kernel)
		dwell_kernel_births(recording->kernel);
}

static int64_t host_pid(void *context, const struct dwell_process_slot *slot)
{
	struct dwell_recording *recording = context;

	learn_births(recording);
	return dwell_numbers_pid(&recording->numbers, slot);
}

static int64_t host_tid(void *context, int64_t pid, int32_t tid)
{
	struct dwell_recording *recording = context;

	learn_births(recording);
	return dwell_numbers_tid(&recording->numbers, pid, tid);
}

/* To look at all processes takes its time, so not much of it is spent so; but several may come at
 * once, who wait for one another. */
static uint32_t file_holder(void *context, int64_t pid, uint32_t fd, bool shared)
{
	enum { SHARE = 50 };
	const uint64_t ahead_ns = UINT64_C(2000000000);
	struct dwell_recording *recording = context;
	const uint64_t now_ns = dwell_monotonic_ns(),
		       begun_ns = dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint32_t holder, task;

	if (recording->file_locks_ns > now_ns + ahead_ns)
		return 0;
	if (recording->file_locks_ns < now_ns)
		recording->file_locks_ns = now_ns;
	holder = dwell_filelocks_holder((uint32_t)pid, fd, shared, DWELL_FILELOCK_OPEN);
	recording->file_locks_ns += (dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns) * SHARE;
	task = holder ? dwell_registry_find_task(recording->registry, holder) : 0;
	/* Or a process that is not recorded. */
	return task ? task : dwell_who_task(recording->who, holder, now_ns - recording->zero_ns);
}

static bool lives(void *context, int64_t pid)
{
	struct dwell_recording *recording = context;

	return dwell_ends_lives(&recording->ends, (uint32_t)pid);
}

int dwell_recording_open_drain(struct dwell_recording *recording)
{
	struct dwell_drain_options options = {
		.states = !recording->machine && !recording->perf,
		.files_told = recording->kernel != NULL,
		.zero_monotonic_ns = recording->zero_ns,
		.context = recording,
		.host_pid = host_pid,
		.host_tid = host_tid,
		.file_holder = file_holder,
		.process_seen = process_seen,
		.thread_seen = thread_seen,
		.stack_seen = stack_seen,
	};
	int err = 0;

	/* The kernel tells of ends, where it is asked. */
	if (options.states)
		options.lives = lives;

	if (!recording->watch)
		err = dwell_stuck_new(&recording->stuck, &recording->sched, recording->sink);
	if (err || recording->preload.why[0])
		return err;
	dwell_numbers_init(&recording->numbers, recording->preload.fd);
	return dwell_drain_new(&recording->drain, &recording->preload.session, recording->registry,
		recording->stuck ? dwell_stuck_sink(recording->stuck) : recording->sink, &options);
}
