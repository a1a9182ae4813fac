cp "$DATA/traces/handover.txt" dwell.trace
for of in blocked runnable lock wake cpu; do
	echo "of $of:"
	dwell flame --of $of
done
dwell flame --task main
dwell flame -o out.svg && python3 -c 'import xml.dom.minidom as m; m.parse("out.svg"); print("is XML")'
dwell flame --svg | cmp - out.svg && echo same
dwell flame -o dwell.trace; echo $?
dwell flame -o /nowhere/out.svg; echo $?
dwell flame --of nothing; echo $?
