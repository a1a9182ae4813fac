dwell help >/dev/full
