# The viewer: its manual has its keys and options; what it says where it cannot run.
page=$DATA/../docs/commands/tui.md
diff <(dwell tui --keys) <(sed -n '/^## KEYS/,/^The mouse/{/^```/d;/^##/d;/^The mouse/d;p}' "$page" | sed '1d;$d') ||
	echo "docs/commands/tui.md: KEYS differs from dwell tui --keys"
diff <(dwell tui --help | sed -n 's/^ *\(-h, \)\{0,1\}\(--[a-z]*\).*/\2/p') <(sed -n 's/^- .*`\(--[a-z]*\).*/\1/p' "$page") ||
	echo "docs/commands/tui.md: OPTIONS differ from dwell tui --help"
dwell tui --help
cd "$DATA/golden/v1" || exit
dwell tui waits.dwell </dev/null
echo "status $?"
dwell tui no-such-file
echo "status $?"
dwell tui --palette pink
echo "status $?"
