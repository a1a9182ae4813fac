#include "cli/openmetrics.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "cli/parts.h"

/* A name has letters, digits, _ and : only, and no digit first. */
static void put_name(FILE *file, struct dwell_string name)
{
	if (!name.size || isdigit((unsigned char)name.at[0]))
		putc('_', file);
	for (size_t i = 0; i < name.size; i++) {
		const unsigned char c = (unsigned char)name.at[i];

		putc(c < 0x80 && (isalnum(c) || c == ':') ? c : '_', file);
	}
}

/* Inside quotes: \ " and line ends are escaped; what is no UTF-8 becomes a question mark. */
static void put_quoted(FILE *file, const char *at, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint32_t c;
		const size_t used = dwell_utf8_decode(at + i, size - i, &c);

		if (c == UINT32_MAX)
			putc('?', file);
		else if (c == '\n')
			fputs("\\n", file);
		else if (c == '"' || c == '\\')
			fprintf(file, "\\%c", (char)c);
		else
			fwrite(at + i, 1, used, file);
		i += used;
	}
}

static const char *type_of(unsigned kind)
{
	return kind == DWELL_COUNTER_SUM         ? "counter"
	       : kind == DWELL_COUNTER_HISTOGRAM ? "histogram"
						 : "gauge";
}

static void put_family(FILE *file, const struct dwell_catalog_counter *counter)
{
	fputs("# TYPE ", file);
	put_name(file, counter->name);
	fprintf(file, " %s\n# HELP ", type_of(counter->kind));
	put_name(file, counter->name);
	putc(' ', file);
	put_quoted(file, counter->name.at, counter->name.size);
	if (counter->unit.size) {
		fputs(" in ", file);
		put_quoted(file, counter->unit.at, counter->unit.size);
	}
	putc('\n', file);
}

/* {task="...",executor="...",le="..."}; nothing without any. */
static void put_labels(FILE *file, const struct dwell_catalog *catalog,
	const struct dwell_metric *metric, const char *le)
{
	char text[DWELL_NAME_SIZE];
	const char *between = "{";

	if (metric->task) {
		dwell_name_task(text, catalog, metric->task);
		fprintf(file, "%stask=\"", between);
		put_quoted(file, text, strlen(text));
		putc('"', file);
		between = ",";
	}
	if (metric->executor) {
		dwell_name_executor(text, catalog, metric->executor);
		fprintf(file, "%sexecutor=\"", between);
		put_quoted(file, text, strlen(text));
		putc('"', file);
		between = ",";
	}
	if (le) {
		fprintf(file, "%sle=\"%s\"", between, le);
		between = ",";
	}
	if (*between == ',')
		putc('}', file);
}

static void put_value(FILE *file, int64_t value, int exponent)
{
	fprintf(file, " %" PRId64, value);
	if (exponent)
		fprintf(file, "e%d", exponent);
}

/* When the value was told, in seconds, where the trace knows its wall clock. */
static void end_sample(
	FILE *file, const struct dwell_answer *answer, const struct dwell_metric *metric)
{
	const uint64_t start = answer->trace.start_unix_ns;
	const uint64_t at = start + metric->last_at_ns;

	if (start)
		fprintf(file, " %" PRIu64 ".%09" PRIu64, at / 1000000000, at % 1000000000);
	putc('\n', file);
}

static void put_histogram(FILE *file, const struct dwell_answer *answer,
	const struct dwell_metric *metric, const struct dwell_catalog_counter *counter)
{
	const struct dwell_distribution *histogram = &metric->histogram;
	uint64_t count = 0;
	char le[40];

	for (size_t i = 0; i <= histogram->bar_count; i++) {
		const bool last = i == histogram->bar_count;

		if (last)
			snprintf(le, sizeof(le), "+Inf");
		else
			snprintf(le, sizeof(le), "%" PRIu64 "e%d", histogram->bars[i].le_ns,
				counter->exponent);
		count = last ? histogram->count : count + histogram->bars[i].count;
		put_name(file, counter->name);
		fputs("_bucket", file);
		put_labels(file, answer->catalog, metric, le);
		put_value(file, (int64_t)count, 0);
		end_sample(file, answer, metric);
	}
	put_name(file, counter->name);
	fputs("_count", file);
	put_labels(file, answer->catalog, metric, NULL);
	put_value(file, (int64_t)histogram->count, 0);
	end_sample(file, answer, metric);
}

void openmetrics_print(const struct dwell_answer *answer, FILE *file)
{
	const struct dwell_metrics *metrics = answer->metrics;

	for (size_t i = 0; i < metrics->count; i++) {
		const struct dwell_metric *metric = &metrics->rows[i];
		const struct dwell_catalog_counter *counter =
			dwell_catalog_counter(answer->catalog, metric->counter);

		if (!counter)
			continue;
		if (!i || metrics->rows[i - 1].counter != metric->counter)
			put_family(file, counter);
		if (counter->kind == DWELL_COUNTER_HISTOGRAM) {
			put_histogram(file, answer, metric, counter);
			continue;
		}
		put_name(file, counter->name);
		if (counter->kind == DWELL_COUNTER_SUM)
			fputs("_total", file);
		put_labels(file, answer->catalog, metric, NULL);
		put_value(file, metric->last, counter->exponent);
		end_sample(file, answer, metric);
	}
	fputs("# EOF\n", file);
}
