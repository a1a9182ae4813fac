#ifndef DWELL_RECORD_CONFIG_VALUES_H
#define DWELL_RECORD_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

/* What a value of dwell.yaml can be. */
enum config_type {
	CONFIG_STRING = 1,
	CONFIG_SWITCH, /* on, off, true, false */
	CONFIG_TIME,   /* 20us, 1.5s */
	CONFIG_SIZE,   /* 64MiB */
	CONFIG_RATE,   /* 10MiB/s */
	CONFIG_SHARE,  /* 3%: permille of one CPU */
	CONFIG_TICK,   /* 16ns */
	CONFIG_DETAIL, /* full, sampled, no-stacks, states */
	CONFIG_REASONS,
	CONFIG_RULES,
	CONFIG_MAP
};

struct config_key {
	const char *name; /* NULL ends a table */
	enum config_type type;
	size_t offset;                 /* of the value in what the table is of */
	size_t has_offset;             /* of the bool that says it was given; 0: none */
	const struct config_key *keys; /* of a map */
};

extern const struct config_key config_keys[];      /* of struct dwell_config */
extern const struct config_key config_rule_keys[]; /* of struct dwell_rule */

/* Store a value; NULL, or what is wrong with it. A string already there is replaced. */
const char *config_take(enum config_type type, const char *text, void *to, bool *has);

/* 1 << enum dwell_reason; 0: no such reason. */
uint32_t config_reason(const char *name);

#endif
