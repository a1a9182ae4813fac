#!/bin/bash
# The recipes of docs/ci.md, run as they stand there: two builds that are the same pass, one that holds its
# lock three times as long fails, as it does in the pipelines' steps; budgets and baselines hold. 77 where
# programs may not be recorded.
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
same() { compare ./base ./head || [ $? = 4 ]; }
same || same || fault "the same program regressed: $(cat dwell.md)"

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

# A build that fails is no verdict that nobody can give, whatever its status.
printf '#!/bin/sh\nexit 4\n' >fails
chmod +x fails
for sides in './base ./fails' './fails ./base'; do
	status=0
	# shellcheck disable=SC2086
	compare $sides || status=$?
	[ "$status" = 1 ] || fault "compare $sides: status $status"
done
status=0
budget ./fails >out || status=$?
[ "$status" = 1 ] || fault "a budget of a program that fails: status $status"

# A change that holds the lock three times as long, as a pull request.
tab=$(printf '\t')
git init -q -b main origin
(
	cd origin || exit 1
	git config user.name dwell
	git config user.email dwell@localhost
	mkdir ci
	cp ../recipes.sh ci/compare.sh
	cat >Makefile <<-M
		include hold.mk
		bench:
		${tab}printf '#!/bin/sh\nexec "$work/planted" rounds=60 hold=\$(HOLD)\n' >bench
		${tab}chmod +x bench
	M
	echo HOLD=200000 >hold.mk
	git add . && git commit -q -m base
	git checkout -q -b change
	echo HOLD=600000 >hold.mk
	git commit -q -a -m worse
) || fault 'no repository'
export GITHUB_BASE_REF=main
CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git -C origin rev-parse main)
export CI_MERGE_REQUEST_DIFF_BASE_SHA

# pipeline SERVICE STATUS [NAME=VALUE]: ends so in a clone of its own.
pipeline() {
	rm -rf "$1"
	mkdir "$1"
	git clone -q -b change origin "$1/repo"
	status=0
	(cd "$1/repo" && env "${@:3}" "$here/pipeline" "$1" "$here/../../docs/ci.md") >"$1.out" 2>&1 || status=$?
	[ "$status" = "$2" ] || fault "$1: status $status: $(cat "$1.out")"
}

regressed() {
	pipeline "$1" 1 "${@:2}"
	grep -q "| regressed | lock.hold.p50 | .table. |" "$1/repo/dwell.md" || fault "$1: no report: $(cat "$1.out")"
}

regressed github GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/summary.md"
grep -q '^::error title=.*lock.hold.p50' github.out || fault "github: no annotation: $(cat github.out)"
grep -q '^| regressed ' summary.md || fault 'github: nothing in the summary'
regressed gitlab
[ -s gitlab/repo/dwell.xml ] || fault 'gitlab: no report for the merge request'

# Nobody can tell: of the recordings one on each side is compared. No build is red, and none is silent.
mkdir shim
cat >shim/dwell <<SH
#!/bin/bash
[ "\$1" = diff ] || exec "$bin/dwell" "\$@"
few=()
for arg; do case \$arg in *[02-9].dwell) ;; *) few+=("\$arg") ;; esac; done
exec "$bin/dwell" "\${few[@]}"
SH
chmod +x shim/dwell
PATH=$work/shim:$PATH pipeline github 0 GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/summary.md"
grep -q '^::warning title=dwell diff::withheld' github.out || fault "github: no warning: $(cat github.out)"
PATH=$work/shim:$PATH pipeline gitlab 0
grep -q '^passed with warnings' gitlab.out || fault "gitlab: no warning: $(cat gitlab.out)"
grep -q '<testcase classname="dwell.diff" name="verdict"><skipped message="withheld' gitlab/repo/dwell.xml ||
	fault "gitlab: $(head -4 gitlab/repo/dwell.xml)"
grep -q '<failure' gitlab/repo/dwell.xml && fault 'gitlab: what nobody can tell is a failure'

[ "$faults" = 0 ] || exit 1
echo 'the recipes do what they say'
