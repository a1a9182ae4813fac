#ifndef DWELL_TUI_LAYOUT_H
#define DWELL_TUI_LAYOUT_H

#include "core/tui.h"

/* The parts of a screen of this size. */
struct tui_layout layout_of(unsigned width, unsigned height, unsigned details);

#endif
