#include "report/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

struct dwell_table *dwell_table_new(const struct dwell_column_spec *columns, size_t count)
{
	struct dwell_table *table = calloc(1, sizeof(*table));

	if (table) {
		table->columns = columns;
		table->column_count = count;
	}
	return table;
}

void dwell_table_free(struct dwell_table *table)
{
	if (!table)
		return;
	free(table->cells);
	free(table->text);
	free(table);
}

/* Make room for one more of `unit` bytes beyond used. */
static void *grow(struct dwell_table *table, void *at, size_t used, size_t more, size_t *capacity,
	size_t unit)
{
	if (used + more <= *capacity)
		return at;

	const size_t wanted = (used + more) * 2 + 64;
	void *moved = wanted > SIZE_MAX / unit ? NULL : realloc(at, wanted * unit);

	if (!moved) {
		table->err = DWELL_ENOMEM;
		return at;
	}
	*capacity = wanted;
	return moved;
}

static void put_cell(struct dwell_table *table, struct cell cell)
{
	if (table->err)
		return;
	table->cells = grow(table, table->cells, table->cell_count, 1, &table->cell_capacity,
		sizeof(*table->cells));
	if (!table->err)
		table->cells[table->cell_count++] = cell;
}

void dwell_table_number(struct dwell_table *table, uint64_t number)
{
	put_cell(table, (struct cell){ .number = number });
}

void dwell_table_absent(struct dwell_table *table)
{
	put_cell(table, (struct cell){ .absent = true });
}

void dwell_table_bytes(struct dwell_table *table, const char *at, size_t size)
{
	const struct cell cell = { .number = table->text_size, .size = (uint32_t)size };

	if (size > UINT32_MAX)
		table->err = DWELL_ELIMIT;
	if (table->err)
		return;
	table->text = grow(table, table->text, table->text_size, size, &table->text_capacity, 1);
	if (table->err)
		return;
	if (size)
		memcpy(table->text + table->text_size, at, size);
	table->text_size += size;
	put_cell(table, cell);
}

void dwell_table_string(struct dwell_table *table, const char *text)
{
	if (text)
		dwell_table_bytes(table, text, strlen(text));
	else
		dwell_table_absent(table);
}

void dwell_table_text(struct dwell_table *table, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dwell_table_string(table, text);
}

size_t dwell_table_rows(const struct dwell_table *table)
{
	return table->column_count ? table->cell_count / table->column_count : 0;
}
