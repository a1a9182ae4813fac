#ifndef DWELL_CLI_CALLERS_H
#define DWELL_CLI_CALLERS_H

#include <stddef.h>

#include "dwell/names.h"

/* A place in a table, as it reads. */
struct callers_place {
	char *text; /* of malloc; NULL: it could not be had */
	uint32_t stack;
};

/*
 * Some places read the same, as one function that is called on two ways, and some have no name:
 * there the text is given the caller that tells what they are, ", in mysql_update". Where there is
 * no memory it stays as it is.
 */
void callers_tell(const struct dwell_catalog *catalog, struct callers_place *places, size_t count);

#endif
