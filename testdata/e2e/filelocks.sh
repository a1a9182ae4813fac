#!/bin/bash
# filelocks: waits of known length for a lock of a file that a known process has, by each call that
# makes such locks: told with the file, the length, and who had it. Prints what differs.
set -u
bin=$1 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0
gcc -g -O1 -fno-omit-frame-pointer -D_GNU_SOURCE -o filelocks "$here/filelocks.c" || exit 1
gcc -g -O1 -static -D_GNU_SOURCE -o static "$here/filelocks.c" || exit 1

users=$(id -un)
[ "$(id -u)" != 0 ] || users="root nobody"

as() { # USER COMMAND...
	if [ "$(id -un)" = "$1" ]; then
		"${@:2}"
	else
		setpriv --reuid "$1" --regid nogroup --clear-groups "${@:2}"
	fi
}

# judge TRACE WHAT HOLDERS [LEAST]: a wait of 300 ms (LEAST) or more, all of it told of these; -: of
# nobody.
judge() {
	"$bin/dwell" tasks --json --all-processes --limit 0 "$1" >tasks.json
	"$bin/dwell" locks --json --limit 0 "$1" >locks.json
	"$bin/dwell" blocked --json --limit 0 "$1" >blocked.json
	python3 - "$2" "$3" "${4:-300}" <<'P' || faults=$((faults + 1))
import json, sys

what, holders, least = sys.argv[1], sys.argv[2].split(), int(sys.argv[3]) * 1e6
names = {t['id']: t['name'] for t in json.load(open('tasks.json'))['tasks']}
locks = [l for l in json.load(open('locks.json'))['locks'] if l['object']['kind'] == 'file']
sites = [s for s in json.load(open('blocked.json'))['sites'] if s['object'] and s['object']['kind'] == 'file'
         and s['total_ns'] > 1e8]

def fail(text):
    print(f'{what}: {text}')
    sys.exit(1)

if len(locks) != 1 or not locks[0]['object']['name'].endswith('/a.lock'):
    fail(f'{[l["object"] for l in locks]} where one lock is')
held = {}
for h in locks[0]['holders']:
    if h['task']:
        held[names.get(h['task'])] = held.get(names.get(h['task']), 0) + h['total_ns']
wait = locks[0]['wait_ns']
if holders == ['-']:
    if held:
        fail(f'held by {held}, which nobody can know')
elif set(held) - set(holders):
    fail(f'held by {held}')
else:
    for h in holders:
        if held.get(h, 0) < 0.8 * least:
            fail(f'{h} held it for {held}')
    if sum(held.values()) < 0.95 * wait:
        fail(f'{held} of {wait}')
if locks[0]['max_wait_ns'] < 0.95 * least:
    fail(f'waited {locks[0]["max_wait_ns"]}')
for s in sites:
    if s['role'] != 'contention' or s['reason'] != 'rwlock':
        fail(f'{s["reason"]}, {s["role"]}')
P
}

try() { # USER WHAT PROGRAM HOW HOLDERS
	rm -f a.lock ./*.trace
	as "$1" "$bin/dwell" record -q -o t.trace -- "./$3" "$4" || faults=$((faults + 1))
	judge t.trace "$1 $2" "$5"
}

for user in $users; do
	for how in flock shared fcntl ofd lockf; do
		try "$user" "$how" filelocks "$how" holder
	done
	try "$user" closes filelocks closes holder
	try "$user" inherited filelocks inherited child
	try "$user" chain filelocks chain "holder second"
	try "$user" threads filelocks threads "$([ "$user" = root ] && echo keeper || echo -)"
	if [ "$user" = root ]; then
		try root "static flock" static flock holder
		try root "static fcntl" static fcntl holder
		try root "static ofd" static ofd holder
	fi
	# Somebody else, who is not recorded.
	rm -f a.lock ./*.trace
	as "$user" ./filelocks outside &
	while [ ! -s a.lock ]; do sleep 0.01; done
	as "$user" "$bin/dwell" record -q -o t.trace -- ./filelocks waits || faults=$((faults + 1))
	wait
	judge t.trace "$user outside" outsider
	rm -f [ab].lock ./*.trace
	as "$user" setsid "$bin/dwell" record -q -o t.trace -- setsid ./filelocks circle
	"$bin/dwell" findings --json t.trace | python3 -c '
import json, sys
found = [f for f in json.load(sys.stdin)["findings"] if f["rule"] == "deadlock"]
if len(found) != 1 or len(found[0]["tasks"]) != 2:
    sys.exit(f"{sys.argv[1]} circle: {found}")' "$user" || faults=$((faults + 1))
	# One that waits already.
	for how in flock fcntl ofd; do
		rm -f a.lock ./*.trace told
		as "$user" ./filelocks "$how" told &
		while [ ! -s told ]; do sleep 0.01; done
		as "$user" "$bin/dwell" record -q -o t.trace -p "$(cat told)" || faults=$((faults + 1))
		wait
		judge t.trace "$user attached $how" holder 150
	done
done
[ $faults = 0 ]
