#ifndef DWELL_RECORD_TICK_H
#define DWELL_RECORD_TICK_H

#include <stdbool.h>

#include "dwell/relay.h"

/* A sink that cuts times down to multiples of a tick, and hands on. */
struct dwell_tick {
	struct dwell_relay relay;
	uint64_t tick_ns;
	bool hold_end;  /* the end is not handed on */
	uint64_t rows;  /* that went through */
	uint64_t waits; /* that the program itself told the end of */
};

void dwell_tick_init(struct dwell_tick *tick, struct dwell_sink *next, uint64_t tick_ns);

#endif
