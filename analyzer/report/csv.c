#include <inttypes.h>
#include <string.h>

#include "report/escape.h"
#include "report/table.h"

/* What a spreadsheet would work out; a number it may. */
static bool looks_like_formula(const char *at, size_t size)
{
	if (!size || !strchr("=+-@", *at))
		return false;
	for (size_t i = 1; i < size; i++)
		if (!strchr("0123456789.e-", at[i]) || !at[i])
			return true;
	return size == 1 || *at != '-';
}

void dwell_csv_text(FILE *file, const char *at, size_t size)
{
	const struct dwell_style plain = { .file = file };
	bool quoted = false;

	for (size_t i = 0; i < size; i++)
		quoted |= at[i] == '"' || at[i] == ',';
	if (quoted)
		putc('"', file);
	if (looks_like_formula(at, size))
		putc('\'', file);
	for (size_t i = 0, end; i < size; i = end + 1) {
		const char *quote = memchr(at + i, '"', size - i);

		end = quote ? (size_t)(quote - at) : size;
		dwell_print_escaped(&plain, at + i, end - i);
		if (quote)
			fputs("\"\"", file);
	}
	if (quoted)
		putc('"', file);
}

static void put_cell(
	const struct dwell_table *table, const struct cell *cell, unsigned kind, FILE *file)
{
	if (cell->absent)
		return;
	switch (kind) {
	case DWELL_CELL_TEXT:
		dwell_csv_text(file, table->text + cell->number, cell->size);
		break;
	case DWELL_CELL_SHARE:
	case DWELL_CELL_PERCENT:
		fprintf(file, "%" PRIu64 ".%06" PRIu64, cell->number / 1000000,
			cell->number % 1000000);
		break;
	case DWELL_CELL_VALUE:
		fprintf(file, "%" PRId64, (int64_t)cell->number);
		break;
	default:
		fprintf(file, "%" PRIu64, cell->number);
	}
}

int dwell_table_csv(const struct dwell_table *table, FILE *file)
{
	const size_t rows = dwell_table_rows(table);

	if (table->err)
		return table->err;
	for (size_t row = 0; row <= rows; row++) {
		const char *between = "";

		for (size_t i = 0; i < table->column_count; i++) {
			const struct dwell_column_spec *column = &table->columns[i];

			if (column->flags & DWELL_COLUMN_TABLE_ONLY)
				continue;
			fputs(between, file);
			between = ",";
			if (!row)
				fputs(column->key, file);
			else
				put_cell(table, &table->cells[(row - 1) * table->column_count + i],
					column->cell, file);
		}
		fputs("\r\n", file);
	}
	return 0;
}
