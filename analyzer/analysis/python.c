/* Threads that Python started. */
#include "analysis/python.h"

#include <string.h>

#include "dwell/names.h"

bool module_is_python(struct dwell_string module)
{
	const struct dwell_string base = dwell_base_name(module);

	return (base.size >= 6 && memcmp(base.at, "python", 6) == 0) ||
	       (base.size >= 9 && memcmp(base.at, "libpython", 9) == 0);
}

bool python_starts(const struct dwell_catalog *catalog, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);

	return of && of->start_location &&
	       module_is_python(catalog_place(catalog, of->start_location).module);
}

static bool is_in_threading(const struct dwell_frame *frame)
{
	static const char name[] = "threading.py";
	const struct dwell_string base = dwell_base_name(frame->file);

	return base.size == strlen(name) && !memcmp(base.at, name, base.size);
}

uint64_t python_job(const struct dwell_catalog *catalog, uint32_t stack)
{
	enum { DEEP = 128 };
	struct dwell_frame frames[DEEP];
	size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEEP) : 0;

	/* Of a deeper one the outermost are not here. */
	while (count && count <= DEEP && !frames[count - 1].file.size)
		count--;
	if (!count || count > DEEP || !is_in_threading(&frames[count - 1]))
		return 0;
	while (count && is_in_threading(&frames[count - 1]))
		count--;
	if (!count || !frames[count - 1].function.size || !frames[count - 1].file.size)
		return 0;

	const struct dwell_frame *job = &frames[count - 1];
	const uint64_t hash = hash_bytes(job->file.at, job->file.size, 0);

	return hash_bytes(job->function.at, job->function.size, hash) | 1;
}
