#ifndef DWELL_ANALYSIS_PYTHON_H
#define DWELL_ANALYSIS_PYTHON_H

#include "model/catalog.h"

/* The interpreter, or its library. */
bool module_is_python(struct dwell_string module);

/* All threads of Python start in one function of the interpreter, whatever they are for. */
bool python_starts(const struct dwell_catalog *catalog, uint32_t task);

/* What such a thread was started for, as a hash: the outermost function of a stack of it that is
 * not of the module `threading`. 0: the stack does not tell. */
uint64_t python_job(const struct dwell_catalog *catalog, uint32_t stack);

#endif
