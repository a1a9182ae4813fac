#include "import/ftrace/line.h"

#include <string.h>

/* What is left of a line. Everything below takes from one of its ends, or finds nothing. */
struct rest {
	const char *at;
	size_t size;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void trim(struct rest *rest)
{
	while (rest->size && rest->at[0] == ' ') {
		rest->at++;
		rest->size--;
	}
	while (rest->size && rest->at[rest->size - 1] == ' ')
		rest->size--;
}

/* Digits at the front, as a number; capped where it is absurd. */
static bool take_number(struct rest *rest, uint64_t *out)
{
	size_t i = 0;
	uint64_t number = 0;

	for (; i < rest->size && is_digit(rest->at[i]); i++)
		number = number > UINT64_MAX / 20 ? number
						  : number * 10 + (uint64_t)(rest->at[i] - '0');
	if (!i)
		return false;
	rest->at += i;
	rest->size -= i;
	*out = number;
	return true;
}

static bool take_tid(struct rest *rest, int32_t *out)
{
	uint64_t number;

	if (!take_number(rest, &number) || number > INT32_MAX)
		return false;
	*out = (int32_t)number;
	return true;
}

static bool take_word(struct rest *rest, const char *word)
{
	const size_t size = strlen(word);

	if (rest->size < size || memcmp(rest->at, word, size))
		return false;
	rest->at += size;
	rest->size -= size;
	return true;
}

/* Split at the last place of a word: before it in *before, behind it in *rest. */
static bool split_last(struct rest *rest, const char *word, struct rest *before)
{
	const size_t size = strlen(word);

	for (size_t i = rest->size >= size ? rest->size - size + 1 : 0; i--;) {
		if (memcmp(rest->at + i, word, size))
			continue;
		*before = (struct rest){ rest->at, i };
		rest->at += i + size;
		rest->size -= i + size;
		return true;
	}
	return false;
}

/* Digits at the end behind a mark: "comm-12". */
static bool take_last_tid(struct rest *rest, char mark, int32_t *out)
{
	size_t i = rest->size;
	struct rest digits;

	while (i && is_digit(rest->at[i - 1]))
		i--;
	digits = (struct rest){ rest->at + i, rest->size - i };
	if (!i || rest->at[i - 1] != mark || !take_tid(&digits, out))
		return false;
	rest->size = i - 1;
	return true;
}

/* Before the CPU: "comm-12", maybe with the process in parentheses. */
static bool parse_task(struct kernel_event *line, struct rest rest)
{
	line->tgid = -1;
	trim(&rest);
	if (rest.size && rest.at[rest.size - 1] == ')') {
		struct rest before;

		rest.size--;
		if (!split_last(&rest, "(", &before))
			return false;
		trim(&rest);
		if (!take_tid(&rest, &line->tgid))
			line->tgid = -1;
		rest = before;
		trim(&rest);
	}
	if (!take_last_tid(&rest, '-', &line->tid))
		return false;
	line->comm = (struct dwell_string){ rest.at, rest.size };
	return true;
}

/* Seconds with a fraction of up to nine digits, and a colon. */
static bool take_time(struct rest *rest, struct kernel_event *line)
{
	struct rest here = *rest;
	uint64_t seconds, fraction;
	size_t digits;

	if (!take_number(&here, &seconds) || !take_word(&here, "."))
		return false;
	digits = here.size;
	if (!take_number(&here, &fraction))
		return false;
	digits -= here.size;
	if (digits > 9 || seconds > UINT64_C(9000000000) || !take_word(&here, ":"))
		return false;
	line->tick_ns = 1;
	for (; digits < 9; digits++) {
		fraction *= 10;
		line->tick_ns *= 10;
	}
	line->time_ns = seconds * 1000000000 + fraction;
	*rest = here;
	return true;
}

/* The flags' third character: h and H in a hardware interrupt, z and Z in one that nothing masks.
 */
static bool take_flags(struct rest *rest, bool *in_interrupt)
{
	size_t size = 0;

	while (size < rest->size && rest->at[size] != ' ')
		size++;
	*in_interrupt = size > 2 && memchr("hHzZ", rest->at[2], 4);
	rest->at += size;
	rest->size -= size;
	trim(rest);
	return size >= 4 && size <= 8;
}

/* Behind the CPU: flags, time, event. */
static bool parse_rest(struct kernel_event *line, struct rest *rest)
{
	trim(rest);
	line->in_interrupt = false;
	if (take_time(rest, line))
		return true;
	return take_flags(rest, &line->in_interrupt) && take_time(rest, line);
}

/* The CPU in brackets, of which a name may have others: the first that all else fits. */
static bool parse_head(struct kernel_event *line, struct rest *rest)
{
	for (size_t i = 1; i + 2 < rest->size; i++) {
		struct rest behind = { rest->at + i + 1, rest->size - i - 1 };
		uint64_t cpu;

		if (rest->at[i] != '[' || rest->at[i - 1] != ' ')
			continue;
		if (!take_number(&behind, &cpu) || cpu > UINT16_MAX - 1 || !take_word(&behind, "]"))
			continue;
		line->cpu = (uint32_t)cpu;
		if (!parse_task(line, (struct rest){ rest->at, i }) || !parse_rest(line, &behind))
			continue;
		*rest = behind;
		return true;
	}
	return false;
}

/* " prev_pid=12" from the end: the number, and what stands before the word. */
static bool number_after(struct rest *rest, const char *word, int32_t *out)
{
	struct rest before;
	uint64_t number;
	bool negative;

	if (!split_last(rest, word, &before))
		return false;
	negative = take_word(rest, "-");
	if (!take_number(rest, &number) || number > INT32_MAX)
		return false;
	*out = negative ? -(int32_t)number : (int32_t)number;
	*rest = before;
	return true;
}

/* "comm:12 [120]", as trace-cmd prints it. */
static bool parse_short(struct rest rest, struct dwell_string *comm, int32_t *tid, int32_t *prio)
{
	struct rest number = rest, before;
	uint64_t value;

	*prio = INT32_MIN;
	if (split_last(&number, " [", &before)) {
		if (take_number(&number, &value) && value <= INT32_MAX)
			*prio = (int32_t)value;
		rest = before;
	}
	trim(&rest);
	if (!take_last_tid(&rest, ':', tid))
		return false;
	*comm = (struct dwell_string){ rest.at, rest.size };
	return true;
}

/* R+, S, D|K: the first letter, and whether it had to leave. */
static bool parse_state(struct kernel_event *line, struct rest rest)
{
	trim(&rest);
	if (!rest.size)
		return false;
	line->state = rest.at[0];
	line->preempted = memchr(rest.at, '+', rest.size) || rest.at[0] == 'R';
	return (line->state >= 'A' && line->state <= 'Z') ||
	       (line->state >= 'a' && line->state <= 'z') || is_digit(line->state);
}

/* a:1 [120] S ==> b:2 [120] */
static bool parse_short_switch(struct kernel_event *line, struct rest next)
{
	struct rest state, before;

	if (!split_last(&next, " ==> ", &state) || !split_last(&state, " ", &before) ||
		!parse_state(line, state))
		return false;
	return parse_short(before, &line->prev_comm, &line->prev, &line->prio) &&
	       parse_short(next, &line->other_comm, &line->other, &line->other_prio);
}

/* prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120 */
static bool parse_switch(struct kernel_event *line, struct rest next)
{
	struct rest state, prev;

	if (!take_word(&next, "prev_comm="))
		return parse_short_switch(line, next);
	if (!split_last(&next, " ==> next_comm=", &state) ||
		!split_last(&state, " prev_state=", &prev) || !parse_state(line, state))
		return false;
	if (!number_after(&prev, " prev_prio=", &line->prio) ||
		!number_after(&prev, " prev_pid=", &line->prev) ||
		!number_after(&next, " next_prio=", &line->other_prio) ||
		!number_after(&next, " next_pid=", &line->other))
		return false;
	line->prev_comm = (struct dwell_string){ prev.at, prev.size };
	line->other_comm = (struct dwell_string){ next.at, next.size };
	return true;
}

/* comm=a pid=1 prio=120 target_cpu=001, or a:1 [120] CPU:001: whom a wake or an exit is about. */
static bool parse_whom(struct kernel_event *line, struct rest rest)
{
	struct rest before = rest;

	if (!take_word(&rest, "comm=")) {
		if (split_last(&before, "]", &rest))
			before = rest;
		return parse_short(before, &line->other_comm, &line->other, &line->other_prio);
	}
	if (!number_after(&rest, " prio=", &line->other_prio) ||
		!number_after(&rest, " pid=", &line->other))
		return false;
	line->other_comm = (struct dwell_string){ rest.at, rest.size };
	return true;
}

/* comm=a pid=1 child_comm=b child_pid=2 */
static bool parse_fork(struct kernel_event *line, struct rest rest)
{
	struct rest before;

	if (!number_after(&rest, " child_pid=", &line->other) ||
		!split_last(&rest, " child_comm=", &before))
		return false;
	line->other_comm = (struct dwell_string){ rest.at, rest.size };
	return true;
}

/* pid=1 oldcomm=a newcomm=b oom_score_adj=0 */
static bool parse_rename(struct kernel_event *line, struct rest rest)
{
	struct rest before;

	if (!take_word(&rest, "pid=") || !take_tid(&rest, &line->other))
		return false;
	if (split_last(&rest, " oom_score_adj=", &before))
		rest = before;
	if (!split_last(&rest, " newcomm=", &before))
		return false;
	line->other_comm = (struct dwell_string){ rest.at, rest.size };
	return true;
}

static bool parse_mark(struct kernel_event *line, struct rest rest)
{
	line->text = (struct dwell_string){ rest.at, rest.size };
	return rest.size > 0;
}

static const struct {
	const char *name;
	enum kernel_event_kind event;
	bool (*parse)(struct kernel_event *line, struct rest rest);
} events[] = {
	{ "sched_switch:", KERNEL_SWITCH, parse_switch },
	{ "sched_waking:", KERNEL_WAKING, parse_whom },
	{ "sched_wakeup:", KERNEL_WAKEUP, parse_whom },
	{ "sched_wakeup_new:", KERNEL_WAKEUP_NEW, parse_whom },
	{ "sched_process_fork:", KERNEL_FORK, parse_fork },
	{ "sched_process_exit:", KERNEL_EXIT, parse_whom },
	{ "task_rename:", KERNEL_RENAME, parse_rename },
	{ "tracing_mark_write:", KERNEL_MARK, parse_mark },
	{ "print:", KERNEL_MARK, parse_mark },
};

/* "CPU:1 [LOST 12 EVENTS]", "CPU:1 [EVENTS DROPPED]", "CPU:1 [12 EVENTS DROPPED]" */
static bool parse_lost(struct kernel_event *line, struct rest rest)
{
	uint64_t cpu;

	trim(&rest);
	if (!take_word(&rest, "CPU:") || !take_number(&rest, &cpu) || cpu > UINT16_MAX - 1 ||
		!take_word(&rest, " ["))
		return false;
	take_word(&rest, "LOST ");
	line->value = 0;
	if (take_number(&rest, &line->value))
		take_word(&rest, " ");
	line->cpu = (uint32_t)cpu;
	line->kind = KERNEL_LOST;
	return take_word(&rest, "EVENTS");
}

bool ftrace_line_parse(struct kernel_event *out, const char *at, size_t size)
{
	struct rest rest = { at, size };

	*out = (struct kernel_event){ .tgid = -1, .other_prio = INT32_MIN, .prio = INT32_MIN };
	if (parse_lost(out, rest))
		return true;
	out->value = 0;
	if (!size || at[0] == '#' || !parse_head(out, &rest))
		return false;
	trim(&rest);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (!take_word(&rest, events[i].name))
			continue;
		trim(&rest);
		out->kind = events[i].event;
		return events[i].parse(out, rest);
	}
	out->kind = KERNEL_OTHER;
	return true;
}
