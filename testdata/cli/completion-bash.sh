dwell help --form bash >completion
bash -n completion && . ./completion
# complete WORD...: what the shell would offer for the last word.
offer()
{
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_dwell
	echo "${COMPREPLY[@]}"
}
offer dwell rec
offer dwell help --f
offer dwell help --form z
offer dwell help do
