#include "tests/hostile.h"

#include <stddef.h>
#include <stdio.h>

/* As the text form of a trace has them. */
static const char *const names[] = {
	"\\x1b[2J\\x1b]0;owned\\x07",
	"\\x9b31m\\x84 controls",
	"日本語の名前 とても長い名前 とても長い名前",
	"한국어 이름 worker",
	"e\xcc\x81 a\xcc\x88o\xcc\x88u\xcc\x88 combining",
	"z\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 too many",
	"\xcc\x81\xcc\x81 marks alone",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \\xe2\\x80\\xae right to left",
	"\xd8\xa7\xd9\x84\xd8\xb9\xd9\x85\xd9\x84",
	"\\xff\\xfe\\x80 not UTF-8",
	"\\n\\r\\t\\x08\\x7f",
	"",
	"\"quoted\\\\",
};

enum { NAMES = sizeof(names) / sizeof(names[0]), LONG = 10000 };

static void put_name(FILE *file, unsigned i)
{
	if (i < NAMES) {
		for (const char *c = names[i]; *c; c++)
			fprintf(file, *c == '"' ? "\\\"" : "%c", *c);
		return;
	}
	for (unsigned k = 0; k < LONG; k++)
		fputs(i == NAMES ? "x" : "長", file);
}

bool hostile_write(const char *path)
{
	FILE *file = fopen(path, "w");
	const unsigned tasks = NAMES + 2;

	if (!file)
		return false;
	fputs("dwell-text 1\ntrace source=\"dwell\" tick=1 levels=scheduler,reasons\n", file);
	fputs("process p1 pid=1 name=\"", file);
	put_name(file, 2);
	fputs("\"\nexecutor x1 kind=cpu\n", file);
	for (unsigned i = 0; i < tasks; i++) {
		fprintf(file, "object o%u kind=mutex name=\"", i + 1);
		put_name(file, i);
		fprintf(file, "\"\ntask t%u kind=thread process=p1 tid=%u name=\"", i + 1, i + 1);
		put_name(file, tasks - 1 - i);
		fputs("\"\n", file);
	}
	for (unsigned i = 0; i < tasks; i++)
		fprintf(file,
			"%u switch peer=t%u executor=x1\n%u switch task=t%u state=blocked "
			"reason=mutex object=o%u executor=x1\n",
			1000 + i * 1000000, i + 1, 900000 + i * 1000000, i + 1, i + 1);
	for (unsigned i = 0; i + 1 < tasks; i++)
		fprintf(file, "%u wake task=t%u state=runnable peer=t%u executor=x1\n",
			tasks * 1000000 + i * 1000, i + 1, tasks);
	fprintf(file, "end time=%u closed\n", (tasks + 1) * 1000000);
	return !fclose(file);
}
