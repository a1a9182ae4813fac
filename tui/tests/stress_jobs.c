/* Keys faster than anything can be answered: jobs begin, are dropped, end, all at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/play.h"
#include "view/view.h"

static int play_trace(const char *path, unsigned seed)
{
	static const char keys[] = "hjklwsadfuUcxXeE.,WVoRvmM<>1234567ybrZ ppi IDz0$gG";
	struct play play;

	srand(seed);
	if (!play_open(&play, path, 120, 40))
		return 1;
	for (unsigned i = 0; i < 400; i++) {
		tui_key(play.tui, (unsigned char)keys[(size_t)rand() % strlen(keys)]);
		tui_tick(play.tui, (unsigned)rand() % 3);
		if (i % 7 == 0)
			view_draw(&play.frame, play.tui);
	}
	play_close(&play);
	return 0;
}

int main(void)
{
	int failed = 0;

	for (unsigned seed = 0; seed < 4; seed++) {
		failed |= play_trace(DWELL_TESTDATA "/import/go/checkout-go1.25.trace", seed);
		failed |= play_trace(DWELL_TESTDATA "/golden/v1/small-chunks.dwell", seed);
	}
	printf("%s\n", failed ? "failed" : "every job began and ended");
	return failed;
}
