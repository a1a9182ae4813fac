/* Version 6: one part behind the other, up to a table of where each CPU's events lie. */
#include <string.h>

#include "import/tracecmd/file.h"

enum { TAG = 10, MOST_OPTIONS = 1 << 16 };

/* Symbols and formats of printk, which are not needed: a length of 4 bytes, and so many. */
static int skip_text(struct tracecmd_place *place)
{
	uint32_t size;
	const int err = tracecmd_u32(place, &size);

	return err ? err : tracecmd_skip(place, size);
}

/* Where the tables of other instances lie. */
struct instances {
	uint64_t at[TRACECMD_BUFFERS];
	uint32_t count;
};

static int read_options(struct tracecmd_file *file, struct tracecmd_place *place, uint32_t *cpus,
	struct instances *instances)
{
	for (int i = 0; i < MOST_OPTIONS; i++) {
		uint16_t id;
		uint32_t size;
		struct tracecmd_place body;
		int err = tracecmd_u16(place, &id);

		if (err || id == TRACECMD_OPTION_DONE)
			return err;
		err = tracecmd_u32(place, &size);
		body = *place;
		if (!err)
			err = tracecmd_skip(place, size);
		if (err)
			return err;
		body.end = place->at;
		if (id == TRACECMD_OPTION_CPUCOUNT)
			err = tracecmd_u32(&body, cpus);
		else if (id == TRACECMD_OPTION_BUFFER && instances->count < TRACECMD_BUFFERS - 1)
			err = tracecmd_u64(&body, &instances->at[instances->count++]);
		else
			err = tracecmd_option(file, id, body);
		if (err)
			return err;
	}
	return DWELL_ELIMIT;
}

/* From the tag behind the number of CPUs: options, then where the events lie. */
static int read_buffer(struct tracecmd_file *file, struct tracecmd_place *place, uint32_t *cpus,
	struct instances *instances, struct dwell_diag *diag)
{
	struct tracecmd_stream stream = { .buffer = file->buffers++, .page = file->page };
	char tag[TAG];
	int err = tracecmd_take(place, tag, TAG);

	if (!err && !memcmp(tag, "options  ", TAG)) {
		err = read_options(file, place, cpus, instances);
		if (!err)
			err = tracecmd_take(place, tag, TAG);
	}
	if (!err && !memcmp(tag, "latency  ", TAG))
		return dwell_diag_set(diag, DWELL_EUNSUPPORTED, place->at, 0,
			"trace-cmd: the text of a latency tracer, no events");
	if (!err && memcmp(tag, "flyrecord", TAG))
		err = DWELL_EFORMAT;
	for (; stream.cpu < *cpus && !err; stream.cpu++) {
		err = tracecmd_u64(place, &stream.at);
		if (!err)
			err = tracecmd_u64(place, &stream.size);
		if (!err)
			err = tracecmd_add_stream(file, &stream);
	}
	return err;
}

int tracecmd_read_v6(
	struct tracecmd_file *file, struct tracecmd_place *place, struct dwell_diag *diag)
{
	struct instances instances = { .count = 0 }, none = { .count = TRACECMD_BUFFERS };
	uint32_t cpus = 0;
	int err = tracecmd_read_header(file, place);

	if (!err)
		err = tracecmd_read_formats(file, place, true);
	if (!err)
		err = tracecmd_read_formats(file, place, false);
	if (!err)
		err = skip_text(place);
	if (!err)
		err = skip_text(place);
	if (!err)
		err = tracecmd_read_names(file, place);
	if (!err)
		err = tracecmd_u32(place, &cpus);
	if (!err)
		err = read_buffer(file, place, &cpus, &instances, diag);
	for (uint32_t i = 0; i < instances.count && !err; i++) {
		place->at = instances.at[i];
		err = read_buffer(file, place, &cpus, &none, diag);
	}
	return err;
}
