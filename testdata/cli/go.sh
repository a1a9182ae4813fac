# A foreign trace, by every command that has tables, in the widths of small and large terminals.
trace=$DATA/import/go/checkout-go1.25.trace
cp "$trace" checkout.trace
for columns in 60 200; do
	export COLUMNS=$columns
	dwell tasks --limit 5 checkout.trace
	dwell latency --limit 5 checkout.trace
done
for command in stat tasks latency; do
	dwell $command --json checkout.trace | "$DATA/cli/schema" check $command && echo "$command: valid"
done
