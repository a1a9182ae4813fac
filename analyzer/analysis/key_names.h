#ifndef DWELL_ANALYSIS_KEY_NAMES_H
#define DWELL_ANALYSIS_KEY_NAMES_H

#include "dwell/model.h"

/*
 * What things are called in every build: by names, never by addresses or lines. Functions that
 * were inlined count as functions, what the compiler or the linker added to a name is left out.
 */

/* Room for any name, ended by NUL. */
enum { KEY_SIZE = 256 };

/* "take < serve < main": the innermost functions of the program's own, at most `most` of them. ""
 * where the stack is not known. */
void key_place(
	char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t stack, unsigned most);

/* "mutex at take < serve < main"; "poll in WHO" where no stack tells the place. */
void key_site(char out[KEY_SIZE], const struct dwell_catalog *catalog, unsigned reason,
	uint32_t stack, const char *who, unsigned most);

/* Its name, "mutex made in init", or "mutex at take < serve": where it was waited for. */
void key_lock(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t object,
	unsigned reason, uint32_t stack);

/* A text of the trace, cut where it has no room. */
void key_text(char out[KEY_SIZE], struct dwell_string text);

/* The class of a task, of one that is known. */
void key_class(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t task);

/* The same of a class. */
void key_of_class(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t class_id);

/* Process and start function: what stays of a class whose tasks got another name. */
void key_origin(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t task);

#endif
