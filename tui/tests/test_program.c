/* The program itself in an emulated terminal: what a person sees is the grid of cells that the
 * same keys make without one. Nothing depends on how fast it is: a frame is waited for. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/emulator.h"
#include "tests/hostile.h"
#include "tests/play.h"
#include "view/palette.h"
#include "view/view.h"

#define SHOP DWELL_TESTDATA "/traces/shop.dwell"

enum { WIDTH = 120, HEIGHT = 40, PATIENCE = 120 /* seconds for one frame */ };

struct person {
	struct emulator *emulator;
	struct play play; /* what should be seen */
	pid_t program;
};

static void run(const char *tty, const char *trace)
{
	const int slave = open(tty, O_RDWR | O_NOCTTY);

	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	dup2(slave, STDIN_FILENO);
	dup2(slave, STDOUT_FILENO);
	dup2(slave, STDERR_FILENO);
	setenv("TERM", "xterm-256color", 1);
	setenv("COLORTERM", "truecolor", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORFGBG");
	execl(DWELL_BIN "/dwell-tui", "dwell-tui", trace, (char *)NULL);
	_exit(127);
}

static void begin(struct person *person, const char *trace)
{
	*person = (struct person){ .program = -1 };
	setlocale(LC_ALL, "C.UTF-8");
	person->emulator = emulator_new(WIDTH, HEIGHT);
	cr_assert_not_null(person->emulator);
	cr_assert(play_open(&person->play, trace, WIDTH, HEIGHT));
	person->program = fork();
	cr_assert_geq(person->program, 0);
	if (!person->program)
		run(emulator_path(person->emulator), trace);
}

/* Read for so many milliseconds; false: nothing came. */
static bool hear(struct person *person, int milliseconds)
{
	struct pollfd wanted = { .fd = emulator_fd(person->emulator), .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	if (poll(&wanted, 1, milliseconds) <= 0)
		return false;
	n = read(wanted.fd, bytes, sizeof(bytes));
	if (n > 0)
		emulator_take(person->emulator, bytes, (size_t)n);
	return n > 0;
}

static void await_frame(struct person *person, const char *what)
{
	const time_t end = time(NULL) + PATIENCE;
	char why[512] = "";

	play_settle(&person->play);
	while (!emulator_shows(person->emulator, &person->play.frame, person->play.tui->palette,
		COLOURS_TRUE, why)) {
		if (time(NULL) > end) {
			emulator_print(person->emulator);
			kill(person->program, SIGKILL);
			cr_assert_fail("after %s: %s", what, why);
		}
		hear(person, 1000);
	}
}

static void send_bytes(struct person *person, const char *bytes)
{
	size_t size = strlen(bytes);

	while (size) {
		const ssize_t n = write(emulator_fd(person->emulator), bytes, size);

		cr_assert(n > 0 || errno == EINTR);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

/* As xterm sends them. */
static void key_bytes(uint32_t key, char out[8])
{
	static const struct {
		uint32_t key;
		const char *bytes;
	} special[] = { { KEY_LEFT, "\033[D" }, { KEY_RIGHT, "\033[C" }, { KEY_UP, "\033[A" },
		{ KEY_DOWN, "\033[B" }, { KEY_SHIFT_LEFT, "\033[1;2D" },
		{ KEY_SHIFT_RIGHT, "\033[1;2C" }, { KEY_PAGE_UP, "\033[5~" },
		{ KEY_PAGE_DOWN, "\033[6~" }, { KEY_HOME, "\033[H" }, { KEY_END, "\033[F" },
		{ KEY_SHIFT_TAB, "\033[Z" }, { KEY_F1, "\033OP" } };

	out[0] = (char)key;
	out[1] = '\0';
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].key == key)
			snprintf(out, 8, "%s", special[i].bytes);
}

static void press(struct person *person, uint32_t key)
{
	char bytes[8];

	key_bytes(key, bytes);
	send_bytes(person, bytes);
	tui_key(person->play.tui, key);
}

static void mouse(struct person *person, unsigned button, bool up, struct tui_mouse mouse)
{
	char bytes[64];

	snprintf(bytes, sizeof(bytes), "\033[<%u;%u;%u%c", button, mouse.x + 1, mouse.y + 1,
		up ? 'm' : 'M');
	send_bytes(person, bytes);
	tui_mouse(person->play.tui, &mouse);
}

static void resize(struct person *person, unsigned width, unsigned height)
{
	emulator_resize(person->emulator, width, height);
	tui_resize(person->play.tui, width, height);
}

static void quit(struct person *person)
{
	int status;

	send_bytes(person, "q");
	while (waitpid(person->program, &status, WNOHANG) == 0)
		hear(person, 10);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	play_close(&person->play);
	emulator_free(person->emulator);
}

static void press_every_key(struct person *person)
{
	struct play_walk walk = { .row = 0 };
	uint32_t key;
	char name[32];

	while (play_next_key(&walk, &key, name)) {
		/* Only time tells it from the beginning of another key; ^C asks for the same. */
		if (key == KEY_ESCAPE)
			continue;
		press(person, key);
		await_frame(person, name);
		if (person->play.tui->prompt) {
			press(person, 3);
			await_frame(person, "^C");
		}
	}
}

static void every_mouse_action(struct person *person)
{
	static const struct {
		unsigned button;
		bool up;
		struct tui_mouse is;
	} all[] = {
		{ 0, false, { MOUSE_PRESS, 60, 5 } },
		{ 32, false, { MOUSE_DRAG, 90, 5 } },
		{ 0, true, { MOUSE_RELEASE, 90, 5 } },
		{ 64, false, { MOUSE_WHEEL_UP, 70, 6 } },
		{ 64, false, { MOUSE_WHEEL_UP, 70, 6 } },
		{ 65, false, { MOUSE_WHEEL_DOWN, 40, 6 } },
		{ 0, false, { MOUSE_PRESS, 80, 1 } },
		{ 0, true, { MOUSE_RELEASE, 80, 1 } },
		{ 0, false, { MOUSE_PRESS, 4, 7 } },
		{ 0, true, { MOUSE_RELEASE, 4, 7 } },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		mouse(person, all[i].button, all[i].up, all[i].is);
		await_frame(person, "the mouse");
	}
}

Test(program, every_key_and_the_mouse, .timeout = 1000)
{
	struct person person;

	begin(&person, SHOP);
	await_frame(&person, "the start");
	every_mouse_action(&person);
	press_every_key(&person);
	quit(&person);
}

/* Sizes and keys come faster than frames can be drawn. Not before the trace is read: until then it
 * takes no keys but those that end it or ask for help. */
Test(program, resized_while_busy, .timeout = 1000)
{
	static const unsigned sizes[][2] = { { 60, 16 }, { 200, 60 }, { 80, 24 }, { 131, 45 } };
	static const char keys[] = "jkjDDDKKrrrrPPPPjk";
	struct person person;

	begin(&person, DWELL_TESTDATA "/import/go/checkout-go1.25.trace");
	await_frame(&person, "the start");
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < sizeof(keys) - 1; i++) {
			resize(&person, sizes[i % 4][0], sizes[i % 4][1]);
			press(&person, (uint32_t)keys[i]);
			hear(&person, 0);
		}
		resize(&person, WIDTH + round, HEIGHT);
		await_frame(&person, "many sizes");
	}
	quit(&person);
}

Test(program, hostile_names, .timeout = 1000)
{
	char path[] = "/tmp/dwell-hostile-XXXXXX";
	const int file = mkstemp(path);
	struct person person;

	cr_assert_geq(file, 0);
	close(file);
	cr_assert(hostile_write(path));
	begin(&person, path);
	await_frame(&person, "the start");
	for (const char *key = "jjjjwKjj23457811rr/s"; *key; key++) {
		press(&person, (uint32_t)*key);
		await_frame(&person, "a key");
	}
	press(&person, 3);
	await_frame(&person, "^C");
	quit(&person);
	unlink(path);
}
