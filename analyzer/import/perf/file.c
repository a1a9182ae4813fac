/* The header of a perf.data file, its events, and the feature sections behind the data. */
#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum {
	FEATURE_TRACING_DATA = 1,
	FEATURE_BUILD_ID = 2,
	FEATURE_HOSTNAME = 3,
	FEATURE_OSRELEASE = 4,
	FEATURE_CLOCKID = 23,
	FEATURE_DIR_FORMAT = 24,
	FEATURE_CLOCK_DATA = 29,
	FEATURES = 256,
	HEADER_SIZE = 104,
	PIPE_HEADER_SIZE = 16,
	SECTION = 16,
	/* A machine with every tracepoint has some 10 MB of format files. */
	LARGEST_SECTION = 1 << 26
};

static const char MAGIC[] = "PERFILE2";
static const char MAGIC_SWAPPED[] = "2ELIFREP";

struct section {
	uint64_t at, size;
};

bool perf_recognizes(const void *at, size_t size)
{
	return size >= 8 && (!memcmp(at, MAGIC, 8) || !memcmp(at, MAGIC_SWAPPED, 8));
}

static bool take_section(struct perf_wire *in, struct section *out)
{
	struct perf_wire both;

	if (!perf_take(in, SECTION, &both))
		return false;
	out->at = perf_get64(both.at, both.big);
	out->size = perf_get64(both.at + 8, both.big);
	return true;
}

/* The bytes of a section, allocated; they lie in the file, so they are not more than it has. */
static int read_section(struct perf *perf, const struct section *section, uint8_t **out)
{
	size_t got = 0;
	int err;

	if (section->at > perf->source.bytes->size ||
		section->size > perf->source.bytes->size - section->at)
		return dwell_diag_set(&perf->source.diag, DWELL_ETRUNCATED, section->at, 0,
			"perf: a section of the header lies behind the end of the file");
	if (section->size > LARGEST_SECTION)
		return dwell_diag_set(&perf->source.diag, DWELL_ELIMIT, section->at, 0,
			"perf: a section of the header is larger than 64 MiB");
	*out = malloc(section->size ? (size_t)section->size : 1);
	if (!*out)
		return DWELL_ENOMEM;
	err = perf->source.bytes->ops->read(
		perf->source.bytes, section->at, *out, (size_t)section->size, &got);
	if (!err && got < section->size)
		err = DWELL_ETRUNCATED;
	if (err)
		free(*out);
	return err;
}

static int add_attr(struct perf *perf, struct perf_wire attr, const struct section *ids)
{
	uint8_t *at = NULL;
	int err = perf_attrs_add(&perf->attrs, attr);

	if (!err)
		err = read_section(perf, ids, &at);
	if (err)
		return err;
	err = perf_attrs_add_ids(&perf->attrs,
		(struct perf_wire){ .at = at, .left = (size_t)ids->size, .big = perf->big });
	free(at);
	return err;
}

static int read_attrs(struct perf *perf, const struct section *section, uint64_t each)
{
	struct perf_wire in, one;
	struct section ids;
	uint8_t *at = NULL;
	int err;

	if (each < SECTION + 64 || each > 4096 || section->size % each)
		return dwell_diag_set(&perf->source.diag, DWELL_EFORMAT, 16, 0,
			"perf: the size of an event's attributes is wrong");
	err = read_section(perf, section, &at);
	if (err)
		return err;
	in = (struct perf_wire){ .at = at, .left = (size_t)section->size, .big = perf->big };
	while (!err && perf_take(&in, each - SECTION, &one) && take_section(&in, &ids))
		err = add_attr(perf, one, &ids);
	free(at);
	if (err && !*perf->source.diag.what)
		dwell_diag_set(&perf->source.diag, err, section->at, 0,
			"perf: the attributes of an event are damaged");
	return err;
}

/* In CLOCK_DATA: version, clock, wall clock, that clock; in CLOCKID: its resolution. */
static void read_clocks(struct perf *perf, struct perf_wire in)
{
	uint32_t version, clock;
	uint64_t unix_ns, clock_ns;

	if (!perf_u32(&in, &version) || !perf_u32(&in, &clock) || !perf_u64(&in, &unix_ns) ||
		!perf_u64(&in, &clock_ns))
		return;
	perf->clock_ns = clock_ns;
	perf->clock_unix_ns = unix_ns;
}

/* A length (with its filling), and a text that ends in NUL. */
static bool is_text(struct perf_wire in, const char *text)
{
	const char *at;
	uint32_t length;
	size_t size;

	return perf_u32(&in, &length) && perf_text(&in, &at, &size) && !strcmp(at, text);
}

int perf_feature(struct perf *perf, uint64_t feature, struct perf_wire in)
{
	struct utsname here;

	switch (feature) {
	case FEATURE_TRACING_DATA:
		return perf_formats_read(&perf->formats, in);
	case FEATURE_BUILD_ID:
		return perf_builds_read(&perf->builds, in);
	case FEATURE_HOSTNAME:
		perf->this_host = !uname(&here) && is_text(in, here.nodename);
		return DWELL_OK;
	case FEATURE_OSRELEASE:
		perf->this_kernel = !uname(&here) && is_text(in, here.release);
		return DWELL_OK;
	case FEATURE_CLOCK_DATA:
		read_clocks(perf, in);
		return DWELL_OK;
	case FEATURE_DIR_FORMAT:
		return dwell_diag_set(&perf->source.diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"perf: one file of a recording with several (perf record --threads)");
	default:
		return DWELL_OK;
	}
}

static bool is_wanted(unsigned feature)
{
	return feature == FEATURE_HOSTNAME || feature == FEATURE_OSRELEASE ||
	       feature == FEATURE_TRACING_DATA || feature == FEATURE_BUILD_ID ||
	       feature == FEATURE_CLOCK_DATA || feature == FEATURE_DIR_FORMAT;
}

static int read_feature(struct perf *perf, unsigned feature, const struct section *section)
{
	uint8_t *at = NULL;
	int err = read_section(perf, section, &at);

	if (err)
		return err;
	err = perf_feature(perf, feature,
		(struct perf_wire){ .at = at, .left = (size_t)section->size, .big = perf->big });
	free(at);
	if (err && !*perf->source.diag.what)
		dwell_diag_set(&perf->source.diag, err, section->at, 0,
			"perf: the table of tracepoint formats is damaged");
	return err;
}

/* bits: which features there are; their sections stand behind the data, in order of the bits. */
static int read_features(struct perf *perf, const uint8_t *bits)
{
	struct section table = { .at = perf->data_end }, section;
	uint8_t *at = NULL;
	int err;

	for (unsigned i = 0; i < FEATURES; i++)
		table.size += perf_get64(bits + i / 64 * 8, perf->big) >> i % 64 & 1 ? SECTION : 0;
	err = read_section(perf, &table, &at);
	if (err)
		return err;

	struct perf_wire in = { .at = at, .left = (size_t)table.size, .big = perf->big };
	for (unsigned i = 0; i < FEATURES && !err; i++) {
		if (!(perf_get64(bits + i / 64 * 8, perf->big) >> i % 64 & 1))
			continue;
		if (take_section(&in, &section) && is_wanted(i))
			err = read_feature(perf, i, &section);
	}
	free(at);
	return err;
}

/* Are there tracepoints, and none whose format is known? Then nothing can be read. */
static int check_formats(struct perf *perf)
{
	bool tracepoints = false;

	for (size_t i = 0; i < perf->attrs.count; i++)
		tracepoints = tracepoints || perf->attrs.all[i].type == 2;
	if (!tracepoints || perf->formats.count)
		return DWELL_OK;
	return dwell_diag_set(&perf->source.diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
		perf->unclosed ? "perf: not closed (perf record was killed): the formats of its "
				 "tracepoints were to follow the data"
			       : "perf: tracepoints, but not the format of one of the scheduler's");
}

static int open_with_header(struct perf *perf, const uint8_t *header)
{
	struct perf_wire in = { .at = header + 24, .left = HEADER_SIZE - 24, .big = perf->big };
	const uint64_t each = perf_get64(header + 16, perf->big);
	struct section attrs, data;
	int err;

	take_section(&in, &attrs);
	take_section(&in, &data);
	if (data.at > perf->source.bytes->size)
		return dwell_diag_set(&perf->source.diag, DWELL_ETRUNCATED, 40, 0,
			"perf: the data lies behind the end of the file");
	perf->data_at = data.at;
	perf->unclosed = !data.size;
	if (perf->unclosed)
		data.size = perf->source.bytes->size - data.at;
	perf->data_end = data.at + data.size;
	if (perf->data_end < data.at)
		return dwell_diag_set(&perf->source.diag, DWELL_EFORMAT, 48, 0,
			"perf: the size of the data is wrong");
	err = read_attrs(perf, &attrs, each);
	if (!err && !perf->attrs.count)
		err = dwell_diag_set(&perf->source.diag, DWELL_EFORMAT, attrs.at, 0,
			"perf: no event was recorded");
	if (!err && !perf->unclosed)
		err = read_features(perf, header + 72);
	if (err)
		return err;
	perf_attrs_resolve(&perf->attrs, &perf->formats);
	return check_formats(perf);
}

int perf_open_file(struct perf *perf)
{
	uint8_t header[HEADER_SIZE];
	size_t got = 0;
	int err =
		perf->source.bytes->ops->read(perf->source.bytes, 0, header, sizeof(header), &got);

	if (err)
		return err;
	if (got < PIPE_HEADER_SIZE)
		return dwell_diag_set(
			&perf->source.diag, DWELL_ETRUNCATED, 0, 0, "perf: ends in its header");
	perf->big = !memcmp(header, MAGIC_SWAPPED, 8);

	const uint64_t size = perf_get64(header + 8, perf->big);
	if (size == PIPE_HEADER_SIZE) {
		perf->pipe = true;
		perf->data_at = PIPE_HEADER_SIZE;
		perf->data_end = perf->source.bytes->size;
		return DWELL_OK;
	}
	if (size < HEADER_SIZE || got < HEADER_SIZE)
		return dwell_diag_set(&perf->source.diag,
			got < HEADER_SIZE ? DWELL_ETRUNCATED : DWELL_EFORMAT, 8, 0,
			"perf: the size of its header is wrong");
	return open_with_header(perf, header);
}
