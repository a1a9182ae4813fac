#ifndef DWELL_RELAY_H
#define DWELL_RELAY_H

#include "dwell/sink.h"

/*
 * A sink that hands on to another one all that it is told. A sink that changes or counts some of it
 * embeds a relay as its first member, and after dwell_relay_init puts functions of its own into
 * `ops`; these hand on by DWELL_TELL(relay->next, ...).
 */
struct dwell_relay {
	struct dwell_sink sink;
	struct dwell_sink *next;
	struct dwell_sink_ops ops;
};

/* next must outlive the relay, which must stay where it is. */
void dwell_relay_init(struct dwell_relay *relay, struct dwell_sink *next);

/* For `ops.room` of a relay that hands on rows as it is told them. */
struct dwell_event *dwell_relay_room(struct dwell_sink *sink, size_t count);

#endif
