#ifndef DWELL_IMPORT_TRACECMD_EVENTS_H
#define DWELL_IMPORT_TRACECMD_EVENTS_H

#include "import/kernel/event.h"
#include "import/tracecmd/ring.h"

/* What kind of event the ring's last one is: KERNEL_OTHER where its format is not known. */
enum kernel_event_kind tracecmd_kind(const struct tracecmd_ring *ring);
/* All of it, but its time. Its texts are the ring's, until its next event. False: too short. */
bool tracecmd_event(struct kernel_event *out, const struct tracecmd_ring *ring);

#endif
