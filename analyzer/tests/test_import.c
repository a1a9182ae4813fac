/* What a trace is, told by its first bytes; and what is unpacked on the way. */
#define ZLIB_CONST /* next_in points to const */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "dwell/importer.h"
#include "import/input.h"
#include "import/perf/queue.h"
#include "import/unpack.h"

struct memory {
	struct dwell_bytes base;
	const char *at;
};

static int memory_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const struct memory *self = (const struct memory *)bytes;

	*got = offset >= bytes->size ? 0 : (size_t)(bytes->size - offset);
	if (*got > size)
		*got = size;
	if (*got)
		memcpy(out, self->at + offset, *got);
	return DWELL_OK;
}

static void memory_close(struct dwell_bytes *bytes)
{
	((struct memory *)bytes)->at = NULL;
}

static const struct dwell_bytes_ops memory_ops = { .read = memory_read, .close = memory_close };

struct unknown {
	const char *name, *content;
	size_t size;
	int err;
	const char *what;
};

static const struct unknown unknowns[] = {
	{ "empty", "", 0, DWELL_EUNSUPPORTED, "an empty file" },
	{ "text of another kind", "hello\n", 6, DWELL_EUNSUPPORTED,
		"not a trace of a known kind (dwell, perf.data, Go, trace.dat, ftrace's text, CTF, "
		"dial9, trace events in JSON)" },
	{ "perf, only its magic", "PERFILE2", 8, DWELL_ETRUNCATED, "perf: ends in its header" },
	{ "perf, a short header", "PERFILE2\x68\0\0\0\0\0\0\0", 16, DWELL_ETRUNCATED,
		"perf: the size of its header is wrong" },
	{ "perf, a wrong header", "PERFILE2\x11\0\0\0\0\0\0\0", 16, DWELL_ETRUNCATED,
		"perf: the size of its header is wrong" },
};

Test(import, refuses_what_it_does_not_know)
{
	for (size_t i = 0; i < sizeof(unknowns) / sizeof(unknowns[0]); i++) {
		const struct unknown *c = &unknowns[i];
		struct memory bytes = { { &memory_ops, c->size }, c->content };
		struct dwell_import import = { .kind = "untouched" };
		struct dwell_diag diag = { .offset = 0 };

		cr_expect(eq(int, dwell_import_open_bytes(&import, &bytes.base, &diag), c->err),
			"%s", c->name);
		cr_expect(eq(int, strcmp(diag.what, c->what), 0), "%s", c->name);
		cr_expect(eq(int, strcmp(import.kind, "untouched"), 0), "%s", c->name);
		cr_expect(eq(ptr, (void *)bytes.at, NULL), "%s: bytes are taken over", c->name);
	}
}

struct known {
	const char *content, *kind;
};

static const struct known knowns[] = {
	{ "dwell-text 1\ntrace\nend time=5\n", "text" },
	{ "# by hand\n\n \tdwell-text 1\ntrace\nend time=5\n", "text" },
};

Test(import, knows_a_kind_by_its_content)
{
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
		const struct known *c = &knowns[i];
		struct memory bytes = { { &memory_ops, strlen(c->content) }, c->content };
		struct dwell_import import = { .kind = NULL };

		cr_assert(eq(int, dwell_import_open_bytes(&import, &bytes.base, NULL), DWELL_OK),
			"%s", c->content);
		cr_expect(eq(int, strcmp(import.kind, c->kind), 0), "%s", c->content);
		cr_expect(eq(u64, import.bytes, strlen(c->content)), "%s", c->content);
		dwell_import_close(&import);
	}
}

/* A gzip file that holds text, by path: its size is that of the file. */
Test(import, unpacks_files)
{
	static const char content[] = "dwell-text 1\ntrace\nend time=5\n";
	char path[] = "/tmp/dwell-import-XXXXXX";
	struct dwell_import import = { .kind = NULL };
	gzFile gz = gzdopen(mkstemp(path), "w");

	gzwrite(gz, content, sizeof(content) - 1);
	gzclose(gz);
	cr_assert(eq(int, dwell_import_open(&import, path, NULL), DWELL_OK));
	cr_expect(eq(int, strcmp(import.kind, "text"), 0));
	cr_expect(ne(u64, import.bytes, sizeof(content) - 1));
	dwell_import_close(&import);
	unlink(path);
}

Test(import, says_what_cannot_be_opened)
{
	struct dwell_import import;
	struct dwell_diag diag = { .offset = 0 };

	cr_expect(eq(int, dwell_import_open(&import, "/nonexistent", &diag), DWELL_EIO));
	cr_expect(eq(int, dwell_import_open(&import, "/", &diag), DWELL_EUNSUPPORTED));
	cr_expect(eq(int, strcmp(diag.what, "not a folder of a trace"), 0));
}

/* Unpacking gives back what was packed, in whatever pieces it comes. */
struct pieces {
	struct import_origin origin;
	struct import_target target;
	const uint8_t *at;
	size_t left, step;
	uint8_t out[300000];
	size_t got;
};

static int give(struct import_origin *origin, void *out, size_t size, size_t *got)
{
	struct pieces *p = (struct pieces *)origin;

	*got = p->left < p->step ? p->left : p->step;
	if (*got > size)
		*got = size;
	memcpy(out, p->at, *got);
	p->at += *got;
	p->left -= *got;
	return DWELL_OK;
}

static int keep(struct import_target *target, const void *at, size_t size)
{
	struct pieces *p = (struct pieces *)((char *)target - offsetof(struct pieces, target));

	if (size > sizeof(p->out) - p->got)
		return DWELL_ELIMIT;
	memcpy(p->out + p->got, at, size);
	p->got += size;
	return DWELL_OK;
}

static uint8_t plain[250000], packed[300000];

static void fill_plain(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(plain); i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(i % 7 ? x >> 28 : 0);
	}
}

static size_t pack(enum import_packing packing)
{
	z_stream z = { .next_in = plain,
		.avail_in = sizeof(plain),
		.next_out = packed,
		.avail_out = sizeof(packed) };

	if (packing == IMPORT_ZSTD)
		return ZSTD_compress(packed, sizeof(packed), plain, sizeof(plain), 1);
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return z.total_out;
}

static int unpack(enum import_packing packing, struct pieces *p, size_t size, size_t step)
{
	*p = (struct pieces){
		.origin = { give }, .target = { keep }, .at = packed, .left = size, .step = step
	};
	return import_unpack(packing, &p->origin, &p->target);
}

Test(import, unpacks_gzip_and_zstd)
{
	static const size_t steps[] = { 1, 1000, 1 << 20 };
	static struct pieces p;

	fill_plain();
	for (int packing = IMPORT_GZIP; packing <= IMPORT_ZSTD; packing++) {
		const size_t size = pack((enum import_packing)packing);

		cr_assert(eq(int, (int)import_packing_of(packed, size), packing));
		for (size_t i = 0; i < 3; i++) {
			cr_expect(eq(int, unpack((enum import_packing)packing, &p, size, steps[i]),
				DWELL_OK));
			cr_expect(eq(sz, p.got, sizeof(plain)));
			cr_expect(eq(int, memcmp(p.out, plain, sizeof(plain)), 0));
		}
		cr_expect(eq(int, unpack((enum import_packing)packing, &p, size - 8, 4096),
			DWELL_ETRUNCATED));
		cr_expect(eq(int, memcmp(p.out, plain, p.got), 0), "what came is right");
		cr_expect(lt(sz, (size_t)1000, p.got));
		memset(packed + 10, 0xff, 64);
		cr_expect(eq(
			int, unpack((enum import_packing)packing, &p, size, 4096), DWELL_EFORMAT));
	}
}

/* Times of records as they come, 'R' for a round, 'H' where there is no more room, 'E' for the end.
 */
struct round_case {
	const char *name;
	const char *input, *output;
};

static const struct round_case round_cases[] = {
	{ "nothing goes on after the first round", "a b c R", "|" },
	{ "a round ends what the one before had", "b d R c e R", "|b c d |" },
	{ "two rings, one after the other", "a c e b d R f R", "|a b c d e |" },
	{ "equal times stay as they came", "bB R cC R", "|bB |" },
	{ "who comes too late is told late", "b R c R a R d R", "|b |a c ||" },
	{ "no round at all", "c b a E", "a b c |" },
	{ "no more room: the older half goes on", "f b e c a d H", "a b c d |" },
	{ "what comes too late for it is told late", "f b e c H a d E", "b c e |ad f |" },
};

static void run_rounds(const struct round_case *c, char *said)
{
	struct perf_queue queue = { .items = NULL };

	for (const char *at = c->input; *at; at++) {
		struct perf_item item = { .time_ns = (uint64_t)(*at | 0x20) };

		item.a = (uint32_t)*at;
		if (*at == ' ')
			continue;
		if (!strchr("RHE", *at)) {
			cr_assert(eq(int, perf_queue_put(&queue, &item), DWELL_OK));
			continue;
		}

		const size_t ready = *at == 'R'   ? perf_queue_round(&queue)
				     : *at == 'H' ? perf_queue_half(&queue)
						  : perf_queue_all(&queue);
		for (size_t i = 0; i < ready; i++) {
			*said++ = (char)queue.items[i].a;
			if (i + 1 == ready ||
				queue.items[i + 1].time_ns != queue.items[i].time_ns ||
				queue.items[i].a == queue.items[i + 1].a)
				*said++ = ' ';
		}
		perf_queue_took(&queue, ready);
		*said++ = '|';
	}
	*said = '\0';
	perf_queue_release(&queue);
}

Test(import, rounds_put_records_in_order)
{
	for (size_t i = 0; i < sizeof(round_cases) / sizeof(round_cases[0]); i++) {
		char said[100];

		run_rounds(&round_cases[i], said);
		cr_expect(
			eq(int, strcmp(said, round_cases[i].output), 0), "%s", round_cases[i].name);
	}
}
