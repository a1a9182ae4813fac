/* Why a task was blocked, in words. */
#include "dwell/words.h"

#include <stdio.h>
#include <string.h>

#include "dwell/causes.h"
#include "dwell/names.h"

const char *dwell_words_why(char *out, size_t size, const struct dwell_catalog *catalog,
	unsigned reason, uint32_t object)
{
	static const char *const with[DWELL_REASON_COUNT] = {
		[DWELL_REASON_MUTEX] = "for the mutex %s",
		[DWELL_REASON_RWLOCK] = "for the lock %s",
		[DWELL_REASON_COND] = "for the condition %s to be signalled",
		[DWELL_REASON_SEMAPHORE] = "for the semaphore %s",
		[DWELL_REASON_BARRIER] = "for the others at the barrier %s",
		[DWELL_REASON_JOIN] = "for %s to end",
		[DWELL_REASON_FUTEX] = "on the futex %s",
		[DWELL_REASON_CHANNEL_SEND] = "to send on %s",
		[DWELL_REASON_CHANNEL_RECEIVE] = "to receive from %s",
		[DWELL_REASON_POLL] = "until something was ready on %s",
		[DWELL_REASON_NET] = "for the network on %s",
		[DWELL_REASON_FILE] = "for the file %s",
		[DWELL_REASON_PIPE] = "for the pipe %s",
		[DWELL_REASON_PROCESS] = "for the process %s to end",
	};
	static const char *const without[DWELL_REASON_COUNT] = {
		[DWELL_REASON_NONE] = "for something that was not recorded",
		[DWELL_REASON_MUTEX] = "for a mutex",
		[DWELL_REASON_RWLOCK] = "for a read-write lock",
		[DWELL_REASON_COND] = "for a condition to be signalled",
		[DWELL_REASON_SEMAPHORE] = "for a semaphore",
		[DWELL_REASON_BARRIER] = "for others at a barrier",
		[DWELL_REASON_JOIN] = "for others to end",
		[DWELL_REASON_FUTEX] = "on a futex",
		[DWELL_REASON_CHANNEL_SEND] = "to send on a channel",
		[DWELL_REASON_CHANNEL_RECEIVE] = "to receive from a channel",
		[DWELL_REASON_SELECT] = "for one of several channels",
		[DWELL_REASON_SLEEP] = "in a sleep",
		[DWELL_REASON_POLL] = "until something was ready",
		[DWELL_REASON_NET] = "for the network",
		[DWELL_REASON_FILE] = "for a file",
		[DWELL_REASON_PIPE] = "for a pipe",
		[DWELL_REASON_PROCESS] = "for a child process",
		[DWELL_REASON_SIGNAL] = "for a signal",
		[DWELL_REASON_PAGE_FAULT] = "for a page of memory",
		[DWELL_REASON_GC] = "for the garbage collector",
		[DWELL_REASON_SYSCALL] = "in a system call",
		[DWELL_REASON_OTHER] = "for something else",
	};
	char text[DWELL_NAME_SIZE];
	const char *kind = reason < DWELL_REASON_COUNT ? dwell_reason_name(reason) : NULL;
	const char *name = dwell_name_object(text, catalog, object);
	const char *form = reason < DWELL_REASON_COUNT ? with[reason] : NULL;

	if (!*name || !form) {
		snprintf(out, size, "%s",
			reason < DWELL_REASON_COUNT ? without[reason] : "for something");
		return out;
	}
	/* "mutex 0x12" needs no "mutex" before it. */
	if (kind && !strncmp(name, kind, strlen(kind)) && name[strlen(kind)] == ' ')
		name += strlen(kind) + 1;

	const char *place = strstr(form, "%s");
	snprintf(out, size, "%.*s%s%s", (int)(place - form), form, name, place + 2);
	return out;
}

const char *dwell_words_where(
	char *out, size_t size, const struct dwell_catalog *catalog, uint32_t stack)
{
	char site[DWELL_NAME_SIZE];

	*out = '\0';
	if (*dwell_name_site(site, catalog, stack))
		snprintf(out, size, ", in %s", site);
	return out;
}

const char *dwell_words_stop(unsigned stop, bool has_wakes)
{
	switch (stop) {
	case DWELL_STOP_OPEN:
		return "it had not ended";
	case DWELL_STOP_NOBODY:
		return has_wakes ? "no task ended it, but a device, a timer or the outside"
				 : "who ended it was not recorded";
	case DWELL_STOP_RELEASE:
		return "when it was let go is not known, so what came before is not followed";
	case DWELL_STOP_CIRCLE:
		return "which waits itself for somebody in this story: a circle";
	case DWELL_STOP_WAKER:
		return "what that one did before is not known";
	case DWELL_STOP_MIDDLE:
		return "the records contradict each other here";
	case DWELL_STOP_WAY_BACK:
		return "it was let go, and on its way back to a CPU";
	default:
		return "";
	}
}
