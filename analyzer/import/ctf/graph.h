#ifndef DWELL_IMPORT_CTF_GRAPH_H
#define DWELL_IMPORT_CTF_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include <babeltrace2/babeltrace.h>

#include "dwell/error.h"

/* Messages of all streams of some traces, in order of time: babeltrace2 reads and merges them. */
struct ctf_graph {
	bt_graph *graph;
	bt_message_array_const messages; /* those that were read and not taken yet */
	uint64_t count, next;
};

/* DWELL_EUNSUPPORTED: babeltrace2's parts are not there; DWELL_EFORMAT, DWELL_ENOMEM. */
int ctf_graph_open(
	struct ctf_graph *graph, const char *const *folders, size_t count, struct dwell_diag *diag);
/* The next message, which the caller puts back; DWELL_END, DWELL_EFORMAT, DWELL_ENOMEM. */
int ctf_graph_next(struct ctf_graph *graph, const bt_message **out, struct dwell_diag *diag);
void ctf_graph_close(struct ctf_graph *graph);

#endif
