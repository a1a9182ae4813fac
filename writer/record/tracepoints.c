#include "tracepoints.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/shared.h"
#include "dwell/error.h"

/* Of fields that all tracepoints have: what kind of record it is, and where it was taken. */
enum { COMMON_TYPE_BYTES = 2, IN_HARD_INTERRUPT = 0x08, IN_DEFERRED_WORK = 0x10 };

/* prev_state as the kernel tells it: bits of a state, and one above them for the preempted. */
enum {
	STATE_SLEEPS = 0x1,
	STATE_DISK = 0x2,
	STATE_STOPPED = 0x4 | 0x8,
	STATE_DEAD = 0x10 | 0x20,
	STATE_PREEMPTED = 0x100
};

enum { PREV, STATE, NEXT, WAKING_FLAGS = 0, WOKEN, EXEC_NEW = 0, EXEC_OLD };

static const struct {
	const char *name;
	const char *fields[DWELL_TRACEPOINT_FIELDS];
} wanted[DWELL_TRACEPOINTS] = {
	[DWELL_TRACEPOINT_SWITCH] = { "sched_switch", { "prev_pid", "prev_state", "next_pid" } },
	[DWELL_TRACEPOINT_WAKING] = { "sched_waking", { "common_flags", "pid" } },
	[DWELL_TRACEPOINT_EXEC] = { "sched_process_exec", { "pid", "old_pid" } },
};

/* The number behind `key:` in one line of a description; -1: none. */
static long number_behind(const char *line, size_t length, const char *key)
{
	const char *at = memmem(line, length, key, strlen(key));
	char *end;
	long number;

	if (!at)
		return -1;
	at += strlen(key);
	number = strtol(at, &end, 10);
	return end != at && end <= line + length && number < 1 << 16 ? number : -1;
}

/* "field:pid_t prev_pid;": the name is the last word of the declaration. */
static bool declares(const char *line, size_t length, const char *name)
{
	const char *begin = memmem(line, length, "field:", 6);
	const char *end = begin ? memchr(begin, ';', (size_t)(line + length - begin)) : NULL;
	const size_t size = strlen(name);

	return end && (size_t)(end - begin) > size && memcmp(end - size, name, size) == 0 &&
	       end[-(ptrdiff_t)size - 1] == ' ';
}

static void take_line(const char *line, size_t length, enum dwell_tracepoint which,
	struct dwell_tracepoint_format *out)
{
	if (length > 3 && memcmp(line, "ID:", 3) == 0) {
		const long id = number_behind(line, length, "ID:");

		out->id = id > 0 ? (uint32_t)id : 0;
		return;
	}
	for (int i = 0; i < DWELL_TRACEPOINT_FIELDS && wanted[which].fields[i]; i++) {
		const long offset = number_behind(line, length, "offset:");
		const long size = number_behind(line, length, "size:");

		if (offset < 0 || !declares(line, length, wanted[which].fields[i]))
			continue;
		if (size == 1 || size == 4 || size == 8)
			out->fields[i] =
				(struct dwell_tracepoint_field){ (uint32_t)offset, (uint32_t)size };
	}
}

bool dwell_tracepoint_parse(
	const char *text, enum dwell_tracepoint which, struct dwell_tracepoint_format *out)
{
	*out = (struct dwell_tracepoint_format){ 0 };
	while (*text) {
		const size_t length = strcspn(text, "\n");

		take_line(text, length, which, out);
		text += length + (text[length] == '\n');
	}
	for (int i = 0; i < DWELL_TRACEPOINT_FIELDS && wanted[which].fields[i]; i++)
		if (out->fields[i].size == 0)
			return false;
	return out->id != 0;
}

/* A tracefs of our own: no path leads to it. The C library may be older than these calls. */
static int mount_unseen(void)
{
	const int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int folder = -1;

	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		folder = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	close(context);
	return folder;
}

static int find_tracefs(void)
{
	static const char *const usual[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		const int folder = open(usual[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (folder >= 0 && faccessat(folder, "events/sched", X_OK, 0) == 0)
			return folder;
		if (folder >= 0)
			close(folder);
	}
	return mount_unseen();
}

static int read_format(int folder, enum dwell_tracepoint which, struct dwell_tracepoint_format *out)
{
	char path[64], text[4096];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "events/sched/%s/format", wanted[which].name);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return DWELL_EIO;
	text[got] = '\0';
	return dwell_tracepoint_parse(text, which, out) ? 0 : DWELL_EUNSUPPORTED;
}

int dwell_tracepoints_read(struct dwell_tracepoints *out, char *why, size_t why_size)
{
	const int folder = find_tracefs();
	int err = folder < 0 ? DWELL_EIO : 0;

	for (int i = 0; !err && i < DWELL_TRACEPOINTS; i++)
		err = read_format(folder, (enum dwell_tracepoint)i, &out->formats[i]);
	if (err)
		snprintf(why, why_size, "tracefs: %s",
			err == DWELL_EIO ? strerror(errno) : "not as this version knows it");
	if (folder >= 0)
		close(folder);
	return err;
}

static uint64_t value(const struct dwell_tracepoint_format *format, int field, const uint8_t *raw)
{
	const struct dwell_tracepoint_field *at = &format->fields[field];
	uint32_t four;
	uint64_t eight;

	switch (at->size) {
	case 1:
		return raw[at->offset];
	case 4:
		memcpy(&four, raw + at->offset, sizeof(four));
		return four;
	case 8:
		memcpy(&eight, raw + at->offset, sizeof(eight));
		return eight;
	default: /* of a description that was refused */
		return 0;
	}
}

static uint8_t leave_of(uint64_t state)
{
	if (state & STATE_PREEMPTED)
		return DWELL_LEAVE_PREEMPTED;
	if (state & STATE_DEAD)
		return DWELL_LEAVE_DEAD;
	if (state & STATE_STOPPED)
		return DWELL_LEAVE_STOPPED;
	if (state & STATE_DISK)
		return DWELL_LEAVE_DISK;
	/* Whether it asked to leave is not told. */
	return state ? DWELL_LEAVE_SLEEPS : DWELL_LEAVE_PREEMPTED;
}

static bool holds_all(const struct dwell_tracepoint_format *format, size_t size)
{
	for (int i = 0; i < DWELL_TRACEPOINT_FIELDS; i++)
		if ((size_t)format->fields[i].offset + format->fields[i].size > size)
			return false;
	return true;
}

static bool take_exec(const struct dwell_tracepoint_format *format, const uint8_t *raw,
	struct dwell_kernel_event *event)
{
	event->tid = (uint32_t)value(format, EXEC_NEW, raw);
	event->process = event->tid;
	event->code = (uint32_t)value(format, EXEC_OLD, raw);
	event->kind = DWELL_KERNEL_EVENT_EXEC;
	/* Its name is told beside it; only a thread that took its process's number is news. */
	return event->code != event->tid;
}

bool dwell_tracepoints_take(const struct dwell_tracepoints *tracepoints, const uint8_t *raw,
	size_t size, uint32_t tid, struct dwell_kernel_event *event)
{
	const struct dwell_tracepoint_format *format = tracepoints->formats;
	uint16_t id;

	if (size < COMMON_TYPE_BYTES)
		return false;
	memcpy(&id, raw, sizeof(id));
	while (format < tracepoints->formats + DWELL_TRACEPOINTS && format->id != id)
		format++;
	if (format == tracepoints->formats + DWELL_TRACEPOINTS || !holds_all(format, size))
		return false;
	switch (format - tracepoints->formats) {
	case DWELL_TRACEPOINT_SWITCH:
		event->kind = DWELL_KERNEL_EVENT_SWITCH;
		event->tid = (uint32_t)value(format, PREV, raw);
		event->peer = (uint32_t)value(format, NEXT, raw);
		event->leave = leave_of(value(format, STATE, raw));
		return true;
	case DWELL_TRACEPOINT_WAKING:
		event->kind = DWELL_KERNEL_EVENT_WAKE;
		event->tid = (uint32_t)value(format, WOKEN, raw);
		event->peer = tid;
		/* Whether deferred work is the running task's own is not told: no waker. */
		event->interrupt = (value(format, WAKING_FLAGS, raw) &
					   (IN_HARD_INTERRUPT | IN_DEFERRED_WORK)) != 0;
		return true;
	default:
		return take_exec(format, raw, event);
	}
}
