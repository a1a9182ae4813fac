#include "descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dwell/error.h"
#include "dwell/types.h"

/* What was read is soon doubted, of files with each pass: they are opened and closed more often. */
#define BELIEVED_NS UINT64_C(50000000)
/* But not so soon of a process whose descriptors were the same again, time after time. */
#define STEADY_NS UINT64_C(200000000)
/* A pass begins so much after the time up to which it is. */
#define SLACK_NS UINT64_C(1000000)

/* A table with some places for each hash: of too many the one that was read first is forgotten. */
enum {
	SETS = 1 << 12,
	PLACES = 4,
	NAMED = 1 << 12,
	STEADY = 4,
	PROCESSES = 1 << 10,
	FD_MAX = 1 << 20,
	LINK_SIZE = 512
};
#define INODE_MASK ((UINT32_C(1) << DWELL_DESCRIPTOR_INODE_BITS) - 1)

struct place {
	uint32_t pid, fd;
	uint64_t pass, read_ns; /* the pass in which it was read, and when that began */
	uint64_t same_since_ns; /* it was so before that time, and was so again when it was read */
	uint64_t device, inode; /* inode 0: it has none of its own */
	uint32_t object;
	uint8_t type;   /* S_IFMT >> 12 */
	uint8_t kind;   /* enum dwell_object_kind; DWELL_OBJECT_OTHER also where nothing is known */
	bool confirmed; /* the kernel has once seen here what /proc says */
};

struct dwell_descriptors {
	struct dwell_registry *registry;
	uint64_t pass, now_ns; /* when it began */
	struct place places[SETS][PLACES];
	/* How many in a row were the same again in a process, by its number. */
	uint8_t steady[PROCESSES];
	/* Regular files that the kernel named, by the low bits of their inodes. */
	struct named {
		uint32_t inode, object;
	} named[NAMED];
};

static const struct link_kind {
	const char *prefix;
	uint8_t kind, type;
} links[] = {
	{ "socket:[", DWELL_OBJECT_SOCKET, S_IFSOCK >> 12 },
	{ "pipe:[", DWELL_OBJECT_PIPE, S_IFIFO >> 12 },
	{ "anon_inode:[eventpoll]", DWELL_OBJECT_EPOLL, 0 },
	{ "anon_inode:[eventfd]", DWELL_OBJECT_EVENTFD, 0 },
	{ "anon_inode:[timerfd]", DWELL_OBJECT_TIMER, 0 },
	{ "anon_inode:[pidfd]", DWELL_OBJECT_PROCESS, 0 },
	{ "anon_inode:", DWELL_OBJECT_OTHER, 0 },
	{ "/dev/pts/", DWELL_OBJECT_TERMINAL, S_IFCHR >> 12 },
	{ "/dev/tty", DWELL_OBJECT_TERMINAL, S_IFCHR >> 12 },
	{ "/", DWELL_OBJECT_FILE, S_IFREG >> 12 },
};

int dwell_descriptors_new(struct dwell_descriptors **out, struct dwell_registry *registry)
{
	struct dwell_descriptors *descriptors = calloc(1, sizeof(*descriptors));

	if (!descriptors)
		return DWELL_ENOMEM;
	descriptors->registry = registry;
	*out = descriptors;
	return 0;
}

void dwell_descriptors_free(struct dwell_descriptors *descriptors)
{
	free(descriptors);
}

void dwell_descriptors_pass(struct dwell_descriptors *descriptors, uint64_t now_ns)
{
	descriptors->pass++;
	descriptors->now_ns = now_ns;
}

uint8_t dwell_descriptor_reason(uint8_t kind)
{
	switch (kind) {
	case DWELL_OBJECT_SOCKET:
		return DWELL_REASON_NET;
	case DWELL_OBJECT_PIPE:
		return DWELL_REASON_PIPE;
	case DWELL_OBJECT_FILE:
	case DWELL_OBJECT_TERMINAL:
		return DWELL_REASON_FILE;
	case DWELL_OBJECT_EVENTFD:
		return DWELL_REASON_PIPE;
	case DWELL_OBJECT_TIMER:
		return DWELL_REASON_SLEEP;
	case DWELL_OBJECT_EPOLL:
		return DWELL_REASON_POLL;
	case DWELL_OBJECT_PROCESS:
		return DWELL_REASON_PROCESS;
	default:
		return DWELL_REASON_NONE;
	}
}

static const struct link_kind *kind_of(const char *link)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (strncmp(link, links[i].prefix, strlen(links[i].prefix)) == 0)
			return &links[i];
	return NULL;
}

/* Devices have small numbers: files of two of them seldom meet. */
static uint64_t native_of(uint64_t device, uint64_t inode)
{
	return device << 40 ^ inode;
}

/* What processes can share is known by its inode, all else by its number in its process. */
static uint32_t object_of(
	struct dwell_descriptors *descriptors, const struct place *place, uint32_t process)
{
	return place->inode ? dwell_registry_object(descriptors->registry, 0, place->kind,
				      native_of(place->device, place->inode))
			    : dwell_registry_object(
				      descriptors->registry, process, place->kind, place->fd);
}

static size_t read_link(const char *path, char link[LINK_SIZE])
{
	const ssize_t size = readlink(path, link, LINK_SIZE - 1);

	link[size > 0 ? size : 0] = '\0';
	return size > 0 ? (size_t)size : 0;
}

/* false: it became another one meanwhile. */
static bool describe(struct place *place, const char *path, const char *link)
{
	const struct link_kind *kind = kind_of(link);
	char again[LINK_SIZE];
	struct stat about;

	if (!kind)
		return true;
	place->kind = kind->kind;
	place->type = kind->type;
	if (place->kind == DWELL_OBJECT_SOCKET || place->kind == DWELL_OBJECT_PIPE) {
		place->inode = strtoull(link + strlen(kind->prefix), NULL, 10);
	} else if (link[0] == '/' && stat(path, &about) == 0) {
		place->type = (uint8_t)((about.st_mode & S_IFMT) >> 12);
		place->device = about.st_dev;
		place->inode = about.st_ino;
		return read_link(path, again) > 0 && strcmp(link, again) == 0;
	}
	return true;
}

/* It was read again: from when on was it the same? A pass reads what comes after its beginning. */
static uint64_t same_since(const struct dwell_descriptors *descriptors, const struct place *before)
{
	if (before->same_since_ns != UINT64_MAX || before->pass == descriptors->pass)
		return before->same_since_ns;
	return descriptors->now_ns + SLACK_NS;
}

/* What is new or another one now is a sign of more to come. */
static void judge_process(
	struct dwell_descriptors *descriptors, const struct dwell_descriptor_call *call, bool same)
{
	uint8_t *steady = &descriptors->steady[call->pid % PROCESSES];

	if (!same)
		*steady = 0;
	else if (*steady < STEADY)
		++*steady;
}

static void look(struct dwell_descriptors *descriptors, struct place *place,
	const struct dwell_descriptor_call *call)
{
	const struct place before = *place, blank = { .pid = call->pid,
		.fd = call->fd,
		.pass = descriptors->pass,
		.read_ns = descriptors->now_ns,
		.same_since_ns = UINT64_MAX };
	const bool known = before.pid == call->pid && before.fd == call->fd;
	char path[64], link[LINK_SIZE];
	size_t size;

	*place = blank;
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", call->pid, call->fd);
	size = call->fd < FD_MAX ? read_link(path, link) : 0;
	if (size == 0 || !describe(place, path, link)) {
		*place = blank;
		judge_process(descriptors, call, false);
		return;
	}
	place->object = object_of(descriptors, place, call->process);
	place->confirmed = known && before.confirmed;
	judge_process(descriptors, call, known && before.object == place->object);
	if (known && before.object == place->object)
		place->same_since_ns = same_since(descriptors, &before);
	else
		dwell_registry_name_object(
			descriptors->registry, place->object, (struct dwell_string){ link, size });
}

static bool is_file(const struct place *place)
{
	return place->kind == DWELL_OBJECT_FILE;
}

/* A pass need not look twice: what it asks about is over, but for calls that go on. */
static bool is_to_be_read(const struct dwell_descriptors *descriptors, const struct place *place,
	const struct dwell_descriptor_call *call)
{
	if (place->pid != call->pid || place->fd != call->fd)
		return true;
	if (call->goes_on && (is_file(place) || place->kind == DWELL_OBJECT_OTHER))
		return true;
	if (is_file(place) || call->type != 0)
		return place->pass != descriptors->pass;
	return descriptors->now_ns - place->read_ns >
	       (descriptors->steady[call->pid % PROCESSES] < STEADY ? BELIEVED_NS : STEADY_NS);
}

static bool is_what_the_kernel_saw(
	const struct place *place, const struct dwell_descriptor_call *call)
{
	return place->pid == call->pid && place->fd == call->fd && place->type == call->type &&
	       ((place->inode ^ call->inode) & INODE_MASK) == 0;
}

/* The file that the kernel named, or 0. */
static uint32_t named_file(
	const struct dwell_descriptors *descriptors, const struct dwell_descriptor_call *call)
{
	const struct named *named = &descriptors->named[call->inode % NAMED];

	return call->type << 12 == S_IFREG && named->inode == call->inode ? named->object : 0;
}

/* By its type alone. */
static struct dwell_descriptor unnamed(uint8_t type)
{
	switch (type << 12) {
	case S_IFSOCK:
		return (struct dwell_descriptor){ 0, DWELL_REASON_NET, false };
	case S_IFIFO:
		return (struct dwell_descriptor){ 0, DWELL_REASON_PIPE, false };
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK:
		return (struct dwell_descriptor){ 0, DWELL_REASON_FILE, true };
	default:
		return (struct dwell_descriptor){ 0 };
	}
}

/* No such call is made on a descriptor of that kind: it stands for something else by now. */
static bool contradicts(const struct dwell_descriptor_call *call, const struct place *place)
{
	if (call->goes_on || place->kind == DWELL_OBJECT_OTHER)
		return false;
	if (call->reason == DWELL_REASON_FILE || call->reason == DWELL_REASON_RWLOCK)
		return place->kind != DWELL_OBJECT_FILE && place->kind != DWELL_OBJECT_TERMINAL;
	return call->reason == DWELL_REASON_NET && place->kind != DWELL_OBJECT_SOCKET;
}

static struct place *place_of(
	struct dwell_descriptors *descriptors, const struct dwell_descriptor_call *call)
{
	const uint32_t hash = call->pid * 2654435761u ^ call->fd * 40503u;
	struct place *set = descriptors->places[hash % SETS], *oldest = set;

	for (struct place *place = set; place < set + PLACES; place++) {
		if (place->pid == call->pid && place->fd == call->fd)
			return place;
		if (place->read_ns < oldest->read_ns)
			oldest = place;
	}
	return oldest;
}

struct dwell_descriptor dwell_descriptors_ask(
	struct dwell_descriptors *descriptors, const struct dwell_descriptor_call *call)
{
	struct place *place = place_of(descriptors, call);
	bool sure = call->type != 0 && is_what_the_kernel_saw(place, call);

	if (!sure && is_to_be_read(descriptors, place, call)) {
		look(descriptors, place, call);
		sure = call->type != 0 && is_what_the_kernel_saw(place, call);
	}
	place->confirmed |= sure;
	sure |= call->goes_on;
	if (!sure && named_file(descriptors, call))
		return (struct dwell_descriptor){ named_file(descriptors, call), DWELL_REASON_FILE,
			true };
	/* File systems in layers number their inodes in more than one way. */
	if (!sure && call->type != 0 && (place->confirmed || place->type != call->type))
		return unnamed(call->type);
	if (contradicts(call, place))
		return (struct dwell_descriptor){ 0, call->reason,
			call->reason != DWELL_REASON_NET };
	if (!sure && is_file(place) && call->time_ns < place->same_since_ns)
		return (struct dwell_descriptor){ 0, DWELL_REASON_FILE, true };
	return (struct dwell_descriptor){ place->object, dwell_descriptor_reason(place->kind),
		is_file(place) };
}

void dwell_descriptors_name(struct dwell_descriptors *descriptors, uint64_t device, uint64_t inode,
	struct dwell_string path)
{
	const uint32_t low = (uint32_t)inode & INODE_MASK;
	const uint32_t object = dwell_registry_object(
		descriptors->registry, 0, DWELL_OBJECT_FILE, native_of(device, inode));

	descriptors->named[low % NAMED] = (struct named){ low, object };
	if (!dwell_registry_object_is_named(descriptors->registry, object))
		dwell_registry_name_object(descriptors->registry, object, path);
}
