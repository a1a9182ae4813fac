#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drain_private.h"
#include "memo.h"

bool dwell_drain_text(const struct dwell_drain *drain, uint32_t entry, struct dwell_string *out)
{
	struct dwell_entry found;

	if (!dwell_intern_get(drain->session, entry, &found) || found.kind != DWELL_ENTRY_NAME ||
		found.extra > found.count * 8)
		return false;
	*out = (struct dwell_string){ (const char *)found.words, found.extra };
	return true;
}

/* Tell what the named frames of a stack are. Returns how many come before them: those have
 * addresses, of which the maps of the process tell. */
static size_t name_frames(const struct dwell_drain *drain, const uint64_t *frames, size_t count)
{
	struct dwell_frame_name name;
	size_t addressed = count;

	for (size_t i = count; i--;) {
		char texts[DWELL_FRAME_FUNCTION + DWELL_FRAME_FILE];
		struct dwell_line line;

		if (!dwell_is_named_frame(frames[i]))
			continue;
		addressed = i;
		if (dwell_registry_has_frame(drain->registry, frames[i]))
			continue;
		if (!dwell_intern_get_frame(drain->session, (uint32_t)frames[i], &name))
			name = (struct dwell_frame_name){ .line = 0 };
		if (name.function_size > 0)
			memcpy(texts, name.function, name.function_size);
		if (name.file_size > 0)
			memcpy(texts + name.function_size, name.file, name.file_size);
		line.function = (struct dwell_string){ texts, name.function_size };
		line.file = (struct dwell_string){ texts + name.function_size, name.file_size };
		line.line = name.line;
		dwell_registry_name_frame(drain->registry, frames[i], &line);
	}
	return addressed;
}

static uint32_t resolve_stack(const struct drain_place *place, uint32_t entry)
{
	struct dwell_entry found;
	uint64_t addresses[DWELL_ENTRY_WORDS_MAX];
	size_t addressed;

	if (!dwell_intern_get(place->drain->session, entry, &found) ||
		found.kind != DWELL_ENTRY_STACK)
		return 0;
	/* A copy: a hostile program could change the words between two looks. */
	memcpy(addresses, found.words, found.count * sizeof(*addresses));
	addressed = name_frames(place->drain, addresses, found.count);
	if (place->drain->options.stack_seen)
		place->drain->options.stack_seen(place->drain->options.context, place->process->id,
			place->process->host_pid, addresses, addressed,
			addressed == found.count && (found.extra & 1) != 0);
	return dwell_registry_stack(place->drain->registry, place->process->id, addresses,
		found.count, true, (found.extra & 1) != 0);
}

uint32_t dwell_drain_stack(const struct drain_place *place, uint32_t entry)
{
	struct drain_memo *memo;

	if (entry == 0)
		return 0;
	memo = dwell_drain_memo(place->drain, entry, place->process->id);
	if (memo->id == 0)
		memo->id = resolve_stack(place, entry);
	return memo->id;
}

void dwell_drain_module(const struct drain_place *place, uint32_t entry)
{
	enum { FIXED_WORDS = 3 };
	struct dwell_entry found;
	uint64_t words[DWELL_ENTRY_WORDS_MAX];
	struct dwell_mapping mapping = { 0 };
	const struct dwell_process_slot *slot;
	size_t path, id;

	if (!dwell_intern_get(place->drain->session, entry, &found) ||
		found.kind != DWELL_ENTRY_MODULE)
		return;
	path = found.extra & 0xffff;
	id = found.extra >> 16;
	if (FIXED_WORDS + (id + 7) / 8 + (path + 7) / 8 > found.count)
		return;
	memcpy(words, found.words, found.count * sizeof(*words));
	mapping.process = place->process->id;
	mapping.start = words[0];
	mapping.end = words[1];
	mapping.file_offset = words[2];
	mapping.build_id = (struct dwell_string){ (const char *)&words[FIXED_WORDS], id };
	mapping.path =
		(struct dwell_string){ (const char *)&words[FIXED_WORDS + (id + 7) / 8], path };
	/* The program itself has no name among its files. */
	slot = dwell_session_process(place->drain->session, place->thread->process);
	if (path == 0 && slot)
		mapping.path = (struct dwell_string){ slot->path,
			strnlen(slot->path, sizeof(slot->path)) };
	(void)dwell_registry_mapping(place->drain->registry, &mapping);
}

/* What /proc says a descriptor is: its kind, and for what processes can share, its inode. */
struct description {
	uint8_t kind;
	bool shared;
	uint64_t native;
};

static const struct {
	const char *prefix;
	uint8_t kind;
	bool shared;
} link_kinds[] = {
	{ "socket:[", DWELL_OBJECT_SOCKET, true },
	{ "pipe:[", DWELL_OBJECT_PIPE, true },
	{ "anon_inode:[eventpoll]", DWELL_OBJECT_EPOLL, false },
	{ "anon_inode:[eventfd]", DWELL_OBJECT_EVENTFD, false },
	{ "anon_inode:[timerfd]", DWELL_OBJECT_TIMER, false },
	{ "anon_inode:[pidfd]", DWELL_OBJECT_PROCESS, false },
	{ "anon_inode:", DWELL_OBJECT_OTHER, false },
	{ "/dev/pts/", DWELL_OBJECT_TERMINAL, false },
	{ "/dev/tty", DWELL_OBJECT_TERMINAL, false },
	{ "/", DWELL_OBJECT_FILE, false },
};

static void parse_link(const char *link, struct description *out)
{
	for (size_t i = 0; i < sizeof(link_kinds) / sizeof(*link_kinds); i++) {
		size_t length = strlen(link_kinds[i].prefix);
		if (strncmp(link, link_kinds[i].prefix, length) != 0)
			continue;
		out->kind = link_kinds[i].kind;
		out->shared = link_kinds[i].shared;
		for (const char *at = link + length; out->shared && *at >= '0' && *at <= '9'; at++)
			out->native = out->native * 10 + (uint64_t)(*at - '0');
		return;
	}
}

static uint32_t describe_fd(const struct drain_place *place, unsigned kind, uint64_t fd)
{
	struct description what = { (uint8_t)kind, false, 0 };
	char path[64], link[256];
	uint32_t object;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%lld/fd/%llu", (long long)place->process->host_pid,
		(unsigned long long)fd);
	size = readlink(path, link, sizeof(link) - 1);
	link[size > 0 ? size : 0] = '\0';
	parse_link(link, &what);
	if (!what.shared)
		what.native = fd;
	object = dwell_registry_object(place->drain->registry, what.shared ? 0 : place->process->id,
		what.kind, what.native);
	if (size > 0)
		dwell_registry_name_object(place->drain->registry, object,
			(struct dwell_string){ link, (size_t)size });
	return object;
}

static uint32_t object_of_fd(const struct drain_place *place, unsigned kind, uint64_t fd)
{
	struct dwell_map *memory = &place->drain->by_fd;
	uint64_t owner = (uint64_t)place->thread->process << 8 | kind;
	uint32_t object = dwell_map_get(memory, owner, fd);

	if (object != 0)
		return object;
	object = describe_fd(place, kind, fd);
	if (object != 0)
		(void)dwell_map_set(memory, owner, fd, object);
	return object;
}

uint32_t dwell_drain_object(
	const struct drain_place *place, unsigned kind, unsigned flags, uint64_t native)
{
	if (kind >= DWELL_OBJECT_KIND_COUNT)
		kind = DWELL_OBJECT_OTHER;
	if ((flags & DWELL_FLAG_DESCRIPTOR) != 0)
		return object_of_fd(place, kind, native);
	if (native == 0)
		return 0;
	return dwell_registry_object(
		place->drain->registry, place->process->id, (uint8_t)kind, native);
}
