/* Threads by their pthread_t, which the C library gives to the next thread once one was joined. */
#include <stdlib.h>

#include "drain_private.h"

enum { FIRST_BIRTHS = 256, BIRTHS_MAX = 1 << 16, LOOK_BACK = 1024 };

static struct drain_birth *birth_at(const struct dwell_drain *drain, uint32_t number)
{
	return &drain->birth[(number - 1) & (drain->birth_size - 1)];
}

/* At most, the oldest make room. */
static bool make_room(struct dwell_drain *drain)
{
	const uint32_t size = drain->birth_size ? drain->birth_size * 2 : FIRST_BIRTHS;
	struct drain_birth *larger;

	if (drain->births < drain->birth_size || drain->birth_size == BIRTHS_MAX)
		return true;
	larger = realloc(drain->birth, size * sizeof(*larger));
	if (!larger)
		return drain->birth_size != 0;
	drain->birth = larger;
	drain->birth_size = size;
	return true;
}

/* It was detached before it was met. */
static void tell_detached(
	struct dwell_drain *drain, const struct drain_thread *thread, struct drain_birth *birth)
{
	const struct drain_process *process = &drain->process[thread->process];

	for (unsigned i = 0; i < DWELL_DRAIN_DETACHED; i++) {
		struct drain_detached *detached = &drain->detached[i];
		struct dwell_event row = { .time_ns = drain->watermark_ns,
			.task = detached->task,
			.kind = DWELL_EVENT_RELEASE };

		if (!detached->task || detached->process != process->id ||
			detached->handle != thread->handle || detached->ticks < birth->ticks)
			continue;
		row.object = dwell_registry_object(
			drain->registry, process->id, DWELL_OBJECT_THREAD, birth->tid);
		birth->given_up = true;
		detached->task = 0;
		dwell_drain_put(drain, &row);
	}
}

void dwell_drain_detach_later(const struct drain_place *place, uint64_t handle, uint64_t ticks)
{
	struct dwell_drain *drain = place->drain;

	drain->detached[drain->detachments++ % DWELL_DRAIN_DETACHED] =
		(struct drain_detached){ handle, ticks, place->process->id, place->thread->task };
}

void dwell_drain_born(struct dwell_drain *drain, const struct drain_thread *thread, uint64_t ticks)
{
	const uint32_t process = drain->process[thread->process].id;

	if (thread->host_tid <= 0 || drain->births == UINT32_MAX || !make_room(drain))
		return;
	drain->births++;
	*birth_at(drain, drain->births) = (struct drain_birth){
		.ticks = ticks,
		.task = thread->task,
		.tid = (uint32_t)thread->host_tid,
		.before = dwell_map_get(&drain->by_handle, process, thread->handle),
	};
	(void)dwell_map_set(&drain->by_handle, process, thread->handle, drain->births);
	if (drain->detachments)
		tell_detached(drain, thread, birth_at(drain, drain->births));
}

static struct drain_birth *find(const struct drain_place *place, uint64_t handle, uint64_t ticks)
{
	const struct dwell_drain *drain = place->drain;
	struct drain_birth *latest = NULL;
	uint32_t number = dwell_map_get(&drain->by_handle, place->process->id, handle);

	/* Threads of one pass are met in any order. */
	for (int i = 0; i < LOOK_BACK && number && drain->births - number < drain->birth_size;
		i++) {
		struct drain_birth *birth = birth_at(drain, number);

		if (birth->ticks <= ticks && (!latest || birth->ticks > latest->ticks))
			latest = birth;
		number = birth->before;
	}
	return latest && !latest->given_up ? latest : NULL;
}

struct drain_birth *dwell_drain_of_handle(
	const struct drain_place *place, uint64_t handle, uint64_t ticks)
{
	struct drain_birth *birth = find(place, handle, ticks);

	/* It may have been born, and have ended, since this pass began. */
	if (!birth && dwell_drain_meet(place->drain))
		birth = find(place, handle, ticks);
	return birth;
}
