/* What versions 6 and 7 of trace.dat have in common. */
#include "import/tracecmd/file.h"

#include <stdlib.h>
#include <string.h>

enum {
	LARGEST_FORMAT = 1 << 20, /* a format file of the kernel has a page or two */
	MOST_FORMATS = 64         /* of events that are understood; the kernel has one of each */
};

uint64_t tracecmd_time(const struct tracecmd_clock *clock, uint64_t value)
{
	__extension__ typedef unsigned __int128 wide;

	if (clock->mult)
		value = (uint64_t)((wide)value * clock->mult >> clock->shift);
	return value + clock->offset_ns;
}

/* A text of the kernel: its length, and so many bytes. Ended by NUL; the caller frees it. */
static int take_text(struct tracecmd_place *place, size_t limit, char **out, size_t *size_out)
{
	uint64_t size;
	int err = tracecmd_u64(place, &size);

	if (!err && size > limit)
		err = size > place->end ? DWELL_ETRUNCATED : DWELL_ELIMIT;
	if (err)
		return err;
	*out = malloc((size_t)size + 1);
	if (!*out)
		return DWELL_ENOMEM;
	err = tracecmd_take(place, *out, (size_t)size);
	if (err) {
		free(*out);
		*out = NULL;
		return err;
	}
	(*out)[size] = '\0';
	*size_out = (size_t)size;
	return DWELL_OK;
}

/* "field: local_t commit; offset:8; size:8; ..." */
static uint32_t size_of_commit(const char *text)
{
	const char *field = strstr(text, " commit;");
	const char *size = field ? strstr(field, "size:") : NULL;

	return size ? (uint32_t)strtoul(size + 5, NULL, 10) : 0;
}

int tracecmd_read_header(struct tracecmd_file *file, struct tracecmd_place *place)
{
	char word[16], *text = NULL;
	size_t size;
	int err = tracecmd_word(place, word, sizeof(word));

	if (!err && strcmp(word, "header_page"))
		err = DWELL_EFORMAT;
	if (!err)
		err = take_text(place, LARGEST_FORMAT, &text, &size);
	if (err)
		return err;
	file->commit_size = size_of_commit(text);
	free(text);
	if (file->commit_size != 4 && file->commit_size != 8)
		return DWELL_EFORMAT;
	/* How an event begins has been the same since 2009. */
	err = tracecmd_word(place, word, sizeof(word));
	if (!err && strcmp(word, "header_event"))
		err = DWELL_EFORMAT;
	if (!err)
		err = take_text(place, LARGEST_FORMAT, &text, &size);
	if (!err)
		free(text);
	return err;
}

static int read_system(struct tracecmd_file *file, struct tracecmd_place *place, bool wanted)
{
	uint32_t count;
	int err = tracecmd_u32(place, &count);

	for (uint32_t i = 0; i < count && !err; i++) {
		char *text = NULL;
		size_t size;

		err = take_text(place, LARGEST_FORMAT, &text, &size);
		if (!err && wanted && file->formats.count < MOST_FORMATS)
			err = perf_formats_add(&file->formats, text, size);
		free(text);
	}
	return err;
}

/* Files of ftrace's own events, or of all systems. */
int tracecmd_read_formats(struct tracecmd_file *file, struct tracecmd_place *place, bool own)
{
	uint32_t systems;
	int err;

	if (own)
		return read_system(file, place, true);
	err = tracecmd_u32(place, &systems);
	for (uint32_t i = 0; i < systems && !err; i++) {
		char name[64];

		err = tracecmd_word(place, name, sizeof(name));
		if (!err)
			err = read_system(
				file, place, !strcmp(name, "sched") || !strcmp(name, "task"));
	}
	return err;
}

int tracecmd_read_names(struct tracecmd_file *file, struct tracecmd_place *place)
{
	if (file->names)
		return DWELL_OK;
	return take_text(place, TRACECMD_LARGEST_SECTION, &file->names, &file->names_size);
}

int tracecmd_add_stream(struct tracecmd_file *file, const struct tracecmd_stream *stream)
{
	struct tracecmd_stream *grown;

	if (!stream->size)
		return DWELL_OK;
	if (file->count == TRACECMD_STREAMS || stream->cpu >= UINT16_MAX)
		return DWELL_ELIMIT;
	if (stream->page < 64 || stream->page > TRACECMD_LARGEST_PAGE)
		return DWELL_EFORMAT;
	if (!(file->count & (file->count - 1))) {
		const size_t room = file->count ? 2 * (size_t)file->count : 1;

		grown = realloc(file->streams, room * sizeof(*grown));
		if (!grown)
			return DWELL_ENOMEM;
		file->streams = grown;
	}
	file->streams[file->count++] = *stream;
	return DWELL_OK;
}

/* An option that is a text, with or without a NUL. */
static int option_text(struct tracecmd_place place, char *out, size_t room)
{
	const uint64_t left = place.end - place.at;
	const size_t size = left < room - 1 ? (size_t)left : room - 1;

	memset(out, 0, room);
	return tracecmd_take(&place, out, size);
}

/* "local global [mono] boot" */
static void choose_clock(struct tracecmd_clock *clock, const char *text)
{
	const char *from = strchr(text, '['), *to = from ? strchr(from, ']') : NULL;

	if (!to || clock->name[0] || (size_t)(to - from) > sizeof(clock->name))
		return;
	memcpy(clock->name, from + 1, (size_t)(to - from - 1));
}

static int read_scale(struct tracecmd_clock *clock, struct tracecmd_place place)
{
	uint32_t mult, shift;
	int err = tracecmd_u32(&place, &mult);

	if (!err)
		err = tracecmd_u32(&place, &shift);
	if (err)
		return DWELL_OK; /* as one that is not there */
	if (shift > 63)
		return DWELL_EFORMAT;
	clock->mult = mult;
	clock->shift = shift;
	return DWELL_OK;
}

int tracecmd_option(struct tracecmd_file *file, uint16_t id, struct tracecmd_place place)
{
	char text[1024];
	const char *dropped;
	int err = id == TRACECMD_OPTION_TSC2NSEC ? read_scale(&file->clock, place)
						 : option_text(place, text, sizeof(text));

	if (err)
		return err;
	switch (id) {
	case TRACECMD_OPTION_DATE: /* microseconds */
		file->clock.offset_ns += (uint64_t)strtoll(text, NULL, 0) * 1000;
		file->clock.shifted = file->clock.is_wall = true;
		break;
	case TRACECMD_OPTION_OFFSET:
		file->clock.offset_ns += (uint64_t)strtoll(text, NULL, 0);
		file->clock.shifted = true;
		break;
	case TRACECMD_OPTION_TRACECLOCK:
		choose_clock(&file->clock, text);
		break;
	case TRACECMD_OPTION_CPUSTAT:
		dropped = strstr(text, "dropped events: ");
		file->dropped += dropped ? strtoull(dropped + 16, NULL, 10) : 0;
		break;
	default:
		break;
	}
	return DWELL_OK;
}

/* Clocks that do not count time, or not in a unit that is told. */
static int check_clock(const struct tracecmd_clock *clock, struct dwell_diag *diag)
{
	if (!strcmp(clock->name, "counter"))
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"trace-cmd: its clock counts events, not time: record with -C mono");
	if (!strcmp(clock->name, "x86-tsc") && !clock->mult)
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"trace-cmd: its clock counts cycles of unknown length: record with -C "
			"mono or tsc2nsec");
	return DWELL_OK;
}

static int read_start(struct tracecmd_file *file, struct tracecmd_place *place)
{
	char version[16];
	uint8_t flags[2];
	int err = tracecmd_skip(place, 10); /* the magic */

	if (!err)
		err = tracecmd_word(place, version, sizeof(version));
	if (!err)
		err = tracecmd_take(place, flags, sizeof(flags));
	if (err)
		return err;
	file->version = (int)strtol(version, NULL, 10);
	file->big = place->big = flags[0] == 1;
	return tracecmd_u32(place, &file->page);
}

int tracecmd_file_read(
	struct tracecmd_file *file, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	struct tracecmd_place place = { .bytes = bytes, .end = bytes->size };
	int err;

	file->bytes = bytes;
	diag->what[0] = '\0';
	err = read_start(file, &place);
	if (!err && file->version == 6)
		err = tracecmd_read_v6(file, &place, diag);
	else if (!err && file->version == 7)
		err = tracecmd_read_v7(file, &place, diag);
	else if (!err)
		return dwell_diag_set(diag, DWELL_EVERSION, 10, 0,
			"trace-cmd: version %d of its format, not 6 or 7", file->version);
	if (err && !diag->what[0])
		return dwell_diag_set(diag, err, place.at, 0,
			err == DWELL_ETRUNCATED ? "trace-cmd: ends within its tables"
						: "trace-cmd: its tables are damaged");
	if (!err && !file->formats.count)
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"trace-cmd: no format of an event that is read here (sched, task)");
	return err ? err : check_clock(&file->clock, diag);
}

void tracecmd_file_release(struct tracecmd_file *file)
{
	perf_formats_release(&file->formats);
	free(file->streams);
	free(file->names);
	*file = (struct tracecmd_file){ .bytes = NULL };
}
