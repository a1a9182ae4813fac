dwell
