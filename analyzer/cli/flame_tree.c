#include "cli/flame_tree.h"

#include <stdio.h>
#include <string.h>

#include "dwell/limits.h"
#include "dwell/names.h"

const char *const of_words[] = { "blocked", "runnable", "lock", "wake", "cpu", NULL };

unsigned flame_of(const char *word)
{
	unsigned of = 0;

	while (word && of_words[of] && strcmp(of_words[of], word))
		of++;
	return of;
}

/* Names that had to be made for one stack. */
struct made {
	char text[DWELL_MAX_FRAMES][64];
	size_t count;
};

static struct dwell_string frame_name(const struct dwell_frame *frame, struct made *made)
{
	char text[DWELL_NAME_SIZE];
	char *out;

	if (frame->function.size || made->count == DWELL_MAX_FRAMES)
		return frame->function;
	out = made->text[made->count++];
	dwell_name_frame(text, frame, false);
	snprintf(out, sizeof(made->text[0]), "%.63s", text);
	return (struct dwell_string){ out, strlen(out) };
}

/* Class, the stack from outside in, the reason. */
static int add_row(struct dwell_flame *flame, const struct dwell_catalog *catalog,
	const struct dwell_flame_row *row, bool cpu)
{
	struct dwell_string names[DWELL_MAX_FRAMES + 3];
	struct dwell_frame frames[DWELL_MAX_FRAMES];
	struct made made = { .count = 0 };
	char class[DWELL_NAME_SIZE], reason[64];
	size_t inner = dwell_catalog_frames(catalog, row->stack, frames, DWELL_MAX_FRAMES);
	size_t count = 0;

	if (*dwell_name_class(class, catalog, row->task))
		names[count++] = (struct dwell_string){ class, strlen(class) };
	inner = inner < DWELL_MAX_FRAMES ? inner : DWELL_MAX_FRAMES;
	while (inner--)
		names[count++] = frame_name(&frames[inner], &made);
	if (!cpu && dwell_reason_name(row->reason)) {
		snprintf(reason, sizeof(reason), "[%s]", dwell_reason_name(row->reason));
		names[count++] = (struct dwell_string){ reason, strlen(reason) };
	}
	return dwell_flame_add(flame, names, count, row->weight_ns);
}

int flame_tree(struct dwell_flame **out, const struct dwell_answer *answer)
{
	const struct dwell_flames *flames = answer->flames;
	int err = dwell_flame_new(out);

	for (size_t i = 0; i < flames->count && !err; i++)
		err = add_row(
			*out, answer->catalog, &flames->rows[i], flames->of == DWELL_FLAME_CPU);
	return err;
}
