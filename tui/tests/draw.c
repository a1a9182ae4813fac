/*
 * Writes a screen as it would be seen, without a terminal:
 *
 *     draw TRACE WIDTHxHEIGHT PALETTE[,ascii] text|golden|svg "KEYS"
 *
 * KEYS are names of keys as `dwell tui --keys` prints them, and type:text (_ for a blank). The
 * pictures of the documentation are made by this.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tests/play.h"
#include "view/dump.h"
#include "view/palette.h"
#include "view/view.h"

int main(int argc, char **argv)
{
	struct play play;
	unsigned width, height;
	char palette[32] = "";
	bool good;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc < 5 || sscanf(argv[2], "%ux%u", &width, &height) != 2) {
		fprintf(stderr, "usage: draw TRACE WIDTHxHEIGHT PALETTE[,ascii] "
				"text|golden|svg \"KEYS\"\n");
		return 2;
	}
	if (!play_open(&play, argv[1], width, height))
		return 3;
	snprintf(palette, sizeof(palette), "%.*s", (int)strcspn(argv[3], ","), argv[3]);
	play.tui->palette = palette_of_name(palette);
	play.tui->ascii = strchr(argv[3], ',') != NULL;
	good = play_keys(&play, argc > 5 ? argv[5] : "");
	view_draw(&play.frame, play.tui);
	if (!strcmp(argv[4], "svg"))
		dump_svg(&play.frame, play.tui->palette, stdout);
	else if (!strcmp(argv[4], "golden"))
		dump_golden(&play.frame, stdout);
	else
		dump_text(&play.frame, stdout);
	play_close(&play);
	return good ? 0 : 2;
}
