#ifndef DWELL_CLI_OPENMETRICS_H
#define DWELL_CLI_OPENMETRICS_H

#include <stdio.h>

#include "dwell/analysis.h"

/* Counters as Prometheus and its like read them: OpenMetrics 1.0. One sample each, the last value.
 */
void openmetrics_print(const struct dwell_answer *answer, FILE *file);

#endif
