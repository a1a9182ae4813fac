#!/bin/bash
# findings and leaks: the quick ones of the planted programs, recorded and judged, beside other tests.
set -u
exec "$(dirname "$0")/../planted/run" "$1" --quick --beside-others --tries 3
