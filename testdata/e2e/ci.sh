#!/bin/bash
# The recipes of docs/ci.md, run as they stand there: two builds that are the same pass, one that holds its
# lock three times as long fails; budgets and baselines hold. 77 where programs may not be recorded.
set -u
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
PATH=$bin:$PATH
faults=0

fault() {
	echo "$1"
	faults=$((faults + 1))
}

# The functions of the document, and nothing else of it.
sed -n '/^<!-- ci.sh: /,/^<!-- end -->/p' "$here/../../docs/ci.md" | grep -v '^```\|^<!--' >recipes.sh
[ "$(grep -c '^[a-z]*()$' recipes.sh)" = 3 ] || fault 'docs/ci.md does not hold three functions'
# shellcheck source=/dev/null
. ./recipes.sh

cc -g -O1 -fno-omit-frame-pointer -o planted "$here/../honesty/planted.c" -lpthread || exit 77
for side in base head worse; do
	hold=200000
	[ $side != worse ] || hold=600000
	printf '#!/bin/sh\nexec "%s/planted" rounds=60 hold=%d\n' "$work" "$hold" >$side
	chmod +x $side
done
dwell record -q -o t.dwell -- ./base 2>/dev/null || {
	echo 'skipped: programs cannot be recorded here'
	exit 77
}

# One report in a hundred may be wrong: two in a row are not.
compare ./base ./head || compare ./base ./head || fault "the same program regressed: $(cat dwell.md)"

status=0
compare ./base ./worse || status=$?
[ "$status" = 1 ] || fault "a lock held three times as long: status $status: $(cat dwell.md)"
grep -q "| regressed | lock.hold.p50 | .table. |" dwell.md || fault "lock.hold.p50 is not named: $(cat dwell.md)"
if command -v xmllint >xmllint.at; then
	xmllint --noout --schema "$here/../junit.xsd" dwell.xml 2>xmllint.out || fault "dwell.xml: $(cat xmllint.out)"
fi

printf 'budgets:\n  - {metric: lock.hold.p50, key: "table", at_most: 450us}\n' >policy.yaml
budget ./base >out || fault "a budget that is kept: $(cat out)"
status=0
budget ./worse >out || status=$?
[ "$status" = 1 ] || fault "a budget that is not kept: status $status: $(cat out)"

baseline ./base
status=0
dwell diff baseline/*.digest -- head*.dwell >out || status=$?
[ "$status" = 1 ] || fault "a baseline of digests: status $status: $(cat out)"
for digest in baseline/*.digest; do
	[ "$(wc -c <"$digest")" -le 100000 ] || fault "$digest is too large"
done

[ "$faults" = 0 ] || exit 1
echo 'the recipes do what they say'
