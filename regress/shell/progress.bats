#!/usr/bin/env bats
# regress/shell/progress.bats - how far a running job is, and jobs that never ran among those that did

load ../lib/farm
load ../lib/slow

setup_file() {
	farm_make
	mkdir "$FARM/src/data"
	local i
	for i in $(seq 1 40); do
		head -c 500000 /dev/urandom >"$FARM/src/data/$i"
	done
	slow_conf "$FARM/src/data"
	farm_conf sd 's/Checkpoint Interval = .*/Checkpoint Interval = 1 second/'
	farm_up
}

teardown_file() {
	farm_stop
}

let_go() {
	exec 9>&-
	farm_console "wait jobid=$JOB" >"$FARM/wait.out"
	[ "$(farm_job_status "$JOB")" = T ]
}

status_has() {
	farm_console "status director" >"$FARM/status.out"
	grep -qE -- "$1" "$FARM/status.out"
}

# The rate, and with it the ETA, is known from the first second on.
json_has_progress() {
	"$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" --json -x "status director" | python3 -c "
import json, sys
r, = json.load(sys.stdin)['result']['running']
sys.exit(not (r['status'] == 'is running' and r['files'] > 0 and r['bytes'] > 0
              and 0 < r['percent'] <= 100 and r.get('eta', -1) >= 0))"
}

@test "a first Full shows what it did; of the next one it is known how far it is" {
	slow_job Full
	farm_await 30 status_has 'Files=[1-9].* Bytes=[1-9]'
	status_has ' is running$'
	lacks '%' <"$FARM/status.out"
	let_go
	slow_job Full
	farm_await 30 status_has 'Files=[1-9][0-9,]* Bytes=[0-9.]+ [KM]?B Rate=.*B/s [0-9]+%'
	farm_await 30 json_has_progress
	farm_console "status client=farm-fd" >"$FARM/client.out"
	grep -qE 'Files=[1-9].* Bytes/sec=' "$FARM/client.out"
	grep -A 2 '^Seen by the director:' "$FARM/client.out" | grep -E 'Rate=.*B/s [0-9]+%'
	let_go
	status_has 'No Jobs running'
}

# The files before it are 20 MB.
in_a_large_file() {
	head -c 500000 /dev/urandom >&9
	status_has 'Files=4[0-9] Bytes=2[2-9][.0-9]* MB'
}

@test "in the middle of a large file it is known how far the job is" {
	slow_job Full
	farm_await 30 in_a_large_file
	let_go
}

@test "an Incremental makes no promise from the one before" {
	slow_job Incremental
	status_has 'Incremental  Slow'
	lacks '[0-9]%' <"$FARM/status.out"
	let_go
}

@test "a job that was canceled before its time stands where it ended" {
	local canceled
	farm_console 'run job=Backup when="2038-01-01 00:00:00" yes' "cancel all yes" >"$FARM/cancel.out"
	canceled=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/cancel.out")
	farm_run Backup Full
	farm_console "list jobs" | sed -n 's/^| *\([0-9,]*\) | .*/\1/p' >"$FARM/order"
	[ "$(tail -n 2 "$FARM/order" | tr '\n' ' ')" = "$canceled $JOB " ]
	farm_console "list jobs reverse" | sed -n 's/^| *\([0-9,]*\) | .*/\1/p' >"$FARM/order"
	[ "$(head -n 2 "$FARM/order" | tr '\n' ' ')" = "$JOB $canceled " ]
}

@test "leaving by an abbreviation is no error" {
	local word
	for word in q quit "quit now" .q exit; do
		run "$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" -x "$word"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}
