#include "cli/window.h"

#include "cli/message.h"
#include "cli/times.h"

int window_parse(struct window *window, const struct request *request)
{
	*window = (struct window){ .texts = { request->from, request->to } };
	for (int i = 0; i < 2; i++) {
		struct moment moment;

		if (!window->texts[i])
			continue;
		if (!moment_parse(window->texts[i], &moment))
			return complain(STATUS_ASKED, window->texts[i],
				"is no time (1.5s, 200ms, 14:03:22.5, @ID)");
		window->has_clock |= moment.kind == MOMENT_CLOCK;
		window->has_id |= moment.kind == MOMENT_ID;
	}
	return STATUS_DONE;
}

int window_resolve(const struct window *window, uint64_t start_unix_ns, const uint64_t id_ns[2],
	uint64_t *from_ns, uint64_t *to_ns)
{
	uint64_t at[2] = { 0, UINT64_MAX };

	for (int i = 0; i < 2; i++) {
		struct moment moment;

		if (!window->texts[i] || !moment_parse(window->texts[i], &moment))
			continue;
		if (moment.kind == MOMENT_CLOCK && !start_unix_ns)
			return complain(STATUS_ASKED, window->texts[i],
				"the trace does not say at what time it began");
		at[i] = moment.kind == MOMENT_ID      ? id_ns[i]
			: moment.kind == MOMENT_CLOCK ? moment_of_day(moment.ns, start_unix_ns)
						      : moment.ns;
	}
	if (at[0] >= at[1])
		return complain(STATUS_ASKED, "--to", "does not lie after --from");
	*from_ns = at[0];
	*to_ns = at[1];
	return STATUS_DONE;
}
