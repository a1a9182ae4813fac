/* Records about tasks: made, named, mapped, ended, switched; and what was lost. */
#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	RECORD_MMAP = 1,
	RECORD_LOST = 2,
	RECORD_COMM = 3,
	RECORD_EXIT = 4,
	RECORD_FORK = 7,
	RECORD_SAMPLE = 9,
	RECORD_MMAP2 = 10,
	RECORD_LOST_SAMPLES = 13,
	RECORD_SWITCH = 14,
	RECORD_SWITCH_CPU_WIDE = 15,
	RECORD_THREAD_MAP = 73,

	MISC_SWITCH_OUT = 1 << 13, /* also: COMM of an exec; MMAP of data */
	MISC_SWITCH_OUT_PREEMPT = 1 << 14,
	MISC_COMM_EXEC = 1 << 13,
	MISC_MMAP_BUILD_ID = 1 << 14,
	MISC_CPUMODE = 7,
	MISC_KERNEL = 1,

	LONGEST_PATH = 4096
};

/* What stands at the end of every record: when, on which CPU, whose. */
struct tail {
	struct perf_item when;
	int32_t pid, tid;
};

static uint32_t tail32(const struct perf_wire *body, uint16_t from_end, size_t more)
{
	return perf_get32(body->at + body->left - from_end + more, body->big);
}

/* Cuts the tail off the body. False: it has none. */
static bool take_tail(const struct perf *perf, struct perf_wire *body, struct tail *out)
{
	const struct perf_attr *attr = perf_attrs_of_other(&perf->attrs, body);

	*out = (struct tail){ .when = { .cpu = PERF_NO_CPU }, .pid = -1, .tid = -1 };
	if (!attr || attr->tail > body->left)
		return false;
	if (attr->tail_time != PERF_ABSENT)
		out->when.time_ns = perf_get64(body->at + body->left - attr->tail_time, body->big);
	if (attr->tail_cpu != PERF_ABSENT && tail32(body, attr->tail_cpu, 0) < PERF_NO_CPU)
		out->when.cpu = (uint16_t)tail32(body, attr->tail_cpu, 0);
	if (attr->tail_tid != PERF_ABSENT) {
		out->pid = (int32_t)tail32(body, attr->tail_tid, 0);
		out->tid = (int32_t)tail32(body, attr->tail_tid, 4);
	}
	body->left -= attr->tail;
	return true;
}

static int malformed(struct perf *perf)
{
	perf->malformed++;
	return DWELL_OK;
}

static int comm(struct perf *perf, struct perf_wire body, const struct tail *tail, uint16_t misc)
{
	uint32_t pid, tid, slot;
	struct perf_when when = { tail->when.time_ns, tail->when.cpu, misc & MISC_COMM_EXEC };
	int err;

	if (!perf_u32(&body, &pid) || !perf_u32(&body, &tid))
		return malformed(perf);
	err = perf_tasks_slot(&perf->tasks, (int32_t)tid, &slot);
	if (err || !slot)
		return err;
	err = perf_say_process(perf, slot, (int32_t)pid, &when);
	return err ? err : perf_say_comm(perf, slot, body.at, body.left, &when);
}

/* FORK and EXIT: pid, parent's pid, tid, parent's tid, time. */
static int life(struct perf *perf, struct perf_wire body, const struct tail *tail, bool fork)
{
	struct perf_item item = tail->when;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
	int err;

	if (!perf_u32(&body, &pid) || !perf_u32(&body, &ppid) || !perf_u32(&body, &tid) ||
		!perf_u32(&body, &ptid) || !perf_u64(&body, &time))
		return malformed(perf);
	item.kind = fork ? PERF_ITEM_FORK : PERF_ITEM_EXIT;
	if (time)
		item.time_ns = time;
	err = perf_tasks_slot(&perf->tasks, (int32_t)tid, &item.a);
	if (!err)
		err = perf_tasks_slot(&perf->tasks, (int32_t)ptid, &item.b);
	if (err || !item.a)
		return err;
	if (fork) /* the slot of its process, which begins anew with it */
		err = perf_tasks_slot(&perf->tasks, (int32_t)pid, &item.current);
	if (!err && fork)
		perf->tasks.said[item.a].pid = (int32_t)pid;
	return err ? err : perf_queue_put(&perf->queue, &item);
}

static int lost(struct perf *perf, struct perf_wire body, const struct tail *tail, bool samples)
{
	struct perf_item item = tail->when;
	uint64_t id, count;

	if ((!samples && !perf_u64(&body, &id)) || !perf_u64(&body, &count))
		return malformed(perf);
	if (samples) { /* a sum perf makes at the end; it has what LOST told already */
		perf->lost_samples += count;
		return DWELL_OK;
	}
	perf->lost += count;
	item.kind = PERF_ITEM_LOST;
	item.value = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	return perf_queue_put(&perf->queue, &item);
}

static int context_switch(struct perf *perf, const struct tail *tail, uint16_t misc)
{
	struct perf_item item = tail->when;
	int err = perf_tasks_slot(&perf->tasks, tail->tid, &item.a);

	if (err || !item.a || !item.time_ns)
		return err;
	err = perf_say_process(
		perf, item.a, tail->pid, &(struct perf_when){ item.time_ns, item.cpu, false });
	if (err)
		return err;
	item.kind = misc & MISC_SWITCH_OUT ? PERF_ITEM_OUT : PERF_ITEM_IN;
	if (misc & MISC_SWITCH_OUT && misc & MISC_SWITCH_OUT_PREEMPT)
		item.flags = PERF_ITEM_PREEMPTED;
	return perf_queue_put(&perf->queue, &item);
}

static int keep_map(struct perf *perf, struct perf_map *map, struct perf_item *item)
{
	struct perf_mmaps *mmaps = &perf->mmaps;

	if (!mmaps->waiting)
		mmaps->count = 0;
	if (mmaps->count == mmaps->room) {
		const uint32_t room = mmaps->room ? 2 * mmaps->room : 64;
		struct perf_map *all = realloc(mmaps->all, room * sizeof(*all));

		if (!all)
			return DWELL_ENOMEM;
		mmaps->all = all;
		mmaps->room = room;
	}
	item->kind = PERF_ITEM_MMAP;
	item->value = mmaps->count;

	const int err = perf_queue_put(&perf->queue, item);
	if (!err) {
		mmaps->all[mmaps->count++] = *map;
		mmaps->waiting++;
	}
	return err;
}

static int path_of(const struct perf_builds *builds, struct perf_wire body, struct perf_map *map)
{
	map->path_size = (uint32_t)strnlen(
		(const char *)body.at, body.left < LONGEST_PATH ? body.left : LONGEST_PATH);
	map->path = strndup((const char *)body.at, map->path_size);
	if (!map->path)
		return DWELL_ENOMEM;

	const struct perf_build *build = perf_builds_find(builds, map->path, map->path_size);
	if (build && !map->build_id_size) {
		map->build_id_size = build->size;
		memcpy(map->build_id, build->id, build->size);
	}
	return DWELL_OK;
}

/* In MMAP2, between offset and path: device and inode, or a build id; protection and flags. */
static bool mmap2_middle(struct perf_wire *body, uint16_t misc, struct perf_map *map, bool *code,
	struct perf_wire *inode)
{
	struct perf_wire middle;

	if (!perf_take(body, 32, &middle))
		return false;
	*code = perf_get32(middle.at + 24, middle.big) & 4; /* PROT_EXEC */
	if (!(misc & MISC_MMAP_BUILD_ID))
		*inode = middle;
	if (misc & MISC_MMAP_BUILD_ID && middle.at[0] <= sizeof(map->build_id)) {
		map->build_id_size = middle.at[0];
		memcpy(map->build_id, middle.at + 4, map->build_id_size);
	}
	return true;
}

/* A file that was written anew since has another inode: compilers and package managers do so. */
static bool is_same_file(const char *path, const struct perf_wire *inode)
{
	struct stat about;

	return inode->left && *path == '/' && !stat(path, &about) &&
	       major(about.st_dev) == perf_get32(inode->at, inode->big) &&
	       minor(about.st_dev) == perf_get32(inode->at + 4, inode->big) &&
	       about.st_ino == perf_get64(inode->at + 8, inode->big);
}

static int mapped(struct perf *perf, const struct perf_record *record, struct perf_wire body,
	const struct tail *tail)
{
	struct perf_item item = tail->when;
	struct perf_map map = { .kernel = (record->misc & MISC_CPUMODE) == MISC_KERNEL };
	struct perf_wire inode = { .left = 0 };
	uint32_t pid, tid;
	uint64_t size;
	bool code = record->type == RECORD_MMAP2 || !(record->misc & MISC_SWITCH_OUT);
	int err;

	if (!perf_u32(&body, &pid) || !perf_u32(&body, &tid) || !perf_u64(&body, &map.start) ||
		!perf_u64(&body, &size) || !perf_u64(&body, &map.file_offset) ||
		(record->type == RECORD_MMAP2 &&
			!mmap2_middle(&body, record->misc, &map, &code, &inode)))
		return malformed(perf);
	if (!code || !perf_attrs_sample(&perf->attrs, PERF_SAMPLE_CALLCHAIN))
		return DWELL_OK;
	map.end = size > UINT64_MAX - map.start ? UINT64_MAX : map.start + size;
	err = map.kernel ? DWELL_OK : perf_tasks_slot(&perf->tasks, (int32_t)pid, &item.a);
	if (err)
		return err;
	err = path_of(&perf->builds, body, &map);
	if (err)
		return err;
	map.same_file = perf->this_host && perf->this_kernel && is_same_file(map.path, &inode);
	err = keep_map(perf, &map, &item);
	if (err)
		free(map.path);
	return err;
}

/* Which threads were recorded: one entry of number -1 stands for all. */
static int thread_map(struct perf *perf, struct perf_wire body)
{
	uint64_t count, pid;

	if (!perf_u64(&body, &count))
		return malformed(perf);
	perf->threads_known = true;
	while (count-- && perf_u64(&body, &pid)) {
		if (pid == UINT64_MAX || (uint32_t)pid == UINT32_MAX)
			perf->threads_all = true;
		if (!perf_skip(&body, 16))
			break;
	}
	return DWELL_OK;
}

int perf_record(struct perf *perf, const struct perf_record *record)
{
	struct perf_wire body = record->body;
	struct tail tail;

	if (record->type == RECORD_SAMPLE)
		return perf_sample(perf, record);
	if (record->type == RECORD_THREAD_MAP)
		return thread_map(perf, body);
	if (record->type >= 64 || !take_tail(perf, &body, &tail))
		return DWELL_OK;
	switch (record->type) {
	case RECORD_COMM:
		return comm(perf, body, &tail, record->misc);
	case RECORD_FORK:
	case RECORD_EXIT:
		return life(perf, body, &tail, record->type == RECORD_FORK);
	case RECORD_LOST:
	case RECORD_LOST_SAMPLES:
		return lost(perf, body, &tail, record->type == RECORD_LOST_SAMPLES);
	case RECORD_SWITCH:
	case RECORD_SWITCH_CPU_WIDE:
		return context_switch(perf, &tail, record->misc);
	case RECORD_MMAP:
	case RECORD_MMAP2:
		return mapped(perf, record, body, &tail);
	default:
		return DWELL_OK;
	}
}
