#include "hotspot_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "exports.h"
#include "proc.h"

enum { ENTRIES_MAX = 1 << 14, TEXT = 40, THREADS_MAX = 1 << 14, OFFSET_MAX = 1 << 16 };

/* An entry of the table: names of the type, the field and its type, ... */
struct entry {
	uint64_t type, field, kind;
	uint32_t is_static, padding;
	uint64_t offset, address;
};

/* Of the table of types: names of the type and its base, what it is, its size. */
struct type {
	uint64_t name, base;
	uint32_t is_object, is_integer, is_unsigned, padding;
	uint64_t size;
};

/* In some versions a thread's fields are those of its base. Those from the first of frames on are
 * not needed to find who has a monitor. */
static const struct {
	const char *type, *other, *field;
} names[HOTSPOT_FIELDS] = {
	[THREAD_LIST] = { "ThreadsSMRSupport", "", "_java_thread_list" },
	[LIST_LENGTH] = { "ThreadsList", "", "_length" },
	[LIST_THREADS] = { "ThreadsList", "", "_threads" },
	[THREAD_SYSTEM] = { "JavaThread", "Thread", "_osthread" },
	[THREAD_PENDING] = { "JavaThread", "Thread", "_current_pending_monitor" },
	[THREAD_STACK_BASE] = { "JavaThread", "Thread", "_stack_base" },
	[THREAD_STACK_SIZE] = { "JavaThread", "Thread", "_stack_size" },
	[SYSTEM_NUMBER] = { "OSThread", "", "_thread_id" },
	[MONITOR_OWNER] = { "ObjectMonitor", "", "_owner" },
	[VERSION] = { "Abstract_VM_Version", "", "_vm_major_version" },
	[INTERPRETER] = { "AbstractInterpreter", "", "_code" },
	[QUEUE_BUFFER] = { "StubQueue", "", "_stub_buffer" },
	[QUEUE_LIMIT] = { "StubQueue", "", "_buffer_limit" },
	[METHOD_CONST] = { "Method", "", "_constMethod" },
	[CONST_POOL] = { "ConstMethod", "", "_constants" },
	[CONST_NAME] = { "ConstMethod", "", "_name_index" },
	[CONST_SIZE] = { "ConstMethod", "", "_code_size" },
	[CONST_FLAGS] = { "ConstMethod", "", "_flags" },
	[POOL_HOLDER] = { "ConstantPool", "", "_pool_holder" },
	[POOL_FILE] = { "ConstantPool", "", "_source_file_name_index" },
	[CLASS_NAME] = { "Klass", "", "_name" },
	[SYMBOL_LENGTH] = { "Symbol", "", "_length" },
	[SYMBOL_BODY] = { "Symbol", "", "_body" },
	[THREAD_OBJECT] = { "JavaThread", "", "_threadObj" },
	[OBJECT_BASE] = { "CompressedOops", "Universe", "_narrow_oop._base" },
	[OBJECT_SHIFT] = { "CompressedOops", "Universe", "_narrow_oop._shift" },
	[OBJECT_CLASS] = { "oopDesc", "", "_metadata._klass" },
	[CLASS_BASE] = { "CompressedKlassPointers", "Universe", "_narrow_klass._base" },
	[CLASS_SHIFT] = { "CompressedKlassPointers", "Universe", "_narrow_klass._shift" },
	[CLASS_SUPER] = { "Klass", "", "_super" },
	[CLASS_POOL] = { "InstanceKlass", "", "_constants" },
	[CLASS_FIELDS] = { "InstanceKlass", "", "_fields" },
	[CLASS_FIELD_COUNT] = { "InstanceKlass", "", "_java_fields_count" },
	[FLAGS] = { "JVMFlag", "", "flags" },
	[FLAG_COUNT] = { "JVMFlag", "", "numFlags" },
	[FLAG_NAME] = { "JVMFlag", "", "_name" },
	[FLAG_VALUE] = { "JVMFlag", "", "_addr" },
};

static void take_symbol(void *context, const char *name, uint64_t address, uint64_t size)
{
	(void)size;
	struct dwell_hotspot_tables *tables = context;

	if (strcmp(name, "gHotSpotVMStructs") == 0)
		tables->fields = address;
	if (strcmp(name, "gHotSpotVMTypes") == 0)
		tables->types = address;
}

void dwell_hotspot_read(struct dwell_hotspot_tables *out, int fd)
{
	*out = (struct dwell_hotspot_tables){ 0, 0 };
	dwell_exports_each(fd, take_symbol, out);
}

int dwell_hotspot_new(struct dwell_hotspot **out, struct dwell_registry *registry)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return DWELL_ENOMEM;
	(*out)->registry = registry;
	return 0;
}

void dwell_hotspot_free(struct dwell_hotspot *hotspot)
{
	if (!hotspot)
		return;
	free(hotspot->threads);
	dwell_map_release(&hotspot->frames);
	free(hotspot);
}

uint64_t hotspot_word(const struct dwell_hotspot *hotspot, uint64_t address)
{
	uint64_t value = 0;

	(void)dwell_memory_get(hotspot->pid, address, &value, sizeof(value));
	return value;
}

uint32_t hotspot_half(const struct dwell_hotspot *hotspot, uint64_t address)
{
	uint32_t value = 0;

	(void)dwell_memory_get(hotspot->pid, address, &value, sizeof(value));
	return value;
}

static void read_name(const struct dwell_hotspot *hotspot, uint64_t address, char out[TEXT])
{
	const size_t got = dwell_memory_read(hotspot->pid, address, out, TEXT - 1);

	out[got] = '\0';
}

static void take_entry(struct dwell_hotspot *hotspot, const struct entry *entry, uint64_t *found)
{
	char type[TEXT], field[TEXT];

	read_name(hotspot, entry->field, field);
	for (unsigned i = 0; i < HOTSPOT_FIELDS; i++) {
		if (strcmp(field, names[i].field) != 0)
			continue;
		read_name(hotspot, entry->type, type);
		if (strcmp(type, names[i].type) != 0 && strcmp(type, names[i].other) != 0)
			continue;
		if (!entry->is_static && entry->offset > OFFSET_MAX)
			continue;
		hotspot->fields[i] = entry->is_static ? entry->address : entry->offset;
		*found |= UINT64_C(1) << i;
		if (i == THREAD_OBJECT) {
			read_name(hotspot, entry->kind, type);
			hotspot->heap.by_handle = strcmp(type, "OopHandle") == 0;
		}
	}
}

/* The table ends with an entry without a name. */
static uint64_t read_fields(struct dwell_hotspot *hotspot, uint64_t table)
{
	uint64_t at = hotspot_word(hotspot, table);
	uint64_t found = 0;

	for (int i = 0; i < ENTRIES_MAX && at != 0; i++, at += sizeof(struct entry)) {
		struct entry entry;

		if (!dwell_memory_get(hotspot->pid, at, &entry, sizeof(entry)) || entry.type == 0)
			break;
		take_entry(hotspot, &entry, &found);
	}
	return found;
}

static void read_types(struct dwell_hotspot *hotspot, uint64_t table)
{
	uint64_t at = hotspot_word(hotspot, table);

	for (int i = 0; i < ENTRIES_MAX && at != 0; i++, at += sizeof(struct type)) {
		struct type type;
		char name[TEXT];

		if (!dwell_memory_get(hotspot->pid, at, &type, sizeof(type)) || type.name == 0)
			break;
		read_name(hotspot, type.name, name);
		if (strcmp(name, "ConstMethod") == 0)
			hotspot->const_size = type.size;
		else if (strcmp(name, "ConstantPool") == 0)
			hotspot->pool_size = type.size;
		else if (strcmp(name, "JVMFlag") == 0)
			hotspot->flag_size = type.size;
	}
}

static void learn(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables)
{
	const uint64_t for_monitors = (UINT64_C(1) << VERSION) - 1,
		       for_frames = (UINT64_C(1) << THREAD_OBJECT) - 1,
		       for_heap = (UINT64_C(1) << HOTSPOT_FIELDS) - 1;
	uint64_t found;

	hotspot->heap = (struct hotspot_heap){ .is_known = false };
	found = read_fields(hotspot, tables->fields);
	read_types(hotspot, tables->types);
	hotspot->knows_monitors = (found & for_monitors) == for_monitors;
	hotspot->knows_frames = (found & for_frames) == for_frames && hotspot->const_size != 0 &&
				hotspot->const_size < OFFSET_MAX && hotspot->pool_size != 0 &&
				hotspot->pool_size < OFFSET_MAX;
	if (found == for_heap && hotspot->knows_frames)
		hotspot_learn_heap(hotspot);
}

void hotspot_meet(
	struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables, uint32_t pid)
{
	if (hotspot->pid == pid)
		return;
	hotspot->pid = pid;
	hotspot->count = 0;
	learn(hotspot, tables);
}

static struct java_thread *thread_with(const struct dwell_hotspot *hotspot, uint32_t number)
{
	for (size_t i = 0; i < hotspot->count; i++)
		if (hotspot->threads[i].number == number)
			return &hotspot->threads[i];
	return NULL;
}

/* What lies that far into each of them, or 0. false: no memory. */
static bool gather(
	const struct dwell_hotspot *hotspot, uint64_t *words, size_t count, uint64_t into)
{
	uint64_t *at = malloc(count * sizeof(*at));

	if (!at)
		return false;
	for (size_t i = 0; i < count; i++)
		at[i] = words[i] ? words[i] + into : 0;
	dwell_memory_gather(hotspot->pid, at, words, count);
	free(at);
	return true;
}

/* threads: their addresses. */
static bool take_threads(
	struct dwell_hotspot *hotspot, const uint64_t *threads, uint64_t *words, uint32_t count)
{
	struct java_thread *list = calloc(count, sizeof(*list));

	memcpy(words, threads, count * sizeof(*words));
	if (!list || !gather(hotspot, words, count, hotspot->fields[THREAD_SYSTEM]) ||
		!gather(hotspot, words, count, hotspot->fields[SYSTEM_NUMBER])) {
		free(list);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct java_thread *former;
		uint32_t number;

		memcpy(&number, &words[i], sizeof(number));
		former = thread_with(hotspot, number);
		list[i] = (struct java_thread){ .at = threads[i], .number = number };
		if (former && former->at == threads[i])
			list[i] = *former;
	}
	free(hotspot->threads);
	hotspot->threads = list;
	hotspot->count = count;
	return true;
}

static bool read_threads(struct dwell_hotspot *hotspot)
{
	const uint64_t *fields = hotspot->fields;
	const uint64_t list = hotspot_word(hotspot, fields[THREAD_LIST]);
	const uint32_t count = list ? hotspot_half(hotspot, list + fields[LIST_LENGTH]) : 0;
	const uint64_t threads = list ? hotspot_word(hotspot, list + fields[LIST_THREADS]) : 0;
	uint64_t *words;
	bool good;

	if (count == 0 || count > THREADS_MAX)
		return false;
	words = malloc(2 * (size_t)count * sizeof(*words));
	if (!words)
		return false;
	good = dwell_memory_get(hotspot->pid, threads, words, count * sizeof(*words)) &&
	       take_threads(hotspot, words, words + count, count);
	free(words);
	return good;
}

/* An owner is a thread, or a place in its stack. */
static uint32_t owner_of(const struct dwell_hotspot *hotspot, uint64_t monitor)
{
	const uint64_t *fields = hotspot->fields;
	const uint64_t owner = hotspot_word(hotspot, monitor + fields[MONITOR_OWNER]);

	for (size_t i = 0; i < hotspot->count && owner != 0; i++) {
		const struct java_thread *thread = &hotspot->threads[i];
		const uint64_t base = hotspot_word(hotspot, thread->at + fields[THREAD_STACK_BASE]);
		const uint64_t size = hotspot_word(hotspot, thread->at + fields[THREAD_STACK_SIZE]);

		if (owner == thread->at || (owner < base && base - owner <= size))
			return thread->number;
	}
	return 0;
}

static uint32_t thread_of_object(const struct dwell_hotspot *hotspot, uint64_t object)
{
	for (size_t i = 0; i < hotspot->count && object != 0; i++)
		if (hotspot_thread_object(hotspot, &hotspot->threads[i]) == object)
			return hotspot->threads[i].number;
	return 0;
}

static uint64_t pending_of(const struct dwell_hotspot *hotspot, const struct java_thread *thread)
{
	return hotspot_word(hotspot, thread->at + hotspot->fields[THREAD_PENDING]);
}

/*
 * One of java.util.concurrent. The collector may have moved it while it was read: all of it is read
 * twice, from the thread on.
 */
static void find_lock(struct dwell_hotspot *hotspot, const struct java_thread *thread,
	struct dwell_hotspot_wait *out)
{
	uint64_t owner, again;

	out->lock = hotspot_lock(hotspot, hotspot_thread_object(hotspot, thread), &owner);
	if (out->lock == 0)
		return;
	out->holder = thread_of_object(hotspot, owner);
	if (hotspot_lock(hotspot, hotspot_thread_object(hotspot, thread), &again) != out->lock ||
		again != owner || thread_of_object(hotspot, again) != out->holder)
		out->lock = 0;
}

bool dwell_hotspot_find(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	const struct dwell_still *still, struct dwell_hotspot_wait *out)
{
	const uint32_t number = dwell_proc_inside(still->tid);
	struct java_thread *thread;

	*out = (struct dwell_hotspot_wait){ .thread = number };
	hotspot_meet(hotspot, tables, still->pid);
	thread = thread_with(hotspot, number);
	if (!hotspot->knows_monitors || (!thread && !read_threads(hotspot)))
		return false;
	thread = thread ? thread : thread_with(hotspot, number);
	out->lock = thread ? pending_of(hotspot, thread) : 0;
	out->is_monitor = out->lock != 0;
	out->at = thread ? thread->at + hotspot->fields[THREAD_PENDING] : 0;
	if (out->is_monitor)
		out->holder = owner_of(hotspot, out->lock);
	else if (thread && hotspot->heap.is_known)
		find_lock(hotspot, thread, out);
	if (out->lock == 0)
		return false;
	out->holder = out->holder == number ? 0 : out->holder;
	thread->tid = still->tid;
	thread->monitor = out->is_monitor ? out->lock : 0;
	return true;
}

bool dwell_hotspot_waits(const struct dwell_hotspot *hotspot, uint32_t tid)
{
	for (size_t i = 0; i < hotspot->count; i++) {
		const struct java_thread *thread = &hotspot->threads[i];

		if (thread->tid == tid)
			return thread->monitor != 0 &&
			       pending_of(hotspot, thread) == thread->monitor;
	}
	return false;
}

/* Monitors, and objects of threads that wait for none; 0 where there are none. */
static bool gather_waits(const struct dwell_hotspot *hotspot, uint64_t *monitors, uint64_t *objects)
{
	const struct hotspot_heap *heap = &hotspot->heap;
	const size_t count = hotspot->count;

	for (size_t i = 0; i < count; i++)
		monitors[i] = hotspot->threads[i].at;
	if (!gather(hotspot, monitors, count, hotspot->fields[THREAD_PENDING]))
		return false;
	for (size_t i = 0; i < count; i++)
		objects[i] = heap->is_known && monitors[i] == 0 ? hotspot->threads[i].at : 0;
	return gather(hotspot, objects, count, hotspot->fields[THREAD_OBJECT]) &&
	       (!heap->by_handle || gather(hotspot, objects, count, 0));
}

static size_t list_waits(struct dwell_hotspot *hotspot, const uint64_t *monitors,
	const uint64_t *objects, struct dwell_hotspot_wait *out)
{
	size_t waits = 0;

	for (size_t i = 0; i < hotspot->count; i++) {
		uint64_t unused;
		const uint64_t lock = monitors[i] != 0  ? monitors[i]
				      : objects[i] != 0 ? hotspot_lock(hotspot, objects[i], &unused)
							: 0;

		if (lock != 0)
			out[waits++] = (struct dwell_hotspot_wait){ .lock = lock,
				.thread = hotspot->threads[i].number,
				.is_monitor = monitors[i] != 0 };
	}
	return waits;
}

int dwell_hotspot_survey(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	uint32_t pid, struct dwell_hotspot_wait **out, size_t *count)
{
	uint64_t *words;
	int err = DWELL_OK;

	*out = NULL;
	*count = 0;
	hotspot_meet(hotspot, tables, pid);
	if (!hotspot->knows_monitors || !read_threads(hotspot))
		return DWELL_OK;
	words = malloc(2 * hotspot->count * sizeof(*words));
	*out = malloc(hotspot->count * sizeof(**out));
	if (!words || !*out || !gather_waits(hotspot, words, words + hotspot->count))
		err = DWELL_ENOMEM;
	else
		*count = list_waits(hotspot, words, words + hotspot->count, *out);
	free(words);
	return err;
}
