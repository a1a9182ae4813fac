/* Which system call a thread is in tells why it waits. */
#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "import/kernel/rows.h"

/*
 * Calls that wait, in order of name. Those that read and write any descriptor are told as calls:
 * of what kind it is, the events do not say.
 */
static const struct {
	const char *name;
	uint8_t reason;
} calls[] = {
	{ "accept", DWELL_REASON_NET },
	{ "accept4", DWELL_REASON_NET },
	{ "clock_nanosleep", DWELL_REASON_SLEEP },
	{ "clone", DWELL_REASON_PROCESS },
	{ "clone3", DWELL_REASON_PROCESS },
	{ "connect", DWELL_REASON_NET },
	{ "copy_file_range", DWELL_REASON_FILE },
	{ "epoll_pwait", DWELL_REASON_POLL },
	{ "epoll_pwait2", DWELL_REASON_POLL },
	{ "epoll_wait", DWELL_REASON_POLL },
	{ "execve", DWELL_REASON_FILE },
	{ "execveat", DWELL_REASON_FILE },
	{ "fallocate", DWELL_REASON_FILE },
	{ "fcntl", DWELL_REASON_FILE },
	{ "fdatasync", DWELL_REASON_FILE },
	{ "flock", DWELL_REASON_FILE },
	{ "fork", DWELL_REASON_PROCESS },
	{ "fsync", DWELL_REASON_FILE },
	{ "ftruncate", DWELL_REASON_FILE },
	{ "futex", DWELL_REASON_FUTEX },
	{ "futex_wait", DWELL_REASON_FUTEX },
	{ "futex_waitv", DWELL_REASON_FUTEX },
	{ "getdents64", DWELL_REASON_FILE },
	{ "io_getevents", DWELL_REASON_FILE },
	{ "io_uring_enter", DWELL_REASON_POLL },
	{ "linkat", DWELL_REASON_FILE },
	{ "mkdirat", DWELL_REASON_FILE },
	{ "mq_timedreceive", DWELL_REASON_CHANNEL_RECEIVE },
	{ "mq_timedsend", DWELL_REASON_CHANNEL_SEND },
	{ "msgrcv", DWELL_REASON_CHANNEL_RECEIVE },
	{ "msgsnd", DWELL_REASON_CHANNEL_SEND },
	{ "msync", DWELL_REASON_FILE },
	{ "nanosleep", DWELL_REASON_SLEEP },
	{ "newfstatat", DWELL_REASON_FILE },
	{ "newlstat", DWELL_REASON_FILE },
	{ "newstat", DWELL_REASON_FILE },
	{ "open", DWELL_REASON_FILE },
	{ "openat", DWELL_REASON_FILE },
	{ "openat2", DWELL_REASON_FILE },
	{ "pause", DWELL_REASON_SIGNAL },
	{ "poll", DWELL_REASON_POLL },
	{ "ppoll", DWELL_REASON_POLL },
	{ "pselect6", DWELL_REASON_POLL },
	{ "readlinkat", DWELL_REASON_FILE },
	{ "recvfrom", DWELL_REASON_NET },
	{ "recvmmsg", DWELL_REASON_NET },
	{ "recvmsg", DWELL_REASON_NET },
	{ "renameat2", DWELL_REASON_FILE },
	{ "rt_sigsuspend", DWELL_REASON_SIGNAL },
	{ "rt_sigtimedwait", DWELL_REASON_SIGNAL },
	{ "select", DWELL_REASON_POLL },
	{ "semop", DWELL_REASON_SEMAPHORE },
	{ "semtimedop", DWELL_REASON_SEMAPHORE },
	{ "sendmmsg", DWELL_REASON_NET },
	{ "sendmsg", DWELL_REASON_NET },
	{ "sendto", DWELL_REASON_NET },
	{ "statx", DWELL_REASON_FILE },
	{ "sync", DWELL_REASON_FILE },
	{ "sync_file_range", DWELL_REASON_FILE },
	{ "syncfs", DWELL_REASON_FILE },
	{ "truncate", DWELL_REASON_FILE },
	{ "unlinkat", DWELL_REASON_FILE },
	{ "vfork", DWELL_REASON_PROCESS },
	{ "wait4", DWELL_REASON_PROCESS },
	{ "waitid", DWELL_REASON_PROCESS },
};

enum dwell_reason kernel_call_reason(struct dwell_string name)
{
	size_t from = 0, to = sizeof(calls) / sizeof(calls[0]);

	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const size_t size = strlen(calls[middle].name);
		int order =
			memcmp(name.at, calls[middle].name, name.size < size ? name.size : size);

		order = order ? order : (name.size > size) - (name.size < size);
		if (!order)
			return calls[middle].reason;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return DWELL_REASON_SYSCALL;
}

static int make_room(struct kernel_rows *rows, uint32_t slot)
{
	uint32_t room = rows->call_room ? rows->call_room : 256;
	struct kernel_call *wider;

	if (slot < rows->call_room)
		return DWELL_OK;
	while (room <= slot)
		room *= 2;
	wider = realloc(rows->calls, room * sizeof(*wider));
	if (!wider)
		return DWELL_ENOMEM;
	memset(wider + rows->call_room, 0, (room - rows->call_room) * sizeof(*wider));
	rows->calls = wider;
	rows->call_room = room;
	return DWELL_OK;
}

/* The word that a thread of a known process waits on: its address alone says nothing. */
static int futex_of(struct kernel_rows *rows, uint32_t slot, uint64_t address, uint32_t *out)
{
	const uint32_t leader = rows->tasks.slots[slot].process;
	struct dwell_object object = { .kind = DWELL_OBJECT_FUTEX, .native_id = address };
	uint64_t key;

	*out = 0;
	if (!leader || !address)
		return DWELL_OK;
	object.process = rows->tasks.slots[leader].process_id;
	key = import_hash(&address, sizeof(address), object.process);
	*out = (uint32_t)import_map_get(&rows->futexes, key);
	if (*out || rows->objects == DWELL_MAX_OBJECTS)
		return DWELL_OK;
	*out = object.id = ++rows->objects;
	if (import_map_put(&rows->futexes, key, *out))
		return DWELL_ENOMEM;
	return rows->sink->ops->object ? rows->sink->ops->object(rows->sink, &object) : DWELL_OK;
}

int kernel_calls_event(struct kernel_rows *rows, const struct kernel_event *event, uint32_t slot)
{
	int err = make_room(rows, slot);
	struct kernel_call call = { .reason = DWELL_REASON_NONE, .seen = !rows->unsure_ns };

	if (err)
		return err;
	/* Where events are missing, the end of a call may be among them. */
	if (event->kind == KERNEL_SYSCALL_ENTER && !rows->unsure_ns)
		call.reason = (uint8_t)kernel_call_reason(event->text);
	if (call.reason == DWELL_REASON_FUTEX)
		err = futex_of(rows, slot, event->value, &call.object);
	rows->calls[slot] = call;
	return err;
}

void kernel_calls_leave(struct kernel_rows *rows, uint32_t slot)
{
	if (slot < rows->call_room)
		rows->calls[slot] = (struct kernel_call){ .reason = DWELL_REASON_NONE };
}

void kernel_calls_forget(struct kernel_rows *rows)
{
	if (rows->call_room)
		memset(rows->calls, 0, rows->call_room * sizeof(*rows->calls));
}

struct kernel_call kernel_calls_of(const struct kernel_rows *rows, uint32_t slot)
{
	if (slot < rows->call_room)
		return rows->calls[slot];
	return (struct kernel_call){ .reason = DWELL_REASON_NONE };
}
