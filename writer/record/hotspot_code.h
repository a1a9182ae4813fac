#ifndef DWELL_RECORD_HOTSPOT_CODE_H
#define DWELL_RECORD_HOTSPOT_CODE_H

#include "hotspot.h"
#include "ring/hotspot.h"

/*
 * Where a process's HotSpot has compiled code and its interpreter, and what it writes into them, by
 * the tables that it has for its debuggers. Known are JDK 10 to 22 and 25, as far as their tables
 * say what is needed. DWELL_END: it has not begun; DWELL_EUNSUPPORTED: it is none that is known, or
 * its memory may not be read.
 */
int dwell_hotspot_code_read(
	struct dwell_hotspot_code *out, const struct dwell_hotspot_tables *tables, uint32_t pid);

#endif
