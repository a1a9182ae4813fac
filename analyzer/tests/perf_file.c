/* The frame of perf.data files that tests build: header, attributes, formats, features. */
#include "tests/perf_piece.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static uint64_t sample_type(const struct perf_variant *v, bool raw)
{
	return TYPE_IP | TYPE_TID | TYPE_TIME | TYPE_PERIOD | (v->no_cpu ? 0 : TYPE_CPU) |
	       (v->identifier ? TYPE_IDENTIFIER : TYPE_ID) | (v->read_format ? TYPE_READ : 0) |
	       (v->chains ? TYPE_CALLCHAIN : 0) | (raw ? TYPE_RAW : 0);
}

/* Which events the file has, as its variant says. */
static unsigned events_of(const struct perf_variant *v, unsigned events[6])
{
	unsigned count = 0;

	if (v->no_tracepoints) {
		events[count++] = EVENT_DUMMY;
		return count;
	}
	events[count++] = EVENT_SWITCH;
	events[count++] = EVENT_WAKING;
	events[count++] = EVENT_FORK;
	if (v->newborn)
		events[count++] = EVENT_NEW;
	events[count++] = EVENT_CLOCK;
	return count;
}

static uint64_t flags_of(const struct perf_variant *v)
{
	uint64_t flags = UINT64_C(1) << 18; /* sample_id_all */

	if (v->own)
		flags |= UINT64_C(1) << 12; /* enable_on_exec */
	if (v->clockid >= 0)
		flags |= UINT64_C(1) << 25;
	if (v->context_switch)
		flags |= UINT64_C(1) << 26;
	return flags;
}

static uint64_t reversed(uint64_t word)
{
	uint64_t out = 0;

	for (int i = 0; i < 64; i++)
		out |= (word >> i & 1) << (63 - i);
	return out;
}

static void put_attr(struct piece *piece, const struct perf_variant *v, unsigned event)
{
	const size_t start = piece->size;
	const uint32_t size = v->attr_size ? v->attr_size : 128;
	const bool software = event == EVENT_DUMMY || event == EVENT_CLOCK;

	put(piece, 4, software ? 1 : 2);
	put(piece, 4, size);
	put(piece, 8, event == EVENT_DUMMY ? 9 : event == EVENT_CLOCK ? 0 : 300 + event);
	put(piece, 8, 1);
	put(piece, 8, sample_type(v, !software));
	put(piece, 8, v->read_format);
	put(piece, 8, piece->big ? reversed(flags_of(v)) : flags_of(v));
	while (piece->size - start < size)
		put(piece, piece->size - start == 92 ? 4 : 1,
			piece->size - start == 92 ? (uint64_t)v->clockid : 0);
}

/* ---- tracing data */

static const char COMMON[] =
	"format:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

static const char SWITCH[] =
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:long prev_state;\toffset:32;\tsize:%d;\tsigned:1;\n"
	"\tfield:char next_comm[16];\toffset:%d;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t next_pid;\toffset:%d;\tsize:4;\tsigned:1;\n"
	"\tfield:int next_prio;\toffset:%d;\tsize:4;\tsigned:1;\n\nprint fmt: %s\n";

static const char STATES[] = "\"x\", (REC->prev_state & 0xff) ? __print_flags(REC->prev_state, "
			     "\"|\", { 0x0001, \"S\" }, { 0x0002, \"D\" }, { 0x0004, \"T\" }, "
			     "{ 0x0010, \"X\" }, { 0x0020, \"Z\" }, { 0x0080, \"I\" }) : \"R\"";
static const char OLD_STATES[] =
	"\"x\", REC->prev_state & (2048-1) ? __print_flags("
	"REC->prev_state, \"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, "
	"{ 16, \"Z\" }, { 32, \"X\" }, { 64, \"x\" }, { 512, \"P\" }) : \"R\"";

static const char WAKE[] =
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";

/* Since Linux 6.14 the names are strings elsewhere. */
static const char FORK[] =
	"\tfield:__data_loc char[] parent_comm;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t parent_pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:__data_loc char[] child_comm;\toffset:16;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t child_pid;\toffset:20;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";

static void put_file(struct piece *piece, const char *name, unsigned id, const char *format, ...)
{
	char text[4096];
	int at = snprintf(text, sizeof(text), "name: %s\nID: %u\n%s", name, id, COMMON);
	va_list args;

	va_start(args, format);
	at += vsnprintf(text + at, sizeof(text) - (size_t)at, format, args);
	va_end(args);
	put(piece, 8, (uint64_t)at);
	put_bytes(piece, text, (size_t)at);
}

static void put_tracing(struct piece *piece, const struct perf_variant *v)
{
	const int wide = v->narrow_state ? 4 : 8;

	put_bytes(piece, "\x17\x08\x44tracing0.6", 14);
	put(piece, 1, piece->big);
	put(piece, 1, 8);
	put(piece, 4, 4096);
	put_bytes(piece, "header_page\0\0\0\0\0\0\0\0", 20);
	put_bytes(piece, "header_event\0\0\0\0\0\0\0\0", 21);
	put(piece, 4, 0); /* no events of ftrace's own */
	put(piece, 4, 2);
	put_bytes(piece, "irq", 4);
	put(piece, 4, 1);
	put_file(piece, "sched_switch", 999, "%s", "of another system\n");
	put_bytes(piece, "sched", 6);
	put(piece, 4, 5);
	put_file(piece, "sched_stat_runtime", 500, "%s", WAKE);
	put_file(piece, "sched_switch", 300 + EVENT_SWITCH, SWITCH, wide, 32 + wide, 48 + wide,
		52 + wide, v->old_states ? OLD_STATES : STATES);
	put_file(
		piece, v->wakeup ? "sched_wakeup" : "sched_waking", 300 + EVENT_WAKING, "%s", WAKE);
	put_file(piece, "sched_wakeup_new", 300 + EVENT_NEW, "%s", WAKE);
	put_file(piece, "sched_process_fork", 300 + EVENT_FORK, "%s", FORK);
	put(piece, 4, 0); /* no kallsyms, no printk formats */
	put(piece, 4, 0);
}

/* ---- the file */

static void write_thread_map(struct perf_file *file)
{
	struct piece record = start_record(file);

	put(&record, 8, 1);
	put(&record, 8, file->variant->own ? 100 : UINT64_MAX);
	put_bytes(&record, "-all\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	write_record(file, &record, 73, 0);
}

static void begin_pipe(struct perf_file *file)
{
	struct piece tracing = { .big = file->variant->big }, record;
	unsigned events[6];
	const unsigned count = events_of(file->variant, events);

	for (unsigned i = 0; i < count; i++) {
		record = start_record(file);
		put_attr(&record, file->variant, events[i]);
		put(&record, 8, id_of(events[i]));
		write_record(file, &record, 64, 0);
	}
	put_tracing(&tracing, file->variant);
	while (tracing.size % 8)
		put(&tracing, 1, 0);
	record = start_record(file);
	put(&record, 4, tracing.size);
	write_record(file, &record, 66, 0);
	file->tracing_at = file->size;
	write_file(file, tracing.at, tracing.size);
}

/* Header, ids, attributes: all before the data. */
static void begin_file(struct perf_file *file)
{
	const struct perf_variant *v = file->variant;
	struct piece head = { .big = v->big };
	unsigned events[6];
	const unsigned count = events_of(v, events);
	const uint32_t each = (v->attr_size ? v->attr_size : 128) + 16;

	put_bytes(&head, v->big ? "2ELIFREP" : "PERFILE2", 8);
	put(&head, 8, 104);
	put(&head, 8, each);
	put(&head, 8, 104 + 8 * count);
	put(&head, 8, each * count);
	put(&head, 8, 104 + 8 * count + each * count);
	while (head.size < 104)
		put(&head, 1, 0);
	for (unsigned i = 0; i < count; i++)
		put(&head, 8, id_of(events[i]));
	for (unsigned i = 0; i < count; i++) {
		put_attr(&head, v, events[i]);
		put(&head, 8, 104 + 8 * i);
		put(&head, 8, 8);
	}
	write_file(file, head.at, head.size);
}

void perf_file_begin(struct perf_file *file, const struct perf_variant *variant)
{
	struct piece head = { .big = variant->big };

	*file = (struct perf_file){ .variant = variant };
	perf_chain(file, NULL, 0);
	if (variant->pipe) {
		put_bytes(&head, variant->big ? "2ELIFREP" : "PERFILE2", 8);
		put(&head, 8, 16);
		write_file(file, head.at, head.size);
		begin_pipe(file);
	} else {
		begin_file(file);
	}
	file->data_at = file->size;
	if (!variant->no_thread_map)
		write_thread_map(file);
}

static void put_at(struct perf_file *file, size_t offset, uint64_t value)
{
	struct piece field = { .big = file->variant->big };

	put(&field, 8, value);
	memcpy(file->data + offset, field.at, 8);
}

static void end_features(struct perf_file *file)
{
	const struct perf_variant *v = file->variant;
	struct piece tracing = { .big = v->big }, clock = { .big = v->big },
		     table = { .big = v->big };
	const size_t sections = (v->no_tracepoints ? 0u : 1u) + (v->wall_ns ? 1u : 0u);
	const size_t at = file->size + 16 * sections;

	put_tracing(&tracing, v);
	put(&clock, 4, 1);
	put(&clock, 4, (uint32_t)v->clockid);
	put(&clock, 8, v->wall_ns);
	put(&clock, 8, v->wall_clock_ns);
	if (v->no_tracepoints)
		tracing.size = 0;
	if (!v->no_tracepoints) {
		put(&table, 8, at);
		put(&table, 8, tracing.size);
	}
	if (v->wall_ns) {
		put(&table, 8, at + tracing.size);
		put(&table, 8, clock.size);
	}
	file->features_at = file->size;
	file->tracing_at = at;
	write_file(file, table.at, table.size);
	write_file(file, tracing.at, tracing.size);
	if (v->wall_ns)
		write_file(file, clock.at, clock.size);
	put_at(file, 72,
		(v->no_tracepoints ? 0u : UINT64_C(1) << 1) | (v->wall_ns ? UINT64_C(1) << 29 : 0));
}

void perf_file_end(struct perf_file *file)
{
	if (file->held_size)
		pack(file);
	ZSTD_freeCStream(file->packer);
	file->packer = NULL;
	if (file->variant->pipe || file->variant->unclosed)
		return;
	put_at(file, 48, file->size - file->data_at);
	end_features(file);
}

void perf_file_release(struct perf_file *file)
{
	free(file->data);
	free(file->held);
}

/* ---- bytes over memory */

struct memory {
	struct dwell_bytes base;
	uint8_t *at;
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
	return 0;
}

static void memory_close(struct dwell_bytes *bytes)
{
	free(((struct memory *)bytes)->at);
	free(bytes);
}

/* An exact allocation, so that AddressSanitizer sees a read past the end. */
struct dwell_bytes *bytes_of(const void *at, size_t size)
{
	static const struct dwell_bytes_ops ops = { .read = memory_read, .close = memory_close };
	struct memory *self = malloc(sizeof(*self));

	need(self != NULL);
	self->base = (struct dwell_bytes){ .ops = &ops, .size = size };
	self->at = malloc(size ? size : 1);
	need(self->at != NULL);
	if (size)
		memcpy(self->at, at, size);
	return &self->base;
}

struct dwell_bytes *perf_file_bytes(const struct perf_file *file, size_t size)
{
	return bytes_of(file->data, size < file->size ? size : file->size);
}
