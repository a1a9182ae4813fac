#ifndef DWELL_LIB_API_H
#define DWELL_LIB_API_H

#include "lib.h"

/* What libdwell shows to programs; all else is hidden. */
#define DWELL_API __attribute__((visibility("default")))

#endif
