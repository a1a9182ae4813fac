#ifndef DWELL_CONFIG_QUANTITY_H
#define DWELL_CONFIG_QUANTITY_H

/*
 * A number with its unit, as a metric's unit (enum dwell_unit) wants it: "20ms" for ns, "5ms/s"
 * for ns a second, "10%" or 0.1 for a share, "100/s" or 100 for what is counted a second. *out in
 * the metric's own. 0, or -1 with *why, one line.
 */
int quantity_read(const char *text, unsigned unit, double *out, const char **why);

#endif
