#include "core/work.h"

void work_drop(struct tui_work *work)
{
	dwell_job_drop(work->job);
	*work = (struct tui_work){ .job = NULL };
}

bool work_is(struct tui_work *work, uint64_t key)
{
	if (work->key == key)
		return true;
	work_drop(work);
	work->key = key;
	return false;
}

bool work_poll(struct tui_work *work, unsigned milliseconds)
{
	if (!work->job || work->done || !dwell_job_wait(work->job, milliseconds))
		return false;
	work->done = true;
	return true;
}

bool work_has(const struct tui_work *work)
{
	return work->job && work->done && dwell_job_error(work->job) == 0;
}

bool work_goes_on(const struct tui_work *work)
{
	return work->job && !work->done;
}

uint64_t work_key(uint64_t key, uint64_t number)
{
	key = (key ^ number) * 0x9e3779b97f4a7c15u;
	key ^= key >> 29;
	return key ? key : 1;
}
