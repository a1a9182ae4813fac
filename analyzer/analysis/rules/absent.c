/* Rules that no trace holds enough for yet: said to be, not guessed. */
#include "analysis/findings.h"

static const char *no_signals(const struct findings *findings)
{
	(void)findings;
	return "signals that nobody waited for are not recorded";
}

static const char *no_priorities(const struct findings *findings)
{
	return findings->model->tally.by_kind[DWELL_EVENT_PRIORITY]
		       ? "priorities of holders and waiters are not compared yet"
		       : "priorities were not recorded";
}

static int find_nothing(struct findings *findings)
{
	(void)findings;
	return DWELL_OK;
}

const struct rule rule_lost_wakeup = { "lost-wakeup", no_signals, find_nothing };
const struct rule rule_priority_inversion = { "priority-inversion", no_priorities, find_nothing };
