#include "term/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/work.h"
#include "term/keys.h"
#include "term/screen.h"
#include "view/dump.h"
#include "view/palette.h"
#include "view/view.h"

enum {
	WAIT = 8,         /* ms that a frame waits for what is being read */
	ESCAPE_WAIT = 10, /* ms after which an escape is a key */
	PROGRESS = 100,   /* ms between frames while something goes on */
	IDLE = 40         /* ms without keys after which what is dear is asked for */
};

static int signals[2] = { -1, -1 };

/* The size changed, or we were stopped and go on. */
static void note_signal(int number)
{
	const int why = errno;
	const char byte = number == SIGCONT ? 'c' : 'w';

	if (write(signals[1], &byte, 1) < 0)
		errno = why;
	errno = why;
}

/* Whatever ends us, the terminal is given back first. */
static void end_by_signal(int number)
{
	screen_close();
	signal(number, SIG_DFL);
	raise(number);
}

static bool catch_signals(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS,
		SIGILL, SIGFPE, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGSYS,
		SIGTRAP, SIGVTALRM, SIGPROF };
	struct sigaction action = { .sa_handler = note_signal, .sa_flags = SA_RESTART };

	if (pipe(signals))
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(signals[i], F_SETFL, O_NONBLOCK);
		fcntl(signals[i], F_SETFD, FD_CLOEXEC);
	}
	sigaction(SIGWINCH, &action, NULL);
	sigaction(SIGCONT, &action, NULL);
	action.sa_handler = end_by_signal;
	action.sa_flags = (int)SA_NODEFER;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
	return true;
}

/* ^Z, as elsewhere. */
static void suspend(void)
{
	screen_close();
	raise(SIGSTOP);
	screen_reopen();
}

static void resize(struct tui *tui)
{
	unsigned width, height;

	if (screen_size(&width, &height))
		tui_resize(tui, width, height);
	screen_forget();
}

static void take_signals(struct tui *tui)
{
	char bytes[64];
	const ssize_t n = read(signals[0], bytes, sizeof(bytes));

	if (n > 0 && memchr(bytes, 'c', (size_t)n)) {
		/* Stopped by somebody else: the terminal may be as the shell left it. */
		screen_reopen();
	}
	if (n > 0)
		resize(tui);
}

static void take_events(struct tui *tui, struct key_input *in, bool last)
{
	struct tui_mouse mouse;
	enum key_event event;
	uint32_t key;

	while (in->size && !tui->quit &&
		(event = keys_next(in, last, &key, &mouse)) != KEY_EVENT_PART) {
		if (event == KEY_EVENT_MOUSE)
			tui_mouse(tui, &mouse);
		else if (event == KEY_EVENT_LIGHT && tui->palette == PALETTE_DARK)
			tui->palette = PALETTE_LIGHT;
		else if (event == KEY_EVENT_KEY && key == ('Z' & 0x1f))
			suspend();
		else if (event == KEY_EVENT_KEY && key == ('L' & 0x1f))
			screen_forget();
		else if (event == KEY_EVENT_KEY)
			tui_key(tui, key);
	}
}

/* False: the terminal is gone. */
static bool read_keys(struct tui *tui, struct key_input *in)
{
	const ssize_t n = read(screen_input(), in->bytes + in->size, sizeof(in->bytes) - in->size);

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		return false;
	if (n > 0)
		in->size += (size_t)n;
	take_events(tui, in, false);
	return true;
}

static int timeout_of(const struct tui *tui, const struct key_input *in)
{
	const char *what;
	uint64_t at_ns;

	if (in->size)
		return ESCAPE_WAIT;
	if (tui_waits(tui))
		return IDLE;
	return (!tui->ready && !tui->err) || (tui->ready && tui_busy(tui, &what, &at_ns)) ? PROGRESS
											  : -1;
}

/* Wait for something to do, and do it. False: the terminal is gone. */
static bool turn(struct tui *tui, struct key_input *in, bool *keys)
{
	struct pollfd wanted[] = {
		{ .fd = screen_input(), .events = POLLIN },
		{ .fd = signals[0], .events = POLLIN },
		{ .fd = dwell_timeline_fd(tui->timeline), .events = POLLIN },
	};
	const int ready = poll(wanted, 3, timeout_of(tui, in));

	if (ready < 0)
		return errno == EINTR;
	if (wanted[1].revents)
		take_signals(tui);
	if (wanted[2].revents)
		dwell_timeline_drain(tui->timeline);
	*keys = wanted[0].revents || in->size;
	if (wanted[0].revents)
		return read_keys(tui, in);
	if (in->size)
		take_events(tui, in, true);
	return true;
}

bool loop_run(struct tui *tui)
{
	struct frame frame = { .width = 0 };
	struct key_input in = { .size = 0 };
	bool drawn = true, keys = true;

	if (!catch_signals())
		return false;
	resize(tui);
	while (!tui->quit && drawn) {
		tui_tick(tui, keys ? WAIT : 0);
		drawn = view_draw(&frame, tui);
		if (!drawn)
			break;
		if (tui->save_kind) {
			dump_save(tui, &frame);
			view_draw(&frame, tui);
		}
		screen_show(&frame, tui->palette);
		keys = false;
		if (!turn(tui, &in, &keys))
			break;
	}
	frame_release(&frame);
	return drawn;
}
