/* Version 7: sections, found by options, of which each list of them tells where the next is. */
#include <stdlib.h>
#include <string.h>

#include "import/tracecmd/file.h"

enum {
	PACKED = 1,       /* in a section's flags */
	MOST_LISTS = 256, /* of options; trace-cmd writes one, and one for each buffer */
	MOST_OPTIONS = 1 << 16
};

/* A section's content: in the file, or unpacked in memory. */
struct section {
	uint16_t flags;
	struct tracecmd_place place;
	uint8_t *memory;
};

static void release(struct section *section)
{
	if (section->memory)
		dwell_bytes_close(section->place.bytes);
	free(section->memory);
}

static int unpack(struct tracecmd_file *file, struct section *section)
{
	uint32_t packed_size, size;
	uint8_t *packed;
	struct dwell_bytes *bytes;
	int err = tracecmd_u32(&section->place, &packed_size);

	if (!err)
		err = tracecmd_u32(&section->place, &size);
	if (err)
		return err;
	if (packed_size > section->place.end - section->place.at)
		return DWELL_ETRUNCATED;
	if (size > TRACECMD_LARGEST_SECTION || packed_size > TRACECMD_LARGEST_SECTION)
		return DWELL_ELIMIT;
	packed = malloc(packed_size + 1);
	section->memory = malloc(size + 1);
	err = packed && section->memory ? tracecmd_take(&section->place, packed, packed_size)
					: DWELL_ENOMEM;
	if (!err)
		err = tracecmd_unpack(file->packing, packed, packed_size, section->memory, size);
	free(packed);
	if (!err)
		err = dwell_bytes_open_memory(&bytes, section->memory, size);
	if (err) {
		free(section->memory);
		section->memory = NULL;
		return err;
	}
	section->place = (struct tracecmd_place){ bytes, 0, size, file->big };
	return DWELL_OK;
}

/* Where a section begins, and what it is. */
static int find(struct tracecmd_file *file, uint64_t at, uint16_t id, struct section *out)
{
	uint16_t is;
	uint32_t name;
	uint64_t size;
	int err;

	*out = (struct section){ .place = { file->bytes, at, file->bytes->size, file->big } };
	err = tracecmd_u16(&out->place, &is);
	if (!err)
		err = tracecmd_u16(&out->place, &out->flags);
	if (!err)
		err = tracecmd_u32(&out->place, &name);
	if (!err)
		err = tracecmd_u64(&out->place, &size);
	if (!err && is != id)
		err = DWELL_EFORMAT;
	if (!err && size < out->place.end - out->place.at)
		out->place.end = out->place.at + size;
	return err;
}

/* The section that an option tells the place of. */
static int read_section(struct tracecmd_file *file, uint16_t id, struct tracecmd_place option)
{
	struct section section;
	uint64_t at;
	int err = tracecmd_u64(&option, &at);

	if (!err)
		err = find(file, at, id, &section);
	if (!err && section.flags & PACKED)
		err = unpack(file, &section);
	if (err)
		return err;
	if (id == TRACECMD_OPTION_HEADER_INFO)
		err = tracecmd_read_header(file, &section.place);
	else if (id == TRACECMD_OPTION_CMDLINES)
		err = tracecmd_read_names(file, &section.place);
	else
		err = tracecmd_read_formats(
			file, &section.place, id == TRACECMD_OPTION_FTRACE_EVENTS);
	release(&section);
	return err;
}

static int read_streams(
	struct tracecmd_file *file, struct tracecmd_stream stream, struct tracecmd_place *option)
{
	uint32_t cpus;
	int err = tracecmd_u32(option, &stream.page);

	if (!err)
		err = tracecmd_u32(option, &cpus);
	for (uint32_t i = 0; !err && i < cpus; i++) {
		err = tracecmd_u32(option, &stream.cpu);
		if (!err)
			err = tracecmd_u64(option, &stream.at);
		if (!err)
			err = tracecmd_u64(option, &stream.size);
		if (!err)
			err = tracecmd_add_stream(file, &stream);
	}
	return err;
}

/* A buffer: where its section is, names of instance and clock, and where its CPUs' events lie. */
static int read_buffer(
	struct tracecmd_file *file, struct tracecmd_place option, struct dwell_diag *diag)
{
	struct section section;
	char name[2], clock[sizeof(file->clock.name)];
	uint64_t at;
	int err = tracecmd_u64(&option, &at);

	if (!err)
		err = tracecmd_word(&option, name, sizeof(name));
	if (!err)
		err = tracecmd_word(&option, clock, sizeof(clock));
	if (!err)
		err = find(file, at, TRACECMD_OPTION_BUFFER, &section);
	if (err)
		return err;
	if (file->buffers == TRACECMD_BUFFERS)
		return DWELL_ELIMIT;
	if (!file->buffers)
		memcpy(file->clock.name, clock, sizeof(clock));
	else if (strcmp(file->clock.name, clock))
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, at, 0,
			"trace-cmd: buffers with different clocks");

	const struct tracecmd_stream stream = { .buffer = file->buffers++,
		.packed = section.flags & PACKED };
	return read_streams(file, stream, &option);
}

static int read_option(struct tracecmd_file *file, uint16_t id, struct tracecmd_place body,
	uint64_t *next, struct dwell_diag *diag)
{
	switch (id) {
	case TRACECMD_OPTION_DONE:
		return tracecmd_u64(&body, next);
	case TRACECMD_OPTION_BUFFER:
		return read_buffer(file, body, diag);
	case TRACECMD_OPTION_BUFFER_TEXT:
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, body.at, 0,
			"trace-cmd: the text of a latency tracer, no events");
	case TRACECMD_OPTION_HEADER_INFO:
	case TRACECMD_OPTION_FTRACE_EVENTS:
	case TRACECMD_OPTION_EVENT_FORMATS:
	case TRACECMD_OPTION_CMDLINES:
		return read_section(file, id, body);
	default:
		return tracecmd_option(file, id, body);
	}
}

/* One list of options; *next: where the next one is, or 0. */
static int read_list(struct tracecmd_file *file, struct tracecmd_place *place, uint64_t *next,
	struct dwell_diag *diag)
{
	for (int i = 0; i < MOST_OPTIONS; i++) {
		uint16_t id;
		uint32_t size;
		struct tracecmd_place body;
		int err = tracecmd_u16(place, &id);

		if (!err)
			err = tracecmd_u32(place, &size);
		body = *place;
		if (!err)
			err = tracecmd_skip(place, size);
		body.end = place->at;
		if (!err)
			err = read_option(file, id, body, next, diag);
		if (err || id == TRACECMD_OPTION_DONE)
			return err;
	}
	return DWELL_ELIMIT;
}

static int read_lists(struct tracecmd_file *file, uint64_t at, struct dwell_diag *diag)
{
	int err = DWELL_OK;

	for (int i = 0; at && !err; i++) {
		struct section section;
		uint64_t next = 0;

		if (i == MOST_LISTS)
			return DWELL_ELIMIT;
		err = find(file, at, TRACECMD_OPTION_DONE, &section);
		if (!err && section.flags & PACKED)
			err = unpack(file, &section);
		if (err)
			break;
		err = read_list(file, &section.place, &next, diag);
		release(&section);
		if (!err && next && next <= at) /* they are written one behind the other */
			err = DWELL_EFORMAT;
		at = next;
	}
	return err;
}

int tracecmd_read_v7(
	struct tracecmd_file *file, struct tracecmd_place *place, struct dwell_diag *diag)
{
	char packing[16], version[64];
	uint64_t at;
	int err = tracecmd_word(place, packing, sizeof(packing));

	if (!err)
		err = tracecmd_word(place, version, sizeof(version));
	if (!err)
		err = tracecmd_u64(place, &at);
	if (err)
		return err;
	if (!strcmp(packing, "zstd"))
		file->packing = TRACECMD_ZSTD;
	else if (!strcmp(packing, "zlib"))
		file->packing = TRACECMD_ZLIB;
	else if (strcmp(packing, "none"))
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, place->at, 0,
			"trace-cmd: packed by another library than zstd and zlib");
	err = read_lists(file, at, diag);
	if (err == DWELL_ETRUNCATED && !diag->what[0])
		return dwell_diag_set(diag, err, UINT64_MAX, 0,
			"trace-cmd: cut before its last tables, which tell where the events are");
	if (!err && file->count && !file->commit_size)
		err = DWELL_EFORMAT;
	return err;
}
