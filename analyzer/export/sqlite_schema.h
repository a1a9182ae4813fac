#ifndef DWELL_EXPORT_SQLITE_SCHEMA_H
#define DWELL_EXPORT_SQLITE_SCHEMA_H

/* The tables, as docs/exporters.md explains them. Times are nanoseconds since the trace's zero;
 * ids that are 0 in a trace, "none" or "not known", are NULL. */
#define TABLES_SQL                                                                                 \
	"CREATE TABLE meta(key TEXT, value TEXT);"                                                 \
	"CREATE TABLE process(id INTEGER PRIMARY KEY, pid INTEGER, parent INTEGER, name TEXT,"     \
	" command TEXT);"                                                                          \
	"CREATE TABLE task(id INTEGER PRIMARY KEY, process INTEGER, parent INTEGER, kind TEXT,"    \
	" tid INTEGER, native_id INTEGER, name TEXT, class TEXT, born INTEGER,"                    \
	" created_ns INTEGER);"                                                                    \
	"CREATE TABLE executor(id INTEGER PRIMARY KEY, kind TEXT, number INTEGER, name TEXT);"     \
	"CREATE TABLE object(id INTEGER PRIMARY KEY, process INTEGER, kind TEXT,"                  \
	" native_id INTEGER, name TEXT);"                                                          \
	"CREATE TABLE frame(stack INTEGER, depth INTEGER, function TEXT, file TEXT,"               \
	" line INTEGER, module TEXT, address INTEGER, PRIMARY KEY(stack, depth))"                  \
	" WITHOUT ROWID;"                                                                          \
	"CREATE TABLE state(task INTEGER, start_ns INTEGER, end_ns INTEGER, state TEXT,"           \
	" reason TEXT, object INTEGER, stack INTEGER, executor INTEGER, waker INTEGER,"            \
	" waker_stack INTEGER, holder INTEGER, cause TEXT, open INTEGER);"                         \
	"CREATE TABLE wait(task INTEGER, start_ns INTEGER, end_ns INTEGER, reason TEXT,"           \
	" object INTEGER, stack INTEGER, holder INTEGER, how TEXT, waker INTEGER,"                 \
	" waker_stack INTEGER, blocked_ns INTEGER, runnable_ns INTEGER, running_ns INTEGER,"       \
	" unknown_ns INTEGER, timed_out INTEGER);"                                                 \
	"CREATE TABLE span(span INTEGER, task INTEGER, kind TEXT, name TEXT, start_ns INTEGER,"    \
	" end_ns INTEGER, open INTEGER);"                                                          \
	"CREATE TABLE mark(task INTEGER, time_ns INTEGER, text TEXT, stack INTEGER);"              \
	"CREATE TABLE counter(id INTEGER PRIMARY KEY, name TEXT, kind TEXT, unit TEXT,"            \
	" exponent INTEGER);"                                                                      \
	"CREATE TABLE counter_value(counter INTEGER, task INTEGER, executor INTEGER,"              \
	" time_ns INTEGER, value INTEGER);"                                                        \
	"CREATE TABLE loss(from_ns INTEGER, to_ns INTEGER, cause TEXT, records INTEGER,"           \
	" task INTEGER, executor INTEGER);"

/* Once everything is there. */
#define VIEWS_SQL                                                                                  \
	"CREATE INDEX state_task ON state(task, start_ns);"                                        \
	"CREATE INDEX wait_task ON wait(task, start_ns);"                                          \
	"CREATE INDEX wait_object ON wait(object);"                                                \
	"CREATE VIEW task_times AS SELECT task.id AS task, task.name AS name, class,"              \
	" sum(CASE state WHEN 'running' THEN end_ns - start_ns ELSE 0 END) AS running_ns,"         \
	" sum(CASE state WHEN 'runnable' THEN end_ns - start_ns ELSE 0 END) AS runnable_ns,"       \
	" sum(CASE state WHEN 'blocked' THEN end_ns - start_ns ELSE 0 END) AS blocked_ns,"         \
	" sum(CASE state WHEN 'unknown' THEN end_ns - start_ns ELSE 0 END) AS unknown_ns"          \
	" FROM state JOIN task ON task.id = state.task GROUP BY task.id;"                          \
	"CREATE VIEW longest_waits AS SELECT task.name AS task, wait.start_ns AS start_ns,"        \
	" wait.end_ns - wait.start_ns AS duration_ns, reason, object.name AS object,"              \
	" held.name AS holder, woke.name AS waker,"                                                \
	" (SELECT function FROM frame WHERE frame.stack = wait.stack AND depth = 0) AS function"   \
	" FROM wait JOIN task ON task.id = wait.task"                                              \
	" LEFT JOIN object ON object.id = wait.object"                                             \
	" LEFT JOIN task held ON held.id = wait.holder"                                            \
	" LEFT JOIN task woke ON woke.id = wait.waker ORDER BY duration_ns DESC;"

#endif
