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
}

static const struct drain_birth *find(
	const struct drain_place *place, uint64_t handle, uint64_t ticks)
{
	const struct dwell_drain *drain = place->drain;
	const struct drain_birth *latest = NULL;
	uint32_t number = dwell_map_get(&drain->by_handle, place->process->id, handle);

	/* Threads of one pass are met in any order. */
	for (int i = 0; i < LOOK_BACK && number && drain->births - number < drain->birth_size;
		i++) {
		const struct drain_birth *birth = birth_at(drain, number);

		if (birth->ticks <= ticks && (!latest || birth->ticks > latest->ticks))
			latest = birth;
		number = birth->before;
	}
	return latest;
}

const struct drain_birth *dwell_drain_of_handle(
	const struct drain_place *place, uint64_t handle, uint64_t ticks)
{
	const struct drain_birth *birth = find(place, handle, ticks);

	/* It may have been born, and have ended, since this pass began. */
	if (!birth && dwell_drain_meet(place->drain))
		birth = find(place, handle, ticks);
	return birth;
}
