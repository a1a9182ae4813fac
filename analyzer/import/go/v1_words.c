#include <string.h>

#include "import/go/v1.h"

static const char *const words[] = { "forever", "sleep", "", "chan send", "chan receive", "select",
	"sync", "sync.(*Cond).Wait", "network", "GC mark assist wait for work", "",
	"GC mark termination", "GC sweep termination", "write heap dump", "goroutine profile",
	"goroutine profile cleanup", "all goroutine stack trace", "read mem stats",
	"AllThreadsSyscall", "GOMAXPROCS", "start trace", "stop trace", "CountPagesInUse (test)",
	"ReadMetricsSlow (test)", "ReadMemStatsSlow (test)", "PageCachePagesLeaked (test)",
	"ResetDebugLog (test)" };

enum { WORDS = sizeof(words) / sizeof(words[0]) };

int go_v1_add_words(struct go_reader *reader)
{
	for (uint64_t i = 0; i < WORDS; i++) {
		if (!GO_RESERVE(&reader->texts) || !go_map_put(&reader->text_by_id, GO1_WORD + i,
							   (uint32_t)reader->texts.count))
			return DWELL_ENOMEM;
		reader->texts.at[reader->texts.count++] =
			(struct go_text){ .at = words[i], .size = (uint32_t)strlen(words[i]) };
	}
	return 0;
}

uint64_t go_v1_pause_word(const struct go_reader *reader, uint64_t kind)
{
	if (reader->version < 21)
		kind = kind < 2 ? kind + 1 : 0;
	return GO1_WORD + GO1_WORD_PAUSES + (kind < WORDS - GO1_WORD_PAUSES ? kind : 0);
}
