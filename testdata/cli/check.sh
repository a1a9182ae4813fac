# Budgets of a policy, and a policy with each kind of mistake.
for i in 1 2 3; do awk -v seed=$i -v hold=100000 -f "$DATA/traces/handovers.awk" >run$i.txt; done
cat >policy.yaml <<'YAML'
version: 1
budgets:
  - name: the queue's lock is held briefly
    metric: lock.hold.p90
    key: "queue*"
    at_most: 90us
  - {metric: span.time.p99, key: job, at_most: 1ms}
  - {metric: span.per_s, key: job, at_least: 100/s}
  - {metric: span.per_s, key: "j*", at_least: 1/s}
  - {metric: pause.time.p99, at_most: 1ms, absent: pass}
YAML
dwell check run?.txt -p policy.yaml; echo "exit $?"
for form in markdown junit github; do dwell check run?.txt -p policy.yaml --format $form; done
dwell check run?.txt -p policy.yaml --format github | "$DATA/cli/annotations"
dwell check run?.txt -p policy.yaml --format junit | xmllint --noout --schema "$DATA/junit.xsd" - 2>&1
dwell check --json run1.txt -p policy.yaml | "$DATA/cli/schema" check check
sed -i s/90us/200us/ policy.yaml
dwell check run?.txt -p policy.yaml; echo "exit $?"
sed -i 's/, absent: pass//' policy.yaml
dwell check run?.txt -p policy.yaml | head -1
dwell check run?.txt -p policy.yaml --format junit
dwell check run?.txt -p policy.yaml --format junit | xmllint --noout --schema "$DATA/junit.xsd" - 2>&1
dwell check run?.txt -p policy.yaml --format github | "$DATA/cli/annotations"
dwell check run1.txt; echo "exit $?"
# Of the second run half of the time of its only task is known.
cat >unknown.txt <<'TEXT'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler
process p1 pid=1 name="app" command="app"
task t1 kind=thread process=p1 tid=1 name="main"
executor x1 kind=cpu number=0
0 switch peer=t1 executor=x1
1000 switch task=t1 state=unknown executor=x1
2000 switch peer=t1 executor=x1
2000 exit task=t1
end time=2000 closed
TEXT
printf 'budgets: [{metric: run.duration, at_most: 1s}]\n' >duration.yaml
dwell check run1.txt unknown.txt -p duration.yaml; echo "exit $?"
# The example of the manual is read, and is what the schema for editors says; so is the manual's copy.
dwell check run1.txt -p "$DATA/../docs/policy.example.yaml" | head -1
/usr/bin/python3 - "$DATA/../docs" <<'PYTHON'
import json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1] + '/policy.schema.json'))
example = open(sys.argv[1] + '/policy.example.yaml').read()
jsonschema.validate(yaml.safe_load(example), schema)
assert '```yaml\n' + example + '```' in open(sys.argv[1] + '/policy.md').read(), 'policy.md'
PYTHON
wrong() { printf '%b' "$1" >wrong.yaml; dwell check run1.txt -p wrong.yaml; echo "exit $?"; }
exec 2>&1
wrong 'limts: []\n'
wrong 'limits: 3\n'
wrong 'limits:\n  - {metric: nothing.*, limit: 5%}\n'
wrong 'limits:\n  - {metric: "*", limit: 5 parts}\n'
wrong 'limits:\n  - {metric: "*"}\n'
wrong 'limits:\n  - {metric: "*", worse: up}\n'
wrong 'limits:\n  - {metric: "*", limit: 1%, limit: 2%}\n'
wrong 'ignore:\n  - {}\n'
wrong 'ignore:\n  - {metric: class.*, limit: 1%}\n'
wrong 'budgets:\n  - {metric: lock.hold.p90}\n'
wrong 'budgets:\n  - {at_most: 1ms}\n'
wrong 'budgets:\n  - {metric: lock.hold.p90, at_most: 3}\n'
wrong 'budgets:\n  - {metric: lock.*, at_most: 3ms}\n'
wrong 'budgets:\n  - {metric: span.per_s, at_most: 1/s, at_least: 1/s}\n'
wrong 'coverage: 110%\n'
wrong 'coverage: [\n'
wrong 'false_alarms: 0\n'
wrong 'new: perhaps\n'
wrong 'work: {}\n'
wrong 'work: {span: a, counter: b}\n'
wrong 'version: 2\n'
wrong 'ignore: yes\n'
wrong 'a: 1\n---\nb: 2\n'
wrong 'version: 1\n--- {}\n'
wrong 'key: "\\0"\n'
wrong 'limits:\n  - {metric: "*", key: "a\\0", limit: 1%}\n'
wrong 'limits:\n  - {metric: "*", key: "", limit: 1%}\n'
wrong 'limits:\n  - {metric: [a], limit: 1%}\n'
wrong 'coverage: [80%]\n'
wrong 'coverage: most\n'
wrong 'least: 1ms\n'
wrong 'work: 3\n'
wrong 'budgets:\n  - {metric: span.per_s, at_least: fast}\n'
wrong 'budgets:\n  - {metric: run.tasks_left, at_most: 1ms}\n'
wrong 'budgets:\n  - {metric: lock.hold.p90, at_most: 1ms, absent: maybe}\n'
wrong 'version: 1\nkey: "\xc3\xa9\xff"\n'
head -c 100000 /dev/zero | tr '\0' '[' >wrong.yaml; timeout 10 dwell check run1.txt -p wrong.yaml; echo "exit $?"
wrong ''
wrong '- &a [*a]\n'
dwell check run1.txt -p missing.yaml; echo "exit $?"
