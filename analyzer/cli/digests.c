#include "cli/digests.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/output.h"
#include "model/cpus.h"

enum { THREADS_MOST = 16, LONG_TRACE = 200000, VERY_LONG_TRACE = 4000000 /* events */ };
#define POLICY_MOST (UINT64_C(1) << 20)

const unsigned digest_analyses = DWELL_ANALYZE_DIGEST | DWELL_ANALYZE_BLOCKED |
				 DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_SPANS | DWELL_ANALYZE_METRICS |
				 DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_LEAKS | DWELL_ANALYZE_POOLS;

/* Files that are still to be loaded, taken one by one. */
struct loading {
	struct run_files *runs;
	void (*load)(struct run_file *file, bool all_paths);
	bool all_paths;
	atomic_size_t next;
};

static int read_digest(struct run_file *file, struct dwell_bytes *bytes)
{
	unsigned char *at = malloc(bytes->size + 1);
	size_t got = 0;
	int err = at ? bytes->ops->read(bytes, 0, at, bytes->size, &got) : DWELL_ENOMEM;

	file->is_digest = true;
	if (!err)
		err = dwell_digest_decode(&file->digest, at, got, &file->diag);
	free(at);
	return err;
}

/* Is it one? Then it is read. Foreign and compressed files are told by the importers. */
static int try_digest(struct run_file *file)
{
	struct dwell_bytes *bytes;
	unsigned char first[8];
	size_t got = 0;
	int err = dwell_bytes_open_file(&bytes, file->path);

	if (err)
		return DWELL_OK; /* the importer says it better */
	file->bytes = bytes->size;
	err = bytes->ops->read(bytes, 0, first, sizeof(first), &got);
	if (!err && dwell_digest_guess(first, got))
		err = read_digest(file, bytes);
	dwell_bytes_close(bytes);
	return err;
}

/* A path needs much memory: of long traces one at a time is walked. Of very long ones it takes as
 * long as all else: they have one only where somebody asks for it. */
static int add_path(struct run_file *file, struct dwell_source *source)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	const bool is_long = file->digest->trace.events > LONG_TRACE;
	const struct dwell_selection all = { 0 };
	int err;

	if (is_long)
		pthread_mutex_lock(&one);
	err = dwell_digest_add_path(file->digest, source, &all, 1, &file->diag);
	if (is_long)
		pthread_mutex_unlock(&one);
	return err;
}

static bool lacks_path(const struct run_file *file)
{
	return file->digest && !(file->digest->kinds >> DWELL_SUBJECT_PATH & 1);
}

static int analyze(struct run_file *file, bool all_paths)
{
	const struct dwell_query query = {
		.analyses = digest_analyses,
		.threads = 1,
		.worst = DIGEST_WORST,
		.only_worst = true,
		.only_sums = true,
	};
	struct dwell_import import = { 0 };
	struct dwell_answer *answer = NULL;
	int err = dwell_import_open(&import, file->path, &file->diag);

	if (!err)
		err = dwell_analyze(&answer, import.source, &query, &file->diag);
	if (!err) {
		file->digest = answer->digest;
		answer->digest = NULL;
	}
	dwell_answer_free(answer);
	if (!err && (all_paths || file->digest->trace.events <= VERY_LONG_TRACE))
		err = add_path(file, import.source);
	dwell_import_close(&import);
	return err;
}

static void load(struct run_file *file, bool all_paths)
{
	file->diag.offset = UINT64_MAX;
	file->err = strcmp(file->path, "-") ? try_digest(file) : DWELL_OK;
	if (!file->err && !file->is_digest)
		file->err = analyze(file, all_paths);
	file->system = errno;
}

static void *load_some(void *context)
{
	struct loading *loading = context;
	size_t i;

	while ((i = atomic_fetch_add(&loading->next, 1)) < loading->runs->count)
		loading->load(&loading->runs->files[i], loading->all_paths);
	return NULL;
}

/* As many at a time as there are CPUs; what cannot be started is done here. */
static void load_all(struct loading *loading)
{
	const size_t count = loading->runs->count;
	const unsigned cpus = cpus_allowed();
	pthread_t threads[THREADS_MOST];
	size_t started = 0;

	while (started + 1 < count && started + 1 < THREADS_MOST && started + 1 < cpus &&
		!pthread_create(&threads[started], NULL, load_some, loading))
		started++;
	load_some(loading);
	while (started)
		pthread_join(threads[--started], NULL);
}

/* Some could not be read: say which. */
static int complain_of(const struct run_files *runs)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < runs->count; i++) {
		const struct run_file *file = &runs->files[i];

		errno = file->system;
		if (file->err)
			status = input_complain(file->path, file->err, &file->diag);
	}
	return status;
}

int runs_load(struct run_files *runs, char *const *paths, size_t count, bool all_paths)
{
	struct loading loading = { runs, load, all_paths, 0 };

	*runs = (struct run_files){ .count = count };
	runs->files = calloc(count, sizeof(*runs->files));
	runs->digests = calloc(count, sizeof(*runs->digests));
	runs->paths = calloc(count, sizeof(*runs->paths));
	runs->traces = calloc(count, sizeof(*runs->traces));
	if (!runs->files || !runs->digests || !runs->paths || !runs->traces)
		return complain(STATUS_REFUSED, "runs", "%s", dwell_strerror(DWELL_ENOMEM));
	for (size_t i = 0; i < count; i++)
		runs->files[i].path = runs->paths[i] = paths[i];
	load_all(&loading);
	for (size_t i = 0; i < count; i++) {
		runs->digests[i] = runs->files[i].digest;
		runs->traces[i] = !runs->files[i].is_digest;
	}
	return complain_of(runs);
}

static void load_path(struct run_file *file, bool all_paths)
{
	struct dwell_import import = { 0 };

	(void)all_paths;
	if (!lacks_path(file))
		return;
	file->err = dwell_import_open(&import, file->path, &file->diag);
	if (!file->err)
		file->err = add_path(file, import.source);
	file->system = errno;
	dwell_import_close(&import);
}

bool runs_can_have_paths(const struct run_files *runs)
{
	bool lack = false;

	for (size_t i = 0; i < runs->count; i++) {
		const struct run_file *file = &runs->files[i];

		/* What one does not have is not compared. */
		if (lacks_path(file) && (file->is_digest || !strcmp(file->path, "-") ||
						file->digest->trace.events <= VERY_LONG_TRACE))
			return false;
		lack |= lacks_path(file);
	}
	return lack;
}

int runs_load_paths(struct run_files *runs)
{
	struct loading loading = { runs, load_path, true, 0 };

	load_all(&loading);
	return complain_of(runs);
}

void runs_release(struct run_files *runs)
{
	for (size_t i = 0; runs->files && i < runs->count; i++)
		dwell_digest_free(runs->files[i].digest);
	free(runs->files);
	free(runs->digests);
	free(runs->paths);
	free(runs->traces);
	*runs = (struct run_files){ 0 };
}

int policy_load(struct dwell_policy *policy, const char *path)
{
	struct dwell_policy_fault fault = { 0 };
	struct dwell_bytes *bytes = NULL;
	size_t got = 0;
	char *text;
	int err;

	dwell_policy_init(policy);
	if (!path)
		return STATUS_DONE;
	if (dwell_bytes_open_file(&bytes, path))
		return complain(STATUS_INPUT, path, "%s", strerror(errno));
	if (bytes->size > POLICY_MOST) {
		dwell_bytes_close(bytes);
		return complain(STATUS_INPUT, path, "is larger than any policy (1 MiB)");
	}
	text = malloc(bytes->size + 1);
	err = text ? bytes->ops->read(bytes, 0, text, bytes->size, &got) : DWELL_ENOMEM;
	if (!err)
		err = dwell_policy_read(policy, text, got, &fault);
	free(text);
	dwell_bytes_close(bytes);
	if (err == DWELL_EFORMAT)
		return complain(
			STATUS_ASKED, path, "%lu:%lu: %s", fault.line, fault.column, fault.what);
	return err ? complain(STATUS_REFUSED, path, "%s", dwell_strerror(err)) : STATUS_DONE;
}

/* NULL: of any metric, so of none in particular. */
static bool is_of_paths(const char *metric)
{
	return metric && !strncmp(metric, "path.", 5);
}

bool policy_wants_paths(const struct dwell_policy *policy)
{
	bool wants = false;

	for (size_t i = 0; i < policy->limit_count; i++)
		wants |= !policy->limits[i].ignore && is_of_paths(policy->limits[i].metric);
	for (size_t i = 0; i < policy->budget_count; i++)
		wants |= is_of_paths(policy->budgets[i].metric);
	return wants;
}
