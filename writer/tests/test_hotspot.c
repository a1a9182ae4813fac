/* Java's locks in a virtual machine that is made up: its tables, its threads, a heap. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/hotspot_private.h"

/* As the virtual machine has them. */
struct entry {
	const char *type, *field, *kind;
	uint32_t is_static, padding;
	uint64_t offset;
	const void *address;
};

struct type {
	const char *name, *base;
	uint32_t is_object, is_integer, is_unsigned, padding;
	uint64_t size;
};

struct symbol {
	uint16_t length;
	char body[78];
};

struct class
{
	const struct symbol *name;
	const struct class *super;
	const void *pool, *fields;
	uint16_t field_count;
};

/* An object: its class, and the one field that is of interest. */
struct object {
	uint64_t mark;
	const struct class *class;
	uint32_t field, padding;
};

enum { OBJECTS = 8, POOL_SIZE = 16, FIELD_AT = 16 };

struct pool {
	uint64_t head[POOL_SIZE / 8];
	const struct symbol *constant[3];
};

/* Six numbers a field, of which only the name and where it is count here. */
struct fields {
	uint32_t length;
	uint16_t numbers[2][6];
};

struct java {
	uint64_t system, pending, stack_base, stack_size;
	struct object **handle;
};

struct monitor {
	uint64_t header, owner;
};

struct flag {
	const uint8_t *value;
	const char *name;
};

#define SYMBOL(text)                                                                               \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}

static struct symbol thread_name = SYMBOL("java/lang/Thread"),
		     synchronizer_name =
			     SYMBOL("java/util/concurrent/locks/AbstractOwnableSynchronizer"),
		     lock_name = SYMBOL("Lock"), other_name = SYMBOL("Condition"),
		     blocker_name = SYMBOL("parkBlocker"),
		     owner_name = SYMBOL("exclusiveOwnerThread"), noise = SYMBOL("tid");
static struct pool thread_pool = { .constant = { NULL, &noise, &blocker_name } },
		   synchronizer_pool = { .constant = { NULL, &owner_name } };
static struct fields thread_fields = { 12,
	{ { 0, 1, 0, 0, 99 << 2 | 1, 0 }, { 0, 2, 0, 0, FIELD_AT << 2 | 1, 0 } } },
		     synchronizer_fields = { 6, { { 0, 1, 0, 0, FIELD_AT << 2 | 1, 0 } } };
static struct class thread_class = { &thread_name, NULL, &thread_pool, &thread_fields, 2 },
		    worker_class = { &lock_name, &thread_class, NULL, NULL, 0 },
		    synchronizer_class = { &synchronizer_name, NULL, &synchronizer_pool,
			    &synchronizer_fields, 1 },
		    lock_class = { &lock_name, &synchronizer_class, NULL, NULL, 0 },
		    other_class = { &other_name, NULL, NULL, NULL, 0 };

static struct object heap[OBJECTS];
static uint64_t heap_base;
static uint32_t heap_shift = 3, class_shift, version = 17, nothing;
static uint64_t class_base;
static struct object *handles[2] = { &heap[1], &heap[2] };
static struct {
	uint32_t number;
} systems[2];
static struct java threads[2];
static struct java *list_threads[2] = { &threads[0], &threads[1] };
static struct {
	uint64_t length;
	struct java **threads;
} list = { 2, list_threads }, *list_at = &list;
static struct monitor monitor;
static uint8_t off, on = 1, zgc;
static struct flag flags[] = { { &on, "UseCompressedOops" }, { &off, "UseCompressedClassPointers" },
	{ &zgc, "UseZGC" }, { &off, "UseShenandoahGC" } },
		   *flags_at = flags;
static uint64_t flag_count = 4;

#define FIELD(type, name, at)                                                                      \
	{                                                                                          \
		type, name, "", 0, 0, at, NULL                                                     \
	}
#define STATIC(type, name, at)                                                                     \
	{                                                                                          \
		type, name, "", 1, 0, 0, &(at)                                                     \
	}

static struct entry entries[] = { STATIC("ThreadsSMRSupport", "_java_thread_list", list_at),
	FIELD("ThreadsList", "_length", 0), FIELD("ThreadsList", "_threads", 8),
	FIELD("JavaThread", "_osthread", 0), FIELD("JavaThread", "_current_pending_monitor", 8),
	FIELD("Thread", "_stack_base", 16), FIELD("Thread", "_stack_size", 24),
	{ "JavaThread", "_threadObj", "OopHandle", 0, 0, 32, NULL },
	FIELD("OSThread", "_thread_id", 0), FIELD("ObjectMonitor", "_owner", 8),
	STATIC("Abstract_VM_Version", "_vm_major_version", version),
	STATIC("AbstractInterpreter", "_code", nothing), FIELD("StubQueue", "_stub_buffer", 0),
	FIELD("StubQueue", "_buffer_limit", 0), FIELD("Method", "_constMethod", 0),
	FIELD("ConstMethod", "_constants", 0), FIELD("ConstMethod", "_name_index", 0),
	FIELD("ConstMethod", "_code_size", 0), FIELD("ConstMethod", "_flags", 0),
	FIELD("ConstantPool", "_pool_holder", 0),
	FIELD("ConstantPool", "_source_file_name_index", 0), FIELD("Klass", "_name", 0),
	FIELD("Symbol", "_length", 0), FIELD("Symbol", "_body", 2),
	STATIC("CompressedOops", "_narrow_oop._base", heap_base),
	STATIC("CompressedOops", "_narrow_oop._shift", heap_shift),
	FIELD("oopDesc", "_metadata._klass", 8),
	STATIC("CompressedKlassPointers", "_narrow_klass._base", class_base),
	STATIC("CompressedKlassPointers", "_narrow_klass._shift", class_shift),
	FIELD("Klass", "_super", 8), FIELD("InstanceKlass", "_constants", 16),
	FIELD("InstanceKlass", "_fields", 24), FIELD("InstanceKlass", "_java_fields_count", 32),
	STATIC("JVMFlag", "flags", flags_at), STATIC("JVMFlag", "numFlags", flag_count),
	FIELD("JVMFlag", "_name", 8), FIELD("JVMFlag", "_addr", 0), { .type = NULL } };
static struct type types[] = { { .name = "ConstMethod", .size = 8 },
	{ .name = "ConstantPool", .size = POOL_SIZE },
	{ .name = "JVMFlag", .size = sizeof(struct flag) }, { .name = NULL } };
static struct entry *entries_at = entries;
static struct type *types_at = types;

static struct dwell_hotspot *hotspot;
static struct dwell_hotspot_tables tables;
static struct dwell_hotspot_wait found;

static uint32_t narrow(const struct object *object)
{
	return (uint32_t)(((uintptr_t)object - heap_base) >> heap_shift);
}

/* This thread is the first one of Java's and parks for nothing; there is another. */
static void make(void)
{
	tables = (struct dwell_hotspot_tables){ (uintptr_t)&entries_at, (uintptr_t)&types_at };
	heap_base = (uintptr_t)heap;
	heap[1] = (struct object){ .class = &worker_class };
	heap[2] = (struct object){ .class = &thread_class };
	heap[3] = (struct object){ .class = &lock_class, .field = narrow(&heap[2]) };
	heap[4] = (struct object){ .class = &other_class, .field = narrow(&heap[2]) };
	for (int i = 0; i < 2; i++) {
		systems[i].number = (uint32_t)gettid() + (uint32_t)i;
		threads[i] = (struct java){ .system = (uintptr_t)&systems[i],
			.stack_base = 0x20000 + (uint64_t)i * 0x10000,
			.stack_size = 0x1000,
			.handle = &handles[i] };
	}
	cr_assert(eq(int, dwell_hotspot_new(&hotspot, NULL), 0));
}

static bool find(void)
{
	const struct dwell_still still = { .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid() };

	return dwell_hotspot_find(hotspot, &tables, &still, &found);
}

TestSuite(hotspot, .init = make);

Test(hotspot, monitor_has_a_holder)
{
	threads[0].pending = (uintptr_t)&monitor;
	monitor.owner = (uintptr_t)&threads[1];
	cr_assert(find());
	cr_expect(found.is_monitor);
	cr_expect(eq(u64, found.lock, (uintptr_t)&monitor));
	cr_expect(eq(u32, found.holder, systems[1].number));
	cr_expect(dwell_hotspot_waits(hotspot, (uint32_t)gettid()));
	/* An older lock: a place in the owner's stack. */
	monitor.owner = threads[1].stack_base - 8;
	cr_assert(find());
	cr_expect(eq(u32, found.holder, systems[1].number));
	monitor.owner = threads[1].stack_base + 8;
	cr_assert(find());
	cr_expect(eq(u32, found.holder, 0));
	threads[0].pending = 0;
	cr_expect(not(find()));
	cr_expect(not(dwell_hotspot_waits(hotspot, (uint32_t)gettid())));
	dwell_hotspot_free(hotspot);
}

Test(hotspot, synchronizer_has_a_holder)
{
	heap[1].field = narrow(&heap[3]);
	cr_assert(find());
	cr_expect(not(found.is_monitor));
	cr_expect(eq(u64, found.lock, (uintptr_t)&heap[3]));
	cr_expect(eq(u32, found.holder, systems[1].number));
	cr_expect(not(dwell_hotspot_waits(hotspot, (uint32_t)gettid())));
	dwell_hotspot_free(hotspot);
}

/* What cannot be owned, what nobody owns, what no thread's object owns. */
Test(hotspot, nobody_is_made_up)
{
	cr_expect(not(find()));
	heap[1].field = narrow(&heap[4]);
	cr_expect(not(find()));
	heap[1].field = narrow(&heap[3]);
	heap[3].field = 0;
	cr_expect(not(find()));
	heap[3].field = narrow(&heap[4]);
	cr_assert(find());
	cr_expect(eq(u32, found.holder, 0));
	/* Its own. */
	heap[3].field = narrow(&heap[1]);
	cr_assert(find());
	cr_expect(eq(u32, found.holder, 0));
	dwell_hotspot_free(hotspot);
}

/* Where objects move while Java runs, and where the tables lack what is needed, monitors only. */
Test(hotspot, heaps_that_are_not_known)
{
	const char *field = entries[sizeof(entries) / sizeof(*entries) - 2].field;

	heap[1].field = narrow(&heap[3]);
	zgc = 1;
	cr_expect(not(find()));
	dwell_hotspot_free(hotspot);
	zgc = 0;
	for (size_t i = 24; entries[i].type; i++) {
		field = entries[i].field;
		entries[i].field = "_of_another_name";
		cr_assert(eq(int, dwell_hotspot_new(&hotspot, NULL), 0));
		cr_expect(not(find()), "%s", field);
		threads[0].pending = (uintptr_t)&monitor;
		cr_expect(find(), "%s", field);
		threads[0].pending = 0;
		dwell_hotspot_free(hotspot);
		entries[i].field = field;
	}
}

/* Each number of it at its worst: nothing is found, and nothing is read for ever. */
Test(hotspot, what_makes_no_sense)
{
	const struct object lock = heap[3];
	struct class endless = { &other_name, &endless, NULL, NULL, 0 };

	heap[1].field = UINT32_MAX;
	cr_expect(not(find()));
	heap[1].field = narrow(&heap[3]);
	heap[3].class = &endless;
	cr_expect(not(find()));
	heap[3].class = (const struct class *)8;
	cr_expect(not(find()));
	heap[3] = lock;
	list.length = UINT32_MAX;
	dwell_hotspot_free(hotspot);
	cr_assert(eq(int, dwell_hotspot_new(&hotspot, NULL), 0));
	cr_expect(not(find()));
	list.length = 2;
	heap_shift = 63;
	dwell_hotspot_free(hotspot);
	cr_assert(eq(int, dwell_hotspot_new(&hotspot, NULL), 0));
	cr_expect(not(find()));
	heap_shift = 3;
	flag_count = UINT64_MAX;
	dwell_hotspot_free(hotspot);
	cr_assert(eq(int, dwell_hotspot_new(&hotspot, NULL), 0));
	cr_expect(not(find()));
	flag_count = 4;
	dwell_hotspot_free(hotspot);
}

Test(hotspot, survey_lists_who_waits)
{
	struct dwell_hotspot_wait *waits;
	size_t count;

	cr_assert(eq(int,
		dwell_hotspot_survey(hotspot, &tables, (uint32_t)getpid(), &waits, &count), 0));
	cr_expect(eq(sz, count, 0));
	free(waits);
	threads[1].pending = (uintptr_t)&monitor;
	heap[1].field = narrow(&heap[3]);
	cr_assert(eq(int,
		dwell_hotspot_survey(hotspot, &tables, (uint32_t)getpid(), &waits, &count), 0));
	cr_assert(eq(sz, count, 2));
	cr_expect(eq(u32, waits[0].thread, systems[0].number));
	cr_expect(eq(u64, waits[0].lock, (uintptr_t)&heap[3]));
	cr_expect(not(waits[0].is_monitor));
	cr_expect(eq(u32, waits[1].thread, systems[1].number));
	cr_expect(eq(u64, waits[1].lock, (uintptr_t)&monitor));
	cr_expect(waits[1].is_monitor);
	free(waits);
	dwell_hotspot_free(hotspot);
}
