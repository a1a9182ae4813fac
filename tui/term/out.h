#ifndef DWELL_TUI_OUT_H
#define DWELL_TUI_OUT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes for the terminal, collected: they go out together. */
void out_bytes(const char *bytes, size_t size);
void out_text(const char *text);
void out_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What terminfo has by this name, if it has it. */
void out_cap(const char *name);
bool out_can(const char *name);
/* To this cell, both from 0. */
void out_move(unsigned x, unsigned y);

size_t out_size(void);
/* Of two ways to do the same, one behind the other: keep the first, which ends at `middle`, or the
 * second. */
void out_keep_first(size_t middle);
void out_keep_second(size_t begin, size_t middle);
/* Forget all. */
void out_drop(void);
/* Send all; what a terminal that is gone does not take is not missed. */
void out_send(void);

#endif
