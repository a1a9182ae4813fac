#ifndef DWELL_TUI_PORT_H
#define DWELL_TUI_PORT_H

#include "core/tui.h"

/*
 * The window on time. Cells are 2^k or 3 * 2^k ns wide and the window begins at a multiple of
 * that 2^k, so that buckets of the pyramid never lie across a cell's end.
 */
uint64_t port_to(const struct tui *tui);
uint64_t port_finer(uint64_t cell_ns);
uint64_t port_coarser(uint64_t cell_ns);
/* The narrowest cells with which columns of them cover a length. */
uint64_t port_cell_for(uint64_t length_ns, unsigned columns);

/* Show [from, to), and a bit around it. */
void port_show(struct tui *tui, uint64_t from_ns, uint64_t to_ns);
/* All of the trace. */
void port_fit(struct tui *tui);
/* notches > 0: in; the time stays in its column. */
void port_zoom(struct tui *tui, int notches, uint64_t time_ns);
void port_pan(struct tui *tui, int64_t cells);
/* Keep the window within the trace and on its grid. */
void port_settle(struct tui *tui);
/* Bring a time into view, in the middle where it was not. */
void port_reveal(struct tui *tui, uint64_t time_ns);
/* The column of a time, which may be outside: -1. */
int port_column(const struct tui *tui, uint64_t time_ns);

/* Remember the view before it changes in a leap. */
void port_remember(struct tui *tui);
void port_back(struct tui *tui);
void port_forward(struct tui *tui);

#endif
