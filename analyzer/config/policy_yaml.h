#ifndef DWELL_CONFIG_POLICY_YAML_H
#define DWELL_CONFIG_POLICY_YAML_H

#include <yaml.h>

#include "dwell/policy.h"

/* A policy as YAML, before it is known what it says. */

/* What the parser of this text found wrong. DWELL_EFORMAT or DWELL_ENOMEM. */
int policy_not_yaml(
	const yaml_parser_t *parser, const char *at, size_t size, struct dwell_policy_fault *fault);

/*
 * Lists within lists beyond what any policy has are refused before a document is made of them: the
 * parser takes time that grows with the square of their depth. 0, DWELL_EFORMAT, DWELL_ENOMEM; what
 * is no YAML is not told here.
 */
int policy_depth(const char *at, size_t size, struct dwell_policy_fault *fault);

#endif
