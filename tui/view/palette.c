#include "view/palette.h"

#include <string.h>

struct row {
	uint32_t rgb;
	uint8_t ansi;
};

/*
 * Blocked is the calmest: most tasks wait most of the time. What is ready and may not run, and what
 * waits for long, stands out. SAFE is after the colours of Okabe and Ito, which differ in
 * lightness too: dwell's states can be told apart by who sees no red from green.
 */
static const struct row rows[PALETTE_COUNT][TONE_COUNT] = {
	[PALETTE_DARK] = {
		[TONE_TEXT] = { 0xd6dbe5, 7 },
		[TONE_FAINT] = { 0x7b8496, 8 },
		[TONE_STRONG] = { 0xffffff, 15 },
		[TONE_ACCENT] = { 0x7fb8ff, 14 },
		[TONE_RUNNING] = { 0x4fc97a, 10 },
		[TONE_RUNNABLE] = { 0xffb52e, 11 },
		[TONE_BLOCKED] = { 0x2f4374, 4 },
		[TONE_LONG] = { 0x3d5592, 12 },
		[TONE_HOT] = { 0xe2547d, 13 },
		[TONE_UNKNOWN] = { 0x4a4f5a, 8 },
		[TONE_LOSS] = { 0xff6a4d, 9 },
		[TONE_NOTE] = { 0xf0e070, 11 },
		[TONE_BAD] = { 0xff7b72, 9 },
		[TONE_BAR] = { 0x1d2433, 0 },
		[TONE_SELECTED] = { 0x33415e, 8 },
		[TONE_RANGE] = { 0x5a4a86, 5 },
		[TONE_VIEW] = { 0x28324a, 0 },
	},
	[PALETTE_LIGHT] = {
		[TONE_TEXT] = { 0x20242c, 0 },
		[TONE_FAINT] = { 0x767c88, 8 },
		[TONE_STRONG] = { 0x000000, 0 },
		[TONE_ACCENT] = { 0x1656b8, 4 },
		[TONE_RUNNING] = { 0x1f9e4d, 2 },
		[TONE_RUNNABLE] = { 0xf29a00, 3 },
		[TONE_BLOCKED] = { 0xb4c6f0, 12 },
		[TONE_LONG] = { 0xa9bfe8, 12 },
		[TONE_HOT] = { 0xd43a68, 5 },
		[TONE_UNKNOWN] = { 0xd4d4d4, 7 },
		[TONE_LOSS] = { 0xc93a1d, 1 },
		[TONE_NOTE] = { 0x8a6d00, 3 },
		[TONE_BAD] = { 0xb3261e, 1 },
		[TONE_BAR] = { 0xe7ebf2, 7 },
		[TONE_SELECTED] = { 0xccd9f2, 7 },
		[TONE_RANGE] = { 0xe0d4f7, 13 },
		[TONE_VIEW] = { 0xdfe6f5, 7 },
	},
	[PALETTE_SAFE] = {
		[TONE_TEXT] = { 0xd6dbe5, 7 },
		[TONE_FAINT] = { 0x7b8496, 8 },
		[TONE_STRONG] = { 0xffffff, 15 },
		[TONE_ACCENT] = { 0x56b4e9, 14 },
		[TONE_RUNNING] = { 0x56b4e9, 14 },
		[TONE_RUNNABLE] = { 0xf0e442, 11 },
		[TONE_BLOCKED] = { 0x1b3a5c, 4 },
		[TONE_LONG] = { 0x24507d, 12 },
		[TONE_HOT] = { 0xd55e00, 9 },
		[TONE_UNKNOWN] = { 0x4a4f5a, 8 },
		[TONE_LOSS] = { 0xcc79a7, 13 },
		[TONE_NOTE] = { 0xf0e442, 11 },
		[TONE_BAD] = { 0xd55e00, 9 },
		[TONE_BAR] = { 0x1d2433, 0 },
		[TONE_SELECTED] = { 0x33415e, 8 },
		[TONE_RANGE] = { 0x5f4a5a, 5 },
		[TONE_VIEW] = { 0x28324a, 0 },
	},
};

static const char *const names[] = { "dark", "light", "safe", "mono" };

const char *palette_name(unsigned palette)
{
	return names[palette % PALETTE_COUNT];
}

unsigned palette_of_name(const char *name)
{
	unsigned i = 0;

	while (i < PALETTE_COUNT && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* The nearest of the six steps of the cube of 256 colours. */
static unsigned step(unsigned value)
{
	return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static struct shade shade(uint32_t rgb, uint8_t ansi)
{
	const unsigned red = rgb >> 16, green = rgb >> 8 & 0xff, blue = rgb & 0xff;
	const unsigned most = red > green ? red : green, least = red < green ? red : green;
	const bool gray = (most > blue ? most : blue) - (least < blue ? least : blue) < 24;
	const unsigned mean = (red + green + blue) / 3;
	unsigned index = 16 + 36 * step(red) + 6 * step(green) + step(blue);

	/* The ramp of grays is finer than the cube. */
	if (gray && mean >= 8 && mean < 238)
		index = 232 + (mean - 8) / 10;
	return (struct shade){ (uint8_t)red, (uint8_t)green, (uint8_t)blue, (uint8_t)index, ansi,
		true };
}

struct shade palette_shade(unsigned palette, unsigned tone)
{
	palette %= PALETTE_COUNT;
	if (palette == PALETTE_MONO || tone == TONE_PLAIN || tone >= TONE_COUNT)
		return (struct shade){ .own = false };
	return shade(rows[palette][tone].rgb, rows[palette][tone].ansi);
}

struct shade palette_ground(unsigned palette, bool back)
{
	const bool light = palette % PALETTE_COUNT == PALETTE_LIGHT;

	if (back)
		return shade(light ? 0xffffff : 0x11151d, light ? 15 : 0);
	return shade(light ? 0x20242c : 0xd6dbe5, light ? 0 : 7);
}
