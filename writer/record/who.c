#include "who.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "proc.h"

/* The kernel's own limit for thread numbers is 2^22. */
enum { THREADS_MAX = 1 << 22 };

struct thread {
	uint32_t task; /* 0: not defined yet */
	uint32_t pid;  /* 0: not known */
	uint32_t code;
	uint64_t since_ns; /* it was first spoken of at that time; 0: its birth was told */
	uint64_t left_ns;  /* it waits since then; 0: it does not, or nobody asked */
	uint32_t others;   /* of a process's first thread: how many others live */
	bool ended;        /* it has, though others of its process may live */
	bool early; /* the program's records spoke of it before the kernel's told of its birth */
	bool made;  /* of a process's first thread: its fork was told, and by whom */
	bool followed, has_code, described;
	char name[16];
};

struct dwell_who {
	struct dwell_registry *registry;
	struct thread *threads;
	bool all;
	bool marked; /* processes of the recorded program are named so in the trace */
	uint32_t expected;
	uint32_t maker; /* task that made the expected process */
	uint32_t alive;
	/* Numbers of threads that have begun to exit; of those that left too, until there is no
	 * room. */
	uint32_t *exiting;
	size_t exiting_count, exiting_room;
};

int dwell_who_new(struct dwell_who **out, struct dwell_registry *registry)
{
	struct dwell_who *who = calloc(1, sizeof(*who));

	if (!who)
		return DWELL_ENOMEM;
	who->registry = registry;
	who->marked = true;
	/* Sparse: pages that nobody touches take no memory. */
	who->threads = calloc(THREADS_MAX, sizeof(*who->threads));
	if (!who->threads) {
		free(who);
		return DWELL_ENOMEM;
	}
	*out = who;
	return 0;
}

void dwell_who_free(struct dwell_who *who)
{
	if (!who)
		return;
	free(who->threads);
	free(who->exiting);
	free(who);
}

static struct thread *thread_of(const struct dwell_who *who, uint32_t tid)
{
	return &who->threads[tid % THREADS_MAX];
}

static struct dwell_string text(const char name[16])
{
	return (struct dwell_string){ name, strnlen(name, 16) };
}

static void found(void *context, uint32_t tid, uint32_t process)
{
	struct dwell_who *who = context;
	struct thread *thread = thread_of(who, tid);

	thread->pid = process;
	(void)dwell_proc_name(process, tid, thread->name);
	/* Its first thread may be the first to end. */
	thread_of(who, process)->others += tid != process;
}

void dwell_who_scan(struct dwell_who *who)
{
	dwell_proc_each_thread(0, found, who);
}

void dwell_who_expect(struct dwell_who *who, uint32_t pid)
{
	who->expected = pid;
}

void dwell_who_follow_all(struct dwell_who *who, bool marked)
{
	who->all = true;
	who->marked = marked;
}

/* The process, with its name and, when it is of the recorded program, its command line. */
static uint32_t process_of(struct dwell_who *who, uint32_t pid, bool followed)
{
	struct thread *leader = thread_of(who, pid);
	const uint32_t process = dwell_registry_process(who->registry, pid);
	struct dwell_string command = { NULL, 0 };
	uint32_t parent;
	char line[4096];

	if (followed && who->marked)
		dwell_registry_record_process(who->registry, process);
	if (leader->described)
		return process;
	leader->described = true;
	if (leader->name[0] == '\0')
		(void)dwell_proc_thread(pid, leader->name, &leader->pid);
	/* Command lines of other people's programs are not ours to keep. */
	if (followed)
		command =
			(struct dwell_string){ line, dwell_proc_command(pid, line, sizeof(line)) };
	/* Who made the recorded program is named, not all that led to it. */
	parent = leader->made ? 0 : dwell_proc_parent(pid);
	if (parent != 0 && (followed || thread_of(who, parent)->described))
		parent = process_of(who, parent, false);
	else
		parent = 0;
	dwell_registry_describe_process(
		who->registry, process, parent, text(leader->name), command);
	return process;
}

uint32_t dwell_who_process(struct dwell_who *who, uint32_t pid)
{
	return process_of(who, pid, dwell_who_followed(who, pid));
}

uint32_t dwell_who_task(struct dwell_who *who, uint32_t tid, uint64_t time_ns)
{
	struct thread *thread = thread_of(who, tid);
	struct dwell_registry_task what = { 0 };
	bool fresh;

	if (tid == 0)
		return 0;
	if (thread->task != 0 && time_ns >= thread->since_ns)
		return thread->task;
	/* Not there when we looked, and its fork was not seen: ask again. */
	if (thread->pid == 0)
		(void)dwell_proc_thread(tid, thread->name, &thread->pid);
	if (thread->pid != 0)
		what.process = process_of(who, thread->pid, dwell_who_followed(who, tid));
	what.name = text(thread->name);
	what.created_ns = time_ns;
	thread->since_ns = time_ns;
	thread->task = dwell_registry_task(who->registry, tid, &what, &fresh);
	if (!fresh)
		dwell_registry_describe_task(who->registry, thread->task, &what);
	return thread->task;
}

struct following {
	struct dwell_who *who;
	uint64_t time_ns;
};

static void follow_thread(void *context, uint32_t tid, uint32_t process)
{
	const struct following *following = context;
	struct dwell_who *who = following->who;
	struct thread *thread = thread_of(who, tid);

	(void)process;
	if (!thread->followed)
		who->alive++;
	thread->followed = true;
	(void)dwell_who_task(who, tid, following->time_ns);
}

void dwell_who_follow(struct dwell_who *who, uint32_t pid, uint64_t time_ns)
{
	struct following following = { who, time_ns };

	/* It may have been met before as somebody else's: now its command line is wanted. */
	thread_of(who, pid)->described = false;
	(void)process_of(who, pid, true);
	dwell_proc_each_thread(pid, follow_thread, &following);
}

void dwell_who_early(
	struct dwell_who *who, uint32_t pid, struct dwell_string name, uint64_t time_ns)
{
	struct thread *thread = thread_of(who, pid);

	/* It may be spoken of twice: as a fork's child and after its exec. */
	thread->early |= thread->task == 0;
	/* One that is gone already is called what it says. */
	if (thread->pid == 0 && !dwell_proc_thread(pid, thread->name, &thread->pid)) {
		thread->pid = pid;
		memset(thread->name, 0, sizeof(thread->name));
		memcpy(thread->name, name.at, name.size < 15 ? name.size : 15);
	}
	(void)dwell_who_task(who, pid, time_ns);
}

bool dwell_who_followed(const struct dwell_who *who, uint32_t tid)
{
	return who->all || thread_of(who, tid)->followed;
}

uint32_t dwell_who_pid(const struct dwell_who *who, uint32_t tid)
{
	return thread_of(who, tid)->pid;
}

/* The command before its exec: its tid will be the command's first thread's. */
static uint32_t copy_of_recorder(struct dwell_who *who, uint32_t tid, uint32_t parent_tid,
	const char name[16], uint64_t time_ns)
{
	struct thread *thread = thread_of(who, tid);
	const struct thread *parent = thread_of(who, parent_tid);
	struct dwell_registry_task what = {
		.created_ns = time_ns, .born = true, .name = text(name[0] ? name : parent->name)
	};

	who->maker = dwell_who_task(who, parent_tid, time_ns);
	what.parent = who->maker;
	if (parent->pid != 0)
		what.process = process_of(who, parent->pid, false);
	*thread = (struct thread){ .pid = tid };
	who->alive++;
	thread->task = dwell_registry_former_task(who->registry, tid, &what);
	return thread->task;
}

bool dwell_who_launched(struct dwell_who *who, uint32_t pid, const char name[16], uint64_t time_ns,
	uint32_t *copy, uint32_t *task)
{
	struct thread *thread = thread_of(who, pid);
	struct dwell_registry_task what = {
		.parent = who->maker, .created_ns = time_ns, .born = true, .name = text(name)
	};
	bool fresh;

	if (pid != who->expected || who->maker == 0 || thread->task == 0)
		return false;
	who->expected = 0;
	*copy = thread->task;
	memcpy(thread->name, name, sizeof(thread->name));
	thread->followed = true;
	what.process = process_of(who, pid, true);
	thread->since_ns = 0;
	thread->task = dwell_registry_task(who->registry, pid, &what, &fresh);
	/* The program's own records may have been here before the kernel's. */
	if (!fresh)
		dwell_registry_describe_task(who->registry, thread->task, &what);
	*task = thread->task;
	return true;
}

uint32_t dwell_who_fork(struct dwell_who *who, uint32_t tid, uint32_t pid, uint32_t parent_tid,
	const char name[16], uint64_t time_ns)
{
	struct thread *thread = thread_of(who, tid);
	const struct thread *parent = thread_of(who, parent_tid);
	struct dwell_registry_task what = { .created_ns = time_ns, .born = true };
	/* The program's records spoke of it, or we looked at it, before this was told. */
	const bool met = thread->task != 0 && (thread->early || thread->since_ns > time_ns);
	const bool counted = met && thread->followed;
	bool fresh;

	if (tid == who->expected)
		return copy_of_recorder(who, tid, parent_tid, name, time_ns);
	/* Its number may have been another's, whose end we did not see. */
	if (thread->task != 0 && !met) {
		dwell_registry_end_task(who->registry, tid);
		if (tid == pid)
			dwell_registry_end_process(who->registry, pid);
	}
	*thread = (struct thread){ .pid = pid, .followed = parent->followed || counted };
	/* Some sources do not say: it has its maker's name at first. */
	memcpy(thread->name, name[0] ? name : parent->name, sizeof(thread->name));
	name = thread->name;
	who->alive += thread->followed && !counted;
	if (tid != pid)
		thread_of(who, pid)->others++;
	if (tid == pid) {
		thread->described = true;
		thread->made = parent->pid != 0;
		what.process = dwell_registry_process(who->registry, pid);
		dwell_registry_describe_process(who->registry, what.process,
			parent->pid ? process_of(who, parent->pid, parent->followed) : 0,
			text(name), (struct dwell_string){ NULL, 0 });
		if (dwell_who_followed(who, tid) && who->marked)
			dwell_registry_record_process(who->registry, what.process);
	} else {
		what.process = process_of(who, pid, dwell_who_followed(who, tid));
	}
	what.parent = dwell_who_task(who, parent_tid, time_ns);
	what.name = text(name);
	thread->task = dwell_registry_task(who->registry, tid, &what, &fresh);
	/* The thread's own records may have been here before the kernel's. */
	if (!fresh)
		dwell_registry_describe_task(who->registry, thread->task, &what);
	return thread->task;
}

void dwell_who_rename(struct dwell_who *who, uint32_t tid, uint32_t pid, const char name[16])
{
	struct thread *thread = thread_of(who, tid);
	const struct dwell_registry_task what = { .name = text(name) };

	memcpy(thread->name, name, sizeof(thread->name));
	if (thread->task != 0)
		dwell_registry_describe_task(who->registry, thread->task, &what);
	if (tid == pid && thread->described)
		dwell_registry_describe_process(who->registry,
			dwell_registry_process(who->registry, pid), 0, text(name),
			(struct dwell_string){ NULL, 0 });
}

void dwell_who_exec(struct dwell_who *who, uint32_t pid, const char name[16])
{
	struct thread *leader = thread_of(who, pid);

	dwell_who_rename(who, pid, pid, name);
	/* Read its command line when it is next mentioned. */
	leader->described = false;
	leader->ended = false;
	if (leader->task != 0)
		(void)process_of(who, pid, dwell_who_followed(who, pid));
}

static bool is_exiting(const struct dwell_who *who, uint32_t tid)
{
	const struct thread *thread = thread_of(who, tid);

	return thread->has_code && !thread->ended;
}

/* Room for one more: those that left make room first. */
static bool exiting_room(struct dwell_who *who)
{
	const size_t room = who->exiting_room ? who->exiting_room * 2 : 64;
	size_t kept = 0;
	uint32_t *larger;

	if (who->exiting_count < who->exiting_room)
		return true;
	for (size_t i = 0; i < who->exiting_count; i++)
		if (is_exiting(who, who->exiting[i]))
			who->exiting[kept++] = who->exiting[i];
	who->exiting_count = kept;
	if (kept < who->exiting_room / 2)
		return true;
	larger = realloc(who->exiting, room * sizeof(*larger));
	if (!larger)
		return false;
	who->exiting = larger;
	who->exiting_room = room;
	return true;
}

void dwell_who_exiting(struct dwell_who *who, uint32_t tid, uint32_t code)
{
	struct thread *thread = thread_of(who, tid);

	if (!thread->has_code && thread->task != 0 && exiting_room(who))
		who->exiting[who->exiting_count++] = tid;
	thread->code = code;
	thread->has_code = true;
}

void dwell_who_take_exiting(struct dwell_who *who,
	void (*tell)(void *context, uint32_t tid, uint32_t code), void *context)
{
	for (size_t i = 0; i < who->exiting_count; i++) {
		const uint32_t tid = who->exiting[i];

		if (!is_exiting(who, tid))
			continue;
		tell(context, tid, thread_of(who, tid)->code);
		thread_of(who, tid)->has_code = false;
	}
	who->exiting_count = 0;
}

bool dwell_who_code(const struct dwell_who *who, uint32_t tid, uint32_t *code)
{
	*code = thread_of(who, tid)->code;
	return thread_of(who, tid)->has_code;
}

uint32_t dwell_who_gone(struct dwell_who *who, uint32_t tid)
{
	struct thread *thread = thread_of(who, tid);
	const uint32_t pid = thread->pid;
	struct thread *leader = thread_of(who, pid);

	dwell_registry_end_task(who->registry, tid);
	who->alive -= thread->followed && !thread->ended;
	thread->task = 0;
	thread->ended = true;
	/* What is known of the process stays with its first thread, while others live. */
	if (thread != leader) {
		*thread = (struct thread){ 0 };
		leader->others -= leader->others > 0;
	}
	return pid != 0 && leader->ended && leader->others == 0 ? pid : 0;
}

void dwell_who_process_gone(struct dwell_who *who, uint32_t pid)
{
	*thread_of(who, pid) = (struct thread){ 0 };
	dwell_registry_end_process(who->registry, pid);
}

void dwell_who_left(struct dwell_who *who, uint32_t tid, uint64_t time_ns)
{
	thread_of(who, tid)->left_ns = time_ns;
}

uint64_t dwell_who_entered(struct dwell_who *who, uint32_t tid, uint64_t time_ns)
{
	struct thread *thread = thread_of(who, tid);
	const uint64_t since_ns = thread->left_ns;

	thread->left_ns = 0;
	return since_ns != 0 && tid != 0 ? time_ns - since_ns : 0;
}

uint32_t dwell_who_alive(const struct dwell_who *who)
{
	return who->alive;
}
