/*
 * Runs the planted program under the preload library and compares what the trace would hold with
 * what was planted: each wait's reason, length, holder and waker. Lengths have a floor only: a busy
 * machine can make any of them longer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drain/drain.h"
#include "dwell/types.h"
#include "tests/collect.h"

enum { LENGTH_NS = 19000000, ANY = 255 };

static const struct {
	const char *thread;
	uint8_t reason;
	uint8_t kind; /* of the object */
	uint8_t flags;
	const char *holder; /* "": the main thread */
	bool release;       /* somebody released the object at the wait's end */
} planted[] = {
	{ "w-mutex", DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, 0, "", true },
	{ "w-timedlock", DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, DWELL_EVENT_TIMED_OUT, "", false },
	{ "w-rwlock", DWELL_REASON_RWLOCK, DWELL_OBJECT_RWLOCK, DWELL_EVENT_SHARED, "", true },
	{ "w-spin", DWELL_REASON_MUTEX, DWELL_OBJECT_SPINLOCK, DWELL_EVENT_SPUN, NULL, false },
	{ "w-mtx", DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, 0, "", true },
	{ "w-cond", DWELL_REASON_COND, DWELL_OBJECT_COND, 0, NULL, true },
	{ "w-cancel", DWELL_REASON_COND, DWELL_OBJECT_COND, DWELL_EVENT_INTERRUPTED, NULL, false },
	{ "w-sem", DWELL_REASON_SEMAPHORE, DWELL_OBJECT_SEMAPHORE, 0, NULL, true },
	{ "w-semlock", DWELL_REASON_SEMAPHORE, DWELL_OBJECT_SEMAPHORE, 0, "", true },
	{ "w-semgift", DWELL_REASON_SEMAPHORE, DWELL_OBJECT_SEMAPHORE, 0, NULL, true },
	{ "w-barrier", DWELL_REASON_BARRIER, DWELL_OBJECT_BARRIER, 0, NULL, true },
	{ "w-join", DWELL_REASON_JOIN, DWELL_OBJECT_THREAD, 0, "sleeper", false },
	{ "w-futex", DWELL_REASON_FUTEX, DWELL_OBJECT_FUTEX, 0, NULL, true },
	{ "w-poll", DWELL_REASON_POLL, DWELL_OBJECT_PIPE, DWELL_EVENT_TIMED_OUT, NULL, false },
	{ "w-pipe", DWELL_REASON_PIPE, DWELL_OBJECT_PIPE, 0, NULL, true },
	{ "w-socket", DWELL_REASON_NET, DWELL_OBJECT_SOCKET, 0, NULL, false },
	{ "w-sleep", DWELL_REASON_SLEEP, ANY, 0, NULL, false },
	{ "w-child", DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, 0, NULL, false },
	{ "w-vfork", DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, 0, NULL, false },
	{ "w-flock", DWELL_REASON_RWLOCK, DWELL_OBJECT_FILE, 0, NULL, false },
	{ "w-once", DWELL_REASON_OTHER, DWELL_OBJECT_ONCE, 0, NULL, false },
	{ "w-set", DWELL_REASON_SEMAPHORE, DWELL_OBJECT_SEMAPHORE, 0, NULL, false },
	{ "w-queue", DWELL_REASON_CHANNEL_RECEIVE, DWELL_OBJECT_CHANNEL, 0, NULL, false },
	{ "w-empty", DWELL_REASON_CHANNEL_RECEIVE, DWELL_OBJECT_CHANNEL, 0, NULL, false },
	{ "w-full", DWELL_REASON_CHANNEL_SEND, DWELL_OBJECT_CHANNEL, 0, NULL, false },
};

static struct collect *got;

static uint32_t task_named(const char *name)
{
	for (uint32_t i = 1; i <= got->tasks && i < COLLECT_NAMES; i++)
		if (strcmp(got->task_name[i], name) == 0)
			return i;
	return 0;
}

/* The longest wait of a task with that reason: its begin and end. */
static const struct dwell_event *longest(
	uint32_t task, uint8_t reason, const struct dwell_event **begin)
{
	const struct dwell_event *open = NULL, *best = NULL;

	for (size_t i = 0; i < got->rows; i++) {
		const struct dwell_event *row = &got->row[i];
		if (row->task != task)
			continue;
		if (row->kind == DWELL_EVENT_WAIT_BEGIN)
			open = row;
		if (row->kind != DWELL_EVENT_WAIT_END || !open || open->reason != reason)
			continue;
		if (!best || row->time_ns - open->time_ns > best->time_ns - (*begin)->time_ns) {
			best = row;
			*begin = open;
		}
	}
	return best;
}

static bool released(
	uint32_t object, const struct dwell_event *begin, const struct dwell_event *end)
{
	for (size_t i = 0; i < got->rows; i++) {
		const struct dwell_event *row = &got->row[i];
		if (row->kind == DWELL_EVENT_RELEASE && row->object == object &&
			row->task != begin->task && row->time_ns > begin->time_ns &&
			row->time_ns <= end->time_ns)
			return true;
	}
	return false;
}

static uint32_t expected_holder(const char *name)
{
	if (!name)
		return 0;
	return name[0] ? task_named(name) : 1;
}

static const char *fault(size_t i)
{
	uint32_t task = task_named(planted[i].thread);
	const struct dwell_event *begin = NULL, *end;
	uint32_t object, holder;

	if (task == 0)
		return "no such thread";
	if (!got->task[task].born || got->task[task].parent != 1)
		return "its creation or creator is missing";
	end = longest(task, planted[i].reason, &begin);
	if (!end)
		return "no wait of that reason";
	if (end->time_ns - begin->time_ns < LENGTH_NS * 8 / 10)
		return "too short";
	object = end->object ? end->object : begin->object;
	if (planted[i].kind != ANY && got->object[object].kind != planted[i].kind)
		return "wrong kind of object";
	if ((end->flags & planted[i].flags) != planted[i].flags)
		return "a flag is missing";
	holder = end->peer ? end->peer : begin->peer;
	if (holder != expected_holder(planted[i].holder))
		return "wrong holder";
	if (end->stack == 0 && begin->stack == 0)
		return "no stack";
	if (planted[i].release && !released(object, begin, end))
		return "no release";
	return NULL;
}

/* Signals that nobody heard, and priorities: told to who knows them, and to nobody else. */
static int judge_news(bool known)
{
	size_t unheard = 0, priorities = 0;

	for (size_t i = 0; i < got->rows; i++) {
		unheard += dwell_event_is_unheard(&got->row[i]);
		priorities += got->row[i].kind == DWELL_EVENT_PRIORITY;
	}
	if ((unheard != 0) == known && (priorities != 0) == known)
		return 0;
	fprintf(stderr, "stress_preload: %zu signals unheard, %zu priorities\n", unheard,
		priorities);
	return 1;
}

static int judge(int status)
{
	int failed = 0;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 42) {
		fprintf(stderr, "stress_preload: the program ended with %x\n", (unsigned)status);
		failed = 1;
	}
	for (size_t i = 0; i < sizeof(planted) / sizeof(*planted); i++) {
		const char *what = fault(i);
		if (what) {
			fprintf(stderr, "stress_preload: %s: %s\n", planted[i].thread, what);
			failed = 1;
		}
	}
	printf("stress_preload: %zu rows, %u tasks, %u processes, %u objects, %u stacks\n",
		got->rows, got->tasks, got->processes, got->objects, got->stacks);
	return failed;
}

static pid_t spawn(const char *program, int fd)
{
	char place[64];
	pid_t recorder = getpid(), child = fork();

	if (child != 0)
		return child;
	snprintf(place, sizeof(place), "/proc/%d/fd/%d", (int)recorder, fd);
	setenv("LD_PRELOAD", DWELL_LIB "/libdwell-preload.so", 1);
	setenv(DWELL_SESSION_ENV, place, 1);
	execl(program, program, (char *)NULL);
	_exit(127);
}

/* "older": as a recorder whose version has no more than named frames. */
int main(int argc, char **argv)
{
	const bool older = argc > 1 && strcmp(argv[1], "older") == 0;
	static struct dwell_session session;
	struct dwell_session_options options = { .flags = DWELL_SESSION_STACKS |
							  DWELL_SESSION_RELEASES };
	struct dwell_drain_options how = { .states = true };
	struct dwell_registry *registry;
	struct dwell_drain *drain;
	uint64_t watermark_ns, end_ns;
	pid_t child;
	int fd, status, failed;

	got = collect_new();
	if (!got || dwell_session_make(&session, &fd, NULL, &options, 1000, 20000) != 0)
		return 77;
	how.zero_monotonic_ns = session.start_monotonic_ns;
	if (older)
		session.header->minor = DWELL_SESSION_NAMED_FRAMES;
	if (dwell_registry_new(&registry, &got->sink) != 0 ||
		dwell_drain_new(&drain, &session, registry, &got->sink, &how) != 0)
		return 1;
	child = spawn(DWELL_LIB "/../tests/planted", fd);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (dwell_drain_pass(drain, &watermark_ns) != 0)
			return 1;
		usleep(3000);
	}
	failed = dwell_drain_process_gone(drain, child, dwell_drain_now_ns(drain)) != 0 ||
		 dwell_drain_finish(drain, &end_ns) != 0;
	failed |= judge(status) | judge_news(!older);
	dwell_drain_free(drain);
	dwell_registry_free(registry);
	dwell_session_unmap(&session);
	close(fd);
	free(got);
	return failed;
}
