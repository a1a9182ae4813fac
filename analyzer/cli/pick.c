#include "cli/pick.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "dwell/names.h"
#include "model/drive.h"

const char pick_no_such_task[] =
	"no task of this name or number; `dwell tasks --limit 0` lists them";

static bool is_number(const char *glob, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	return number >= 0 && !strcmp(glob, text);
}

enum { FITS_NAME = 1, FITS_NAME_OF_RECORDED, FITS_NUMBER };

/* Whom one asks for by name is of the program that one recorded, if that has one. */
static unsigned fits(const struct dwell_catalog *catalog, uint32_t id,
	const struct dwell_catalog_task *task, const char *glob)
{
	char name[256];

	if (is_number(glob, task->tid) || label_matches(glob, task) ||
		(task->native_id && is_number(glob, (int64_t)task->native_id)))
		return FITS_NUMBER;
	snprintf(name, sizeof(name), "%.*s", task->name.size < 255 ? (int)task->name.size : 255,
		task->name.size ? task->name.at : "");
	if (!task->name.size || fnmatch(glob, name, 0))
		return 0;
	return dwell_catalog_recorded(catalog, id) ? FITS_NAME_OF_RECORDED : FITS_NAME;
}

static void add_name(char *names, size_t size, const struct dwell_catalog *catalog, uint32_t id)
{
	const size_t used = strlen(names);
	char name[DWELL_NAME_SIZE];

	snprintf(names + used, size - used, "%s%.60s", used ? ", " : "",
		dwell_name_task(name, catalog, id));
}

int pick_task(const struct dwell_catalog *catalog, const char *glob, uint32_t *task)
{
	char names[300] = "";
	unsigned best = 0, count = 0;

	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++) {
		const struct dwell_catalog_task *of = dwell_catalog_task(catalog, id);
		const unsigned how = of ? fits(catalog, id, of, glob) : 0;

		if (!how || how < best)
			continue;
		if (how > best) {
			best = how;
			count = 0;
			*names = '\0';
		}
		*task = id;
		if (count++ < 4)
			add_name(names, sizeof(names), catalog, id);
	}
	if (count == 1)
		return STATUS_DONE;
	if (!count)
		return complain(STATUS_ASKED, glob, "%s", pick_no_such_task);
	return complain(STATUS_ASKED, glob, "%u tasks are meant: %s%s; name one by its number",
		count, names, count > 4 ? ", ..." : "");
}
