#ifndef DWELL_PRELOAD_ELF_H
#define DWELL_PRELOAD_ELF_H

#include <stdbool.h>

/*
 * Whether a program can bear our library before it. Not: another C library (musl's loader does not
 * find what we need and gives up), another machine or class (its loader prints an error), gcc's
 * AddressSanitizer (which insists on being first). What cannot be read or understood is left to
 * exec. A script is judged by its interpreter. A few system calls; allocates nothing.
 */
bool dwell_elf_bears_us(const char *path);

#endif
