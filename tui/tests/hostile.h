#ifndef DWELL_TUI_TESTS_HOSTILE_H
#define DWELL_TUI_TESTS_HOSTILE_H

#include <stdbool.h>

/* Write a trace whose names want to break a screen: control characters, wide and combining ones,
 * right to left, not UTF-8, 10,000 characters long. */
bool hostile_write(const char *path);

#endif
