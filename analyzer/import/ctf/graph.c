#include "import/ctf/graph.h"

#include <stdio.h>
#include <string.h>

/* What babeltrace2 says of its last error: the innermost cause is the one that tells. */
static int explain(struct dwell_diag *diag, int err)
{
	const bt_error *error = bt_current_thread_take_error();
	const char *what = "it cannot be read";

	if (error && bt_error_get_cause_count(error))
		what = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
	dwell_diag_set(diag, err, UINT64_MAX, 0, "CTF: %s", what);
	if (error)
		bt_error_release(error);
	return err;
}

static int status_of(struct dwell_diag *diag, int status)
{
	if (status == BT_GRAPH_RUN_STATUS_MEMORY_ERROR)
		return explain(diag, DWELL_ENOMEM);
	return explain(diag, DWELL_EFORMAT);
}

static int find_plugin(const bt_plugin **out, const char *name, struct dwell_diag *diag)
{
	if (bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, BT_FALSE, out) ==
		BT_PLUGIN_FIND_STATUS_OK)
		return DWELL_OK;
	bt_current_thread_clear_error();
	return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
		"CTF is read by babeltrace2, whose plugin \"%s\" is not here: install "
		"libbabeltrace2-0",
		name);
}

/* The component's parameters: "inputs" is a list of one folder. */
static bt_value *inputs_of(const char *folder)
{
	bt_value *params = bt_value_map_create(), *list = NULL;

	if (params &&
		bt_value_map_insert_empty_array_entry(params, "inputs", &list) ==
			BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
		bt_value_array_append_string_element(list, folder) ==
			BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
		return params;
	bt_value_put_ref(params);
	return NULL;
}

static int connect_all(struct ctf_graph *graph, const bt_component_source *source,
	const bt_component_filter *muxer, struct dwell_diag *diag)
{
	const uint64_t count = bt_component_source_get_output_port_count(source);

	for (uint64_t i = 0; i < count; i++) {
		/* It always has one that is free. */
		const bt_port_input *in = bt_component_filter_borrow_input_port_by_index_const(
			muxer, bt_component_filter_get_input_port_count(muxer) - 1);
		const bt_port_output *out =
			bt_component_source_borrow_output_port_by_index_const(source, i);
		const int status = bt_graph_connect_ports(graph->graph, out, in, NULL);

		if (status != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
			return status_of(diag, status);
	}
	return DWELL_OK;
}

static int add_source(struct ctf_graph *graph, const bt_plugin *plugin, const char *folder,
	const bt_component_filter *muxer, struct dwell_diag *diag)
{
	const bt_component_class_source *class =
		bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs");
	const bt_component_source *source = NULL;
	bt_value *params = inputs_of(folder);
	char name[32];

	if (!params || !class) {
		bt_value_put_ref(params);
		return status_of(diag, BT_GRAPH_RUN_STATUS_MEMORY_ERROR);
	}
	snprintf(name, sizeof(name), "source-%u",
		(unsigned)bt_component_filter_get_input_port_count(muxer));
	const int status = bt_graph_add_source_component(
		graph->graph, class, name, params, BT_LOGGING_LEVEL_NONE, &source);
	bt_value_put_ref(params);
	if (status != BT_GRAPH_ADD_COMPONENT_STATUS_OK)
		return status_of(diag, status);
	return connect_all(graph, source, muxer, diag);
}

static bt_graph_simple_sink_component_consume_func_status consume(
	bt_message_iterator *iterator, void *data)
{
	struct ctf_graph *graph = data;

	graph->next = graph->count = 0;
	/* The values of these two are the same by design of the library. */
	return (bt_graph_simple_sink_component_consume_func_status)bt_message_iterator_next(
		iterator, &graph->messages, &graph->count);
}

static int add_sink(
	struct ctf_graph *graph, const bt_component_filter *muxer, struct dwell_diag *diag)
{
	const bt_component_sink *sink;
	int status = bt_graph_add_simple_sink_component(
		graph->graph, "rows", NULL, consume, NULL, graph, &sink);

	if (status == BT_GRAPH_ADD_COMPONENT_STATUS_OK)
		status = bt_graph_connect_ports(graph->graph,
			bt_component_filter_borrow_output_port_by_index_const(muxer, 0),
			bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL);
	return status == BT_GRAPH_CONNECT_PORTS_STATUS_OK ? DWELL_OK : status_of(diag, status);
}

static int build(struct ctf_graph *graph, const bt_plugin *ctf, const bt_plugin *utils,
	const char *const *folders, size_t count, struct dwell_diag *diag)
{
	const bt_component_class_filter *class =
		bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer");
	const bt_component_filter *muxer;
	int err = DWELL_OK;

	graph->graph = bt_graph_create(0);
	if (!graph->graph || !class)
		return status_of(diag, BT_GRAPH_RUN_STATUS_MEMORY_ERROR);
	const int status = bt_graph_add_filter_component(
		graph->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE, &muxer);
	if (status != BT_GRAPH_ADD_COMPONENT_STATUS_OK)
		return status_of(diag, status);
	for (size_t i = 0; i < count && !err; i++)
		err = add_source(graph, ctf, folders[i], muxer, diag);
	return err ? err : add_sink(graph, muxer, diag);
}

int ctf_graph_open(
	struct ctf_graph *graph, const char *const *folders, size_t count, struct dwell_diag *diag)
{
	const bt_plugin *ctf = NULL, *utils = NULL;
	int err = find_plugin(&ctf, "ctf", diag);

	*graph = (struct ctf_graph){ .graph = NULL };
	if (!err)
		err = find_plugin(&utils, "utils", diag);
	if (!err)
		err = build(graph, ctf, utils, folders, count, diag);
	/* The graph's components hold on to what they need of these. */
	bt_plugin_put_ref(ctf);
	bt_plugin_put_ref(utils);
	if (err)
		ctf_graph_close(graph);
	return err;
}

int ctf_graph_next(struct ctf_graph *graph, const bt_message **out, struct dwell_diag *diag)
{
	while (graph->next == graph->count) {
		const int status = bt_graph_run_once(graph->graph);

		if (status == BT_GRAPH_RUN_ONCE_STATUS_END)
			return DWELL_END;
		if (status != BT_GRAPH_RUN_ONCE_STATUS_OK)
			return status_of(diag, status);
	}
	*out = graph->messages[graph->next++];
	return DWELL_OK;
}

void ctf_graph_close(struct ctf_graph *graph)
{
	while (graph->next < graph->count)
		bt_message_put_ref(graph->messages[graph->next++]);
	bt_graph_put_ref(graph->graph);
	*graph = (struct ctf_graph){ .graph = NULL };
}
