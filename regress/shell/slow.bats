#!/usr/bin/env bats
# regress/shell/slow.bats - consoles that do not read what they asked for hold up nobody else
#
# Spec: console.md 6.1

load ../lib/farm

setup_file() {
	farm_start
	echo one >"$FARM/src/one"
	farm_run Backup Full
	farm_ok
}

teardown_file() {
	# shellcheck disable=SC2046 # one word each
	kill $(cat "$FARM/slow.pids") 2>/dev/null
	farm_stop
}

listing() {
	catalog "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM file%' AND pid <> pg_backend_pid()"
}
many_list() { [ "$(listing)" -ge 16 ]; }
nobody_lists() { [ "$(listing)" -eq 0 ]; }

@test "lists that nobody reads leave the catalog to the others" {
	# More than sockets and pipes hold.
	catalog "INSERT INTO file (jobid, pathid, fileindex, deltaseq, markid, lstat, md5, name)
		SELECT 1, f.pathid, 1, 0, 0, f.lstat, '0', repeat('n', 200) || g
		FROM (SELECT * FROM file WHERE jobid = 1 LIMIT 1) f, generate_series(1, 100000) g"
	mkfifo "$FARM/full"
	exec 7<>"$FARM/full"
	for _ in $(seq 17); do
		"$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" -x "list files jobid=1" >&7 2>/dev/null 3>&- &
		echo $! >>"$FARM/slow.pids"
	done
	farm_await 60 many_list
	farm_console "list jobs" | grep '| Backup '
	farm_run Backup Incremental
	farm_ok
	# shellcheck disable=SC2046 # one word each
	kill $(cat "$FARM/slow.pids")
	exec 7>&-
	farm_await 30 nobody_lists
}
