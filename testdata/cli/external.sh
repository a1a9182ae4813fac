# A program beside ours is a command, and is told its name and its words.
mkdir bin
cp "$(command -v dwell)" bin/
printf '#!/bin/sh\necho "$0" "$@"\nexit 7\n' >bin/dwell-hello
chmod +x bin/dwell-hello
bin/dwell hello 'a b' --json | sed 's|.*/bin/||'
echo "${PIPESTATUS[0]}"
# One that is not there is no answer.
bin/dwell record x 2>&1 | sed 's|^dwell: .*/bin/|dwell: |'
echo "${PIPESTATUS[0]}"
