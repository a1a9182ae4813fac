/* What is wrong with a policy as YAML. */
#include "config/policy_yaml.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MOST = 16 };

/* The parser says of bytes that are no characters how many come before them. */
static void place_of_byte(
	struct dwell_policy_fault *fault, const char *at, size_t size, size_t offset)
{
	fault->line = fault->column = 1;
	for (size_t i = 0; i < offset && i < size; i++) {
		if (at[i] == '\n') {
			fault->line++;
			fault->column = 1;
		} else if (((unsigned char)at[i] & 0xc0) != 0x80) {
			fault->column++;
		}
	}
}

int policy_not_yaml(
	const yaml_parser_t *parser, const char *at, size_t size, struct dwell_policy_fault *fault)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return DWELL_ENOMEM;
	fault->line = parser->problem_mark.line + 1;
	fault->column = parser->problem_mark.column + 1;
	if (parser->error == YAML_READER_ERROR)
		place_of_byte(fault, at, size, parser->problem_offset);
	snprintf(fault->what, sizeof(fault->what), "is not YAML: %.150s",
		parser->problem ? parser->problem : "cannot be read");
	return DWELL_EFORMAT;
}

static int too_deep(const yaml_event_t *event, struct dwell_policy_fault *fault)
{
	fault->line = event->start_mark.line + 1;
	fault->column = event->start_mark.column + 1;
	snprintf(fault->what, sizeof(fault->what), "is deeper than any policy");
	return DWELL_EFORMAT;
}

int policy_depth(const char *at, size_t size, struct dwell_policy_fault *fault)
{
	yaml_parser_t parser;
	yaml_event_t event;
	unsigned depth = 0;
	bool ended = false;
	int err = DWELL_OK;

	if (!yaml_parser_initialize(&parser))
		return DWELL_ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)at, size);
	while (!ended && !err && yaml_parser_parse(&parser, &event)) {
		const bool opens = event.type == YAML_SEQUENCE_START_EVENT ||
				   event.type == YAML_MAPPING_START_EVENT;

		if (opens && ++depth > DEPTH_MOST)
			err = too_deep(&event, fault);
		depth -= event.type == YAML_SEQUENCE_END_EVENT ||
			 event.type == YAML_MAPPING_END_EVENT;
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}
