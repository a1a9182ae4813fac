/* What rows of answers stand for: keys, identities, figures. */
#include <stdlib.h>
#include <string.h>

#include "analysis/fold.h"

const char *dwell_by_name(unsigned by)
{
	static const char *const names[DWELL_BY_COUNT] = { NULL, "task", "class", "process", "site",
		"object", "reason" };

	return by < DWELL_BY_COUNT ? names[by] : NULL;
}

const char *dwell_occupant_name(unsigned kind)
{
	static const char *const names[] = { "task", "idle", "unknown" };

	return kind <= DWELL_OCCUPANT_UNKNOWN ? names[kind] : NULL;
}

void dwell_holder_blocked_by(
	const struct dwell_holder *holder, uint64_t by_reason[DWELL_REASON_COUNT])
{
	for (unsigned reason = 0; reason < DWELL_REASON_COUNT; reason++)
		by_reason[reason] = 0;
	for (unsigned i = 0; i < holder->reason_count; i++)
		by_reason[holder->reasons[i].reason] += holder->reasons[i].ns;
}

const char *dwell_role_name(unsigned role)
{
	static const char *const names[DWELL_ROLE_COUNT] = { "contention", "peer", "io", "work",
		"time" };

	return role < DWELL_ROLE_COUNT ? names[role] : NULL;
}

uint32_t group_of(const struct dwell_catalog *catalog, unsigned by, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);

	if (by == DWELL_BY_CLASS)
		return of ? of->class_id : 0;
	if (by == DWELL_BY_PROCESS)
		return of ? of->process : 0;
	return task;
}

static struct dwell_string text_of(const struct dwell_catalog *catalog, unsigned by, uint32_t id)
{
	const struct dwell_catalog_task *task;
	const struct dwell_catalog_class *class;
	const struct dwell_catalog_process *process;
	const struct dwell_catalog_object *object;
	const char *name;

	switch (by) {
	case DWELL_BY_TASK:
		task = dwell_catalog_task(catalog, id);
		return task ? task->name : (struct dwell_string){ 0 };
	case DWELL_BY_CLASS:
	case DWELL_BY_SITE: /* without a stack: who waits there */
		class = dwell_catalog_class(catalog, id);
		return class ? class->text : (struct dwell_string){ 0 };
	case DWELL_BY_PROCESS:
		process = dwell_catalog_process(catalog, id);
		return process ? process->name : (struct dwell_string){ 0 };
	case DWELL_BY_OBJECT:
		object = dwell_catalog_object(catalog, id);
		return object ? object->name : (struct dwell_string){ 0 };
	case DWELL_BY_REASON:
		name = dwell_reason_name(id);
		return (struct dwell_string){ name, name ? strlen(name) : 0 };
	default:
		return (struct dwell_string){ 0 };
	}
}

struct dwell_key key_of(const struct dwell_catalog *catalog, unsigned by, uint32_t id)
{
	return (struct dwell_key){ (uint8_t)by, id, text_of(catalog, by, id) };
}

uint64_t id_of(
	const struct dwell_catalog *catalog, const char *kind, uint32_t task, uint64_t time_ns)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);
	uint64_t hash = hash_bytes(kind, strlen(kind), 0);

	hash = hash_mix(hash, time_ns);
	if (!of)
		return hash_mix(hash, task);
	hash = hash_bytes(of->name.at, of->name.size, hash);
	return hash_mix(hash_mix(hash, (uint64_t)of->tid), of->native_id);
}

uint64_t moment_id(const struct dwell_catalog *catalog, uint32_t task, uint64_t time_ns)
{
	return id_of(catalog, "moment", task, time_ns);
}

uint64_t time_of_id(
	const struct dwell_catalog *catalog, const char *kind, uint32_t task, uint64_t id)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);

	if (of) {
		id = hash_mix_undo(hash_mix_undo(id, of->native_id), (uint64_t)of->tid);
		id = hash_bytes_undo(of->name.at, of->name.size, id);
	} else {
		id = hash_mix_undo(id, task);
	}
	/* A seed and what was mixed into it may change places. */
	return hash_mix_undo(id, hash_bytes(kind, strlen(kind), 0));
}

int distribution_of(const struct dwell_histogram *histogram, struct dwell_distribution *out)
{
	*out = (struct dwell_distribution){
		.count = histogram->count,
		.total_ns = histogram->sum,
		.mean_ns = dwell_histogram_mean(histogram),
		.p50_ns = dwell_histogram_quantile(histogram, 500000),
		.p90_ns = dwell_histogram_quantile(histogram, 900000),
		.p99_ns = dwell_histogram_quantile(histogram, 990000),
		.p999_ns = dwell_histogram_quantile(histogram, 999000),
		.max_ns = histogram->max,
	};
	return dwell_histogram_bars(histogram, &out->bars, &out->bar_count);
}
