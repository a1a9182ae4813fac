#ifndef DWELL_TUI_NAMES_H
#define DWELL_TUI_NAMES_H

#include "core/tui.h"
#include "dwell/names.h"

/* What things are called. Texts are of the trace: hostile until they are drawn. */
enum { NAME_SIZE = DWELL_NAME_SIZE };

const char *name_row(char out[NAME_SIZE], const struct tui *tui, const struct tui_row *row);

/* A time as an offset, with the digits that a resolution needs: "1.234 567 s" as "1.234567s". */
const char *name_time(char out[NAME_SIZE], uint64_t time_ns, uint64_t resolution_ns);
/* A time as the user wrote it: "1.5s", "200ms", "+20ms" and "-20ms" from `now`, "14:03:22.5". */
bool time_of_text(const struct tui *tui, const char *text, uint64_t *out);

#endif
