/* Stacks of the waits in view, as icicles: the outermost frame above, widths by time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/names.h"
#include "core/table.h"
#include "core/work.h"
#include "view/view.h"

enum { DEPTH = 64 };

/* A row of the answer with its frames, outermost first. */
struct path {
	struct dwell_string frames[DEPTH];
	size_t count;
	uint64_t weight;
};

static int compare(const void *left, const void *right)
{
	const struct path *const *a = left, *const *b = right;

	for (size_t i = 0; i < (*a)->count && i < (*b)->count; i++) {
		const struct dwell_string x = (*a)->frames[i], y = (*b)->frames[i];
		const size_t size = x.size < y.size ? x.size : y.size;
		const int order = size ? memcmp(x.at, y.at, size) : 0;

		if (order || x.size != y.size)
			return order ? order : (x.size > y.size) - (x.size < y.size);
	}
	return ((*a)->count > (*b)->count) - ((*a)->count < (*b)->count);
}

static bool same(struct dwell_string a, struct dwell_string b)
{
	return a.size == b.size && (!a.size || !memcmp(a.at, b.at, a.size));
}

static void fill_path(struct path *path, const struct tui *tui, const struct dwell_flame_row *row)
{
	struct dwell_frame frames[DEPTH - 2];
	const struct dwell_catalog_class *class = dwell_catalog_class(tui->catalog, row->class_id);
	const char *reason = dwell_reason_name(row->reason);
	size_t count = dwell_catalog_frames(tui->catalog, row->stack, frames, DEPTH - 2);

	count = count < DEPTH - 2 ? count : DEPTH - 2;
	path->count = 0;
	path->weight = row->weight_ns;
	path->frames[path->count++] = class ? class->text : (struct dwell_string){ "no class", 8 };
	for (size_t i = count; i > 0; i--)
		path->frames[path->count++] =
			frames[i - 1].function.size ? frames[i - 1].function : frames[i - 1].module;
	if (reason && row->reason)
		path->frames[path->count++] = (struct dwell_string){ reason, strlen(reason) };
}

struct drawing {
	struct frame *frame;
	struct path **paths;
	uint64_t total;
	unsigned top, lines, width;
};

static unsigned column_of(const struct drawing *d, uint64_t weight)
{
	return (unsigned)((__uint128_t)weight * d->width / d->total);
}

static void draw_box(const struct drawing *d, struct dwell_string name, unsigned depth,
	uint64_t from, uint64_t to)
{
	static const uint8_t tones[] = { TONE_BLOCKED, TONE_SELECTED, TONE_RANGE };
	const unsigned x = column_of(d, from), end = column_of(d, to);
	const struct pen pen = { .fore = TONE_STRONG,
		.back = tones[(depth + x) % 3],
		.attributes = d->frame->mono ? FRAME_REVERSE : 0 };

	if (end <= x)
		return;
	frame_fill(d->frame, 1 + x, d->top + depth, end - x, pen);
	/* A gap between neighbours. */
	frame_put(d->frame, 1 + x, d->top + depth, d->frame->ascii ? "|" : "▏", pen);
	if (end - x > 3)
		frame_bytes(d->frame, 2 + x, d->top + depth, end - x - 1, name.at, name.size, pen);
}

/* Paths [first, end) are the same up to depth. */
static void draw(const struct drawing *d, size_t first, size_t end, unsigned depth, uint64_t at)
{
	while (first < end && depth < d->lines) {
		const struct path *path = d->paths[first];
		uint64_t weight = 0;
		size_t last = first;

		if (path->count <= depth) {
			at += path->weight;
			first++;
			continue;
		}
		while (last < end && d->paths[last]->count > depth &&
			same(d->paths[last]->frames[depth], path->frames[depth]))
			weight += d->paths[last++]->weight;
		draw_box(d, path->frames[depth], depth, at, at + weight);
		draw(d, first, last, depth + 1, at);
		at += weight;
		first = last;
	}
}

static void draw_all(struct frame *frame, const struct tui *tui, const struct dwell_flames *flames)
{
	struct path *paths = malloc((flames->count + 1) * sizeof(*paths));
	struct path **order = malloc((flames->count + 1) * sizeof(struct path *));
	struct drawing d = { .frame = frame, .paths = order, .top = 3, .width = frame->width - 2 };

	for (size_t i = 0; paths && order && i < flames->count; i++) {
		fill_path(&paths[i], tui, &flames->rows[i]);
		order[i] = &paths[i];
		d.total += paths[i].weight;
	}
	d.lines = frame->height > 5 ? frame->height - 5 : 1;
	if (paths && order && d.total) {
		qsort(order, flames->count, sizeof(struct path *), compare);
		draw(&d, 0, flames->count, 0, 0);
	}
	free(order);
	free(paths);
}

void view_flame(struct frame *frame, struct tui *tui)
{
	const struct dwell_answer *answer = table_answer(tui);
	char total[DWELL_NUMBER_SIZE], from[NAME_SIZE], to[NAME_SIZE];
	uint64_t from_ns, to_ns;

	if (!answer || !answer->flames) {
		frame_text(frame, 1, 1, frame->width - 2,
			work_goes_on(&tui->answer) ? "working it out ..." : "there is no answer",
			(struct pen){ .fore = TONE_FAINT });
		return;
	}
	table_range(tui, &from_ns, &to_ns);
	frame_print(frame, 1, 1, frame->width - 2, (struct pen){ .fore = TONE_ACCENT },
		"%s of waits by class and stack, from %s to %s",
		dwell_format_duration(total, answer->flames->total_ns, tui->ascii),
		name_time(from, from_ns, tui->place.cell_ns),
		name_time(to, to_ns, tui->place.cell_ns));
	draw_all(frame, tui, answer->flames);
}
