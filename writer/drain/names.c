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

/* A wait that is older than this when the drain looks is told as one that goes on. */
#define BEGUN_NS UINT64_C(1000000)

/*
 * Which file it was that a call is over on, the kernel's own events say where there are such: they
 * saw it.
 */
static uint32_t object_of_fd(
	const struct drain_place *place, unsigned kind, uint64_t fd, bool goes_on, uint8_t *reason)
{
	struct dwell_drain *drain = place->drain;
	const struct dwell_descriptor_call call = { .pid = (uint32_t)place->process->host_pid,
		.process = place->process->id,
		.fd = (uint32_t)fd,
		/* One that the pass before met had begun. */
		.time_ns = drain->before_ns > BEGUN_NS ? drain->before_ns - BEGUN_NS : 0,
		.goes_on = goes_on,
		.reason = *reason };
	const struct dwell_descriptor what = dwell_descriptors_ask(drain->descriptors, &call);

	if (*reason == DWELL_REASON_SYSCALL && what.reason)
		*reason = what.reason;
	if ((what.is_file || !what.object) && drain->options.files_told && !goes_on)
		return 0;
	if (what.object != 0 || what.is_file)
		return what.object;
	return dwell_registry_object(drain->registry, place->process->id, (uint8_t)kind, fd);
}

uint32_t dwell_drain_object(const struct drain_place *place, unsigned kind, uint64_t native)
{
	if (kind >= DWELL_OBJECT_KIND_COUNT)
		kind = DWELL_OBJECT_OTHER;
	if (native == 0)
		return 0;
	return dwell_registry_object(
		place->drain->registry, place->process->id, (uint8_t)kind, native);
}

uint32_t dwell_drain_object_of(const struct drain_place *place, unsigned kind, unsigned flags,
	uint64_t native, uint8_t *reason)
{
	if (kind == DWELL_OBJECT_SEMAPHORE && (flags & DWELL_FLAG_ACROSS) != 0)
		return dwell_across_object(&place->drain->across, place->drain->registry,
			(pid_t)place->process->host_pid, place->process->id, native);
	if ((flags & DWELL_FLAG_DESCRIPTOR) == 0)
		return dwell_drain_object(place, kind, native);
	if (kind >= DWELL_OBJECT_KIND_COUNT)
		kind = DWELL_OBJECT_OTHER;
	return object_of_fd(place, kind, native, (flags & DRAIN_GOES_ON) != 0, reason);
}
