#include "cli/allow.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/message.h"
#include "dwell/names.h"

enum { MAX_RULES = 10000, MAX_CONDITIONS = 8, MAX_LINE = 4096, MAX_FRAMES = 256 };
enum { MAX_FILE = 1 << 24 };

enum key { KEY_AT, KEY_CREATED, KEY_CLASS, KEY_OBJECT, KEY_PROCESS, KEY_TASK, KEY_COUNT };
static const char *const key_names[KEY_COUNT] = { "at", "created", "class", "object", "process",
	"task" };

struct rule {
	unsigned line, kind; /* DWELL_LEAK_KIND_COUNT: any */
	bool used;
	unsigned count;
	struct {
		enum key key;
		char *glob;
	} conditions[MAX_CONDITIONS];
};

struct allow {
	const char *path;
	struct rule *rules;
	size_t count;
};

static int fault(const char *path, unsigned line, const char *what, const char *word)
{
	char place[512];

	snprintf(place, sizeof(place), "%s:%u", path, line);
	return complain(STATUS_ASKED, place, "%s: %s", word, what);
}

static int read_kind(const struct allow *allow, struct rule *rule, const char *word)
{
	rule->kind = DWELL_LEAK_KIND_COUNT;
	if (!strcmp(word, "*"))
		return STATUS_DONE;
	for (rule->kind = 0; rule->kind < DWELL_LEAK_KIND_COUNT; rule->kind++)
		if (!strcmp(dwell_leak_name(rule->kind), word))
			return STATUS_DONE;
	return fault(allow->path, rule->line,
		"not a kind; deadlock, waits-forever, never-joined, alive-at-end, growing or *",
		word);
}

static int read_condition(const struct allow *allow, struct rule *rule, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value || !value[1])
		return fault(allow->path, rule->line, "a condition is key=GLOB", word);
	if (rule->count == MAX_CONDITIONS)
		return fault(allow->path, rule->line, "too many conditions", word);
	for (unsigned key = 0; key < KEY_COUNT; key++) {
		const size_t size = strlen(key_names[key]);

		if ((size_t)(value - word) != size || memcmp(word, key_names[key], size) != 0)
			continue;
		rule->conditions[rule->count].key = key;
		rule->conditions[rule->count].glob = strdup(value + 1);
		if (!rule->conditions[rule->count++].glob)
			return complain(STATUS_REFUSED, allow->path, "no memory");
		return STATUS_DONE;
	}
	return fault(allow->path, rule->line,
		"no such key; at, created, class, object, process or task", word);
}

/* The next word of a line, ended by NUL; a word in quotes may hold spaces. NULL: none. */
static char *next_word(char **line)
{
	char *at = *line + strspn(*line, " \t\r"), *word = at, *out = at;
	bool quoted = false;

	if (!*at || *at == '#')
		return NULL;
	for (; *at && (quoted || !strchr(" \t\r", *at)); at++) {
		if (*at == '"')
			quoted = !quoted;
		else
			*out++ = *at;
	}
	*line = *at ? at + 1 : at;
	*out = '\0';
	return quoted ? NULL : word;
}

/* What follows one would be left out, and the rule allow for more than it says. */
static bool has_open_quote(const char *line)
{
	bool open = false;

	for (; *line; line++)
		open ^= *line == '"';
	return open;
}

static int read_line(struct allow *allow, char *line, unsigned number)
{
	struct rule *rules, *rule;
	char *word;
	int status;

	if (has_open_quote(line))
		return fault(allow->path, number, "a quote is not closed", line);
	word = next_word(&line);
	if (!word)
		return STATUS_DONE;
	if (allow->count == MAX_RULES)
		return fault(allow->path, number, "too many rules", word);
	rules = realloc(allow->rules, (allow->count + 1) * sizeof(*rules));
	if (!rules)
		return complain(STATUS_REFUSED, allow->path, "no memory");
	allow->rules = rules;
	rule = &rules[allow->count++];
	*rule = (struct rule){ .line = number };
	status = read_kind(allow, rule, word);
	while (!status && (word = next_word(&line)))
		status = read_condition(allow, rule, word);
	if (!status && rule->kind == DWELL_LEAK_KIND_COUNT && !rule->count)
		return fault(allow->path, number, "allows for everything: name a condition", "*");
	return status;
}

static int read_text(struct allow *allow, const char *text, size_t size)
{
	int status = STATUS_DONE;

	for (unsigned number = 1; !status && size; number++) {
		const char *end = memchr(text, '\n', size);
		const size_t length = end ? (size_t)(end - text) : size;
		char line[MAX_LINE];

		if (length >= sizeof(line))
			return fault(allow->path, number, "the line is too long", "...");
		if (memchr(text, '\0', length))
			return fault(allow->path, number, "a byte that is 0", "...");
		memcpy(line, text, length);
		line[length] = '\0';
		status = read_line(allow, line, number);
		text += end ? length + 1 : length;
		size -= end ? length + 1 : length;
	}
	return status;
}

int allow_read(struct allow **out, const char *path, const char *text, size_t size)
{
	struct allow *allow = calloc(1, sizeof(*allow));
	int status;

	if (!allow)
		return complain(STATUS_REFUSED, path, "no memory");
	allow->path = path;
	status = read_text(allow, text, size);
	if (status)
		allow_free(allow);
	else
		*out = allow;
	return status;
}

int allow_open(struct allow **out, const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(MAX_FILE);
	size_t size;
	int status;

	if (!file || !text) {
		status = file ? complain(STATUS_REFUSED, path, "no memory")
			      : complain(STATUS_INPUT, path, "%s", strerror(errno));
		if (file)
			fclose(file);
		free(text);
		return status;
	}
	size = fread(text, 1, MAX_FILE, file);
	if (ferror(file))
		status = complain(STATUS_INPUT, path, "%s", strerror(errno));
	else if (size == MAX_FILE)
		status = complain(STATUS_REFUSED, path, "longer than 16 MiB: is it a list?");
	else
		status = allow_read(out, path, text, size);
	fclose(file);
	free(text);
	return status;
}

void allow_free(struct allow *allow)
{
	for (size_t i = 0; allow && i < allow->count; i++)
		for (unsigned j = 0; j < allow->rules[i].count; j++)
			free(allow->rules[i].conditions[j].glob);
	if (allow)
		free(allow->rules);
	free(allow);
}

static bool matches(const char *glob, struct dwell_string text)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%.*s", text.size < sizeof(copy) ? (int)text.size : 511,
		text.size ? text.at : "");
	return !fnmatch(glob, copy, 0);
}

/* Some function of the stack. */
static bool has_function(const struct dwell_catalog *catalog, uint32_t stack, const char *glob)
{
	struct dwell_frame frames[MAX_FRAMES];
	const size_t count = dwell_catalog_frames(catalog, stack, frames, MAX_FRAMES);

	for (size_t i = 0; i < count && i < MAX_FRAMES; i++)
		if (matches(glob, frames[i].function))
			return true;
	return false;
}

static bool has_object(
	const struct dwell_catalog *catalog, const struct dwell_leak *leak, const char *glob)
{
	char name[DWELL_NAME_SIZE];

	for (size_t i = 0; i < leak->object_count; i++)
		if (!fnmatch(glob, dwell_name_object(name, catalog, leak->objects[i]), 0))
			return true;
	return false;
}

/* All of its tasks. */
static bool are_tasks(const struct dwell_catalog *catalog, const struct dwell_leak *leak,
	enum key key, const char *glob)
{
	for (uint32_t i = 0; i < leak->count; i++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(catalog, leak->tasks[i]);
		const struct dwell_catalog_class *class =
			task ? dwell_catalog_class(catalog, task->class_id) : NULL;
		const struct dwell_catalog_process *process =
			task ? dwell_catalog_process(catalog, task->process) : NULL;
		struct dwell_string text = { 0 };

		if (key == KEY_TASK && task)
			text = task->name;
		if (key == KEY_CLASS && class)
			text = class->text;
		if (key == KEY_PROCESS && process)
			text = process->name;
		if (!matches(glob, text))
			return false;
	}
	return true;
}

static bool holds(const struct dwell_catalog *catalog, const struct dwell_leak *leak, enum key key,
	const char *glob)
{
	switch (key) {
	case KEY_AT:
		return has_function(catalog, leak->stack, glob);
	case KEY_CREATED:
		return has_function(catalog, leak->creation_stack, glob);
	case KEY_OBJECT:
		return has_object(catalog, leak, glob);
	default:
		return are_tasks(catalog, leak, key, glob);
	}
}

bool allow_matches(
	struct allow *allow, const struct dwell_catalog *catalog, const struct dwell_leak *leak)
{
	bool any = false;

	for (size_t i = 0; allow && i < allow->count; i++) {
		struct rule *rule = &allow->rules[i];
		bool all = rule->kind == DWELL_LEAK_KIND_COUNT || rule->kind == leak->kind;

		for (unsigned j = 0; j < rule->count && all; j++)
			all = holds(
				catalog, leak, rule->conditions[j].key, rule->conditions[j].glob);
		rule->used |= all;
		any |= all;
	}
	return any;
}

void allow_tell_unused(const struct allow *allow)
{
	for (size_t i = 0; allow && i < allow->count; i++)
		if (!allow->rules[i].used)
			fprintf(stderr, "dwell: %s:%u: allows for nothing in this trace\n",
				allow->path, allow->rules[i].line);
}
