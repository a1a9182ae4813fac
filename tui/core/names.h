#ifndef DWELL_TUI_NAMES_H
#define DWELL_TUI_NAMES_H

#include "core/tui.h"

/* What things are called. Texts are of the trace: hostile until they are drawn. */
enum { NAME_SIZE = 640 };

const char *name_task(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id);
const char *name_row(char out[NAME_SIZE], const struct tui *tui, const struct tui_row *row);
const char *name_object(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id);
const char *name_executor(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id);
const char *name_frame(char out[NAME_SIZE], const struct dwell_frame *frame);
/* The innermost frame of a stack that says something of the program. */
const char *name_site(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t stack);

/* A time as an offset, with the digits that a resolution needs: "1.234 567 s" as "1.234567s". */
const char *name_time(char out[NAME_SIZE], uint64_t time_ns, uint64_t resolution_ns);
/* A time as the user wrote it: "1.5s", "200ms", "+20ms" and "-20ms" from `now`, "14:03:22.5". */
bool time_of_text(const struct tui *tui, const char *text, uint64_t *out);

#endif
