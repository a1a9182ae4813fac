/* What is sent to a terminal is the grid of cells, to the last colour: each frame is compared. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/emulator.h"
#include "tests/hostile.h"
#include "tests/play.h"
#include "view/palette.h"
#include "view/view.h"

#define SHOP DWELL_TESTDATA "/traces/shop.dwell"
#define EVERYTHING DWELL_TESTDATA "/golden/v1/everything.dwell"

struct stage {
	struct emulator *emulator;
	struct play play;
	pthread_t reader;
	pthread_mutex_t lock; /* the emulator's */
	pthread_cond_t came;
	unsigned ends; /* of frames that were read */
	uint64_t random;
};

/* A frame is followed by a byte that no terminal shows and nobody else sends: all was read. */
enum { FRAME_END = 1 };

static void *read_all(void *context)
{
	struct stage *stage = context;
	char bytes[4096];
	ssize_t n;

	while ((n = read(emulator_fd(stage->emulator), bytes, sizeof(bytes))) > 0) {
		pthread_mutex_lock(&stage->lock);
		emulator_take(stage->emulator, bytes, (size_t)n);
		for (ssize_t i = 0; i < n; i++)
			stage->ends += bytes[i] == FRAME_END;
		pthread_cond_signal(&stage->came);
		pthread_mutex_unlock(&stage->lock);
	}
	return NULL;
}

static void open_stage(struct stage *stage, const char *trace, const char *term, const char *colour)
{
	const char *message;
	int slave;

	*stage = (struct stage){ .random = 42 };
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TERM", term, 1);
	setenv("COLORTERM", colour, 1);
	unsetenv("NO_COLOR");
	stage->emulator = emulator_new(120, 40);
	cr_assert_not_null(stage->emulator);
	slave = open(emulator_path(stage->emulator), O_RDWR | O_NOCTTY);
	cr_assert_geq(slave, 0);
	dup2(slave, STDIN_FILENO);
	dup2(slave, STDOUT_FILENO);
	close(slave);
	pthread_mutex_init(&stage->lock, NULL);
	pthread_cond_init(&stage->came, NULL);
	cr_assert_eq(pthread_create(&stage->reader, NULL, read_all, stage), 0);
	cr_assert(screen_open(&message), "%s: %s", term, message);
	cr_assert(play_open(&stage->play, trace, 120, 40));
}

static void close_stage(struct stage *stage)
{
	play_close(&stage->play);
	screen_close();
	/* The reader ends when nobody can write any more. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	pthread_join(stage->reader, NULL);
	emulator_free(stage->emulator);
}

/* The frame goes out, comes back, and is the same. */
static void show(struct stage *stage, const char *what)
{
	static unsigned sent;
	const char end = FRAME_END;
	char why[512] = "";
	bool same;

	screen_show(&stage->play.frame, stage->play.tui->palette);
	cr_assert_eq(write(STDOUT_FILENO, &end, 1), 1);
	sent++;
	pthread_mutex_lock(&stage->lock);
	while (stage->ends < sent)
		pthread_cond_wait(&stage->came, &stage->lock);
	same = emulator_shows(stage->emulator, &stage->play.frame, stage->play.tui->palette,
		screen_colours(), why);
	if (!same)
		emulator_print(stage->emulator);
	pthread_mutex_unlock(&stage->lock);
	cr_assert(same, "after %s: %s", what, why);
}

static void resize(struct stage *stage, unsigned width, unsigned height)
{
	pthread_mutex_lock(&stage->lock);
	emulator_resize(stage->emulator, width, height);
	pthread_mutex_unlock(&stage->lock);
	tui_resize(stage->play.tui, width, height);
	screen_forget();
	view_draw(&stage->play.frame, stage->play.tui);
	show(stage, "a new size");
}

static unsigned pick(struct stage *stage, unsigned end)
{
	stage->random = stage->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(stage->random >> 33) % end;
}

/* Half of what is done is drawn before what it asks for has come. */
static void draw(struct stage *stage, const char *what)
{
	if (pick(stage, 2))
		play_settle(&stage->play);
	else
		tui_tick(stage->play.tui, 0);
	view_draw(&stage->play.frame, stage->play.tui);
	show(stage, what);
}

static void press_every_key(struct stage *stage)
{
	struct play_walk walk = { .row = 0 };
	uint32_t key;
	char name[32];

	while (play_next_key(&walk, &key, name)) {
		tui_key(stage->play.tui, key);
		draw(stage, name);
		if (stage->play.tui->prompt)
			tui_key(stage->play.tui, KEY_ESCAPE);
	}
}

static void press_anywhere(struct stage *stage)
{
	const struct tui_layout *layout = &stage->play.tui->layout;

	for (unsigned i = 0; i < 40; i++) {
		const struct tui_mouse mouse = { .kind = (enum tui_mouse_kind)pick(stage, 5),
			.x = pick(stage, layout->width),
			.y = pick(stage, layout->height) };

		tui_mouse(stage->play.tui, &mouse);
		draw(stage, "the mouse");
	}
}

static void play_all(const char *trace, const char *term, const char *colour)
{
	static const unsigned sizes[][2] = { { 120, 40 }, { 60, 16 }, { 80, 24 }, { 131, 37 },
		{ 200, 60 } };
	struct stage stage;

	open_stage(&stage, trace, term, colour);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		stage.play.tui->ascii = i == 2;
		stage.play.tui->palette = screen_colours() == COLOURS_NONE ? (unsigned)PALETTE_MONO
									   : i % PALETTE_COUNT;
		resize(&stage, sizes[i][0], sizes[i][1]);
		press_every_key(&stage);
		press_anywhere(&stage);
		tui_step(stage.play.tui, REQUEST_TIMELINE);
	}
	close_stage(&stage);
}

Test(terminal, true_colours, .timeout = 600)
{
	play_all(SHOP, "xterm-256color", "truecolor");
}

Test(terminal, colours_256, .timeout = 600)
{
	play_all(EVERYTHING, "xterm-256color", "");
}

Test(terminal, colours_8, .timeout = 600)
{
	play_all(EVERYTHING, "xterm", "");
}

Test(terminal, console, .timeout = 600)
{
	play_all(SHOP, "linux", "");
}

Test(terminal, no_colours, .timeout = 600)
{
	play_all(SHOP, "vt100", "");
}

Test(terminal, hostile_names, .timeout = 600)
{
	char path[] = "/tmp/dwell-hostile-XXXXXX";
	const int file = mkstemp(path);

	cr_assert_geq(file, 0);
	close(file);
	cr_assert(hostile_write(path));
	play_all(path, "xterm-256color", "truecolor");
	unlink(path);
}

/* One of red, green and blue as the colour of that number has it: of the cube, or a gray. */
static int part_of(unsigned index, unsigned weight)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };

	return index >= 232 ? 8 + 10 * (int)(index - 232) : steps[(index - 16) / weight % 6];
}

/* How far the colours are from each other where they differ most. */
static int distance(unsigned a, unsigned b)
{
	int most = 0;

	for (unsigned weight = 36; weight; weight /= 6) {
		const int apart = abs(part_of(a, weight) - part_of(b, weight));

		most = apart > most ? apart : most;
	}
	return most;
}

/* In 256 and in 8 colours, too, no state looks like another one. */
Test(terminal, states_differ_in_few_colours)
{
	static const unsigned tones[] = { TONE_RUNNING, TONE_RUNNABLE, TONE_BLOCKED, TONE_HOT,
		TONE_UNKNOWN };
	const size_t count = sizeof(tones) / sizeof(tones[0]);

	for (unsigned palette = 0; palette < PALETTE_MONO; palette++) {
		for (size_t i = 0; i < count; i++) {
			for (size_t k = 0; k < i; k++) {
				const struct shade a = palette_shade(palette, tones[i]);
				const struct shade b = palette_shade(palette, tones[k]);

				cr_expect(distance(a.index, b.index) >= 32,
					"%s: %zu and %zu of 256", palette_name(palette), i, k);
				cr_expect((a.ansi & 7) != (b.ansi & 7), "%s: %zu and %zu of 8",
					palette_name(palette), i, k);
			}
		}
	}
}
