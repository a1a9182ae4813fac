#include "core/against.h"

#include <stdlib.h>
#include <string.h>

#include "core/rows.h"

bool against_shown(const struct tui *tui)
{
	return tui->against && tui->against->facts && tui->group == GROUP_CLASS;
}

static struct dwell_string text_of(const struct dwell_catalog *catalog, uint32_t class_id)
{
	const struct dwell_catalog_class *class = dwell_catalog_class(catalog, class_id);

	return class ? class->text : (struct dwell_string){ 0 };
}

static uint32_t same_class(const struct tui *tui, uint32_t class_id)
{
	const struct dwell_string name = text_of(tui->catalog, class_id);

	for (uint32_t id = 1; id < tui->against->class_end; id++) {
		const struct dwell_string other = text_of(tui->against->catalog, id);

		if (name.size && name.size == other.size && !memcmp(name.at, other.at, name.size))
			return id;
	}
	return 0;
}

static void add(struct tui *tui, uint32_t base_class)
{
	struct tui_against *against = tui->against;
	struct tui_row *row = rows_add(&tui->rows);

	against->used[base_class] = 1;
	if (row)
		*row = (struct tui_row){
			.kind = ROW_BASE,
			.id = base_class,
			.first = against->first[base_class],
			.count = against->first[base_class + 1] - against->first[base_class],
		};
}

void against_add(struct tui *tui, uint32_t class_id)
{
	const uint32_t base = against_shown(tui) ? same_class(tui, class_id) : 0;

	if (base)
		add(tui, base);
}

void against_add_rest(struct tui *tui)
{
	struct tui_against *against = tui->against;

	if (!against_shown(tui))
		return;
	for (uint32_t id = 1; id < against->class_end && !tui->filtered; id++)
		if (!against->used[id] && against->first[id + 1] > against->first[id] &&
			(tui->others || dwell_catalog_recorded(against->catalog,
						against->members[against->first[id]])))
			add(tui, id);
	memset(against->used, 0, against->class_end + 1u);
}

static bool index_tasks(struct tui_against *against)
{
	const uint32_t tasks = dwell_catalog_tasks(against->catalog);
	size_t count = 0;

	against->class_end = dwell_catalog_classes(against->catalog);
	against->members = calloc((size_t)tasks + 1, sizeof(*against->members));
	against->first = calloc((size_t)against->class_end + 2, sizeof(*against->first));
	against->used = calloc((size_t)against->class_end + 2, 1);
	if (!against->members || !against->first || !against->used)
		return false;
	for (uint32_t class_id = 0; class_id <= against->class_end; class_id++) {
		against->first[class_id] = count;
		for (uint32_t id = 1; id < tasks; id++) {
			const struct dwell_catalog_task *task =
				dwell_catalog_task(against->catalog, id);

			if (task && task->class_id == class_id)
				against->members[count++] = id;
		}
	}
	against->first[against->class_end + 1] = count;
	return true;
}

/* It can be seen now: rows by class, so that they find each other. */
static bool begin(struct tui *tui)
{
	struct tui_against *against = tui->against;

	against->catalog = dwell_timeline_catalog(against->timeline);
	if (!index_tasks(against))
		return false;
	against->facts = dwell_timeline_facts(against->timeline);
	tui->group = GROUP_CLASS;
	rows_build(tui);
	rows_select(tui, 0);
	return true;
}

/* Both begin at the left: what the base's times are later, on the grid of the cells. */
static uint64_t shifted(const struct tui *tui)
{
	const uint64_t unit = tui->place.cell_ns & (~tui->place.cell_ns + 1);
	const uint64_t head = tui->facts->begin_ns, base = tui->against->facts->begin_ns;
	const uint64_t from_ns = tui->place.from_ns;

	if (base >= head)
		return from_ns + (base - head) / unit * unit;
	return from_ns > (head - base) / unit * unit ? from_ns - (head - base) / unit * unit : 0;
}

static size_t list(const struct tui *tui, struct dwell_group *groups)
{
	size_t count = 0;

	for (unsigned line = 0; line < tui->strip_count; line++) {
		const struct tui_row *row = rows_on_line(tui, line);

		if (row && row->kind == ROW_BASE)
			groups[count++] = (struct dwell_group){
				.tasks = tui->against->members + row->first,
				.count = row->count,
			};
	}
	return count;
}

static void ask(struct tui *tui, struct dwell_group *groups, size_t count)
{
	const struct dwell_cells_question question = {
		.groups = groups,
		.group_count = count,
		.from_ns = shifted(tui),
		.cell_ns = tui->place.cell_ns,
		.columns = tui->layout.columns,
		.bound_ns = tui->bound_ns,
	};
	uint64_t key = work_key(question.from_ns, question.cell_ns);

	key = work_key(work_key(key, question.columns), tui->bound_ns);
	for (size_t i = 0; i < count; i++)
		key = work_key(key, (uint64_t)(groups[i].tasks - tui->against->members));
	if (!work_is(&tui->against->cells, key))
		dwell_timeline_want_cells(
			tui->against->timeline, &question, &tui->against->cells.job);
}

static void take(struct tui *tui)
{
	const size_t columns = tui->layout.columns;
	const struct dwell_cell *cells =
		work_has(&tui->against->cells) ? dwell_job_cells(tui->against->cells.job) : NULL;

	for (unsigned line = 0; line < tui->strip_count && cells; line++) {
		const struct tui_row *row = rows_on_line(tui, line);

		if (!row || row->kind != ROW_BASE)
			continue;
		memcpy(tui->strips[line].cells, cells, columns * sizeof(*cells));
		tui->strips[line].known = tui->strips[line].exact = true;
		cells += columns;
	}
}

bool against_update(struct tui *tui, unsigned milliseconds)
{
	struct tui_against *against = tui->against;
	struct dwell_group *groups;
	uint64_t rows;
	size_t count;
	bool changed;

	if (!against)
		return false;
	if (!against->facts)
		return !dwell_timeline_ready(against->timeline, &rows, NULL) && begin(tui);
	groups = malloc((tui->strip_count + 1) * sizeof(*groups));
	count = groups ? list(tui, groups) : 0;
	if (count)
		ask(tui, groups, count);
	free(groups);
	changed = work_poll(&against->cells, milliseconds);
	if (count)
		take(tui);
	return changed;
}

bool tui_against(struct tui *tui, struct dwell_timeline *base)
{
	tui->against = calloc(1, sizeof(*tui->against));
	if (tui->against)
		tui->against->timeline = base;
	return tui->against;
}

void against_free(struct tui_against *against)
{
	if (!against)
		return;
	work_drop(&against->cells);
	free(against->members);
	free(against->first);
	free(against->used);
	free(against);
}

/* Waiting, in millionths of what is told of. */
static bool waiting(const struct tui *tui, unsigned line, int64_t *ppm)
{
	uint64_t waits = 0, whole = 0;

	if (!tui->strips[line].known)
		return false;
	for (unsigned i = 0; i < tui->layout.columns; i++) {
		const struct dwell_cell *cell = &tui->strips[line].cells[i];

		waits += cell->ns[DWELL_BLOCKED] + cell->ns[DWELL_RUNNABLE];
		whole += cell->ns[DWELL_BLOCKED] + cell->ns[DWELL_RUNNABLE] +
			 cell->ns[DWELL_RUNNING] + cell->ns[DWELL_UNKNOWN];
	}
	*ppm = (int64_t)dwell_share_ppm(waits, whole);
	return whole;
}

bool against_change(const struct tui *tui, unsigned line, int64_t *ppm)
{
	int64_t head, base;

	if (!line || line >= tui->strip_count || !waiting(tui, line - 1, &head) ||
		!waiting(tui, line, &base))
		return false;
	*ppm = head - base;
	return true;
}
