#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwell/error.h"
#include "dwell/types.h"

/* A descriptor may be closed and its number given away: what was read is soon doubted. */
#define BELIEVED_NS UINT64_C(50000000)

/* A table with one place for each hash: another one in its place is forgotten. */
enum { PLACES = 1 << 14, FD_MAX = 1 << 20 };

struct place {
	uint32_t pid, fd;
	uint32_t object;
	uint8_t reason;
	uint64_t read_ns;
};

struct dwell_objects {
	struct dwell_registry *registry;
	struct place places[PLACES];
};

static const struct {
	const char *prefix;
	uint8_t kind, reason;
	bool shared; /* known by its inode, whoever has it open */
} links[] = {
	{ "socket:[", DWELL_OBJECT_SOCKET, DWELL_REASON_NET, true },
	{ "pipe:[", DWELL_OBJECT_PIPE, DWELL_REASON_PIPE, true },
	{ "anon_inode:[eventpoll]", DWELL_OBJECT_EPOLL, DWELL_REASON_POLL, false },
	{ "anon_inode:[eventfd]", DWELL_OBJECT_EVENTFD, DWELL_REASON_PIPE, false },
	{ "anon_inode:[timerfd]", DWELL_OBJECT_TIMER, DWELL_REASON_SLEEP, false },
	{ "anon_inode:[signalfd]", DWELL_OBJECT_OTHER, DWELL_REASON_SIGNAL, false },
	{ "anon_inode:[pidfd]", DWELL_OBJECT_PROCESS, DWELL_REASON_PROCESS, false },
	{ "anon_inode:", DWELL_OBJECT_OTHER, DWELL_REASON_OTHER, false },
	{ "/dev/pts/", DWELL_OBJECT_TERMINAL, DWELL_REASON_FILE, false },
	{ "/dev/tty", DWELL_OBJECT_TERMINAL, DWELL_REASON_FILE, false },
	{ "/", DWELL_OBJECT_FILE, DWELL_REASON_FILE, false },
};

int dwell_objects_new(struct dwell_objects **out, struct dwell_registry *registry)
{
	struct dwell_objects *objects = calloc(1, sizeof(*objects));

	if (!objects)
		return DWELL_ENOMEM;
	objects->registry = registry;
	*out = objects;
	return 0;
}

void dwell_objects_free(struct dwell_objects *objects)
{
	free(objects);
}

static void describe(
	struct dwell_objects *objects, struct place *place, uint32_t process, const char *link)
{
	const size_t count = sizeof(links) / sizeof(*links);
	const char *digits;
	uint64_t native = place->fd;
	size_t i = 0;

	while (i < count && strncmp(link, links[i].prefix, strlen(links[i].prefix)) != 0)
		i++;
	if (i == count)
		return;
	digits = link + strlen(links[i].prefix);
	if (links[i].shared)
		native = strtoull(digits, NULL, 10);
	place->reason = links[i].reason;
	place->object = dwell_registry_object(
		objects->registry, links[i].shared ? 0 : process, links[i].kind, native);
	if (place->object != 0)
		dwell_registry_name_object(objects->registry, place->object,
			(struct dwell_string){ link, strlen(link) });
}

uint32_t dwell_objects_descriptor(struct dwell_objects *objects, uint32_t pid, uint32_t process,
	uint32_t fd, uint64_t now_ns, uint8_t *reason)
{
	struct place *place = &objects->places[(pid * 2654435761u ^ fd * 40503u) % PLACES];
	char path[64], link[512];
	ssize_t size;

	if (place->pid != pid || place->fd != fd || now_ns - place->read_ns > BELIEVED_NS) {
		*place = (struct place){ .pid = pid, .fd = fd, .read_ns = now_ns };
		snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
		size = fd < FD_MAX ? readlink(path, link, sizeof(link) - 1) : -1;
		if (size > 0) {
			link[size] = '\0';
			describe(objects, place, process, link);
		}
	}
	*reason = place->reason;
	return place->object;
}
