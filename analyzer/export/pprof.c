/* Stacks as a profile of pprof. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dwell/limits.h"
#include "dwell/report.h"
#include "export/export.h"
#include "profile.pb-c.h"

/* Texts and functions are told once, by number; tables that find the number again. */
struct slot {
	uint64_t hash;
	uint32_t number; /* + 1; 0: empty */
};

struct numbers {
	struct slot *slots;
	size_t cap;
	void **things; /* by number */
	size_t count, room;
};

struct profile {
	const struct dwell_catalog *catalog;
	struct arena arena;
	struct numbers texts, functions, locations, mappings, samples;
	int err;
};

/* The slot of a hash; equal hashes of 64 bits are taken for equal things. */
static struct slot *slot_of(struct numbers *numbers, uint64_t hash)
{
	size_t i = (size_t)hash & (numbers->cap - 1);

	while (numbers->slots[i].number && numbers->slots[i].hash != hash)
		i = (i + 1) & (numbers->cap - 1);
	return &numbers->slots[i];
}

static int grow(struct numbers *numbers)
{
	struct numbers wider = *numbers;

	wider.cap = numbers->cap ? numbers->cap * 2 : 256;
	wider.slots = calloc(wider.cap, sizeof(*wider.slots));
	if (!wider.slots)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < numbers->cap; i++)
		if (numbers->slots[i].number)
			*slot_of(&wider, numbers->slots[i].hash) = numbers->slots[i];
	free(numbers->slots);
	*numbers = wider;
	return DWELL_OK;
}

static int add_thing(struct numbers *numbers, void *thing)
{
	if (numbers->count == numbers->room) {
		const size_t room = numbers->room ? numbers->room * 2 : 256;
		void **things = realloc(numbers->things, room * sizeof(*things));

		if (!things)
			return DWELL_ENOMEM;
		numbers->things = things;
		numbers->room = room;
	}
	numbers->things[numbers->count++] = thing;
	return DWELL_OK;
}

/* The thing's number from 0, or where it is new the next one, in *number. True: it is new. */
static bool number_of(
	struct profile *profile, struct numbers *numbers, uint64_t hash, uint64_t *number)
{
	if (!profile->err && numbers->count * 2 >= numbers->cap)
		profile->err = grow(numbers);
	*number = 0;
	if (profile->err)
		return false;

	struct slot *slot = slot_of(numbers, hash);

	if (slot->number) {
		*number = slot->number - 1;
		return false;
	}
	*slot = (struct slot){ hash, (uint32_t)numbers->count + 1 };
	*number = numbers->count;
	return true;
}

static void *keep(struct profile *profile, struct numbers *numbers, size_t size)
{
	void *thing = profile->err ? NULL : arena_take(&profile->arena, size);

	if (!profile->err && (!thing || add_thing(numbers, thing)))
		profile->err = DWELL_ENOMEM;
	return profile->err ? NULL : thing;
}

/* Copied as UTF-8. */
static int64_t text_number(struct profile *profile, struct dwell_string text)
{
	uint64_t number;
	size_t used = 0;
	char *copy;

	if (!number_of(profile, &profile->texts, hash_bytes(text.at, text.size, 1), &number))
		return (int64_t)number;
	copy = keep(profile, &profile->texts, text.size + 1);
	for (size_t i = 0, step; copy && i < text.size; i += step) {
		uint32_t character;

		step = dwell_utf8_decode(text.at + i, text.size - i, &character);
		if (character == UINT32_MAX || !character)
			copy[used++] = '?';
		else
			for (size_t j = 0; j < step; j++)
				copy[used++] = text.at[i + j];
	}
	if (copy)
		copy[used] = '\0';
	return (int64_t)number;
}

static int64_t word_number(struct profile *profile, const char *word)
{
	return text_number(profile, (struct dwell_string){ word, strlen(word) });
}

static uint64_t function_number(struct profile *profile, const struct dwell_frame *frame)
{
	const int64_t file = text_number(profile, frame->file);
	char made[DWELL_NAME_SIZE];
	int64_t name;
	uint64_t number;
	Function *function;

	if (frame->function.size)
		name = text_number(profile, frame->function);
	else
		name = word_number(profile, dwell_name_frame(made, frame, false));
	if (!number_of(profile, &profile->functions,
		    hash_mix(hash_mix(0, (uint64_t)name), (uint64_t)file), &number))
		return number + 1;
	function = keep(profile, &profile->functions, sizeof(*function));
	if (function) {
		function__init(function);
		function->id = number + 1;
		function->name = function->system_name = name;
		function->filename = file;
	}
	return number + 1;
}

static uint64_t mapping_number(struct profile *profile, struct dwell_string module)
{
	uint64_t number;
	Mapping *mapping;

	if (!module.size)
		return 0;
	if (!number_of(profile, &profile->mappings, hash_bytes(module.at, module.size, 2), &number))
		return number + 1;
	mapping = keep(profile, &profile->mappings, sizeof(*mapping));
	if (mapping) {
		mapping__init(mapping);
		mapping->id = number + 1;
		mapping->filename = text_number(profile, module);
		mapping->has_functions = 1;
	}
	return number + 1;
}

/* A frame of ours is a location with one line. */
static uint64_t location_number(struct profile *profile, const struct dwell_frame *frame)
{
	const uint64_t function = function_number(profile, frame);
	const uint64_t mapping = mapping_number(profile, frame->module);
	struct {
		Location location;
		Line line, *lines;
	} * kept;
	uint64_t number, hash = hash_mix(hash_mix(0, function), frame->line);

	hash = hash_mix(hash_mix(hash, frame->address), mapping);
	if (!number_of(profile, &profile->locations, hash, &number))
		return number + 1;
	kept = keep(profile, &profile->locations, sizeof(*kept));
	if (kept) {
		location__init(&kept->location);
		line__init(&kept->line);
		kept->line.function_id = function;
		kept->line.line = frame->line;
		kept->lines = &kept->line;
		kept->location.id = number + 1;
		kept->location.mapping_id = mapping;
		kept->location.address = frame->address;
		kept->location.n_line = 1;
		kept->location.line = &kept->lines;
	}
	return number + 1;
}

enum { LABELS = 3 };

struct kept_sample {
	Sample sample;
	Label labels[LABELS], *pointers[LABELS];
	int64_t values[2];
	uint64_t locations[];
};

static void add_label(struct profile *profile, struct kept_sample *kept, const char *key,
	struct dwell_string text)
{
	Label *label = &kept->labels[kept->sample.n_label];

	if (!text.size)
		return;
	label__init(label);
	label->key = word_number(profile, key);
	label->str = text_number(profile, text);
	kept->pointers[kept->sample.n_label++] = label;
}

static void label_sample(
	struct profile *profile, struct kept_sample *kept, const struct dwell_flame_row *row)
{
	const struct dwell_catalog_process *process =
		dwell_catalog_process(profile->catalog, row->process);
	const char *reason = row->reason ? dwell_reason_name(row->reason) : NULL;
	char class[DWELL_NAME_SIZE];

	dwell_name_class(class, profile->catalog, row->task);
	kept->sample.label = kept->pointers;
	if (process)
		add_label(profile, kept, "process", process->name);
	add_label(profile, kept, "class", (struct dwell_string){ class, strlen(class) });
	if (reason)
		add_label(profile, kept, "reason", (struct dwell_string){ reason, strlen(reason) });
}

static void add_sample(struct profile *profile, const struct dwell_flame_row *row)
{
	struct dwell_frame frames[DWELL_MAX_FRAMES];
	size_t count = dwell_catalog_frames(profile->catalog, row->stack, frames, DWELL_MAX_FRAMES);
	struct kept_sample *kept;

	count = count < DWELL_MAX_FRAMES ? count : DWELL_MAX_FRAMES;
	kept = keep(profile, &profile->samples, sizeof(*kept) + count * sizeof(kept->locations[0]));
	if (!kept)
		return;
	sample__init(&kept->sample);
	kept->values[0] = (int64_t)row->count;
	kept->values[1] = (int64_t)row->weight_ns;
	kept->sample.n_value = 2;
	kept->sample.value = kept->values;
	for (size_t i = 0; i < count; i++)
		kept->locations[i] = location_number(profile, &frames[i]);
	kept->sample.n_location_id = count;
	kept->sample.location_id = kept->locations;
	label_sample(profile, kept, row);
}

/* Packed by protobuf-c, compressed by zlib, as it comes. */
struct zip_buffer {
	ProtobufCBuffer base;
	z_stream zip;
	FILE *file;
	bool failed;
};

static void squeeze(struct zip_buffer *buffer, const uint8_t *at, size_t size, int flush)
{
	uint8_t out[16384];

	buffer->zip.next_in = (uint8_t *)at;
	buffer->zip.avail_in = (uInt)size;
	do {
		buffer->zip.next_out = out;
		buffer->zip.avail_out = sizeof(out);
		deflate(&buffer->zip, flush);
		const size_t ready = sizeof(out) - buffer->zip.avail_out;

		buffer->failed |= fwrite(out, 1, ready, buffer->file) != ready;
	} while (!buffer->zip.avail_out);
}

static void append(ProtobufCBuffer *base, size_t size, const uint8_t *at)
{
	squeeze((struct zip_buffer *)base, at, size, Z_NO_FLUSH);
}

static int write_profile(const Profile *profile, FILE *file)
{
	enum { GZIP = 16 + 15, MEMORY = 8 };
	struct zip_buffer buffer = { .base = { append }, .file = file };

	if (deflateInit2(&buffer.zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, MEMORY,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return DWELL_ENOMEM;
	profile__pack_to_buffer(profile, &buffer.base);
	squeeze(&buffer, NULL, 0, Z_FINISH);
	deflateEnd(&buffer.zip);
	return buffer.failed || fflush(file) ? DWELL_EIO : DWELL_OK;
}

/* What the weights of each kind of flame are. */
static const struct {
	const char *count, *weight;
} types[] = {
	[DWELL_FLAME_BLOCKED] = { "waits", "blocked" },
	[DWELL_FLAME_RUNNABLE] = { "latencies", "runnable" },
	[DWELL_FLAME_LOCK] = { "contentions", "delay" },
	[DWELL_FLAME_WAKE] = { "wakes", "blocked" },
	[DWELL_FLAME_CPU] = { "samples", "cpu" },
};

static int pack(struct profile *made, const struct dwell_answer *answer, unsigned of, FILE *file)
{
	ValueType values[2] = { VALUE_TYPE__INIT, VALUE_TYPE__INIT };
	ValueType *pointers[2] = { &values[0], &values[1] };
	Profile profile = PROFILE__INIT;

	values[0].type = word_number(made, types[of].count);
	values[0].unit = word_number(made, "count");
	values[1].type = word_number(made, types[of].weight);
	values[1].unit = word_number(made, "nanoseconds");
	profile.n_sample_type = 2;
	profile.sample_type = pointers;
	profile.default_sample_type = values[1].type;
	profile.period_type = &values[1];
	profile.period = 1;
	profile.time_nanos = (int64_t)(answer->trace.start_unix_ns + answer->trace.begin_ns);
	profile.duration_nanos = (int64_t)(answer->trace.end_ns - answer->trace.begin_ns);
	profile.n_sample = made->samples.count;
	profile.sample = (Sample **)made->samples.things;
	profile.n_mapping = made->mappings.count;
	profile.mapping = (Mapping **)made->mappings.things;
	profile.n_location = made->locations.count;
	profile.location = (Location **)made->locations.things;
	profile.n_function = made->functions.count;
	profile.function = (Function **)made->functions.things;
	profile.n_string_table = made->texts.count;
	profile.string_table = (char **)made->texts.things;
	return made->err ? made->err : write_profile(&profile, file);
}

static void release(struct numbers *numbers)
{
	free(numbers->slots);
	free(numbers->things);
}

int dwell_export_pprof(const struct dwell_answer *answer, FILE *file)
{
	const struct dwell_flames *flames = answer->flames;
	struct profile made = { .catalog = answer->catalog };
	int err;

	word_number(&made, ""); /* number 0 is the empty text */
	for (size_t i = 0; i < flames->count; i++)
		add_sample(&made, &flames->rows[i]);
	err = pack(&made, answer, flames->of, file);
	release(&made.texts);
	release(&made.functions);
	release(&made.locations);
	release(&made.mappings);
	release(&made.samples);
	arena_release(&made.arena);
	return err;
}
