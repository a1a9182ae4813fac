/* Names that are the same in another build. */
#include "analysis/key_names.h"

#include <stdio.h>
#include <string.h>

#include "model/catalog.h"

enum { FRAMES = 64, FUNCTION_SIZE = 72 };

static size_t find(struct dwell_string text, const char *part)
{
	const size_t size = strlen(part);

	for (size_t i = 0; i + size <= text.size; i++)
		if (!memcmp(text.at + i, part, size))
			return i;
	return text.size;
}

/* A clone of a function is that function; so is the same one under another hash of Rust's. */
static struct dwell_string plain_function(struct dwell_string function)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".cold",
		".lto_priv.", ".llvm.", "::h" };
	const size_t hash = sizeof("::h") - 1 + 16;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const size_t at = find(function, suffixes[i]);
		const bool rust = suffixes[i][0] == ':';

		if (at && at < function.size && (!rust || function.size - at == hash))
			function.size = at;
	}
	return function;
}

static struct dwell_string name_of(const struct dwell_frame *frame)
{
	return frame->function.size ? plain_function(frame->function)
				    : dwell_base_name(frame->module);
}

static bool same(struct dwell_string a, struct dwell_string b)
{
	return a.size == b.size && !memcmp(a.at, b.at, a.size);
}

/* Text after what is there, as much as there is room for. */
static void append(char out[KEY_SIZE], const char *before, struct dwell_string text, size_t most)
{
	const size_t used = strlen(out);
	const size_t size = text.size < most ? text.size : most;

	snprintf(out + used, KEY_SIZE - used, "%s%.*s", before, (int)size, text.at ? text.at : "");
}

void key_place(
	char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t stack, unsigned most)
{
	struct dwell_frame frames[FRAMES];
	const size_t all = dwell_catalog_frames(catalog, stack, frames, FRAMES);
	const size_t count = all < FRAMES ? all : FRAMES;
	struct dwell_string last = { 0 };
	size_t first = dwell_frames_site(frames, count);

	*out = '\0';
	/* All of it is the library's: then its outermost call is as good a name as there is. */
	if (first == count && count)
		first = 0;
	for (size_t i = first; i < count && most; i++) {
		const struct dwell_string name = name_of(&frames[i]);

		/* Recursion is one place, and so is a module without names. */
		if (!name.size || same(name, last))
			continue;
		append(out, *out ? " < " : "", name, FUNCTION_SIZE);
		last = name;
		most--;
	}
}

void key_text(char out[KEY_SIZE], struct dwell_string text)
{
	*out = '\0';
	append(out, "", text, KEY_SIZE - 1);
}

/* A start function without a name is called by its place in its file, which moves with each build.
 */
static struct dwell_string without_offset(struct dwell_string text)
{
	size_t size = text.size;

	while (size && strchr("0123456789abcdef", text.at[size - 1]))
		size--;
	if (size > 3 && size < text.size && !memcmp(text.at + size - 3, "+0x", 3))
		text.size = size - 3;
	return text;
}

void key_of_class(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t class_id)
{
	const struct dwell_catalog_class *class = dwell_catalog_class(catalog, class_id);

	key_text(out, class ? without_offset(class->text) : (struct dwell_string){ 0 });
}

void key_class(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);

	key_of_class(out, catalog, of ? of->class_id : 0);
}

void key_origin(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);
	const struct dwell_catalog_process *process =
		of ? dwell_catalog_process(catalog, of->process) : NULL;
	const struct dwell_string start = of ? catalog_place(catalog, of->start_location).function
					     : (struct dwell_string){ 0 };

	*out = '\0';
	if (!process || !start.size)
		return;
	append(out, "", process->name, KEY_SIZE / 2);
	append(out, " ", plain_function(start), FUNCTION_SIZE);
}

void key_site(char out[KEY_SIZE], const struct dwell_catalog *catalog, unsigned reason,
	uint32_t stack, const char *who, unsigned most)
{
	const char *why = dwell_reason_name(reason);
	char where[KEY_SIZE];

	key_place(where, catalog, stack, most);
	snprintf(out, KEY_SIZE, "%s %s %.200s", why ? why : "blocked", *where ? "at" : "in",
		*where ? where : who);
}

/* All locks in one variable are one: "table" of "table+112". */
static struct dwell_string whole_variable(const struct dwell_catalog_object *object)
{
	struct dwell_string name = object->name;
	size_t size = name.size;

	if (object->kind < DWELL_OBJECT_MUTEX || object->kind > DWELL_OBJECT_FUTEX)
		return name;
	while (size && name.at[size - 1] >= '0' && name.at[size - 1] <= '9')
		size--;
	if (size > 1 && size < name.size && name.at[size - 1] == '+')
		name.size = size - 1;
	return name;
}

void key_lock(char out[KEY_SIZE], const struct dwell_catalog *catalog, uint32_t id, unsigned reason,
	uint32_t stack)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	const char *kind = object ? dwell_object_kind_name(object->kind) : NULL;
	char where[KEY_SIZE];

	if (object && object->name.size) {
		key_text(out, whole_variable(object));
		return;
	}
	key_place(where, catalog, object ? object->creation_stack : 0, 2);
	if (*where) {
		snprintf(out, KEY_SIZE, "%s made in %.200s", kind ? kind : "lock", where);
		return;
	}
	key_place(where, catalog, stack, 3);
	if (!kind)
		kind = dwell_reason_name(reason);
	if (*where)
		snprintf(out, KEY_SIZE, "%s at %.200s", kind ? kind : "lock", where);
	else
		snprintf(out, KEY_SIZE, "%s somewhere", kind ? kind : "lock");
}
