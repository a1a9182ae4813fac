dwell --version | grep -Ex 'dwell [0-9]+\.[0-9]+\.[0-9]+' >/dev/null && echo fits
