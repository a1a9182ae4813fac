#include "dwell/symbol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "symbol/private.h"

enum { MOST_FILES = 1 << 16, MOST_JITS = 1 << 12, LONGEST_VARIABLE = 512 };

/* A file, opened when it is first asked for; several mappings may be of it. */
struct file {
	char *path;
	char *build_id;
	size_t build_id_size;
	struct symbol_module *module;
	bool tried;
	bool judged, shallow; /* its debug information takes too long */
};

struct mapping {
	uint64_t start, end, file_offset;
	int64_t pid;
	size_t file;
	bool known;
};

struct jit {
	int64_t pid;
	struct symbol_names names;
};

struct dwell_symbol {
	struct dwell_symbol_options options;
	struct mapping *mappings; /* by id - 1 */
	size_t mapping_room;
	struct file *files;
	size_t file_count;
	struct jit *jits;
	size_t jit_count;
	struct symbol_names kernel;
	struct symbol_found found;
	char variable[LONGEST_VARIABLE];
	uint64_t spent_ns;
	uint64_t apart_ns; /* what is left for debug files that lie apart */
	bool apart_limited;
};

int dwell_symbol_new(struct dwell_symbol **out, const struct dwell_symbol_options *options)
{
	struct dwell_symbol *symbol = calloc(1, sizeof(*symbol));

	if (!symbol)
		return DWELL_ENOMEM;
	if (options)
		symbol->options = *options;
	if (!symbol->options.debug_folder)
		symbol->options.debug_folder = "/usr/lib/debug";
	*out = symbol;
	return DWELL_OK;
}

void dwell_symbol_free(struct dwell_symbol *symbol)
{
	if (!symbol)
		return;
	for (size_t i = 0; i < symbol->file_count; i++) {
		symbol_module_close(symbol->files[i].module);
		free(symbol->files[i].path);
		free(symbol->files[i].build_id);
	}
	for (size_t i = 0; i < symbol->jit_count; i++)
		symbol_names_release(&symbol->jits[i].names);
	symbol_names_release(&symbol->kernel);
	symbol_found_clear(&symbol->found);
	free(symbol->files);
	free(symbol->jits);
	free(symbol->mappings);
	free(symbol);
}

static bool same_file(const struct file *file, const struct dwell_mapping *mapping)
{
	return strlen(file->path) == mapping->path.size &&
	       (!mapping->path.size || !memcmp(file->path, mapping->path.at, mapping->path.size)) &&
	       file->build_id_size == mapping->build_id.size &&
	       (!file->build_id_size ||
		       !memcmp(file->build_id, mapping->build_id.at, file->build_id_size));
}

static char *copy(struct dwell_string string)
{
	char *out = malloc(string.size + 1);

	if (!out)
		return NULL;
	if (string.size)
		memcpy(out, string.at, string.size);
	out[string.size] = '\0';
	return out;
}

static int add_file(struct dwell_symbol *symbol, const struct dwell_mapping *mapping)
{
	struct file *files, *file;

	if (symbol->file_count == MOST_FILES)
		return DWELL_ELIMIT;
	files = realloc(symbol->files, (symbol->file_count + 1) * sizeof(*files));
	if (!files)
		return DWELL_ENOMEM;
	symbol->files = files;
	file = &files[symbol->file_count];
	*file = (struct file){
		.path = copy(mapping->path),
		.build_id = copy(mapping->build_id),
		.build_id_size = mapping->build_id.size,
	};
	if (!file->path || !file->build_id) {
		free(file->path);
		free(file->build_id);
		return DWELL_ENOMEM;
	}
	symbol->file_count++;
	return DWELL_OK;
}

static int file_of(struct dwell_symbol *symbol, const struct dwell_mapping *mapping, size_t *out)
{
	for (size_t i = symbol->file_count; i-- > 0;) {
		*out = i;
		if (same_file(&symbol->files[i], mapping))
			return DWELL_OK;
	}
	*out = symbol->file_count;
	return add_file(symbol, mapping);
}

static int reserve(struct dwell_symbol *symbol, uint32_t id)
{
	size_t room = symbol->mapping_room ? symbol->mapping_room : 64;
	struct mapping *mappings;

	if (!id || id > DWELL_MAX_LOCATIONS)
		return DWELL_ELIMIT;
	while (room < id)
		room *= 2;
	if (room == symbol->mapping_room)
		return DWELL_OK;
	mappings = realloc(symbol->mappings, room * sizeof(*mappings));
	if (!mappings)
		return DWELL_ENOMEM;
	for (size_t i = symbol->mapping_room; i < room; i++)
		mappings[i] = (struct mapping){ .known = false };
	symbol->mappings = mappings;
	symbol->mapping_room = room;
	return DWELL_OK;
}

int dwell_symbol_map(struct dwell_symbol *symbol, const struct dwell_mapping *mapping, int64_t pid)
{
	size_t file = 0;
	int err = reserve(symbol, mapping->id);

	if (!err)
		err = file_of(symbol, mapping, &file);
	if (err)
		return err;
	symbol->mappings[mapping->id - 1] = (struct mapping){
		.start = mapping->start,
		.end = mapping->end,
		.file_offset = mapping->file_offset,
		.pid = pid,
		.file = file,
		.known = true,
	};
	return DWELL_OK;
}

/* Of the CPU: on a busy machine the same names are found as on an idle one. */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct symbol_names *jit_of(struct dwell_symbol *symbol, int64_t pid)
{
	struct jit *jits;

	for (size_t i = 0; i < symbol->jit_count; i++)
		if (symbol->jits[i].pid == pid)
			return &symbol->jits[i].names;
	if (symbol->jit_count == MOST_JITS)
		return NULL;
	jits = realloc(symbol->jits, (symbol->jit_count + 1) * sizeof(*jits));
	if (!jits)
		return NULL;
	symbol->jits = jits;
	jits[symbol->jit_count] = (struct jit){ .pid = pid };
	return &jits[symbol->jit_count++].names;
}

/* Code that no file holds: what its compiler wrote down, where it did. */
static void find_jit(struct dwell_symbol *symbol, int64_t pid, uint64_t address)
{
	struct symbol_names *names = pid < 1 ? NULL : jit_of(symbol, pid);
	const char *name;
	char path[64];

	if (!names)
		return;
	if (symbol->options.jit_path)
		symbol->options.jit_path(symbol->options.context, pid, path, sizeof(path));
	else
		snprintf(path, sizeof(path), "/tmp/perf-%" PRId64 ".map", pid);
	symbol_names_read(names, path, true);
	name = symbol_names_find(names, address);
	if (name)
		symbol_found_add_jit(&symbol->found, name);
}

/* Is the kernel of the mapping the one that runs here, loaded where it was? */
static bool is_this_kernel(const struct dwell_symbol *symbol, const struct mapping *mapping)
{
	const uint64_t text = symbol_names_of(&symbol->kernel, "_text");
	const uint64_t end = symbol_names_of(&symbol->kernel, "_etext");
	const uint64_t page = 1 << 21;

	return text && mapping->start == text && end && mapping->end < end + page &&
	       mapping->end + page > end;
}

static void find_kernel(
	struct dwell_symbol *symbol, const struct mapping *mapping, uint64_t address)
{
	const char *name;

	symbol_names_read(&symbol->kernel, "/proc/kallsyms", false);
	name = is_this_kernel(symbol, mapping) ? symbol_names_find(&symbol->kernel, address) : NULL;
	if (!name)
		return;
	symbol_found_add(&symbol->found, name, NULL, 0);
	symbol->found.lines[0].function.size = strcspn(name, "\t"); /* its module follows */
}

static bool open_file(struct dwell_symbol *symbol, struct file *file)
{
	if (!file->tried) {
		file->tried = true;
		file->module = symbol_module_open(file->path,
			(struct dwell_string){ file->build_id, file->build_id_size },
			symbol->options.debug_folder);
	}
	return file->module != NULL;
}

static bool same_build(const struct file *a, const struct file *b)
{
	return a->build_id_size && a->build_id_size == b->build_id_size &&
	       !memcmp(a->build_id, b->build_id, a->build_id_size);
}

/*
 * The mapping's file, or another one of the same build, open: a path may be relative to some
 * folder. One that was open before is best, since its debug information was read. NULL: there is
 * none.
 */
static struct file *open_of(struct dwell_symbol *symbol, size_t index)
{
	struct file *file = &symbol->files[index];

	if (file->module)
		return file;
	for (size_t i = 0; i < symbol->file_count && !file->tried; i++)
		if (symbol->files[i].module && same_build(&symbol->files[i], file))
			return &symbol->files[i];
	if (open_file(symbol, file))
		return file;
	for (size_t i = 0; i < symbol->file_count; i++)
		if (same_build(&symbol->files[i], file) && open_file(symbol, &symbol->files[i]))
			return &symbol->files[i];
	return NULL;
}

/* Whose build is known can be looked for; else its path must say which file it is. */
static bool is_file(const struct file *file)
{
	return file->build_id_size || (file->path[0] == '/' && file->path[1] != '/');
}

void symbol_limit_apart(struct dwell_symbol *symbol, uint64_t most_ns)
{
	symbol->apart_ns = most_ns;
	symbol->apart_limited = most_ns != 0;
}

/* Does its debug information take too long for what is left? Asked once for each file. */
static bool is_shallow(struct dwell_symbol *symbol, struct file *file)
{
	uint64_t cost_ns;

	if (file->judged || !symbol->apart_limited)
		return file->shallow;
	file->judged = true;
	cost_ns = symbol_module_apart_ns(file->module);
	file->shallow = cost_ns > symbol->apart_ns;
	if (!file->shallow)
		symbol->apart_ns -= cost_ns;
	return file->shallow;
}

static void find_in_file(
	struct dwell_symbol *symbol, const struct mapping *mapping, uint64_t address, bool deep)
{
	struct file *file = open_of(symbol, mapping->file);

	if (file)
		symbol_module_find(file->module, address - mapping->start + mapping->file_offset,
			deep && !is_shallow(symbol, file), &symbol->found);
}

static void find(struct dwell_symbol *symbol, uint32_t id, int64_t pid, uint64_t address, bool deep)
{
	const struct mapping *mapping =
		id && id <= symbol->mapping_room ? &symbol->mappings[id - 1] : NULL;
	const char *path;

	if (!mapping || !mapping->known) {
		find_jit(symbol, pid, address);
		return;
	}
	path = symbol->files[mapping->file].path;
	if (!strncmp(path, "[kernel", 7))
		find_kernel(symbol, mapping, address);
	else if (is_file(&symbol->files[mapping->file]))
		find_in_file(symbol, mapping, address, deep);
	else /* anonymous, or what perf calls "//anon" */
		find_jit(symbol, mapping->pid, address);
}

int dwell_symbol_find(struct dwell_symbol *symbol, uint32_t mapping, int64_t pid, uint64_t address,
	const struct dwell_line **lines, size_t *count)
{
	const uint64_t most = symbol->options.most_ns;
	const uint64_t start = now_ns();

	symbol_found_clear(&symbol->found);
	if (address && (!most || symbol->spent_ns < 2 * most))
		find(symbol, mapping, pid, address, !most || symbol->spent_ns < most);
	symbol->spent_ns += now_ns() - start;
	*lines = symbol->found.lines;
	*count = symbol->found.count;
	return DWELL_OK;
}

/* gcc numbers the variables of functions: "lock.0". */
static size_t without_number(struct dwell_string name)
{
	size_t size = name.size;

	while (size && name.at[size - 1] >= '0' && name.at[size - 1] <= '9')
		size--;
	return size > 1 && size < name.size && name.at[size - 1] == '.' ? size - 1 : name.size;
}

/* The variable as the file of one mapping has it; false: there is none. */
static bool variable_in(struct dwell_symbol *symbol, const struct mapping *mapping,
	uint64_t address, char *out, size_t size)
{
	const struct symbol_image image = { mapping->start, mapping->end, mapping->file_offset };
	const struct file *file;
	struct dwell_string name;
	uint64_t within = 0;
	int at;

	symbol_found_clear(&symbol->found);
	if (!is_file(&symbol->files[mapping->file]) || !(file = open_of(symbol, mapping->file)) ||
		!symbol_module_variable(file->module, &image, address, &symbol->found, &within))
		return false;
	name = symbol->found.lines[0].function;
	at = snprintf(out, size, "%.*s", (int)without_number(name), name.at);
	if (within && at > 0 && (size_t)at < size)
		snprintf(out + at, size - (size_t)at, "+%" PRIu64, within);
	return true;
}

int dwell_symbol_variable(
	struct dwell_symbol *symbol, int64_t pid, uint64_t address, struct dwell_string *name)
{
	const uint64_t most = symbol->options.most_ns, start = now_ns();
	char other[sizeof(symbol->variable)];
	bool found = false;

	for (size_t i = 0; i < symbol->mapping_room && (!most || symbol->spent_ns < most); i++) {
		const struct mapping *mapping = &symbol->mappings[i];

		if (!mapping->known || mapping->pid != pid ||
			!variable_in(symbol, mapping, address, found ? other : symbol->variable,
				sizeof(other)))
			continue;
		if (found && strcmp(other, symbol->variable) != 0) {
			found = false;
			break;
		}
		found = true;
	}
	symbol->spent_ns += now_ns() - start;
	*name = (struct dwell_string){ symbol->variable, found ? strlen(symbol->variable) : 0 };
	return DWELL_OK;
}
