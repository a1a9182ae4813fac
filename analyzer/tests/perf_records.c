/* The records of perf.data files that tests build. */
#include "tests/perf_piece.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static uint64_t chain[300];
static size_t chain_count;

void need(bool ok)
{
	if (!ok)
		abort();
}

void grow(uint8_t **at, size_t *room, size_t size)
{
	if (size <= *room)
		return;
	*room = 2 * size + 4096;
	*at = realloc(*at, *room);
	need(*at != NULL);
}

void put(struct piece *piece, unsigned width, uint64_t value)
{
	need(piece->size + width <= sizeof(piece->at));
	for (unsigned i = 0; i < width; i++)
		piece->at[piece->size + (piece->big ? width - 1 - i : i)] =
			(uint8_t)(value >> 8 * i);
	piece->size += width;
}

void put_bytes(struct piece *piece, const void *at, size_t size)
{
	need(piece->size + size <= sizeof(piece->at));
	memcpy(piece->at + piece->size, at, size);
	piece->size += size;
}

void put_text(struct piece *piece, const char *text, size_t multiple)
{
	put_bytes(piece, text, strlen(text) + 1);
	while (piece->size % multiple)
		put(piece, 1, 0);
}

void write_file(struct perf_file *file, const void *at, size_t size)
{
	grow(&file->data, &file->room, file->size + size);
	memcpy(file->data + file->size, at, size);
	file->size += size;
}

static void put_comm(struct piece *piece, const char *comm)
{
	char whole[16] = { 0 };

	memcpy(whole, comm, strnlen(comm, 15));
	put_bytes(piece, whole, sizeof(whole));
}

void pack(struct perf_file *file)
{
	struct piece record = { .size = 8, .big = file->variant->big };
	ZSTD_inBuffer in = { file->held, file->held_size, 0 };
	ZSTD_outBuffer out = { record.at + (file->variant->packed == 2 ? 16 : 8), 60000, 0 };

	if (!file->packer)
		file->packer = ZSTD_createCStream();
	ZSTD_compressStream2(file->packer, &out, &in, ZSTD_e_flush);
	file->held_size = 0;
	if (file->variant->packed == 2)
		put(&record, 8, out.pos);
	record.size += out.pos;
	while (file->variant->packed == 2 && record.size % 8)
		put(&record, 1, 0);

	const size_t size = record.size;
	record.size = 0;
	put(&record, 4, file->variant->packed == 2 ? 83 : 81);
	put(&record, 2, 0);
	put(&record, 2, size);
	write_file(file, record.at, size);
}

void write_record(struct perf_file *file, struct piece *record, uint32_t type, uint16_t misc)
{
	const size_t size = record->size;

	record->size = 0;
	put(record, 4, type);
	put(record, 2, misc);
	put(record, 2, size);
	if (!file->variant->packed || type >= 64) {
		if (file->held_size)
			pack(file);
		write_file(file, record->at, size);
		return;
	}
	/* Cut anywhere: a record may go on in the next compressed one. */
	grow(&file->held, &file->held_room, file->held_size + size);
	memcpy(file->held + file->held_size, record->at, size / 2);
	file->held_size += size / 2;
	if (file->held_size > 300)
		pack(file);
	memcpy(file->held + file->held_size, record->at + size / 2, size - size / 2);
	file->held_size += size - size / 2;
}

struct piece start_record(const struct perf_file *file)
{
	return (struct piece){ .size = 8, .big = file->variant->big };
}

uint64_t id_of(unsigned event)
{
	return 1000 + event;
}

static void end_record(struct perf_file *file, struct piece *record, struct perf_at at,
	uint32_t type, uint16_t misc)
{
	const struct perf_variant *v = file->variant;

	put(record, 4, (uint32_t)at.pid);
	put(record, 4, (uint32_t)at.tid);
	put(record, 8, at.ns);
	if (!v->identifier)
		put(record, 8, 0);
	if (!v->no_cpu) {
		put(record, 4, at.cpu);
		put(record, 4, 0);
	}
	if (v->identifier)
		put(record, 8, 0);
	write_record(file, record, type, misc);
}

static void put_read(struct piece *record, uint64_t format)
{
	const unsigned each = 1 + (format & 4 ? 1 : 0) + (format & 16 ? 1 : 0);
	const unsigned times = (format & 1 ? 1 : 0) + (format & 2 ? 1 : 0);
	const unsigned members = format & 8 ? 3 : 1;

	if (format & 8)
		put(record, 8, members);
	for (unsigned i = 0; i < times + each * members; i++)
		put(record, 8, 77);
}

static struct piece start_sample(
	const struct perf_file *file, struct perf_at at, unsigned event, uint64_t period)
{
	const struct perf_variant *v = file->variant;
	struct piece record = start_record(file);

	if (v->identifier)
		put(&record, 8, id_of(event));
	put(&record, 8, 0xffffffff81000000);
	put(&record, 4, (uint32_t)at.pid);
	put(&record, 4, (uint32_t)at.tid);
	put(&record, 8, at.ns);
	if (!v->identifier)
		put(&record, 8, id_of(event));
	if (!v->no_cpu) {
		put(&record, 4, at.cpu);
		put(&record, 4, 0);
	}
	put(&record, 8, period);
	if (v->read_format)
		put_read(&record, v->read_format);
	if (v->chains) {
		put(&record, 8, chain_count);
		for (size_t i = 0; i < chain_count; i++)
			put(&record, 8, chain[i]);
	}
	return record;
}

static void end_sample(struct perf_file *file, struct piece *record, const struct piece *raw)
{
	put(record, 4, raw->size + 4);
	put_bytes(record, raw->at, raw->size);
	put(record, 4, 0);
	while (record->size % 8)
		put(record, 1, 0);
	write_record(file, record, 9, 0);
}

static struct piece start_raw(
	const struct perf_file *file, unsigned event, uint8_t flags, int32_t tid)
{
	struct piece raw = { .big = file->variant->big };

	put(&raw, 2, 300 + event);
	put(&raw, 1, flags);
	put(&raw, 1, 0);
	put(&raw, 4, (uint32_t)tid);
	return raw;
}

void perf_chain(struct perf_file *file, const uint64_t *of, size_t count)
{
	(void)file;
	if (count)
		memcpy(chain, of, count * sizeof(*of));
	chain_count = count;
}

void perf_switch(struct perf_file *file, struct perf_at at, const char *from, int32_t prev,
	uint64_t state, const char *to, int32_t next)
{
	struct piece record = start_sample(file, at, EVENT_SWITCH, 1);
	struct piece raw = start_raw(file, EVENT_SWITCH, 0, at.tid);

	put_comm(&raw, from);
	put(&raw, 4, (uint32_t)prev);
	put(&raw, 4, 120);
	put(&raw, file->variant->narrow_state ? 4 : 8, state);
	put_comm(&raw, to);
	put(&raw, 4, (uint32_t)next);
	put(&raw, 4, 120);
	end_sample(file, &record, &raw);
}

static void wakes(struct perf_file *file, struct perf_at at, unsigned event, const char *comm,
	int32_t tid, uint8_t flags)
{
	struct piece record = start_sample(file, at, event, 1);
	struct piece raw = start_raw(file, event, flags, at.tid);

	put_comm(&raw, comm);
	put(&raw, 4, (uint32_t)tid);
	put(&raw, 4, 120);
	put(&raw, 4, at.cpu);
	end_sample(file, &record, &raw);
}

void perf_wake(
	struct perf_file *file, struct perf_at at, const char *comm, int32_t tid, uint8_t flags)
{
	wakes(file, at, EVENT_WAKING, comm, tid, flags);
}

void perf_new(struct perf_file *file, struct perf_at at, const char *comm, int32_t tid)
{
	wakes(file, at, EVENT_NEW, comm, tid, 0);
}

void perf_clock_sample(struct perf_file *file, struct perf_at at, uint64_t period)
{
	struct piece record = start_sample(file, at, EVENT_CLOCK, period);

	write_record(file, &record, 9, 0);
}

void perf_comm(struct perf_file *file, struct perf_at at, const char *comm, bool exec)
{
	struct piece record = start_record(file);

	put(&record, 4, (uint32_t)at.pid);
	put(&record, 4, (uint32_t)at.tid);
	put_text(&record, comm, 8);
	end_record(file, &record, at, 3, exec ? 1 << 13 : 0);
}

static void life(struct perf_file *file, struct perf_at at, const int32_t who[4], uint32_t type)
{
	struct piece record = start_record(file);

	for (int i = 0; i < 4; i++)
		put(&record, 4, (uint32_t)who[i]);
	put(&record, 8, at.ns);
	end_record(file, &record, at, type, 0);
}

void perf_fork(struct perf_file *file, struct perf_at at, int32_t pid, int32_t tid, int32_t ppid,
	int32_t ptid)
{
	life(file, at, (const int32_t[]){ pid, ppid, tid, ptid }, 7);
}

void perf_exit(struct perf_file *file, struct perf_at at)
{
	life(file, at, (const int32_t[]){ at.pid, 1, at.tid, 1 }, 4);
}

void perf_lost(struct perf_file *file, struct perf_at at, uint64_t count)
{
	struct piece record = start_record(file);

	put(&record, 8, id_of(EVENT_SWITCH));
	put(&record, 8, count);
	end_record(file, &record, at, 2, 0);
}

void perf_lost_samples(struct perf_file *file, struct perf_at at, uint64_t count)
{
	struct piece record = start_record(file);

	put(&record, 8, count);
	end_record(file, &record, at, 13, 0);
}

void perf_in_out(struct perf_file *file, struct perf_at at, bool out, bool preempted)
{
	struct piece record = start_record(file);

	end_record(
		file, &record, at, 14, (uint16_t)((out ? 1 << 13 : 0) | (preempted ? 1 << 14 : 0)));
}

void perf_mmap(struct perf_file *file, struct perf_at at, uint64_t start, uint64_t size,
	uint64_t offset, const char *path, const char *build_id)
{
	struct piece record = start_record(file);
	const bool kernel = at.pid == -1;

	put(&record, 4, (uint32_t)at.pid);
	put(&record, 4, (uint32_t)at.tid);
	put(&record, 8, start);
	put(&record, 8, size);
	put(&record, 8, offset);
	if (build_id) {
		put(&record, 1, strlen(build_id));
		put(&record, 1, 0);
		put(&record, 2, 0);
		put_bytes(&record, build_id, strlen(build_id));
		while ((record.size - 8) % 8)
			put(&record, 1, 0);
		while (record.size < 8 + 32 + 24)
			put(&record, 1, 0);
	} else {
		for (int i = 0; i < 6; i++)
			put(&record, 4, 0);
	}
	put(&record, 4, 5); /* read, execute */
	put(&record, 4, 2);
	put_text(&record, path, 8);
	end_record(file, &record, at, 10, (uint16_t)((kernel ? 1 : 2) | (build_id ? 1 << 14 : 0)));
}

void perf_raw_record(
	struct perf_file *file, uint32_t type, uint16_t misc, const void *body, size_t size)
{
	struct piece record = start_record(file);

	put_bytes(&record, body, size);
	write_record(file, &record, type, misc);
}

void perf_round(struct perf_file *file)
{
	struct piece record = start_record(file);

	write_record(file, &record, 68, 0);
}
