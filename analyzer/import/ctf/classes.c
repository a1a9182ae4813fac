#include "import/ctf/classes.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

/* The kernel's events as LTTng's modules write them. */
static const struct known {
	const char *name;
	uint8_t kind, event;
	const char *fields[CTF_FIELDS];
} known[] = {
	{ "sched_switch", CTF_KERNEL, KERNEL_SWITCH,
		{ [CTF_PREV] = "prev_tid",
			[CTF_PREV_COMM] = "prev_comm",
			[CTF_STATE] = "prev_state",
			[CTF_OTHER] = "next_tid",
			[CTF_OTHER_COMM] = "next_comm" } },
	{ "sched_waking", CTF_KERNEL, KERNEL_WAKING,
		{ [CTF_OTHER] = "tid", [CTF_OTHER_COMM] = "comm" } },
	{ "sched_wakeup", CTF_KERNEL, KERNEL_WAKEUP,
		{ [CTF_OTHER] = "tid", [CTF_OTHER_COMM] = "comm" } },
	{ "sched_wakeup_new", CTF_KERNEL, KERNEL_WAKEUP_NEW,
		{ [CTF_OTHER] = "tid", [CTF_OTHER_COMM] = "comm" } },
	{ "sched_process_fork", CTF_KERNEL, KERNEL_FORK,
		{ [CTF_TID] = "parent_tid",
			[CTF_COMM] = "parent_comm",
			[CTF_OTHER] = "child_tid",
			[CTF_OTHER_TGID] = "child_pid",
			[CTF_OTHER_COMM] = "child_comm" } },
	{ "sched_process_exec", CTF_KERNEL, KERNEL_OTHER, { NULL } },
	{ "sched_process_exit", CTF_KERNEL, KERNEL_EXIT,
		{ [CTF_OTHER] = "tid", [CTF_OTHER_COMM] = "comm" } },
	{ "lttng_statedump_process_state", CTF_KERNEL, KERNEL_KNOWN,
		{ [CTF_OTHER] = "tid", [CTF_OTHER_TGID] = "pid", [CTF_OTHER_COMM] = "name" } },
	{ "irq_handler_entry", CTF_IRQ_ENTER, 0, { NULL } },
	{ "irq_handler_exit", CTF_IRQ_EXIT, 0, { NULL } },
	{ "timer_hrtimer_expire_entry", CTF_IRQ_ENTER, 0, { NULL } },
	{ "timer_hrtimer_expire_exit", CTF_IRQ_EXIT, 0, { NULL } },
	{ "x86_irq_vectors_local_timer_entry", CTF_IRQ_ENTER, 0, { NULL } },
	{ "x86_irq_vectors_local_timer_exit", CTF_IRQ_EXIT, 0, { NULL } },
};

int16_t ctf_place(const bt_field_class *structure, const char *name)
{
	uint64_t count;

	if (!structure || !name ||
		bt_field_class_get_type(structure) != BT_FIELD_CLASS_TYPE_STRUCTURE)
		return -1;
	count = bt_field_class_structure_get_member_count(structure);
	for (uint64_t i = 0; i < count && i < INT16_MAX; i++)
		if (!strcmp(name, bt_field_class_structure_member_get_name(
					  bt_field_class_structure_borrow_member_by_index_const(
						  structure, i))))
			return (int16_t)i;
	return -1;
}

static bool take_prefix(struct ctf_class *class, const char *prefix, uint8_t event)
{
	const size_t size = strlen(prefix);

	if (class->name.size <= size || memcmp(class->name.at, prefix, size))
		return false;
	class->name.at += size;
	class->name.size -= size;
	class->kind = CTF_KERNEL;
	class->event = event;
	return true;
}

static void describe_kernel(struct ctf_class *class, const bt_field_class *payload)
{
	if (take_prefix(class, "syscall_entry_", KERNEL_SYSCALL_ENTER)) {
		class->fields[CTF_VALUE] = ctf_place(payload, "uaddr");
		return;
	}
	if (take_prefix(class, "syscall_exit_", KERNEL_SYSCALL_EXIT))
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, class->name.at))
			continue;
		class->kind = known[i].kind;
		class->event = known[i].event;
		for (int f = 0; f < CTF_FIELDS; f++)
			class->fields[f] = ctf_place(payload, known[i].fields[f]);
	}
}

static void describe(struct ctf_class *out, const bt_event_class *class, bool user)
{
	const bt_stream_class *stream = bt_event_class_borrow_stream_class_const(class);
	const bt_field_class *context =
		bt_stream_class_borrow_event_common_context_field_class_const(stream);
	const char *name = bt_event_class_get_name(class);

	*out = (struct ctf_class){
		.kind = user ? CTF_USER : CTF_IGNORED,
		.context_tid = ctf_place(context, user ? "vtid" : "tid"),
		.context_tgid = ctf_place(context, user ? "vpid" : "pid"),
		.context_comm = ctf_place(context, "procname"),
		.name = { name ? name : "", name ? strlen(name) : 0 },
	};
	memset(out->fields, -1, sizeof(out->fields));
	if (!user)
		describe_kernel(out, bt_event_class_borrow_payload_field_class_const(class));
}

const struct ctf_class *ctf_class_of(
	struct ctf_classes *classes, const bt_event_class *class, bool user)
{
	const uint64_t number = import_map_get(&classes->numbers, (uintptr_t) class);

	if (number)
		return &classes->all[number - 1];
	if (classes->count == classes->room) {
		const uint32_t room = classes->room ? 2 * classes->room : 64;
		struct ctf_class *wider = realloc(classes->all, room * sizeof(*wider));

		if (!wider)
			return NULL;
		classes->all = wider;
		classes->room = room;
	}
	if (import_map_put(&classes->numbers, (uintptr_t) class, classes->count + 1))
		return NULL;
	describe(&classes->all[classes->count], class, user);
	return &classes->all[classes->count++];
}

void ctf_classes_release(struct ctf_classes *classes)
{
	import_map_release(&classes->numbers);
	free(classes->all);
	*classes = (struct ctf_classes){ .all = NULL };
}

static const bt_field *member(const bt_field *parent, int16_t place)
{
	if (!parent || place < 0)
		return NULL;
	return bt_field_structure_borrow_member_field_by_index_const(parent, (uint64_t)place);
}

int64_t ctf_integer(const bt_field *parent, int16_t place)
{
	const bt_field *field = member(parent, place);
	bt_field_class_type type;

	if (!field)
		return 0;
	type = bt_field_get_class_type(field);
	if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
		return (int64_t)bt_field_integer_unsigned_get_value(field);
	if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
		return bt_field_integer_signed_get_value(field);
	return 0;
}

struct dwell_string ctf_text(const bt_field *parent, int16_t place)
{
	const bt_field *field = member(parent, place);

	if (!field || bt_field_get_class_type(field) != BT_FIELD_CLASS_TYPE_STRING)
		return (struct dwell_string){ "", 0 };
	return (struct dwell_string){ bt_field_string_get_value(field),
		(size_t)bt_field_string_get_length(field) };
}
