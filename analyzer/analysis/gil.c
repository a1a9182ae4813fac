/* The lock under which Python runs its threads. */
#include <string.h>

#include "analysis/findings.h"
#include "analysis/python.h"

/*
 * Who waits for it or gives it up does so in these, in 3.8 to 3.13. Of a stripped interpreter the
 * inner ones have no name: then who called them has, and calls no other lock's.
 */
static const char *const inner[] = { "take_gil", "drop_gil", "create_gil" };
static const char *const outer[] = { "PyEval_RestoreThread", "PyEval_SaveThread",
	"PyEval_AcquireThread", "PyEval_ReleaseThread", "PyEval_AcquireLock",
	"_PyThreadState_Attach", "_PyThreadState_Detach", "eval_frame_handle_pending",
	"_Py_HandlePending", "_PyEval_EvalFrameDefault" };

static bool is_one_of(struct dwell_string name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name.size == strlen(names[i]) && memcmp(name.at, names[i], name.size) == 0)
			return true;
	return false;
}

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/*
 * It is a mutex and a condition, to the kernel futexes. In a stripped interpreter a call of any
 * built-in function, such as time.sleep, looks as a wait for it does.
 */
static bool may_be_gil(unsigned reason)
{
	return reason == DWELL_REASON_COND || reason == DWELL_REASON_MUTEX ||
	       reason == DWELL_REASON_FUTEX;
}

bool stack_is_gil(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack)
{
	struct dwell_frame frames[3];
	size_t count = 0;

	if (stack && may_be_gil(reason))
		count = dwell_catalog_frames(catalog, stack, frames, COUNT(frames));
	if (count > COUNT(frames))
		count = COUNT(frames);
	for (size_t i = 0; i < count && module_is_python(frames[i].module); i++)
		if (is_one_of(frames[i].function, inner, COUNT(inner)))
			return true;
	return count > 1 && module_is_python(frames[0].module) && !frames[0].function.size &&
	       is_one_of(frames[1].function, outer, COUNT(outer));
}
