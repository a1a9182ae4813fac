/* The terminal itself: taken over, given back. */
#include "term/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "term/emit.h"

/* Behind all else: they define many short names. */
#include <curses.h>
/* It needs curses.h. */
#include <term.h>

enum { RESTORE = 512 };

static struct termios before;
static int input = -1;
static volatile sig_atomic_t is_open;
static enum screen_colours colours;
/* What gives the terminal back, prepared: a handler may not work it out. */
static char restore[RESTORE];
static size_t restore_size;

static void add_restore(const char *text)
{
	const size_t size = text && text != (char *)-1 ? strlen(text) : 0;

	if (restore_size + size > sizeof(restore))
		return;
	if (size)
		memcpy(restore + restore_size, text, size);
	restore_size += size;
}

static enum screen_colours find_colours(void)
{
	const char *true_colour = getenv("COLORTERM"), *none = getenv("NO_COLOR");
	const int count = tigetnum("colors");

	if (none && *none)
		return COLOURS_NONE;
	if (true_colour && (!strcmp(true_colour, "truecolor") || !strcmp(true_colour, "24bit")))
		return COLOURS_TRUE;
	if (count >= 256)
		return COLOURS_256;
	return count >= 16 ? COLOURS_16 : count >= 8 ? COLOURS_8 : COLOURS_NONE;
}

bool screen_open(const char **message)
{
	int err;

	input = isatty(STDIN_FILENO) ? STDIN_FILENO : open("/dev/tty", O_RDONLY | O_CLOEXEC);
	if (!isatty(STDOUT_FILENO) || input < 0 || tcgetattr(input, &before)) {
		*message = "needs a terminal; dwell tasks and dwell blocked print reports";
		return false;
	}
	if (setupterm(NULL, STDOUT_FILENO, &err) != 0 || !tigetstr("cup") ||
		tigetstr("cup") == (char *)-1) {
		*message = "the terminal's kind is not known: is TERM right?";
		return false;
	}
	colours = find_colours();
	add_restore("\033[?1006l\033[?1002l");
	add_restore(tigetstr("sgr0"));
	/* Some keep one screen whatever they promise (GNU screen without altscreen): the shell goes
	 * on below ours. */
	add_restore("\033[999;1H\r\n");
	add_restore(tigetstr("cnorm"));
	add_restore(tigetstr("rmcup"));
	/* Without a second screen ours is the shell's. */
	if (!tigetstr("smcup") || tigetstr("smcup") == (char *)-1)
		add_restore(tigetstr("clear"));
	emit_prepare(colours);
	screen_reopen();
	return true;
}

void screen_reopen(void)
{
	struct termios raw = before;

	raw.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(input, TCSADRAIN, &raw);
	emit_begin();
	is_open = 1;
	screen_forget();
}

void screen_close(void)
{
	const int why = errno;

	if (!is_open)
		return;
	is_open = 0;
	/* What cannot be written to a terminal that is gone is not missed. */
	if (write(STDOUT_FILENO, restore, restore_size) < 0)
		errno = why;
	tcsetattr(input, TCSAFLUSH, &before);
	errno = why;
}

enum screen_colours screen_colours(void)
{
	return colours;
}

bool screen_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool screen_light(void)
{
	/* "foreground;background" of 16 colours. */
	const char *told = getenv("COLORFGBG");
	const char *back = told ? strrchr(told, ';') : NULL;

	return back && (!strcmp(back, ";7") || !strcmp(back, ";15"));
}

void screen_ask_ground(void)
{
	static const char ask[] = "\033]11;?\033\\";
	const char *kind = getenv("TERM");

	/* The console of Linux has no answer, and older ones show the question. */
	if (getenv("COLORFGBG") || (kind && !strncmp(kind, "linux", 5)))
		return;
	if (write(STDOUT_FILENO, ask, sizeof(ask) - 1) < 0)
		errno = 0;
}

bool screen_size(unsigned *width, unsigned *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return false;
	*width = size.ws_col;
	*height = size.ws_row;
	return true;
}

int screen_input(void)
{
	return input;
}
