/*
 * Rows followed by the state machine, as the encoder did: keyframes and pyramid should be what this
 * version makes of the rows. Where they are not, the file was written by a version whose states
 * differ, or by one with a fault: no damage, since its checksums are right and its rows are read;
 * but answers from keyframes or pyramid may differ from those from rows. Once there is damage,
 * nothing is compared any more.
 */
#include "src/verify_private.h"

#include "dwell/limits.h"
#include "src/pyramid_file.h"

#include <stdlib.h>
#include <string.h>

/* A chunk of the pyramid as it should be. */
struct verify_expected {
	struct index_pyramid entry;
	uint8_t *at;
	size_t size;
};

int dwell_verify_follow(struct verify *v)
{
	static const struct dwell_states_ops told = { .interval = dwell_pyramid_interval };

	dwell_pyramid_build_init(&v->build);
	return dwell_states_new(&v->states, v->index.info.levels, &told, &v->build);
}

void dwell_verify_follow_end(struct verify *v)
{
	for (size_t i = 0; i < v->expected_count; i++)
		free(v->expected[i].at);
	free(v->expected);
	dwell_states_free(v->states);
	dwell_pyramid_build_release(&v->build);
}

int dwell_verify_follow_rows(struct verify *v, const struct dwell_event *rows, size_t count)
{
	return v->damaged ? (int)DWELL_OK : dwell_states_apply(v->states, rows, count);
}

/* Where the encoder makes the pyramid coarser. */
void dwell_verify_follow_chunk(struct verify *v, uint64_t rows)
{
	dwell_pyramid_limit(&v->build, dwell_pyramid_most(rows, v->minor));
}

/* The first keyframe is where the states come from; the others must be where they have come to. */
int dwell_verify_states(
	struct verify *v, uint64_t time_ns, const struct dwell_task_state *states, size_t count)
{
	const struct dwell_event now = { .kind = DWELL_EVENT_MARK, .time_ns = time_ns };
	const struct dwell_task_state *ours;
	size_t our_count, at = 0;
	int err;

	if (v->damaged || v->strayed)
		return DWELL_OK;
	if (v->keyframes == 1)
		return dwell_states_load(v->states, time_ns, states, count);
	err = dwell_states_apply(v->states, &now, 1);
	if (!err)
		err = dwell_states_save(v->states, &ours, &our_count);
	/* Ours may have more: definitions are told before the rows that they were told between. */
	for (size_t i = 0; !err && i < count; i++) {
		while (at < our_count && ours[at].task < states[i].task)
			at++;
		if (at < our_count && !memcmp(&ours[at], &states[i], sizeof(*states)))
			continue;
		v->strayed = true;
		dwell_verify_say(v, DWELL_VERIFY_NOTE,
			"keyframe chunk: task %u is not where the rows lead it", states[i].task);
		break;
	}
	return err;
}

static int expect(void *context, const struct index_pyramid *entry, const struct dwell_buffer *body)
{
	struct verify *v = context;
	struct verify_expected *expected =
		realloc(v->expected, (v->expected_count + 1) * sizeof(*expected));
	uint8_t *at = malloc(body->size ? body->size : 1);

	if (expected)
		v->expected = expected;
	if (!expected || !at) {
		free(at);
		return DWELL_ENOMEM;
	}
	memcpy(at, body->at, body->size);
	expected[v->expected_count++] = (struct verify_expected){ *entry, at, body->size };
	return DWELL_OK;
}

static int make_expected(struct verify *v)
{
	const int err = dwell_states_flush(v->states, v->index.end.end_ns);

	v->pyramid_made = true;
	return err ? err : dwell_pyramid_write(&v->build, expect, v);
}

/* Is this how the index names the next chunk of the pyramid? */
static bool is_named(const struct verify *v, const struct index_pyramid *entry)
{
	if (v->next_pyramid >= v->index.pyramid_count)
		return false;

	const struct index_pyramid *told = &v->index.pyramid[v->next_pyramid];

	return told->offset == v->offset && told->width_ns == entry->width_ns &&
	       told->first_task == entry->first_task && told->first_index == entry->first_index &&
	       told->buckets == entry->buckets;
}

static void say_once(struct verify *v)
{
	if (!v->pyramid_said)
		dwell_verify_say(v, DWELL_VERIFY_NOTE,
			"pyramid chunk: not what is made of the rows; repair makes a new one");
	v->pyramid_said = true;
}

int dwell_verify_buckets(struct verify *v, const uint8_t *at, size_t size)
{
	int err = DWELL_OK;

	if (v->damaged || !v->indexed)
		return DWELL_OK;
	if (!v->pyramid_made)
		err = make_expected(v);
	if (err)
		return err;

	const struct verify_expected *expected =
		v->next_pyramid < v->expected_count ? &v->expected[v->next_pyramid] : NULL;

	if (!expected || expected->size != size || memcmp(expected->at, at, size) != 0)
		say_once(v);
	else if (!is_named(v, &expected->entry))
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "pyramid chunk: the index says otherwise");
	v->next_pyramid++;
	return DWELL_OK;
}

/* At the end of the file. */
int dwell_verify_pyramid_end(struct verify *v)
{
	int err = DWELL_OK;

	if (v->damaged || !v->indexed)
		return DWELL_OK;
	if (!v->pyramid_made)
		err = make_expected(v);
	if (!err && v->next_pyramid != v->expected_count)
		say_once(v);
	return err;
}
