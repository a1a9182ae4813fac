# Each command's manual has the synopsis and the options of its tables, and no other.
for command in $(dwell help | sed -n 's/^    \([a-z]*\) .*/\1/p'); do
	page=$DATA/../docs/commands/$command.md
	dwell help --form manual "$command" >parts 2>/dev/null || continue
	for section in SYNOPSIS OPTIONS; do
		part() { sed -n "/^## $section\$/,/^## /p" "$1" | grep -v '^## ' | grep .; }
		diff <(part parts) <(part "$page") ||
			echo "$page: $section differs from dwell $command -h"
	done
	grep -q "^dwell $command - $(dwell help | sed -n "s/^    $command  *//p")\$" "$page" ||
		echo "$page: NAME differs from dwell help"
done
