dwell help
