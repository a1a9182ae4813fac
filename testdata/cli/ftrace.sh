# Text of ftrace in the forms of trace_pipe, trace-cmd report and Android's tools.
cp "$DATA"/import/ftrace/*.txt .
for form in pipe report atrace; do
	dwell dump $form.txt
done
dwell tasks pipe.txt
dwell spans atrace.txt
# Line ends of another world, no last line end, lines that are too long: all the same.
sed 's/$/\r/' pipe.txt | dwell dump - | cmp - <(dwell dump pipe.txt) && echo same
head -c -1 report.txt | dwell dump - | cmp - <(dwell dump report.txt) && echo same
{
	head -n 6 pipe.txt
	head -c 400000 /dev/zero | tr '\0' x
	echo
	tail -n +7 pipe.txt
} >long.txt
dwell dump long.txt | diff - <(dwell dump pipe.txt)
