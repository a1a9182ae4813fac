#include "core/why.h"

#include "core/item.h"
#include "core/work.h"

bool why_update(struct tui *tui, unsigned milliseconds)
{
	const struct dwell_interval *item = tui->details == DETAILS_WHY ? item_interval(tui) : NULL;
	uint64_t key, at_ns;

	if (!item) {
		work_drop(&tui->story);
		return false;
	}
	at_ns = item->start_ns < tui->facts->begin_ns ? tui->facts->begin_ns : item->start_ns;
	key = work_key(work_key(item->task, item->start_ns), item->end_ns);
	if (!work_is(&tui->story, key))
		dwell_timeline_want_story(tui->timeline, item->task, at_ns, &tui->story.job);
	return work_poll(&tui->story, milliseconds);
}

const struct dwell_story *why_story(const struct tui *tui)
{
	return work_has(&tui->story) ? dwell_job_story(tui->story.job) : NULL;
}

void why_turn(struct tui *tui)
{
	tui->details = tui->details == DETAILS_WHY ? DETAILS_MORE : DETAILS_WHY;
	tui_resize(tui, tui->layout.width, tui->layout.height);
}
